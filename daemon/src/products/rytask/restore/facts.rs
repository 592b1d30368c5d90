//! What has to be known of the whole archive before any of its rows can be written: so much as it has projects and
//! users.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use orgvault_api::RestoreFinding;
use orgvault_archive::{
    ArchiveReader,
    sections::{Held, Sections},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    RytaskFault,
    tables::{self, Table},
    text,
};

/// So many ids are named.
const MOST_KEYS: usize = 100;

/// The keys of each section that name a user.
const USERS: [(&str, &str); 5] = [
    ("projects", "leadId"),
    ("workItems", "assigneeId"),
    ("workItems", "reporterId"),
    ("comments", "authorId"),
    ("timeLogs", "userId"),
];

/// The tables that the format holds nothing of.
const NOT_IN_THE_FORMAT: &str = "activity, api_tokens, github_connections, github_links, invitations, notifications, \
                                 one_time_tokens, project_members, sessions, slack_users, slack_workspaces, timers, \
                                 views, work_item_watchers";

/// One row of a section.
pub(super) struct Row<'r> {
    pub(super) section: &'r str,
    /// From 1.
    pub(super) place: u64,
    pub(super) values: Map<String, Value>,
}

/// A project of the archive.
#[derive(Debug)]
struct Project {
    workspace: Uuid,
    last_number: i64,
}

/// What the archive as a whole says.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) organization: Uuid,
    pub(super) name: String,
    pub(super) slug: String,
    projects: HashMap<Uuid, Project>,
    members: HashSet<Uuid>,
    /// Users that rows name and that are no members.
    pub(super) made_up: BTreeSet<Uuid>,
    /// The rows of each section that become rows.
    counts: BTreeMap<String, u64>,
    labels: u64,
    /// Items whose project is not in the archive.
    left_items: BTreeSet<Uuid>,
    /// The rows of each table that are left out.
    left_out: BTreeMap<&'static str, (u64, Vec<String>)>,
    has_settings_as_text: bool,
}

impl Facts {
    pub(super) fn read(archive: &ArchiveReader, gzip: bool) -> Result<Self, RytaskFault> {
        let mut sections = Sections::open(archive, gzip)?;
        let mut facts = Self::default();
        let mut seen = BTreeSet::new();
        while let Some((section, held)) = sections.next_section()? {
            if held == Held::Value {
                facts.value(&section, sections.value()?)?;
            }
            if matches!(section.as_str(), "workItems" | "comments" | "timeLogs") && !seen.contains("projects") {
                return Err(RytaskFault::Missing { section: "projects" });
            }
            let mut place = 0;
            while let Some(row) = sections.next_row()? {
                place += 1;
                facts.row(&Row::parse(&section, place, row)?)?;
            }
            seen.insert(section);
        }
        for table in &tables::TABLES {
            if !seen.contains(table.section) {
                return Err(RytaskFault::Missing { section: table.section });
            }
        }
        facts.made_up = facts.made_up.difference(&facts.members.iter().copied().collect()).copied().collect();
        Ok(facts)
    }

