//! How many rows of which section a document holds: what a verification compares with the
//! manifest.

use super::model::{Document, Event, Project, Task};
use orgvault_api::SectionCount;

/// Rows by section, under the names of TruePPM's product definition.
///
/// `program` is 1 for a document of a program; a single project's has a made-up one, which a
/// document does not tell: the caller leaves it out.
#[must_use]
pub fn counts(document: &Document) -> Vec<SectionCount> {
    let projects = &document.projects.0;
    let sum = |of: fn(&Project) -> usize| projects.iter().map(of).sum();
    let tasks = |of: fn(&Task) -> usize| projects.iter().flat_map(|project| &project.tasks).map(of).sum();
    let roles = document.accounts.iter().filter(|account| account.role.is_some()).count();
    let exceptions = document.calendars.iter().map(|calendar| calendar.exceptions.len()).sum();
    let events = |of: fn(&Event) -> bool| document.events.iter().filter(|event| of(event)).count();
    [
        ("program", 1),
        ("projects", projects.len()),
        ("memberships", roles),
        ("users", document.accounts.len()),
        ("calendars", document.calendars.len()),
        ("calendar_exceptions", exceptions),
        ("resources", document.resources.len()),
        ("labels", sum(|project| project.labels.len())),
        ("sprints", sum(|project| project.sprints.len())),
        ("tasks", sum(|project| project.tasks.len())),
        ("task_labels", tasks(|task| task.labels.len())),
        ("assignments", tasks(|task| task.assignments.len())),
        ("links", tasks(|task| task.links.len())),
        ("dependencies", sum(|project| project.dependencies.len())),
        ("baselines", sum(|project| project.baselines.len())),
        ("baseline_tasks", sum(|project| project.baselines.iter().map(|baseline| baseline.tasks.0.len()).sum())),
        ("risks", sum(|project| project.risks.len())),
        ("risk_tasks", sum(|project| project.risks.iter().map(|risk| risk.tasks.len()).sum())),
        ("task_history", events(|event| matches!(event.action.as_str(), "task.status" | "task.points"))),
        ("comments", events(|event| event.action == "task.comment")),
        ("scope_changes", events(|event| event.action == "sprint.scope_inject")),
        ("retro_actions", events(|event| event.action == "retro.action")),
    ]
    .map(|(name, rows): (&str, usize)| SectionCount {
        name: name.to_owned(),
        rows: u64::try_from(rows).unwrap_or(u64::MAX),
    })
    .into()
}
