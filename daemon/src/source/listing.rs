//! The organizations of a `list` query: each once and readable, or refused by name, so that one
//! that is wrong stops no other. Pure: every source fills [`Row`]s.

use std::{borrow::Cow, collections::HashMap};

use orgvault_api::{ExportError, OrganizationKey, Tenant, Warning, clock::Timestamp, text::printable};
use orgvault_config::ScheduleConfig;

use super::{
    instant,
    meaning::{self, Deletion},
};
use crate::product::OrganizationQuery;

/// How much of a value a message shows.
const SHOWN: usize = 60;

/// An id longer than this, in bytes, is a mistake of the query: it goes into each list, event and log.
const MAX_ID: usize = 1_024;

/// So much of a name or a slug is kept, in characters: they are for people.
const MAX_NAME: usize = 1_000;

/// One organization, as the source lists it now.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What names it.
    pub key: OrganizationKey,
    /// When the app says it was created; none too where that cannot be shown (infinity, BC).
    pub created_at: Option<Timestamp>,
    /// When the app soft-deleted it.
    pub deleted_at: Option<Timestamp>,
    /// Whether `--all` and schedules take it (before the soft-deleted are left out).
    pub in_all: bool,
    /// Why it cannot be exported before its row, or the query, is another one.
    pub refusal: Option<ListingFault>,
    /// What of its row is not as the database has it: every archive of it says so.
    pub warnings: Vec<Warning>,
}

impl Listed {
    /// Whether a schedule exports it.
    #[must_use]
    pub fn is_taken_by(&self, schedule: &ScheduleConfig) -> bool {
        self.in_all && self.deleted_at.is_none() && schedule.covers(&self.key)
    }

    /// Whether it has an id that can be asked for.
    #[must_use]
    pub fn has_id(&self) -> bool {
        !self.refusal.as_ref().is_some_and(ListingFault::is_of_the_id)
    }

    /// One of which nothing but its key is known.
    #[must_use]
    pub fn known(key: OrganizationKey) -> Self {
        Self { key, created_at: None, deleted_at: None, in_all: true, refusal: None, warnings: Vec::new() }
    }
}

/// Why an organization that is listed cannot be exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingFault {
    /// `list` gives it more than once.
    #[error("organization {id} ({name}) is listed {times} times{}", as_kind(.kind.as_deref()))]
    Repeated {
        /// Its kind, where there are several.
        kind: Option<String>,
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// How often.
        times: usize,
    },
    /// It has no id, or an empty one.
    #[error("row {row} of the list of organizations ({name}) has no id")]
    NoId {
        /// The row's number, from 1.
        row: usize,
        /// Its name.
        name: String,
    },
    /// Its id is a text that no query can be given.
    #[error("the id of row {row} of the list of organizations ({name}) is no UTF-8: it is shown in hexadecimal")]
    UnreadableId {
        /// The row's number, from 1.
        row: usize,
        /// Its name.
        name: String,
    },
    /// Its id is longer than any that is one.
    #[error("the id of row {row} of the list of organizations ({name}) has {bytes} bytes, and may have {MAX_ID}")]
    LongId {
        /// The row's number, from 1.
        row: usize,
        /// Its name.
        name: String,
        /// The id's length.
        bytes: usize,
    },
    /// A value of its row says nothing that is known.
    #[error("{column} of organization {id} ({name}) holds {value}, which is no {expected}")]
    Value {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// The column of `list`.
        column: &'static str,
        /// The value, shortened.
        value: String,
        /// What it has to be.
        expected: &'static str,
    },
}

impl ListingFault {
    fn is_of_the_id(&self) -> bool {
        matches!(self, Self::NoId { .. } | Self::UnreadableId { .. } | Self::LongId { .. })
    }

