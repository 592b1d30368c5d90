//! Sprints, baselines and risks of a project.

use std::collections::HashMap;

use orgvault_archive::seed::{Always, Baseline, BaselineTask, Risk, Slugs, Sprint};

use super::{
    cell::Uuid,
    notes::{Doubt, Notes},
    people::People,
    rows::{BaselineRow, BaselineTaskRow, RiskRow, RiskTaskRow, SprintRow},
    scope::{Scope, set},
    work::Lists,
};

/// One sprint of `project`.
pub(super) fn sprint(row: SprintRow, project: usize, scope: &Scope, notes: &mut Notes) -> Sprint {
    let target_milestone = row.target_milestone_id.and_then(|id| {
        let owner = format_args!("projects_sprint {} (target_milestone)", row.id).to_string();
        bare_reference(id, project, &owner, scope, notes)
    });
    Sprint {
        capacity_points: row.capacity_points,
        committed_points: row.committed_points,
        completed_points: row.completed_points,
        finish_date: scope.date(row.finish_date),
        goal: set(row.goal),
        name: row.name,
        notes: set(row.notes),
        slug: scope.sprints.get(&row.id).map(|place| place.slug.clone()).unwrap_or_default(),
        start_date: scope.date(row.start_date),
        state: row.state,
        target_milestone,
    }
}

/// The path of a task that is in the document, also where it is another project's.
pub(super) fn bare_reference(
    id: Uuid,
    project: usize,
    owner: &str,
    scope: &Scope,
    notes: &mut Notes,
) -> Option<String> {
    let (_, task, of) = scope.exported(id)?;
    if of != project {
        notes.doubt(Doubt::OtherProject, owner);
    }
    Some(task.path.clone())
}

/// Baselines by project, by creation.
pub(super) fn baselines(
    mut rows: Vec<BaselineRow>,
    tasks: Vec<BaselineTaskRow>,
    scope: &Scope,
    notes: &mut Notes,
) -> Lists<Baseline> {
    let projects: HashMap<Uuid, usize> =
        rows.iter().filter_map(|row| Some((row.id, *scope.projects_by_id.get(&row.project_id)?))).collect();
    let mut rows_of = baseline_tasks(tasks, &projects, scope, notes);
    rows.sort_by_key(|row| (row.created_at, row.id));
    let mut found: Lists<Baseline> = HashMap::new();
    for row in rows {
        let Some(project) = projects.get(&row.id) else {
            notes.drop("baselines", "project_not_exported");
            continue;
        };
        found.entry(*project).or_default().push(Baseline {
            captured_at: None,
            is_active: row.is_active.then_some(true),
            name: row.name,
            tasks: Always(rows_of.remove(&row.id).unwrap_or_default()),
        });
    }
    found
}

fn baseline_tasks(
    rows: Vec<BaselineTaskRow>,
    projects: &HashMap<Uuid, usize>,
    scope: &Scope,
    notes: &mut Notes,
) -> HashMap<Uuid, Vec<BaselineTask>> {
    let mut found: HashMap<Uuid, Vec<BaselineTask>> = HashMap::new();
    for row in rows {
        let Some(project) = projects.get(&row.baseline_id) else {
            notes.drop("baseline_tasks", "project_not_exported");
            continue;
        };
        let owner = format!("projects_baseline_task {}", row.id);
        let Some(task) = bare_reference(row.task_id, *project, &owner, scope, notes) else {
            notes.drop("baseline_tasks", "task_not_exported");
            continue;
        };
        found.entry(row.baseline_id).or_default().push(BaselineTask {
            duration: Some(row.duration),
            finish: row.finish.map(|day| scope.date(day)),
            start: row.start.map(|day| scope.date(day)),
            story_points: row.story_points,
            task,
        });
    }
    found
}

/// Risks by project, in the query's order of title and id.
pub(super) fn risks(
    rows: Vec<RiskRow>,
    of_tasks: Vec<RiskTaskRow>,
    scope: &Scope,
    people: &People,
    notes: &mut Notes,
) -> Lists<Risk> {
    let mut projects = HashMap::new();
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        match scope.projects_by_id.get(&row.project_id) {
            None => notes.drop("risks", "project_not_exported"),
            Some(_) if row.is_deleted => notes.drop("risks", "deleted"),
            Some(project) => {
                projects.insert(row.id, *project);
                kept.push((*project, row));
            }
        }
    }
    let mut tasks = risk_tasks(of_tasks, &projects, scope, notes);
    let mut slugs: HashMap<usize, Slugs> = HashMap::new();
    let mut found: Lists<Risk> = HashMap::new();
    for (project, row) in kept {
        let slug = slugs.entry(project).or_insert_with(|| scope.release.slugs()).take(&row.title);
        let owner = row.owner_id.and_then(|user| people.accounts.get(&user).cloned());
        let tasks = tasks.remove(&row.id).unwrap_or_default();
        found.entry(project).or_default().push(risk(row, slug, owner, tasks, scope));
    }
    found
}

fn risk_tasks(
    rows: Vec<RiskTaskRow>,
    projects: &HashMap<Uuid, usize>,
    scope: &Scope,
    notes: &mut Notes,
) -> HashMap<Uuid, Vec<String>> {
    let mut found: HashMap<Uuid, Vec<String>> = HashMap::new();
    for row in rows {
        match (projects.get(&row.risk_id), scope.exported(row.task_id)) {
            (None, _) => notes.drop("risk_tasks", "risk_not_exported"),
            (_, None) => notes.drop("risk_tasks", "task_not_exported"),
            (Some(project), Some((_, task, of))) => {
                found.entry(row.risk_id).or_default().push(scope.reference(task, of, *project));
            }
        }
    }
    for references in found.values_mut() {
        references.sort_unstable();
    }
    found
}

fn risk(row: RiskRow, slug: String, owner: Option<String>, tasks: Vec<String>, scope: &Scope) -> Risk {
    Risk {
        category: row.category.and_then(set),
        contingency: set(row.contingency),
        description: set(row.description),
        impact: row.impact,
        mitigation_due_date: row.mitigation_due_date.map(|day| scope.date(day)),
        notes: set(row.notes),
        owner,
        probability: row.probability,
        response: row.response.and_then(set),
        slug,
        status: row.status,
        tasks,
        title: row.title,
        trigger: set(row.trigger),
    }
}
