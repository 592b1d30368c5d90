//! Rows -> the document: which blocks there are, with which keys, in which order, as TruePPM's
//! own exporter writes them (`docs/trueppm.md`; measured on 0.4.0-beta.1). Pure: the same rows
//! give the same document.

use orgvault_api::{DroppedRows, SectionCount, Warning};
use orgvault_archive::seed::{
    self, Always, Day, Document, Estimate, Float, Nullable, Program, Project, Slugs, Task, Version,
};
use orgvault_products::importable;

use super::{
    events::{BadInstant, Events, Timeline},
    notes::{Doubt, Notes},
    people::{self, People, UserSources},
    plans,
    release::Release,
    rows::{ProgramRow, ProjectRow, Rows, TaskRow},
    scope::{Scope, first_set, set},
    work::{self, Lists},
};

/// The rule by which rows are left out of an importable seed.
const NOT_IMPORTABLE: &str = "not_importable";

/// What is asked for beside the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Version 2.0, with its timeline; only of a program.
    pub events: bool,
    /// Whether what TruePPM's own importer refuses is left out.
    pub importable: bool,
    /// Whose export it is to be.
    pub release: Release,
    /// The anchor of a program that has no project.
    pub today: Day,
}

/// A document and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// The document.
    pub document: Document,
    /// Rows written, by section.
    pub written: Vec<SectionCount>,
    /// Rows that were read and not written, by section and rule.
    pub dropped: Vec<DroppedRows>,
    /// What the admin ought to know.
    pub warnings: Vec<Warning>,
}

/// Why rows make no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Neither a program nor exactly one project.
    #[error("the rows hold no program and {projects} projects: was the organization deleted?")]
    NoOrganization {
        /// How many projects there are.
        projects: usize,
    },
    /// A single project has no version 2.0.
    #[error("seed-events is made of a program, and this is a single project: export it as seed")]
    EventsOfProject,
    /// An instant outside the years 1 to 9999.
    #[error("{column} of row {id} of section {section} lies outside the years 1 to 9999")]
    Instant {
        /// The section.
        section: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: String,
        /// Microseconds since 2000-01-01.
        micros: i64,
    },
    /// The importable variant could not be made: a defect.
    #[error("what the importer refuses could not be left out ({reason}): please report this, and export without it")]
    Importable {
        /// What went wrong.
        reason: String,
    },
    /// Rows were neither written nor dropped by a rule: a defect of the builder.
    #[error("of section {section}, {read} rows were read, {written} written and {dropped} dropped: please report this")]
    Unbalanced {
        /// The section.
        section: &'static str,
        /// Rows read.
        read: u64,
        /// Rows written.
        written: u64,
        /// Rows dropped.
        dropped: u64,
    },
}

impl From<BadInstant> for BuildError {
    fn from(bad: BadInstant) -> Self {
        Self::Instant { section: bad.section, column: bad.column, id: bad.id, micros: bad.micros }
    }
}

/// Builds the document of a program, or of a single project where there is no program row.
///
/// # Errors
/// When there is neither, events are asked of a single project, or an event's instant cannot be
/// written.
pub fn build(mut rows: Rows, request: Request) -> Result<Built, BuildError> {
    let read = rows.counts();
    let mut notes = Notes::default();
    let program = rows.program.pop();
    if program.is_none() && (rows.projects.len() != 1 || !rows.program.is_empty()) {
        return Err(BuildError::NoOrganization { projects: rows.projects.len() });
    }
    if program.is_none() && request.events {
        return Err(BuildError::EventsOfProject);
    }
    let single = program.is_none();
    let document = document(rows, program, request, &mut notes)?;
    let written = written(&document, single);
    balance(&read, &written, &notes)?;
    let (dropped, warnings) = notes.into_lists();
    let built = Built { document, written, dropped, warnings };
    if request.importable { without_refused(built, single) } else { Ok(built) }
}