    /// Stable, for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Repeated { .. } => "duplicate_id",
            Self::NoId { .. } | Self::UnreadableId { .. } | Self::LongId { .. } => "organization_id",
            Self::Value { .. } => "list_value",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Repeated { .. } => {
                "a join of the definition's `list` repeats rows: let it give each organization once"
            }
            Self::NoId { .. } | Self::UnreadableId { .. } | Self::LongId { .. } => {
                "correct the row in the app's database, or leave it out in the definition's `list`"
            }
            Self::Value { .. } => {
                "correct the row in the app's database, or convert the column in the definition's `list`"
            }
        }
    }

    /// As the API shows it.
    #[must_use]
    pub fn to_wire(&self) -> ExportError {
        ExportError { code: self.code().to_owned(), message: self.to_string(), hint: self.hint().to_owned() }
    }
}

/// One cell of a row, as the database gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    /// Promised to be UTF-8.
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// One row of the query; a column that it does not give is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    id: Cell,
    kind: Cell,
    name: Cell,
    slug: Cell,
    created_at: Cell,
    deleted_at: Cell,
    in_all: Cell,
}

impl Row {
    /// Asks for the cell of each column.
    ///
    /// # Errors
    /// The first one of `cell`.
    pub(super) fn read<E>(mut cell: impl FnMut(&'static str) -> Result<Cell, E>) -> Result<Self, E> {
        Ok(Self {
            id: cell("id")?,
            kind: cell("kind")?,
            name: cell("name")?,
            slug: cell("slug")?,
            created_at: cell("created_at")?,
            deleted_at: cell("deleted_at")?,
            in_all: cell("in_all")?,
        })
    }

    /// The organization of this row, which has this number.
    fn listed(&self, source: &str, query: &OrganizationQuery, number: usize) -> Listed {
        let (name, slug) = (self.name.shown(), self.slug.shown());
        let mut reading = Reading { id: self.id.id(), name: shortened(&name), refusal: None };
        if reading.id.is_empty() {
            reading.refuse(ListingFault::NoId { row: number, name: reading.name.clone() });
        } else if !self.id.is_bindable() {
            reading.refuse(ListingFault::UnreadableId { row: number, name: reading.name.clone() });
        } else if reading.id.len() > MAX_ID {
            let bytes = reading.id.len();
            reading.id = shortened(&reading.id);
            reading.refuse(ListingFault::LongId { row: number, name: reading.name.clone(), bytes });
        }
        let usual = query.kind.clone();
        let kind = reading.value("kind", &self.kind, usual, "text in UTF-8", |text| Some(text.to_owned()));
        let deletion = reading.value("deleted_at", &self.deleted_at, Deletion::Not, "time", meaning::deletion);
        let in_all = reading.value("in_all", &self.in_all, true, "boolean", meaning::boolean);
        let for_people = [("name", &self.name), ("slug", &self.slug)];
        let unreadable = for_people.into_iter().filter(|(_, cell)| !cell.is_readable());
        let unreadable = unreadable.map(|(column, _)| unreadable_text(column, &reading.id));
        let long = [("name", &name), ("slug", &slug)].into_iter().filter(|(_, text)| is_long(text));
        let long = long.map(|(column, _)| long_text(column, &reading.id));
        Listed {
            warnings: unreadable.chain(long).collect(),
            created_at: self.created_at.text().and_then(instant::parse),
            deleted_at: match deletion {
                Deletion::Not => None,
                Deletion::Since(at) => Some(at),
            },
            in_all: in_all && query.is_taken(&kind),
            refusal: reading.refusal,
            key: OrganizationKey {
                source: source.to_owned(),
                kind,
                id: reading.id,
                name: kept(&name),
                slug: kept(&slug),
            },
        }
    }
}

/// What was found of one row.
struct Reading {
    id: String,
    /// For messages.
    name: String,
    /// The first fault.
    refusal: Option<ListingFault>,
}

impl Reading {
    fn refuse(&mut self, fault: ListingFault) {
        self.refusal.get_or_insert(fault);
    }

