//! Clients, tags, members, projects, project members and tasks.

use std::io;

use super::{
    Archive, Findings, Location, php,
    php::Timestamp,
    references::{References, Registry},
    shown,
};

/// The largest value of the columns with rates, PostgreSQL's `integer`.
const LARGEST_RATE: i64 = 2_147_483_647;
const SMALLEST_RATE: i64 = -2_147_483_648;
const NAME: usize = 255;
const TASK_NAME: usize = 500;
const EMAIL: usize = 255;

/// Reads the six files in the importer's order and fills `references`.
pub(super) fn check(archive: &Archive<'_>, references: &mut References, findings: &mut Findings) -> io::Result<()> {
    references.clients.incomplete = !clients(archive, references, findings)?;
    references.tags.incomplete = !tags(archive, references, findings)?;
    references.members.incomplete = !members(archive, references, findings)?;
    references.users.incomplete = references.members.incomplete;
    references.projects.incomplete = !projects(archive, references, findings)?;
    project_members(archive, references, findings)?;
    references.tasks.incomplete = !tasks(archive, references, findings)?;
    Ok(())
}

fn clients(archive: &Archive<'_>, references: &mut References, findings: &mut Findings) -> io::Result<bool> {
    archive.each_row("clients.csv", ["id", "name", "archived_at"], findings, |findings, row| {
        let [id, name, archived_at] = row.cells;
        check_timestamp("archived_at", archived_at, row.place, findings);
        let name = natural_name(name, row.place, findings);
        let (client, new) = references.clients.find_or_create(&[name]);
        if new {
            check_name(name, NAME, row.place, findings);
        } else {
            merged("client", "name", name, row.place, findings);
        }
        name_row(&mut references.clients, id, client, row.place, findings);
    })
}

fn tags(archive: &Archive<'_>, references: &mut References, findings: &mut Findings) -> io::Result<bool> {
    archive.each_row("tags.csv", ["id", "name"], findings, |findings, row| {
        let [id, name] = row.cells;
        let name = natural_name(name, row.place, findings);
        let (tag, new) = references.tags.find_or_create(&[name]);
        if new {
            check_name(name, NAME, row.place, findings);
        } else {
            merged("tag", "name", name, row.place, findings);
        }
        name_row(&mut references.tags, id, tag, row.place, findings);
    })
}

fn members(archive: &Archive<'_>, references: &mut References, findings: &mut Findings) -> io::Result<bool> {
    let columns = ["id", "user_id", "name", "email", "billable_rate"];
    archive.each_row("members.csv", columns, findings, |findings, row| {
        let [id, user_id, name, email, rate] = row.cells;
        if email.is_none() {
            short_row("email", row.place, findings);
        }
        let email = email.unwrap_or_default();
        check_text("email", email, row.place, findings);
        let (user, new_user) = references.users.find_or_create(&[email]);
        if new_user {
            check_user(name.unwrap_or_default(), email, row.place, findings);
        } else {
            let message = format!("the e-mail {} is an earlier member's: both become one person", shown(email));
            findings.change("merged_member", row.place, message);
        }
        name_row(&mut references.users, user_id, user, row.place, findings);
        let (member, new_member) = references.members.find_or_create(&[&user.to_le_bytes()]);
        if new_member {
            check_rate(rate, row.place, findings);
        }
        name_row(&mut references.members, id, member, row.place, findings);
    })
}

fn projects(archive: &Archive<'_>, references: &mut References, findings: &mut Findings) -> io::Result<bool> {
    let columns = ["id", "name", "color", "billable_rate", "is_public", "is_billable", "client_id", "archived_at"];
    archive.each_row("projects.csv", columns, findings, |findings, row| {
        let [id, name, color, rate, is_public, is_billable, client_id, archived_at] = row.cells;
        let client = match client_id {
            Some(b"") => None,
            Some(_) => find(&references.clients, "client_id", client_id, "clients.csv", row.place, findings),
            None => {
                short_row("client_id", row.place, findings);
                None
            }
        };
        if !color.is_some_and(php::is_color) {
            let message =
                format!("the color {} is not # and six lower-case hex digits", shown(color.unwrap_or_default()));
            findings.refuse("invalid_color", row.place, message);
        } else if color.is_some_and(|color| color.ends_with(b"\n")) {
            findings.change("color_line_end", row.place, "the color keeps a line end");
        }
        check_timestamp("archived_at", archived_at, row.place, findings);
        let name = natural_name(name, row.place, findings);
        let client = client.map_or(Vec::new(), |client| client.to_le_bytes().to_vec());
        let (project, new) = references.projects.find_or_create(&[name, &client]);
        if new {
            check_name(name, NAME, row.place, findings);
            check_bool("is_public", is_public, row.place, findings);
            check_bool("is_billable", is_billable, row.place, findings);
            if check_rate(rate, row.place, findings) == Some(0) {
                findings.change("rate_zero", row.place, "the rate 0 becomes none");
            }
        } else {
            merged("project", "name and client", name, row.place, findings);
        }
        name_row(&mut references.projects, id, project, row.place, findings);
    })
}