/// The variant that the importer takes: what it refuses is left out, each part with a warning.
fn without_refused(built: Built, single: bool) -> Result<Built, BuildError> {
    let made = importable(&built.document).map_err(|cause| BuildError::Importable { reason: cause.to_string() })?;
    let rows = written(&made.document, single);
    let Built { mut dropped, mut warnings, .. } = built;
    for (before, after) in built.written.iter().zip(&rows) {
        if after.rows < before.rows {
            let rows = before.rows - after.rows;
            dropped.push(DroppedRows { section: after.name.clone(), rule: NOT_IMPORTABLE.to_owned(), rows });
        }
    }
    warnings.extend(
        made.warnings.into_iter().map(|warning| Warning { code: format!("left_out_{}", warning.code), ..warning }),
    );
    Ok(Built { document: made.document, written: rows, dropped, warnings })
}

fn written(document: &Document, single: bool) -> Vec<SectionCount> {
    let mut counts = seed::counts(document);
    for count in &mut counts {
        if single && count.name == "program" {
            count.rows = 0;
        }
    }
    counts
}

/// Every row that was read is in the document, or was dropped by a rule.
fn balance(read: &[(&'static str, u64)], written: &[SectionCount], notes: &Notes) -> Result<(), BuildError> {
    for (section, read) in read {
        let written = written.iter().find(|count| count.name == *section).map_or(0, |count| count.rows);
        let dropped = notes.dropped_from(section);
        if *read != written + dropped {
            return Err(BuildError::Unbalanced { section, read: *read, written, dropped });
        }
    }
    Ok(())
}

fn document(
    mut rows: Rows,
    program: Option<ProgramRow>,
    request: Request,
    notes: &mut Notes,
) -> Result<Document, BuildError> {
    request.release.adapt(&mut rows, notes);
    let mut project_slugs = request.release.slugs();
    let projects = exported_projects(std::mem::take(&mut rows.projects), program.is_none(), notes);
    let sprints = std::mem::take(&mut rows.sprints);
    let mut scope = Scope::new(projects, &mut rows.tasks, sprints, request.release, &mut project_slugs, notes);
    scope.anchor = request.events.then(|| anchor(&scope, request.today));
    if !request.events {
        drop_events(&mut rows, notes);
    }
    let timeline = Timeline::take(&mut rows, &scope, notes);

    let resources = people::used_resources(std::mem::take(&mut rows.resources), &rows.assignments, &scope, notes);
    let sources = UserSources {
        program: program.as_ref(),
        memberships: &rows.memberships,
        tasks: &rows.tasks,
        risks: &rows.risks,
        resources: &resources,
    };
    let mut people = People::default();
    let accounts = people::accounts(std::mem::take(&mut rows.users), &sources, &scope, &mut people, notes);
    let (calendars, exceptions) = (std::mem::take(&mut rows.calendars), std::mem::take(&mut rows.calendar_exceptions));
    let calendars = people::calendars(calendars, exceptions, &scope, &resources, &mut people, notes);
    let resources = people::resources(resources, &scope, &mut people, notes);

    let program = match program {
        Some(row) => live_program(row, &mut project_slugs, &people),
        None => made_up_program(&scope),
    };
    let events = match scope.anchor {
        Some(anchor) => Events::new(anchor, &scope, &people, &accounts).build(timeline, notes)?,
        None => Vec::new(),
    };
    let anchor = scope.anchor;
    let projects = projects_blocks(rows, scope, &people, notes);
    Ok(Document {
        accounts,
        anchor,
        calendars,
        events,
        program,
        projects: Always(projects),
        resources,
        risks: Vec::new(),
        version: if request.events { Version::V2 } else { Version::V1 },
    })
}

/// A program's live projects; a single project also where it is deleted.
fn exported_projects(rows: Vec<ProjectRow>, single: bool, notes: &mut Notes) -> Vec<ProjectRow> {
    let read = rows.len();
    let kept: Vec<_> = rows.into_iter().filter(|row| single || !row.is_deleted).collect();
    notes.drop_all("projects", "deleted", (read - kept.len()) as u64);
    kept
}

fn drop_events(rows: &mut Rows, notes: &mut Notes) {
    let rule = "only_in_seed_events";
    notes.drop_all("task_history", rule, std::mem::take(&mut rows.task_history).len() as u64);
    notes.drop_all("comments", rule, std::mem::take(&mut rows.comments).len() as u64);
    notes.drop_all("scope_changes", rule, std::mem::take(&mut rows.scope_changes).len() as u64);
    notes.drop_all("retro_actions", rule, std::mem::take(&mut rows.retro_actions).len() as u64);
}

fn anchor(scope: &Scope, today: Day) -> Day {
    scope.projects.iter().map(|project| project.start_date).min().unwrap_or(today)
}

fn live_program(row: ProgramRow, slugs: &mut Slugs, people: &People) -> Program {
    Program {
        color: row.color.and_then(set),
        description: set(row.description),
        lead: row.lead_id.and_then(|user| people.accounts.get(&user).cloned()),
        methodology: row.methodology,
        slug: if row.code.is_empty() { slugs.take(&row.name) } else { row.code },
        name: row.name,
    }
}

fn made_up_program(scope: &Scope) -> Program {
    let project = scope.projects.first();
    let text = |of: fn(&ProjectRow) -> &String| project.map(of).cloned().unwrap_or_default();
    Program {
        color: None,
        description: set(text(|row| &row.description)),
        lead: None,
        methodology: text(|row| &row.methodology),
        name: text(|row| &row.name),
        slug: project.map(|row| scope.release.slugs().take(first_set(&row.code, &row.name))).unwrap_or_default(),
    }
}

/// What hangs on tasks and projects.
struct Attachments {
    labels: Lists<seed::Label>,
    task_labels: Lists<String>,
    assignments: Lists<seed::Assignment>,
    links: Lists<seed::Link>,
    dependencies: Lists<seed::Dependency>,
    baselines: Lists<seed::Baseline>,
    risks: Lists<seed::Risk>,
}

fn projects_blocks(rows: Rows, mut scope: Scope, people: &People, notes: &mut Notes) -> Vec<Project> {
    let (labels, task_labels) = work::labels(rows.labels, rows.task_labels, &scope, notes);
    let mut parts = Attachments {
        labels,
        task_labels,
        assignments: work::assignments(rows.assignments, &scope, people, notes),
        links: work::links(rows.links, &scope, notes),
        dependencies: work::dependencies(rows.dependencies, &scope, notes),
        baselines: plans::baselines(rows.baselines, rows.baseline_tasks, &scope, notes),
        risks: plans::risks(rows.risks, rows.risk_tasks, &scope, people, notes),
    };
    let mut tasks: Vec<Option<TaskRow>> = rows.tasks.into_iter().map(Some).collect();
    let projects = std::mem::take(&mut scope.projects);
    let mut blocks = Vec::with_capacity(projects.len());
    for (index, row) in projects.into_iter().enumerate() {
        let order = scope.task_order.get_mut(index).map(std::mem::take).unwrap_or_default();
        let mut written = Vec::with_capacity(order.len());
        for task in order {
            if let Some(row) = tasks.get_mut(task).and_then(Option::take) {
                written.push(task_block(row, task, index, &mut parts, &scope, people, notes));
            }
        }
        let sprints = scope.sprint_order.get_mut(index).map(std::mem::take).unwrap_or_default();
        let sprints = sprints.into_iter().map(|row| plans::sprint(row, index, &scope, notes)).collect();
        blocks.push(project_block(row, index, written, sprints, &mut parts, &scope, people));
    }
    blocks
}

fn project_block(
    row: ProjectRow,
    index: usize,
    tasks: Vec<Task>,
    sprints: Vec<seed::Sprint>,
    parts: &mut Attachments,
    scope: &Scope,
    people: &People,
) -> Project {
    Project {
        agile_features: row.agile_features.filter(|features| *features),
        baselines: parts.baselines.remove(&index).unwrap_or_default(),
        board_columns: Vec::new(),
        calendar: row.calendar_id.and_then(|calendar| people.calendars.get(&calendar).cloned()),
        code: set(row.code),
        default_view: unless(row.default_view, "SCHEDULE"),
        dependencies: parts.dependencies.remove(&index).unwrap_or_default(),
        description: set(row.description),
        estimation_mode: unless(row.estimation_mode, "open"),
        forecast_history: None,
        labels: parts.labels.remove(&index).unwrap_or_default(),
        methodology: row.methodology,
        name: row.name,
        risks: parts.risks.remove(&index).unwrap_or_default(),
        slug: scope.project_slugs.get(index).cloned().unwrap_or_default(),
        sprints,
        start_date: scope.date(row.start_date),
        tasks,
    }
}

fn task_block(
    row: TaskRow,
    index: usize,
    project: usize,
    parts: &mut Attachments,
    scope: &Scope,
    people: &People,
    notes: &mut Notes,
) -> Task {
    let sprint = task_sprint(&row, project, scope, notes);
    let parent_epic = row.parent_epic_id.and_then(|epic| {
        let owner = format!("projects_task {} (parent_epic)", row.id);
        plans::bare_reference(epic, project, &owner, scope, notes)
    });
    if !row.percent_complete.is_finite() {
        notes.doubt(Doubt::NotJson, format_args!("projects_task {}", row.id));
    }
    Task {
        assignee: row.assignee_id.and_then(|user| people.accounts.get(&user).cloned()),
        assignments: parts.assignments.remove(&index).unwrap_or_default(),
        estimate: estimate(&row),
        color: row.color.and_then(set),
        delivery_mode: unless(row.delivery_mode, "waterfall"),
        dor: None,
        duration: Some(row.duration).filter(|duration| *duration != 0),
        governance_class: unless(row.governance_class, "flow"),
        is_milestone: row.is_milestone.then_some(true),
        kind: unless(row.kind, "task"),
        labels: parts.task_labels.remove(&index).unwrap_or_default(),
        links: parts.links.remove(&index).unwrap_or_default(),
        name: row.name,
        notes: set(row.notes),
        parent_epic,
        percent_complete: Some(row.percent_complete).filter(|percent| *percent != 0.0).map(Float),
        planned_start: row.planned_start.map(|day| scope.date(day)),
        remaining_points: row.remaining_points,
        sprint,
        sprint_rank: row.sprint_rank,
        status: unless(row.status, "NOT_STARTED"),
        story_points: row.story_points,
        wbs_path: scope.tasks.get(index).map(|task| task.path.clone()).unwrap_or_default(),
    }
}

fn estimate(row: &TaskRow) -> Option<Estimate> {
    row.optimistic_duration.map(|optimistic| Estimate {
        most_likely: Nullable(row.most_likely_duration),
        optimistic: Nullable(Some(optimistic)),
        pessimistic: Nullable(row.pessimistic_duration),
    })
}

/// The slug of the task's sprint; where that is not in the document, TruePPM's export fails, and
/// ours leaves it out.
fn task_sprint(row: &TaskRow, project: usize, scope: &Scope, notes: &mut Notes) -> Option<String> {
    let id = row.sprint_id?;
    let Some(sprint) = scope.sprints.get(&id) else {
        notes.doubt(Doubt::SprintNotExported, format_args!("projects_task {} (sprint {id})", row.id));
        return None;
    };
    if sprint.project != project {
        notes.doubt(Doubt::OtherProject, format_args!("projects_task {} (sprint)", row.id));
    }
    Some(sprint.slug.clone())
}

/// A text that is neither empty nor the default.
fn unless(text: String, default: &str) -> Option<String> {
    set(text).filter(|text| text != default)
}