    /// What a cell means; `usual` where it is NULL, and where it is refused.
    fn value<T>(
        &mut self,
        column: &'static str,
        cell: &Cell,
        usual: T,
        expected: &'static str,
        meaning: impl Fn(&str) -> Option<T>,
    ) -> T {
        if *cell == Cell::Null {
            return usual;
        }
        cell.text().and_then(meaning).unwrap_or_else(|| {
            let (id, name) = (self.id.clone(), self.name.clone());
            self.refuse(ListingFault::Value { id, name, column, value: cell.described(), expected });
            usual
        })
    }
}

impl Cell {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Null => &[],
            Self::Text(bytes) | Self::Blob(bytes) => bytes,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(bytes) => std::str::from_utf8(bytes).ok(),
            Self::Null | Self::Blob(_) => None,
        }
    }

    fn is_readable(&self) -> bool {
        std::str::from_utf8(self.bytes()).is_ok()
    }

    /// What people are shown of a name.
    fn shown(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// What names an organization: its text, or the hexadecimal digits of what is none.
    pub(super) fn id(&self) -> String {
        match (self, std::str::from_utf8(self.bytes())) {
            (Self::Blob(_), Ok(text)) if text.chars().any(char::is_control) => hexadecimal(self.bytes()),
            (_, Ok(text)) => text.to_owned(),
            (_, Err(_)) => hexadecimal(self.bytes()),
        }
    }

    /// Whether a query can be given it.
    fn is_bindable(&self) -> bool {
        matches!(self, Self::Blob(_)) || self.is_readable()
    }

    /// For messages.
    fn described(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Blob(bytes) => format!("a BLOB of {} bytes", bytes.len()),
            Self::Text(_) if !self.is_readable() => "a text that is no UTF-8".to_owned(),
            Self::Text(_) => format!("`{}`", shortened(&self.shown())),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

fn shortened(text: &str) -> String {
    printable(&text.chars().take(SHOWN).collect::<String>()).into_owned()
}

fn is_long(text: &str) -> bool {
    text.chars().nth(MAX_NAME).is_some()
}

/// What is kept of a name.
fn kept(text: &str) -> String {
    let mut kept: String = text.chars().take(MAX_NAME).collect();
    if is_long(text) {
        kept.push('…');
    }
    kept
}

fn long_text(column: &str, id: &str) -> Warning {
    Warning {
        code: "long_text".to_owned(),
        message: format!(
            "the {column} of organization {id} is cut after {MAX_NAME} characters in lists and names of files"
        ),
        ids: vec![id.to_owned()],
    }
}

fn unreadable_text(column: &str, id: &str) -> Warning {
    Warning {
        code: "unreadable_text".to_owned(),
        message: format!("the {column} of organization {id} is no UTF-8: what cannot be read of it is shown as �"),
        ids: vec![id.to_owned()],
    }
}

/// The organizations of these rows of `query`, in their order.
pub(super) fn organizations(source: &str, query: &OrganizationQuery, rows: &[Row]) -> Vec<Listed> {
    let mut listed: Vec<Listed> = (1..).zip(rows).map(|(number, row)| row.listed(source, query, number)).collect();
    refuse_repeated(&mut listed);
    listed
}

/// Directory, queue and retention are those of a kind and id: what is listed more than once under
/// them is refused, and stays in the list once.
fn refuse_repeated(listed: &mut Vec<Listed>) {
    let mut places: HashMap<Tenant, Vec<usize>> = HashMap::new();
    for (place, one) in listed.iter().enumerate().filter(|(_, one)| !one.key.id.is_empty()) {
        places.entry(one.key.tenant()).or_default().push(place);
    }
    let mut again = vec![false; listed.len()];
    let several = listed.iter().any(|one| one.key.kind != listed[0].key.kind);
    for places in places.values() {
        let [first, others @ ..] = places.as_slice() else { continue };
        for &place in others {
            again[place] = true;
            // A schedule that takes any of the rows has to be told.
            listed[*first].in_all |= listed[place].in_all;
            listed[*first].deleted_at = listed[*first].deleted_at.and(listed[place].deleted_at);
        }
        if !others.is_empty() {
            let OrganizationKey { kind, id, name, .. } = &listed[*first].key;
            let kind = several.then(|| shortened(kind));
            let (id, name, times) = (shortened(id), shortened(name), places.len());
            listed[*first].refusal = Some(ListingFault::Repeated { kind, id, name, times });
        }
    }
    let mut again = again.into_iter();
    listed.retain(|_| !again.next().unwrap_or_default());
}

fn as_kind(kind: Option<&str>) -> String {
    kind.map(|kind| format!(" as {kind}")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
