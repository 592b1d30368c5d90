//! Accounts, calendars and resources: which are in the document, and their slugs.

use std::collections::{HashMap, HashSet};

use orgvault_archive::seed::{Account, Calendar, CalendarException, Float, Resource};

use super::{
    cell::Uuid,
    notes::{Doubt, Notes},
    release::Release,
    rows::{
        AssignmentRow, CalendarRow, ExceptionRow, MembershipRow, ProgramRow, ResourceRow, RiskRow, TaskRow, UserRow,
    },
    scope::{Scope, set},
};

/// Slugs of everything outside projects.
#[derive(Default)]
pub(super) struct People {
    pub(super) accounts: HashMap<i64, String>,
    pub(super) calendars: HashMap<Uuid, String>,
    /// Slug, and place in the order of name and id.
    pub(super) resources: HashMap<Uuid, (String, usize)>,
}

/// Rows that name users.
pub(super) struct UserSources<'r> {
    pub(super) program: Option<&'r ProgramRow>,
    pub(super) memberships: &'r [MembershipRow],
    pub(super) tasks: &'r [TaskRow],
    pub(super) risks: &'r [RiskRow],
    pub(super) resources: &'r [ResourceRow],
}

impl UserSources<'_> {
    /// Users by their first occurrence: lead, members by id, assignees, risk owners, users of
    /// resources. Where TruePPM leaves an order open, the user's id decides.
    fn in_order(&self, scope: &Scope) -> Vec<i64> {
        let mut members: Vec<i64> = self.memberships.iter().map(|row| row.user_id).collect();
        members.sort_unstable();
        let lead = self.program.and_then(|program| program.lead_id);
        let resources = self.resources.iter().filter_map(|row| row.user_id);
        let all = lead.into_iter().chain(members).chain(self.assignees(scope)).chain(self.owners(scope));
        let mut seen = HashSet::new();
        all.chain(resources).filter(|user| seen.insert(*user)).collect()
    }

    /// Of live tasks, with and without a path, by path and name.
    fn assignees(&self, scope: &Scope) -> Vec<i64> {
        let mut found = Vec::new();
        let mut group = 0_usize;
        let mut before: Option<&TaskRow> = None;
        for row in self.tasks {
            let same = before.is_some_and(|before| before.wbs_path == row.wbs_path && before.name == row.name);
            group += usize::from(!same);
            before = Some(row);
            if let (Some(user), false) = (row.assignee_id, row.is_deleted)
                && scope.projects_by_id.contains_key(&row.project_id)
            {
                found.push((group, user));
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(_, user)| user).collect()
    }

    /// Of all risks, deleted ones too, by impact and probability (highest first) and title.
    fn owners(&self, scope: &Scope) -> Vec<i64> {
        let mut found = Vec::new();
        let mut title = 0_usize;
        let mut before: Option<&str> = None;
        for row in self.risks {
            title += usize::from(before != Some(&row.title));
            before = Some(&row.title);
            if let Some(user) = row.owner_id
                && scope.projects_by_id.contains_key(&row.project_id)
            {
                found.push((-row.impact, -row.probability, title, user));
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(.., user)| user).collect()
    }
}

/// The accounts, sorted by slug.
pub(super) fn accounts(
    users: Vec<UserRow>,
    sources: &UserSources<'_>,
    scope: &Scope,
    people: &mut People,
    notes: &mut Notes,
) -> Vec<Account> {
    let mut rows: HashMap<i64, UserRow> = users.into_iter().map(|row| (row.id, row)).collect();
    let mut roles: HashMap<i64, i64> = sources.memberships.iter().map(|row| (row.user_id, row.role)).collect();
    let mut slugs = scope.release.slugs();
    let mut accounts = Vec::new();
    for id in sources.in_order(scope) {
        let role = roles.remove(&id);
        let Some(row) = rows.remove(&id) else {
            notes.doubt(Doubt::RowMissing, format_args!("auth_user {id}"));
            notes.drop_all("memberships", "user_missing", role.is_some().into());
            continue;
        };
        let slug = slugs.take(&row.username);
        people.accounts.insert(id, slug.clone());
        let role = role.and_then(|role| named_role(role, scope.release, id, notes));
        accounts.push(account(row, slug, role));
    }
    notes.drop_all("users", "unreferenced", rows.len() as u64);
    accounts.sort_by(|a, b| a.slug.cmp(&b.slug));
    accounts
}

fn named_role(role: i64, release: Release, user: i64, notes: &mut Notes) -> Option<String> {
    let name = match role {
        _ if role == release.viewer() => "VIEWER",
        100 => "MEMBER",
        200 => "SCHEDULER",
        300 => "ADMIN",
        400 => "OWNER",
        _ => {
            notes.doubt(Doubt::RoleUnknown, format_args!("auth_user {user} (role {role})"));
            notes.drop("memberships", "role_unknown");
            return None;
        }
    };
    Some(name.to_owned())
}

fn account(row: UserRow, slug: String, role: Option<String>) -> Account {
    // Python's white space has four separators more than Unicode's.
    let blank = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
    let name = format!("{} {}", row.first_name, row.last_name);
    Account {
        display_name: set(name.trim_matches(blank).to_owned()),
        email: set(row.email),
        role,
        slug,
        username: row.username,
    }
}

/// The resources of the document: on a roster, or assigned to any task of its projects.
pub(super) fn used_resources(
    resources: Vec<ResourceRow>,
    assignments: &[AssignmentRow],
    scope: &Scope,
    notes: &mut Notes,
) -> Vec<ResourceRow> {
    let in_document = |row: &&AssignmentRow| {
        let task = scope.tasks_by_id.get(&row.task_id).and_then(|index| scope.tasks.get(*index));
        task.is_some_and(|task| task.project.is_some())
    };
    let assigned: HashSet<Uuid> = assignments.iter().filter(in_document).map(|row| row.resource_id).collect();
    let read = resources.len();
    let used: Vec<_> = resources.into_iter().filter(|row| row.on_roster || assigned.contains(&row.id)).collect();
    notes.drop_all("resources", "unused", (read - used.len()) as u64);
    used
}

/// The calendars of projects, then of resources, sorted by slug.
pub(super) fn calendars(
    calendars: Vec<CalendarRow>,
    exceptions: Vec<ExceptionRow>,
    scope: &Scope,
    resources: &[ResourceRow],
    people: &mut People,
    notes: &mut Notes,
) -> Vec<Calendar> {
    let mut rows: HashMap<Uuid, CalendarRow> = calendars.into_iter().map(|row| (row.id, row)).collect();
    let mut exceptions = exceptions_by_calendar(exceptions);
    let projects = scope.projects.iter().filter_map(|row| row.calendar_id);
    let mut seen = HashSet::new();
    let mut slugs = scope.release.slugs();
    let mut found = Vec::new();
    for id in projects.chain(resources.iter().filter_map(|row| row.calendar_id)).filter(|id| seen.insert(*id)) {
        let Some(row) = rows.remove(&id) else {
            notes.doubt(Doubt::RowMissing, format_args!("projects_calendar {id}"));
            continue;
        };
        let slug = slugs.take(&row.name);
        people.calendars.insert(id, slug.clone());
        if !row.hours_per_day.is_finite() {
            notes.doubt(Doubt::NotJson, format_args!("projects_calendar {id}"));
        }
        found.push(Calendar {
            exceptions: exceptions.remove(&id).unwrap_or_default(),
            hours_per_day: Some(Float(row.hours_per_day)),
            name: row.name,
            slug,
            timezone: set(row.timezone),
            working_days: Some(row.working_days),
        });
    }
    notes.drop_all("calendars", "unused", rows.len() as u64);
    notes.drop_all("calendar_exceptions", "calendar_unused", exceptions.values().map(|list| list.len() as u64).sum());
    found.sort_by(|a, b| a.slug.cmp(&b.slug));
    found
}

/// By first and last day; where TruePPM leaves the order open, the description decides.
fn exceptions_by_calendar(mut rows: Vec<ExceptionRow>) -> HashMap<Uuid, Vec<CalendarException>> {
    rows.sort_by(|a, b| (a.exc_start, a.exc_end, &a.description).cmp(&(b.exc_start, b.exc_end, &b.description)));
    let mut found: HashMap<Uuid, Vec<CalendarException>> = HashMap::new();
    for row in rows {
        found.entry(row.calendar_id).or_default().push(CalendarException {
            description: set(row.description),
            end: orgvault_archive::seed::Date::Day(row.exc_end),
            start: orgvault_archive::seed::Date::Day(row.exc_start),
        });
    }
    found
}

/// The resources, sorted by slug.
pub(super) fn resources(
    rows: Vec<ResourceRow>,
    scope: &Scope,
    people: &mut People,
    notes: &mut Notes,
) -> Vec<Resource> {
    let mut slugs = scope.release.slugs();
    let mut found = Vec::with_capacity(rows.len());
    for (place, row) in rows.into_iter().enumerate() {
        let slug = slugs.take(&row.name);
        people.resources.insert(row.id, (slug.clone(), place));
        if !row.max_units.is_finite() {
            notes.doubt(Doubt::NotJson, format_args!("resources_resource {}", row.id));
        }
        found.push(Resource {
            account: row.user_id.and_then(|user| people.accounts.get(&user).cloned()),
            calendar: row.calendar_id.and_then(|calendar| people.calendars.get(&calendar).cloned()),
            email: set(row.email),
            job_role: set(row.job_role),
            max_units: Some(Float(row.max_units)),
            name: row.name,
            slug,
        });
    }
    found.sort_by(|a, b| a.slug.cmp(&b.slug));
    found
}
