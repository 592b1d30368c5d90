//! What hangs on tasks: labels, assignments, links and dependencies, each with its task.

use std::collections::HashMap;

use orgvault_archive::seed::{Assignment, Dependency, Float, Label, Link, Slugs};

use super::{
    cell::Uuid,
    notes::{Doubt, Notes},
    people::People,
    rows::{AssignmentRow, DependencyRow, LabelRow, LinkRow, TaskLabelRow},
    scope::Scope,
};

/// By task or by project.
pub(super) type Lists<T> = HashMap<usize, Vec<T>>;

/// Where a label stands, and its slug.
struct LabelPlace {
    project: usize,
    place: usize,
    slug: String,
}

/// The labels by project, and the labels' slugs by task.
pub(super) fn labels(
    rows: Vec<LabelRow>,
    of_tasks: Vec<TaskLabelRow>,
    scope: &Scope,
    notes: &mut Notes,
) -> (Lists<Label>, Lists<String>) {
    let mut by_project: Lists<Label> = HashMap::new();
    let mut slugs: HashMap<usize, Slugs> = HashMap::new();
    let mut places = HashMap::new();
    for (place, row) in rows.into_iter().enumerate() {
        let Some(project) = scope.projects_by_id.get(&row.project_id).copied() else {
            notes.drop("labels", "project_not_exported");
            continue;
        };
        let slug = slugs.entry(project).or_insert_with(|| scope.release.slugs()).take(&row.name);
        places.insert(row.id, LabelPlace { project, place, slug: slug.clone() });
        by_project.entry(project).or_default().push(Label {
            color: Some(row.color),
            name: row.name,
            position: Some(row.position).filter(|position| *position != 0),
            slug,
        });
    }
    (by_project, labels_by_task(of_tasks, &places, scope, notes))
}

fn labels_by_task(
    rows: Vec<TaskLabelRow>,
    places: &HashMap<Uuid, LabelPlace>,
    scope: &Scope,
    notes: &mut Notes,
) -> Lists<String> {
    let mut found: Lists<&LabelPlace> = HashMap::new();
    for row in rows {
        match (scope.exported(row.task_id), places.get(&row.label_id)) {
            (None, _) => notes.drop("task_labels", "task_not_exported"),
            (_, None) => notes.drop("task_labels", "label_not_exported"),
            (Some((task, ..)), Some(label)) => found.entry(task).or_default().push(label),
        }
    }
    found.into_iter().map(|(task, labels)| (task, task_labels(task, labels, scope, notes))).collect()
}

/// TruePPM collects labels project by project and writes a task with its project: a label of a
/// later project comes too late, unless the task has one already, whose list then still grows.
fn task_labels(task: usize, mut labels: Vec<&LabelPlace>, scope: &Scope, notes: &mut Notes) -> Vec<String> {
    let Some(place) = scope.tasks.get(task) else { return Vec::new() };
    labels.sort_by_key(|label| (label.project, label.place));
    let own = place.project.unwrap_or_default();
    if labels.first().is_some_and(|label| label.project > own) {
        notes.doubt(Doubt::LabelLost, place.id);
        notes.drop_all("task_labels", "label_of_later_project", labels.len() as u64);
        return Vec::new();
    }
    if labels.iter().any(|label| label.project != own) {
        notes.doubt(Doubt::OtherProject, format_args!("projects_task {} (labels)", place.id));
    }
    labels.into_iter().map(|label| label.slug.clone()).collect()
}

/// Assignments by task, in the order of the resources' names and ids.
pub(super) fn assignments(
    rows: Vec<AssignmentRow>,
    scope: &Scope,
    people: &People,
    notes: &mut Notes,
) -> Lists<Assignment> {
    let mut found: Lists<(usize, Assignment)> = HashMap::new();
    for row in rows {
        let Some((task, ..)) = scope.exported(row.task_id) else {
            notes.drop("assignments", "task_not_exported");
            continue;
        };
        let Some((slug, place)) = people.resources.get(&row.resource_id) else {
            notes.doubt(Doubt::RowMissing, format_args!("resources_resource {}", row.resource_id));
            notes.drop("assignments", "resource_missing");
            continue;
        };
        if !row.units.is_finite() {
            notes.doubt(Doubt::NotJson, format_args!("resources_task_resource of task {}", row.task_id));
        }
        let assignment = Assignment { resource: slug.clone(), units: Some(Float(row.units)) };
        found.entry(task).or_default().push((*place, assignment));
    }
    sorted(found)
}

/// Links by source task, by type (in the query's order), path of the target and id.
pub(super) fn links(rows: Vec<LinkRow>, scope: &Scope, notes: &mut Notes) -> Lists<Link> {
    let mut found: Lists<((usize, u32, Uuid), Link)> = HashMap::new();
    let mut kind = 0_usize;
    let mut before = String::new();
    for row in rows {
        kind += usize::from(before != row.relation_type);
        before.clone_from(&row.relation_type);
        if row.is_deleted {
            notes.drop("links", "deleted");
            continue;
        }
        match (scope.exported(row.source_id), scope.exported(row.target_id)) {
            (None, _) => notes.drop("links", "source_not_exported"),
            (_, None) => notes.drop("links", "target_not_exported"),
            (Some((source, _, project)), Some((_, target, of))) => {
                let target_text = scope.reference(target, of, project);
                let note = super::scope::set(row.note);
                let link = Link { link_type: row.relation_type, note, target: target_text };
                found.entry(source).or_default().push(((kind, target.rank, row.id), link));
            }
        }
    }
    sorted(found)
}

/// Dependencies by the successor's project, by the paths of both ends; where TruePPM leaves the
/// order open, the type decides, then the predecessor's project, then the ids and the lag.
pub(super) fn dependencies(rows: Vec<DependencyRow>, scope: &Scope, notes: &mut Notes) -> Lists<Dependency> {
    let mut found: Lists<_> = HashMap::new();
    for row in rows {
        if row.is_deleted {
            notes.drop("dependencies", "deleted");
            continue;
        }
        let (Some((_, before, of)), Some((_, after, project))) =
            (scope.exported(row.predecessor_id), scope.exported(row.successor_id))
        else {
            notes.drop("dependencies", "end_not_exported");
            continue;
        };
        let slug = scope.project_slugs.get(of);
        let key = (before.rank, after.rank, row.dep_type.clone(), slug, before.id, after.id, row.lag);
        let dependency = Dependency {
            dep_type: row.dep_type,
            lag: Some(row.lag).filter(|lag| *lag != 0),
            predecessor: scope.reference(before, of, project),
            successor: after.path.clone(),
        };
        found.entry(project).or_default().push((key, dependency));
    }
    sorted(found)
}

fn sorted<K: Ord, T>(lists: Lists<(K, T)>) -> Lists<T> {
    let sort = |mut list: Vec<(K, T)>| {
        list.sort_by(|(a, _), (b, _)| a.cmp(b));
        list.into_iter().map(|(_, item)| item).collect()
    };
    lists.into_iter().map(|(key, list)| (key, sort(list))).collect()
}
