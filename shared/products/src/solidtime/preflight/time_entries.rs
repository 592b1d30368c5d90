//! Time entries: streamed, never merged.

use std::io;

use serde_json::Value;

use super::{
    Archive, Findings, Location, php,
    references::References,
    rows::{check_nul, check_timestamp, find, short_row},
    shown,
};

/// Bytes; the database and the app take as many characters.
pub(in crate::solidtime) const LONGEST_DESCRIPTION: usize = 5000;

/// Reads every time entry.
pub(super) fn check(archive: &Archive<'_>, references: &References, findings: &mut Findings) -> io::Result<()> {
    let columns = [
        "member_id",
        "user_id",
        "client_id",
        "project_id",
        "task_id",
        "description",
        "billable",
        "tags",
        "start",
        "end",
        "still_active_email_sent_at",
    ];
    archive.each_row("time_entries.csv", columns, findings, |findings, row| {
        let place = row.place;
        let [member, user, client, project, task, description, billable, tags, start, end, sent] = row.cells;
        let required = [("member_id", member), ("user_id", user), ("client_id", client), ("project_id", project)];
        let more = [("task_id", task), ("description", description), ("billable", billable), ("tags", tags)];
        for (column, cell) in required.into_iter().chain(more) {
            if cell.is_none() {
                short_row(column, place, findings);
            }
        }
        check_references(references, [member, user, client, project, task], place, findings);
        check_description(description.unwrap_or_default(), place, findings);
        if let Some(billable) = billable.filter(|billable| *billable != b"true" && *billable != b"false") {
            findings.refuse("invalid_billable", place, format!("billable is {}, not true or false", shown(billable)));
        }
        check_tags(references, tags.unwrap_or_default(), place, findings);
        if start == Some(b"") {
            findings.refuse("invalid_timestamp", place, "start is empty");
        }
        check_timestamp("start", start, place, findings);
        check_timestamp("end", end, place, findings);
        check_timestamp("still_active_email_sent_at", sent, place, findings);
    })?;
    Ok(())
}

fn check_references(
    references: &References,
    [member, user, client, project, task]: [Option<&[u8]>; 5],
    place: Location<'_>,
    findings: &mut Findings,
) {
    let (project, task) = (project.filter(|id| !id.is_empty()), task.filter(|id| !id.is_empty()));
    find(&references.members, "member_id", member, "members.csv", place, findings);
    find(&references.users, "user_id", user, "members.csv", place, findings);
    find(&references.projects, "project_id", project, "projects.csv", place, findings);
    find(&references.tasks, "task_id", task, "tasks.csv", place, findings);
    let clients = &references.clients;
    if let Some(client) = client.filter(|client| !client.is_empty() && clients.find(client).is_none())
        && !clients.incomplete
    {
        let message = format!("client_id {} is not in clients.csv: it is dropped", shown(client));
        findings.change("unknown_client", place, message);
    }
}

fn check_description(description: &[u8], place: Location<'_>, findings: &mut Findings) {
    if description.len() > LONGEST_DESCRIPTION {
        let message = format!(
            "the description has {} bytes, at most {LONGEST_DESCRIPTION} are taken: {}",
            description.len(),
            shown(description)
        );
        findings.refuse("description_too_long", place, message);
    }
    if std::str::from_utf8(php::stored(description)).is_err() {
        findings.refuse("invalid_utf8", place, format!("description is not UTF-8: {}", shown(description)));
    }
    check_nul("description", description, place, findings);
}

/// Whatever is no list of known tags' ids is dropped, or becomes a null within the list.
fn check_tags(references: &References, tags: &[u8], place: Location<'_>, findings: &mut Findings) {
    if matches!(tags, b"" | b"null" | b"[]") || std::str::from_utf8(tags).is_ok_and(|tags| tags.trim().is_empty()) {
        return;
    }
    let Ok(Value::Array(items)) = serde_json::from_slice(tags) else {
        findings.change("tags_dropped", place, format!("tags {} are no JSON list: they are dropped", shown(tags)));
        return;
    };
    for item in items {
        match item {
            Value::String(id) if php::is_uuid(&id) => {
                if references.tags.find(id.as_bytes()).is_none() && !references.tags.incomplete {
                    let message = format!("the tag {} is not in tags.csv: it becomes null", shown(id.as_bytes()));
                    findings.change("unknown_tag", place, message);
                }
            }
            other => {
                let message = format!("the tag {} is no UUID: it is dropped", shown(other.to_string().as_bytes()));
                findings.change("tags_dropped", place, message);
            }
        }
    }
}