    /// One of the values at the top.
    fn value(&mut self, section: &str, json: &[u8]) -> Result<(), RytaskFault> {
        match section {
            "format" => expect("format", json, "\"rytask.workspace-export\""),
            "version" => expect("version", json, "1"),
            "organization" => {
                let row = Row::parse(section, 1, json)?;
                self.organization = row.uuid("id")?;
                let text = |key| Ok::<String, RytaskFault>(row.text(key)?.unwrap_or_default().to_owned());
                (self.name, self.slug) = (text("name")?, text("slug")?);
                self.has_settings_as_text = row.values.get("settings").is_some_and(text::is_text);
                *self.counts.entry(section.to_owned()).or_default() += 1;
                Ok(())
            }
            "exportedAt" | "counts" => Ok(()),
            _ => Err(RytaskFault::UnknownSection { section: section.to_owned() }),
        }
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), RytaskFault> {
        if self.leaves_out(row)? {
            return self.leave_out(row);
        }
        *self.counts.entry(row.section.to_owned()).or_default() += 1;
        for (_, key) in USERS.iter().filter(|(section, _)| *section == row.section) {
            self.made_up.extend(row.optional_uuid(key)?);
        }
        match row.section {
            "projects" => {
                let project = Project { workspace: row.uuid("workspaceId")?, last_number: 0 };
                self.projects.insert(row.uuid("id")?, project);
            }
            "members" => drop(self.members.insert(row.uuid("userId")?)),
            "workItems" => {
                let number = row.integer("number")?;
                if let Some(project) = self.projects.get_mut(&row.uuid("projectId")?) {
                    project.last_number = project.last_number.max(number);
                }
                self.labels += row.list("labelIds")?.len() as u64;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a row has no place: its project, which says the workspace, is not in the archive, or its item is left out.
    pub(super) fn leaves_out(&self, row: &Row<'_>) -> Result<bool, RytaskFault> {
        let is_foreign = |key| Ok::<bool, RytaskFault>(!self.projects.contains_key(&row.uuid(key)?));
        let is_of_left = |key| Ok::<bool, RytaskFault>(self.left_items.contains(&row.uuid(key)?));
        match row.section {
            "workItems" => is_foreign("projectId"),
            "comments" => is_of_left("workItemId"),
            "timeLogs" => Ok(is_foreign("projectId")? || is_of_left("workItemId")?),
            _ => Ok(false),
        }
    }

    fn leave_out(&mut self, row: &Row<'_>) -> Result<(), RytaskFault> {
        let id = row.uuid("id")?;
        let table = match row.section {
            "workItems" => {
                self.left_items.insert(id);
                "work_items"
            }
            "comments" => "comments",
            _ => "time_logs",
        };
        let (rows, keys) = self.left_out.entry(table).or_default();
        *rows += 1;
        if keys.len() < MOST_KEYS {
            keys.push(id.to_string());
        }
        Ok(())
    }

    /// The workspace of a project.
    pub(super) fn workspace(&self, project: Uuid) -> Option<Uuid> {
        self.projects.get(&project).map(|project| project.workspace)
    }

    /// The highest number of a project's items.
    pub(super) fn last_number(&self, project: Uuid) -> i64 {
        self.projects.get(&project).map_or(0, |project| project.last_number)
    }

    /// How many rows a table gets.
    pub(super) fn rows(&self, table: &Table) -> u64 {
        let rows = self.counts.get(table.section).copied().unwrap_or_default();
        match table.name {
            "users" => rows + self.made_up.len() as u64,
            "work_item_labels" => self.labels,
            _ => rows,
        }
    }

    /// What does not come back, and what is made up: `membership_ids`, `passwords`, `counters`, `users_made_up`,
    /// `rows_left_out`, `settings_as_text`, `not_in_the_format`.
    pub(super) fn findings(&self) -> Vec<RestoreFinding> {
        let found = |code: &str, table: &str, rows, message: &str| RestoreFinding {
            code: code.to_owned(),
            blocks: false,
            table: if table.is_empty() { String::new() } else { tables::named(table).to_string() },
            message: message.to_owned(),
            hint: String::new(),
            rows,
            keys: Vec::new(),
        };
        let members = self.members.len() as u64;
        let mut all = vec![
            found("membership_ids", "memberships", members, "memberships get new ids, in the order of the archive"),
            found("passwords", "users", members, "users have no password until they reset it"),
            found(
                "counters",
                "project_counters",
                self.projects.len() as u64,
                "the next item of a project gets the number after its highest",
            ),
        ];
        let message = "rows name users that are not in the archive: they are made up, without a name";
        let keys = self.made_up.iter().take(MOST_KEYS).map(Uuid::to_string).collect();
        all.push(RestoreFinding { keys, ..found("users_made_up", "users", self.made_up.len() as u64, message) });
        for (table, (rows, keys)) in &self.left_out {
            let message = "they belong to a project that is not in the archive, so that their workspace is not known";
            all.push(RestoreFinding { keys: keys.clone(), ..found("rows_left_out", table, *rows, message) });
        }
        let message = "the settings were JSON within a string, and are again";
        all.push(found("settings_as_text", "organizations", u64::from(self.has_settings_as_text), message));
        all.retain(|it| it.rows > 0);
        all.push(found("not_in_the_format", "", 0, &format!("the format holds nothing of {NOT_IN_THE_FORMAT}")));
        all
    }
}

impl<'r> Row<'r> {
    /// Refuses a key that nothing would be made of.
    pub(super) fn parse(section: &'r str, place: u64, json: &[u8]) -> Result<Self, RytaskFault> {
        let refused = |key: &str, wanted| RytaskFault::Value {
            section: section.to_owned(),
            row: place,
            key: key.to_owned(),
            wanted,
        };
        let values: Map<String, Value> =
            serde_json::from_slice(json).ok().ok_or_else(|| refused("all", "an object"))?;
        if let Some(key) = values.keys().find(|key| !tables::knows(section, key)) {
            return Err(RytaskFault::Unknown { section: section.to_owned(), row: place, key: key.clone() });
        }
        Ok(Self { section, place, values })
    }

    pub(super) fn refused(&self, key: &str, wanted: &'static str) -> RytaskFault {
        RytaskFault::Value { section: self.section.to_owned(), row: self.place, key: key.to_owned(), wanted }
    }

    pub(super) fn value(&self, key: &str) -> Result<&Value, RytaskFault> {
        self.values.get(key).ok_or_else(|| self.refused(key, "there"))
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, RytaskFault> {
        match self.value(key)? {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(self.refused(key, "text")),
        }
    }

    fn optional_uuid(&self, key: &str) -> Result<Option<Uuid>, RytaskFault> {
        let text = self.text(key)?;
        text.map(|text| Uuid::parse_str(text).ok().ok_or_else(|| self.refused(key, "a UUID"))).transpose()
    }

    pub(super) fn uuid(&self, key: &str) -> Result<Uuid, RytaskFault> {
        self.optional_uuid(key)?.ok_or_else(|| self.refused(key, "a UUID"))
    }

    fn integer(&self, key: &str) -> Result<i64, RytaskFault> {
        self.value(key)?.as_i64().ok_or_else(|| self.refused(key, "a number"))
    }

    pub(super) fn list(&self, key: &str) -> Result<&[Value], RytaskFault> {
        self.value(key)?.as_array().map(Vec::as_slice).ok_or_else(|| self.refused(key, "a list"))
    }
}

fn expect(key: &'static str, json: &[u8], wanted: &str) -> Result<(), RytaskFault> {
    if json == wanted.as_bytes() {
        return Ok(());
    }
    Err(RytaskFault::Format { key, found: String::from_utf8_lossy(json).into_owned() })
}
