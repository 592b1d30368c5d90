//! What the references of a document name: TruePPM's rules that a JSON Schema cannot state.

use std::collections::{HashMap, HashSet};

use super::{
    fault::{SeedFault, Step, path_text, quoted},
    model::{Document, Estimate, Event, Project, Risk, Task},
};

/// What is wrong with a reference, a slug or a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceFault {
    /// A reference that names nothing.
    #[error("no {kind} {reference}")]
    Dangling {
        /// What it should name (`account`, `task`, …).
        kind: &'static str,
        /// The reference.
        reference: String,
    },
    /// A slug or a WBS path that was there before.
    #[error("the {kind} {name} is there twice")]
    Duplicate {
        /// What has it.
        kind: &'static str,
        /// The slug or path.
        name: String,
    },
    /// A task that is linked to itself.
    #[error("a task cannot be linked to itself")]
    SelfLink,
    /// Guesses that are not in order.
    #[error("the estimate must be in order: optimistic, most_likely, pessimistic")]
    EstimateOrder,
    /// A task of no project in a place that belongs to none.
    #[error("the task {reference} must be named with its project: project-slug:path")]
    Unqualified {
        /// The reference.
        reference: String,
    },
    /// An event of a task that has a sprint as target, and the like.
    #[error("{action} needs a target that starts with `{kind}:`")]
    EventTarget {
        /// The event's action.
        action: String,
        /// What it should name.
        kind: &'static str,
    },
}

/// Faults of references, each with its place.
#[derive(Debug, Default)]
pub struct References(Vec<(Vec<Step>, ReferenceFault)>);

impl References {
    /// Path and fault of each, in the order of the document's blocks.
    pub fn iter(&self) -> impl Iterator<Item = (String, &ReferenceFault)> {
        self.0.iter().map(|(path, fault)| (path_text(path), fault))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first reference that names nothing.
    pub(super) fn into_dangling(self) -> Option<(Vec<Step>, SeedFault)> {
        self.0.into_iter().find_map(|(path, fault)| match fault {
            ReferenceFault::Dangling { kind, reference } => Some((path, SeedFault::Dangling { kind, reference })),
            _ => None,
        })
    }
}

/// Every fault of the document's references, slugs, paths and estimates.
#[must_use]
pub fn reference_faults(document: &Document) -> References {
    let mut walk = Walk::new(document);
    walk.document(document);
    References(walk.found)
}

/// Slugs and paths of one project.
#[derive(Default)]
struct Names<'d> {
    tasks: HashSet<&'d str>,
    sprints: HashSet<&'d str>,
    labels: HashSet<&'d str>,
}

/// Slugs and paths of the document.
struct Index<'d> {
    accounts: HashSet<&'d str>,
    calendars: HashSet<&'d str>,
    resources: HashSet<&'d str>,
    risks: HashSet<&'d str>,
    projects: HashMap<&'d str, Names<'d>>,
}

impl<'d> Index<'d> {
    fn new(document: &'d Document) -> Self {
        let projects = &document.projects.0;
        let risks = document.risks.iter().chain(projects.iter().flat_map(|project| &project.risks));
        Self {
            accounts: document.accounts.iter().map(|account| account.slug.as_str()).collect(),
            calendars: document.calendars.iter().map(|calendar| calendar.slug.as_str()).collect(),
            resources: document.resources.iter().map(|resource| resource.slug.as_str()).collect(),
            risks: risks.map(|risk| risk.slug.as_str()).collect(),
            projects: projects.iter().map(|project| (project.slug.as_str(), Names::new(project))).collect(),
        }
    }
}

impl<'d> Names<'d> {
    fn new(project: &'d Project) -> Self {
        Self {
            tasks: project.tasks.iter().map(|task| task.wbs_path.as_str()).collect(),
            sprints: project.sprints.iter().map(|sprint| sprint.slug.as_str()).collect(),
            labels: project.labels.iter().map(|label| label.slug.as_str()).collect(),
        }
    }
}

struct Walk<'d> {
    index: Index<'d>,
    path: Vec<Step>,
    found: Vec<(Vec<Step>, ReferenceFault)>,
}

impl<'d> Walk<'d> {
    fn new(document: &'d Document) -> Self {
        Self { index: Index::new(document), path: Vec::new(), found: Vec::new() }
    }

