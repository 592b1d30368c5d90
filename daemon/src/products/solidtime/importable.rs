//! The variant of the ZIP that solidtime's importer takes whole: a row that it refuses is left out, a reference to what
//! is not there is empty, and a value that it does not take is written as it takes it. Each is told with its ids. What
//! a time entry names is known only after it, so the sections that are named are read first.

mod survey;

use std::{collections::BTreeMap, sync::Arc};

use orgvault_api::{DroppedRows, Warning};
use orgvault_products::solidtime::mend;

pub use self::survey::Facts;
pub(crate) use self::survey::Survey;
use crate::{
    format::{ArchivePlan, Encoder, FormatError, Written},
    row::{Block, Column},
};

/// The rule by which rows are left out.
const NOT_IMPORTABLE: &str = "not_importable";
/// At most so many ids are kept for one warning.
const MAX_IDS: usize = 100;

/// What became of rows, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Note {
    NameEmpty,
    UnknownReference,
    Reference,
    Description,
    Color,
    Rate,
    Tags,
}

impl Note {
    /// Code and sentence of its warning.
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::NameEmpty => {
                ("left_out_name_empty", "solidtime's importer refuses rows with a blank name; they were left out")
            }
            Self::UnknownReference => (
                "left_out_unknown_reference",
                "solidtime's importer refuses rows that name what is not in the archive; they were left out",
            ),
            Self::Reference => ("mended_reference", "names of what is not in the archive were left empty"),
            Self::Description => ("mended_description", "descriptions of more than 5000 bytes were cut there"),
            Self::Color => ("mended_color", "colors were written as # and six lower-case hex digits"),
            Self::Rate => ("mended_rate", "rates of 0 were left empty, as solidtime's importer takes them"),
            Self::Tags => ("mended_tags", "what is no tag of the archive was left out of the tags of time entries"),
        }
    }
}

/// The cells of a row that are written in the place of its own.
type Changes = Vec<(usize, Option<Vec<u8>>)>;

/// Writes the ZIP through the encoder of all ZIPs.
pub(crate) struct Importable<W> {
    inner: Box<dyn Encoder<W>>,
    plan: Arc<ArchivePlan>,
    facts: Facts,
    /// The section whose rows come.
    section: String,
    columns: Vec<Column>,
    notes: BTreeMap<Note, Vec<String>>,
    dropped: BTreeMap<String, u64>,
}

/// What becomes of a row.
enum Fate {
    Kept(Changes),
    LeftOut,
}

impl<W> Importable<W> {
    pub(crate) fn new(inner: Box<dyn Encoder<W>>, plan: Arc<ArchivePlan>, facts: Facts) -> Self {
        Self {
            inner,
            plan,
            facts,
            section: String::new(),
            columns: Vec::new(),
            notes: BTreeMap::new(),
            dropped: BTreeMap::new(),
        }
    }

    /// The rows of a block that stay, as the importer takes them; none where it takes all of them as they are.
    fn mended(&mut self, block: &Block) -> Result<Option<Block>, FormatError> {
        let torn = |cause| FormatError::Torn { section: self.section.clone(), cause };
        let mut made = Block::with_capacity();
        let mut is_changed = false;
        let mut cells = block.cells();
        let mut rows = Vec::new();
        while let Some(count) = cells.next_row().map_err(torn)? {
            let row: Result<Vec<Option<&[u8]>>, _> = (0..count).map(|_| cells.next_cell()).collect();
            rows.push(row.map_err(torn)?);
        }
        for mut row in rows {
            let Fate::Kept(changes) = self.fate(&row) else {
                is_changed = true;
                *self.dropped.entry(self.section.clone()).or_default() += 1;
                continue;
            };
            is_changed |= !changes.is_empty();
            for (column, cell) in &changes {
                if let Some(slot) = row.get_mut(*column) {
                    *slot = cell.as_deref();
                }
            }
            made.push_row(&laid_out(&row));
        }
        Ok(is_changed.then_some(made))
    }

    fn fate(&mut self, row: &[Option<&[u8]>]) -> Fate {
        match self.section.as_str() {
            "clients" | "tags" | "projects" | "tasks" if !self.has_name(row) => self.leave_out(Note::NameEmpty, row),
            "projects" => self.project(row),
            "project_members" => self.project_member(row),
            "tasks" if !self.facts.projects.contains(&self.text(row, "project_id")) => {
                self.leave_out(Note::UnknownReference, row)
            }
            "time_entries" => self.time_entry(row),
            _ => Fate::Kept(Vec::new()),
        }
    }

    fn project(&mut self, row: &[Option<&[u8]>]) -> Fate {
        let mut changes = Vec::new();
        let client = self.text(row, "client_id");
        if !client.is_empty() && !self.facts.clients.contains(&client) {
            self.change(&mut changes, Note::Reference, row, "client_id", None);
        }
        if let Some(color) = mend::color(&self.text(row, "color")) {
            self.change(&mut changes, Note::Color, row, "color", Some(&color));
        }
        self.without_rate(&mut changes, row);
        Fate::Kept(changes)
    }

