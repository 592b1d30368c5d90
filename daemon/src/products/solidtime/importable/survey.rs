//! The first pass: which rows there will be that others can name.

use std::{collections::HashSet, sync::Arc};

use orgvault_products::solidtime::mend;

use crate::{
    format::{ArchivePlan, Encoder, FormatError, Written, value::Value},
    product::TimestampStyle,
    row::{Block, Column},
};

/// Ids in text form.
pub(super) type Ids = HashSet<String>;

/// The sections that others name.
const NAMED: [&str; 5] = ["clients", "tags", "members", "projects", "tasks"];

/// What the importable archive holds that rows can name.
#[derive(Debug, Default)]
pub struct Facts {
    pub(super) clients: Ids,
    pub(super) tags: Ids,
    pub(super) members: Ids,
    pub(super) users: Ids,
    pub(super) projects: Ids,
    pub(super) tasks: Ids,
}

/// Reads the sections that others name, and writes nothing.
pub(crate) struct Survey {
    plan: Arc<ArchivePlan>,
    section: String,
    columns: Vec<Column>,
    facts: Facts,
    read: u64,
}

impl Survey {
    /// One for the archive of this plan, and the plan of its own sections.
    pub(crate) fn of(plan: &ArchivePlan) -> (Arc<ArchivePlan>, Self) {
        let is_named = |index: &&usize| {
            plan.definition.sections.get(**index).is_some_and(|section| NAMED.contains(&section.name.as_str()))
        };
        let sections = plan.sections.iter().filter(is_named).copied().collect();
        let plan = Arc::new(ArchivePlan { sections, files: None, ..plan.clone() });
        let survey = Self {
            plan: Arc::clone(&plan),
            section: String::new(),
            columns: Vec::new(),
            facts: Facts::default(),
            read: 0,
        };
        (plan, survey)
    }

    fn row(&mut self, row: &[Option<&[u8]>]) {
        let text = |column| text(&self.columns, row, column);
        let (id, is_named) = (text("id"), mend::is_name(&text("name")));
        let facts = &mut self.facts;
        let kept = match self.section.as_str() {
            "clients" if is_named => &mut facts.clients,
            "tags" if is_named => &mut facts.tags,
            "projects" if is_named => &mut facts.projects,
            // Projects come before their tasks.
            "tasks" if is_named && facts.projects.contains(&text("project_id")) => &mut facts.tasks,
            "members" => {
                facts.users.insert(text("user_id"));
                &mut facts.members
            }
            _ => return,
        };
        kept.insert(id);
    }
}

/// A cell as text; empty where it is NULL, not there, or holds no value that has a text: that fails where it is written.
pub(super) fn text(columns: &[Column], row: &[Option<&[u8]>], column: &str) -> String {
    let place = columns.iter().position(|it| it.name == column);
    let cell = place.and_then(|place| Some((columns.get(place)?.kind, (*row.get(place)?)?)));
    let mut text = Vec::new();
    let written = cell.map(|(kind, cell)| {
        Value::read(kind, cell).and_then(|value| value.write_text(TimestampStyle::Millis, &mut text))
    });
    match written {
        Some(Ok(())) => String::from_utf8(text).unwrap_or_default(),
        _ => String::new(),
    }
}

impl Encoder<Facts> for Survey {
    fn tolerate(&mut self) {}

    fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError> {
        let name = self.plan.definition.sections.get(section).map(|section| section.name.clone());
        (self.section, self.columns) = (name.unwrap_or_default(), columns.to_vec());
        Ok(())
    }

    fn rows(&mut self, block: &Block) -> Result<(), FormatError> {
        let mut cells = block.cells();
        let section = self.section.clone();
        let torn = |cause| FormatError::Torn { section: section.clone(), cause };
        while let Some(count) = cells.next_row().map_err(torn)? {
            let row: Result<Vec<Option<&[u8]>>, _> = (0..count).map(|_| cells.next_cell()).collect();
            self.row(&row.map_err(torn)?);
        }
        self.read += block.len() as u64;
        Ok(())
    }

    fn end(&mut self) -> Result<(), FormatError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(Facts, Written), FormatError> {
        Ok((self.facts, Written::default()))
    }

    fn bytes(&self) -> u64 {
        self.read
    }
}