    fn document(&mut self, document: &'d Document) {
        self.unique("accounts", "account", document.accounts.iter().map(|account| account.slug.as_str()));
        self.unique("calendars", "calendar", document.calendars.iter().map(|calendar| calendar.slug.as_str()));
        self.unique("resources", "resource", document.resources.iter().map(|resource| resource.slug.as_str()));
        self.unique("projects", "project", document.projects.0.iter().map(|project| project.slug.as_str()));
        self.path.push(Step::Key("program"));
        self.account("lead", document.program.lead.as_deref());
        self.path.pop();
        self.each("resources", &document.resources, |walk, resource| {
            let known = resource.calendar.as_deref().is_none_or(|slug| walk.index.calendars.contains(slug));
            walk.dangling_unless(known, "calendar", "calendar", resource.calendar.as_deref());
            walk.account("account", resource.account.as_deref());
        });
        self.risks(&document.risks, None);
        self.each("projects", &document.projects.0, Self::project);
        self.each("events", &document.events, Self::event);
    }

    fn project(&mut self, project: &'d Project) {
        let calendar = project.calendar.as_deref();
        let known = calendar.is_none_or(|slug| self.index.calendars.contains(slug));
        self.dangling_unless(known, "calendar", "calendar", calendar);
        self.unique("sprints", "sprint", project.sprints.iter().map(|sprint| sprint.slug.as_str()));
        self.unique("labels", "label", project.labels.iter().map(|label| label.slug.as_str()));
        self.unique("tasks", "WBS path", project.tasks.iter().map(|task| task.wbs_path.as_str()));
        self.each("sprints", &project.sprints, |walk, sprint| {
            walk.own_task("target_milestone", project, sprint.target_milestone.as_deref());
        });
        self.each("tasks", &project.tasks, |walk, task| walk.task(project, task));
        self.each("dependencies", &project.dependencies, |walk, dependency| {
            walk.any_task(&[Step::Key("predecessor")], &project.slug, &dependency.predecessor);
            walk.any_task(&[Step::Key("successor")], &project.slug, &dependency.successor);
        });
        self.each("baselines", &project.baselines, |walk, baseline| {
            walk.each("tasks", &baseline.tasks.0, |walk, row| walk.own_task("task", project, Some(&row.task)));
        });
        self.risks(&project.risks, Some(project));
    }

    fn task(&mut self, project: &'d Project, task: &'d Task) {
        self.account("assignee", task.assignee.as_deref());
        let names = self.index.projects.get(project.slug.as_str());
        let sprint = task.sprint.as_deref();
        let known = sprint.is_none_or(|slug| names.is_some_and(|names| names.sprints.contains(slug)));
        self.dangling_unless(known, "sprint", "sprint", sprint);
        self.own_task("parent_epic", project, task.parent_epic.as_deref());
        for (index, slug) in task.labels.iter().enumerate() {
            let names = self.index.projects.get(project.slug.as_str());
            if !names.is_some_and(|names| names.labels.contains(slug.as_str())) {
                self.dangling(&[Step::Key("labels"), Step::Index(index)], "label", slug);
            }
        }
        self.links(project, task);
        self.estimate(task.estimate.as_ref());
        self.each("assignments", &task.assignments, |walk, assignment| {
            let known = walk.index.resources.contains(assignment.resource.as_str());
            walk.dangling_unless(known, "resource", "resource", Some(&assignment.resource));
        });
    }

    fn links(&mut self, project: &'d Project, task: &'d Task) {
        self.each("links", &task.links, |walk, link| {
            walk.any_task(&[Step::Key("target")], &project.slug, &link.target);
            if split_reference(&link.target, &project.slug) == (project.slug.as_str(), task.wbs_path.as_str()) {
                walk.add(&[Step::Key("target")], ReferenceFault::SelfLink);
            }
        });
    }

    fn estimate(&mut self, estimate: Option<&Estimate>) {
        let Some(estimate) = estimate else { return };
        let values = (estimate.optimistic.0, estimate.most_likely.0, estimate.pessimistic.0);
        if let (Some(best), Some(likely), Some(worst)) = values
            && !(best <= likely && likely <= worst)
        {
            self.add(&[Step::Key("estimate")], ReferenceFault::EstimateOrder);
        }
    }

    fn risks(&mut self, risks: &'d [Risk], project: Option<&'d Project>) {
        self.unique("risks", "risk", risks.iter().map(|risk| risk.slug.as_str()));
        self.each("risks", risks, |walk, risk| {
            walk.account("owner", risk.owner.as_deref());
            for (index, reference) in risk.tasks.iter().enumerate() {
                let place = [Step::Key("tasks"), Step::Index(index)];
                match project {
                    None if !reference.contains(':') => {
                        walk.add(&place, ReferenceFault::Unqualified { reference: quoted(reference) });
                    }
                    project => walk.any_task(&place, project.map_or("", |project| &project.slug), reference),
                }
            }
        });
    }