    fn project_member(&mut self, row: &[Option<&[u8]>]) -> Fate {
        let facts = &self.facts;
        let is_whole = facts.projects.contains(&self.text(row, "project_id"))
            && facts.members.contains(&self.text(row, "member_id"))
            && facts.users.contains(&self.text(row, "user_id"));
        if !is_whole {
            return self.leave_out(Note::UnknownReference, row);
        }
        let mut changes = Vec::new();
        self.without_rate(&mut changes, row);
        Fate::Kept(changes)
    }

    fn time_entry(&mut self, row: &[Option<&[u8]>]) -> Fate {
        let [member, user] = ["member_id", "user_id"].map(|column| self.text(row, column));
        if !self.facts.members.contains(&member) || !self.facts.users.contains(&user) {
            return self.leave_out(Note::UnknownReference, row);
        }
        let mut changes = Vec::new();
        let named =
            [("client_id", &self.facts.clients), ("project_id", &self.facts.projects), ("task_id", &self.facts.tasks)];
        let is_strange = |(column, known): &(&'static str, &survey::Ids)| {
            let id = self.text(row, column);
            !id.is_empty() && !known.contains(&id)
        };
        let strange: Vec<&str> = named.into_iter().filter(is_strange).map(|(column, _)| column).collect();
        for column in strange {
            self.change(&mut changes, Note::Reference, row, column, None);
        }
        if let Some(cut) = mend::description(&self.text(row, "description")) {
            self.change(&mut changes, Note::Description, row, "description", Some(cut));
        }
        let tags = self.text(row, "tags");
        let known = |id: &str| self.facts.tags.contains(id);
        if let Some(tags) = Some(tags).filter(|tags| !tags.is_empty()).and_then(|tags| mend::tags(&tags, known)) {
            self.change(&mut changes, Note::Tags, row, "tags", Some(&tags));
        }
        Fate::Kept(changes)
    }

    fn without_rate(&mut self, changes: &mut Changes, row: &[Option<&[u8]>]) {
        if self.text(row, "billable_rate") == "0" {
            self.change(changes, Note::Rate, row, "billable_rate", None);
        }
    }

    /// Notes that a cell has another text, or none.
    fn change(&mut self, changes: &mut Changes, note: Note, row: &[Option<&[u8]>], column: &str, text: Option<&str>) {
        let place = self.columns.iter().position(|it| it.name == column);
        changes.extend(place.map(|place| (place, text.map(|text| text.as_bytes().to_vec()))));
        self.note(note, row);
    }

    fn leave_out(&mut self, note: Note, row: &[Option<&[u8]>]) -> Fate {
        self.note(note, row);
        Fate::LeftOut
    }

    fn note(&mut self, note: Note, row: &[Option<&[u8]>]) {
        let id = format!("{} {}", self.section, self.text(row, "id"));
        let ids = self.notes.entry(note).or_default();
        if ids.len() < MAX_IDS && ids.last() != Some(&id) {
            ids.push(id);
        }
    }

    fn has_name(&self, row: &[Option<&[u8]>]) -> bool {
        mend::is_name(&self.text(row, "name"))
    }

    /// A cell as text; empty where it is NULL or not there.
    fn text(&self, row: &[Option<&[u8]>], column: &str) -> String {
        survey::text(&self.columns, row, column)
    }
}

/// A row in the layout of a block.
fn laid_out(row: &[Option<&[u8]>]) -> Vec<u8> {
    let mut bytes = i16::try_from(row.len()).unwrap_or(i16::MAX).to_be_bytes().to_vec();
    for cell in row {
        let length = cell.map_or(-1, |cell| i32::try_from(cell.len()).unwrap_or(i32::MAX));
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(cell.unwrap_or_default());
    }
    bytes
}

impl<W: Send> Encoder<W> for Importable<W> {
    fn tolerate(&mut self) {
        self.inner.tolerate();
    }

    fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError> {
        let name = self.plan.definition.sections.get(section).map(|section| section.name.clone());
        (self.section, self.columns) = (name.unwrap_or_default(), columns.to_vec());
        self.inner.begin(section, columns)
    }

    fn rows(&mut self, block: &Block) -> Result<(), FormatError> {
        match self.mended(block)? {
            None => self.inner.rows(block),
            Some(made) => self.inner.rows(&made),
        }
    }

    fn end(&mut self) -> Result<(), FormatError> {
        self.inner.end()
    }

    fn files(&mut self, told: &mut dyn FnMut(u64)) -> Result<(), FormatError> {
        self.inner.files(told)
    }

    fn finish(self: Box<Self>) -> Result<(W, Written), FormatError> {
        let (out, mut written) = self.inner.finish()?;
        let dropped = self.dropped.into_iter();
        let rule = NOT_IMPORTABLE.to_owned();
        written.dropped.extend(dropped.map(|(section, rows)| DroppedRows { section, rule: rule.clone(), rows }));
        for (note, ids) in self.notes {
            let (code, message) = note.row();
            written.warnings.push(Warning { code: code.to_owned(), message: message.to_owned(), ids });
        }
        Ok((out, written))
    }

    fn bytes(&self) -> u64 {
        self.inner.bytes()
    }
}