fn project_members(archive: &Archive<'_>, references: &mut References, findings: &mut Findings) -> io::Result<bool> {
    let columns = ["project_id", "member_id", "user_id", "billable_rate"];
    archive.each_row("project_members.csv", columns, findings, |findings, row| {
        let [project_id, member_id, user_id, rate] = row.cells;
        for (column, cell) in [("project_id", project_id), ("member_id", member_id), ("user_id", user_id)] {
            if cell.is_none() {
                short_row(column, row.place, findings);
            }
        }
        let project = find(&references.projects, "project_id", project_id, "projects.csv", row.place, findings);
        let member = find(&references.members, "member_id", member_id, "members.csv", row.place, findings);
        let (Some(project), Some(member)) = (project, member) else { return };
        if !references.project_members.insert((project, member)) {
            let message = "an earlier row has the same project and member: this one's rate is dropped";
            findings.change("merged_project_member", row.place, message);
            return;
        }
        if check_rate(rate, row.place, findings) == Some(0) {
            findings.change("rate_zero", row.place, "the rate 0 becomes none");
        }
        let user = find(&references.users, "user_id", user_id, "members.csv", row.place, findings);
        if user.is_some_and(|user| !references.project_users.insert((project, user))) {
            let message = "an earlier row has the same project and user with another member: the database refuses it";
            findings.refuse("duplicate_project_user", row.place, message);
        }
    })
}

fn tasks(archive: &Archive<'_>, references: &mut References, findings: &mut Findings) -> io::Result<bool> {
    archive.each_row("tasks.csv", ["id", "name", "project_id", "done_at"], findings, |findings, row| {
        let [id, name, project_id, done_at] = row.cells;
        if project_id.is_none() {
            short_row("project_id", row.place, findings);
        }
        let project = find(&references.projects, "project_id", project_id, "projects.csv", row.place, findings);
        check_timestamp("done_at", done_at, row.place, findings);
        let name = natural_name(name, row.place, findings);
        let project = project.map_or(Vec::new(), |project| project.to_le_bytes().to_vec());
        let (task, new) = references.tasks.find_or_create(&[name, &project]);
        if new {
            check_name(name, TASK_NAME, row.place, findings);
        } else {
            merged("task", "name and project", name, row.place, findings);
        }
        // The importer makes a string of this id, so that a missing one is the empty one.
        name_row(&mut references.tasks, Some(id.unwrap_or_default()), task, row.place, findings);
    })
}

/// A name that rows are merged by: its JSON form is hashed, so it must be UTF-8.
fn natural_name<'a>(name: Option<&'a [u8]>, place: Location<'_>, findings: &mut Findings) -> &'a [u8] {
    let name = name.unwrap_or_default();
    check_text("name", name, place, findings);
    name
}

/// Text that goes through PHP's JSON and into the database.
fn check_text(column: &str, text: &[u8], place: Location<'_>, findings: &mut Findings) {
    if std::str::from_utf8(text).is_err() {
        findings.refuse("invalid_utf8", place, format!("{column} is not UTF-8: {}", shown(text)));
    }
    check_nul(column, text, place, findings);
}

/// The database gets only what stands before a NUL.
pub(super) fn check_nul(column: &str, text: &[u8], place: Location<'_>, findings: &mut Findings) {
    if text.contains(&0) {
        findings.change("nul_cut", place, format!("{column} is cut at a NUL: {}", shown(text)));
    }
}