    fn event(&mut self, event: &'d Event) {
        self.account("actor", event.actor.as_deref());
        self.account("assignee", event.assignee.as_deref());
        let Some(kind) = target_kind(&event.action) else { return };
        let target = event.target.as_deref().and_then(|target| target.split_once(':'));
        match target {
            Some((prefix, reference)) if prefix == kind => {
                self.event_target(kind, reference);
                if event.action == "task.estimate" {
                    self.estimate(event.estimate.as_ref());
                }
            }
            _ => {
                let action = quoted(&event.action);
                self.add(&[Step::Key("target")], ReferenceFault::EventTarget { action, kind });
            }
        }
    }

    fn event_target(&mut self, kind: &'static str, reference: &str) {
        let place = [Step::Key("target")];
        let known = match kind {
            "task" if reference.contains(':') => return self.any_task(&place, "", reference),
            "task" => return self.add(&place, ReferenceFault::Unqualified { reference: quoted(reference) }),
            "sprint" => {
                let (project, sprint) = reference.split_once(':').unwrap_or((reference, ""));
                self.index.projects.get(project).is_some_and(|names| names.sprints.contains(sprint))
            }
            "project" => self.index.projects.contains_key(reference),
            _ => self.index.risks.contains(reference),
        };
        if !known {
            self.dangling(&place, kind, reference);
        }
    }

    fn account(&mut self, key: &'static str, slug: Option<&str>) {
        let known = slug.is_none_or(|slug| self.index.accounts.contains(slug));
        self.dangling_unless(known, key, "account", slug);
    }

    fn own_task(&mut self, key: &'static str, project: &'d Project, path: Option<&str>) {
        let names = self.index.projects.get(project.slug.as_str());
        let known = path.is_none_or(|path| names.is_some_and(|names| names.tasks.contains(path)));
        self.dangling_unless(known, key, "task of this project", path);
    }

    fn any_task(&mut self, place: &[Step], enclosing: &str, reference: &str) {
        let (project, path) = split_reference(reference, enclosing);
        if !self.index.projects.get(project).is_some_and(|names| names.tasks.contains(path)) {
            self.dangling(place, "task", reference);
        }
    }

    fn dangling_unless(&mut self, known: bool, key: &'static str, kind: &'static str, reference: Option<&str>) {
        if let (false, Some(reference)) = (known, reference) {
            self.dangling(&[Step::Key(key)], kind, reference);
        }
    }

    fn dangling(&mut self, place: &[Step], kind: &'static str, reference: &str) {
        self.add(place, ReferenceFault::Dangling { kind, reference: quoted(reference) });
    }

    fn unique(&mut self, key: &'static str, kind: &'static str, names: impl Iterator<Item = &'d str>) {
        let mut seen = HashSet::new();
        let last = if kind == "WBS path" { "wbs_path" } else { "slug" };
        for (index, name) in names.enumerate() {
            if !seen.insert(name) {
                let place = [Step::Key(key), Step::Index(index), Step::Key(last)];
                self.add(&place, ReferenceFault::Duplicate { kind, name: quoted(name) });
            }
        }
    }

    fn add(&mut self, place: &[Step], fault: ReferenceFault) {
        self.found.push(([&self.path, place].concat(), fault));
    }

    fn each<T>(&mut self, key: &'static str, items: &'d [T], mut visit: impl FnMut(&mut Self, &'d T)) {
        for (index, item) in items.iter().enumerate() {
            self.path.extend([Step::Key(key), Step::Index(index)]);
            visit(self, item);
            self.path.truncate(self.path.len() - 2);
        }
    }
}

/// Project slug and WBS path of a task reference.
fn split_reference<'r>(reference: &'r str, enclosing: &'r str) -> (&'r str, &'r str) {
    reference.split_once(':').unwrap_or((enclosing, reference))
}

/// What the target of an action names; none for one that TruePPM does not know.
fn target_kind(action: &str) -> Option<&'static str> {
    Some(match action {
        "task.status"
        | "task.assign"
        | "task.estimate"
        | "task.points"
        | "task.comment"
        | "task.ac_met"
        | "sprint.scope_inject"
        | "sprint.scope_resolve" => "task",
        "sprint.activate" | "sprint.close" | "retro.action" | "retro.promote" => "sprint",
        "baseline.capture" => "project",
        "risk.status" => "risk",
        _ => return None,
    })
}