/// Laravel's `required` and `max` (characters, not bytes).
fn check_name(name: &[u8], most: usize, place: Location<'_>, findings: &mut Findings) {
    if !php::is_filled(name) {
        findings.refuse("name_empty", place, "the name is empty or blank");
    }
    let characters = String::from_utf8_lossy(name).chars().count();
    if characters > most {
        let message = format!("the name has {characters} characters, at most {most} are taken: {}", shown(name));
        findings.refuse("name_too_long", place, message);
    }
}

/// A person who is new to the target: the e-mail is not validated but must fit its column.
fn check_user(name: &[u8], email: &[u8], place: Location<'_>, findings: &mut Findings) {
    check_name(name, NAME, place, findings);
    check_nul("name", name, place, findings);
    if std::str::from_utf8(php::stored(name)).is_err() {
        findings.refuse("invalid_utf8", place, format!("name is not UTF-8: {}", shown(name)));
    }
    // PostgreSQL cuts blanks beyond the limit of a varchar.
    let email = String::from_utf8_lossy(php::stored(email)).into_owned();
    if email.chars().skip(EMAIL).any(|character| character != ' ') {
        let message = format!("the e-mail is longer than {EMAIL} characters: {}", shown(email.as_bytes()));
        findings.refuse("email_too_long", place, message);
    }
}

/// What the importer makes of a rate; none where it stays empty.
fn check_rate(cell: Option<&[u8]>, place: Location<'_>, findings: &mut Findings) -> Option<i64> {
    let Some(text) = cell else {
        findings.change("rate_cast", place, "the row ends before its rate, which becomes 0");
        return Some(0);
    };
    if text.is_empty() {
        return None;
    }
    let rate = php::integer(text);
    if !(SMALLEST_RATE..=LARGEST_RATE).contains(&rate) {
        let message = format!("the rate {} does not fit between {SMALLEST_RATE} and {LARGEST_RATE}", shown(text));
        findings.refuse("rate_out_of_range", place, message);
    } else if rate.to_string().as_bytes() != text {
        findings.change("rate_cast", place, format!("the rate {} becomes {rate}", shown(text)));
    }
    Some(rate)
}

fn check_bool(column: &str, cell: Option<&[u8]>, place: Location<'_>, findings: &mut Findings) {
    let text = cell.unwrap_or_default();
    if text != b"true" && text != b"false" {
        findings.change("bool_false", place, format!("{column} is {}, which becomes false", shown(text)));
    }
}

/// A timestamp that may be empty.
pub(super) fn check_timestamp(column: &str, cell: Option<&[u8]>, place: Location<'_>, findings: &mut Findings) {
    let Some(text) = cell else { return short_row(column, place, findings) };
    match php::timestamp(text) {
        _ if text.is_empty() => {}
        Timestamp::Exact => {}
        Timestamp::Moved => {
            findings.change("timestamp_moved", place, format!("{column} {} rolls over to another date", shown(text)));
        }
        Timestamp::Invalid => {
            let message = format!("{column} {} is not YYYY-MM-DDTHH:MM:SSZ between the years 1 and 9999", shown(text));
            findings.refuse("invalid_timestamp", place, message);
        }
    }
}

/// The importer reads a null where it needs a text.
pub(super) fn short_row(column: &str, place: Location<'_>, findings: &mut Findings) {
    findings.refuse("short_row", place, format!("the row ends before `{column}`"));
}

/// The row that a reference stands for; one that must be there.
pub(super) fn find(
    registry: &Registry,
    column: &str,
    id: Option<&[u8]>,
    file: &str,
    place: Location<'_>,
    findings: &mut Findings,
) -> Option<u32> {
    let id = id?;
    let row = registry.find(id);
    if row.is_none() && !registry.incomplete {
        findings.refuse("unknown_reference", place, format!("{column} {} is not in {file}", shown(id)));
    }
    row
}

fn merged(what: &str, by: &str, name: &[u8], place: Location<'_>, findings: &mut Findings) {
    let message = format!("an earlier {what} has the same {by}, {}: both become one", shown(name));
    findings.change(&format!("merged_{what}"), place, message);
}

fn name_row(registry: &mut Registry, id: Option<&[u8]>, row: u32, place: Location<'_>, findings: &mut Findings) {
    let Some(id) = id else {
        findings.change("no_id", place, "the row ends before its id: nothing can refer to it");
        return;
    };
    if registry.name(id, row) {
        let message = format!("the id {} stands for another row before: references now mean this one", shown(id));
        findings.change("duplicate_id", place, message);
    }
}
