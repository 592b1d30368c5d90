//! The rows of one table as CSV, one at a time.

use std::{
    io::{self, Read},
    sync::Arc,
};

use orgvault_archive::{
    ArchiveReader,
    sections::{Held, Sections},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    RytaskFault,
    facts::{Facts, Row},
    tables::{From, Table},
    text,
};

/// Reads as the CSV of one table.
pub(super) struct Lines {
    table: &'static Table,
    facts: Arc<Facts>,
    sections: Sections,
    /// What follows the section's rows.
    made_up: std::vec::IntoIter<Uuid>,
    /// The value of a section that holds no rows.
    single: Option<Vec<u8>>,
    /// Rows of the section so far.
    place: u64,
    line: String,
    /// How much of the line was taken.
    taken: usize,
}

impl Lines {
    /// Goes to the table's section.
    pub(super) fn open(
        table: &'static Table,
        facts: Arc<Facts>,
        archive: &ArchiveReader,
        gzip: bool,
    ) -> Result<Self, RytaskFault> {
        let mut sections = Sections::open(archive, gzip)?;
        let mut single = None;
        loop {
            match sections.next_section()? {
                Some((name, Held::Rows)) if name == table.section => break,
                Some((name, Held::Value)) => {
                    let value = sections.value()?;
                    if name == table.section {
                        single = Some(value.to_vec());
                        break;
                    }
                }
                Some(_) => {}
                None => return Err(RytaskFault::Missing { section: table.section }),
            }
        }
        let made_up: Vec<Uuid> =
            if table.name == "users" { facts.made_up.iter().copied().collect() } else { Vec::new() };
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let line = names.join(",") + "\n";
        Ok(Self { table, facts, sections, made_up: made_up.into_iter(), single, place: 0, line, taken: 0 })
    }

    /// Writes the lines of the next row; false at the end. A row may have none.
    fn advance(&mut self) -> Result<bool, RytaskFault> {
        self.line.clear();
        self.taken = 0;
        let row = match self.single.take() {
            Some(value) => Some(Row::parse(self.table.section, 1, &value)?),
            None => match self.sections.next_row()? {
                Some(json) => Some(Row::parse(self.table.section, self.place + 1, json)?),
                None => None,
            },
        };
        let Some(row) = row else { return Ok(self.made_up()) };
        self.place += 1;
        if !self.facts.leaves_out(&row)? {
            write(&mut self.line, self.table, &self.facts, &row)?;
        }
        Ok(true)
    }

    /// A user of whom nothing but the id is known.
    fn made_up(&mut self) -> bool {
        let Some(user) = self.made_up.next() else { return false };
        let organization = self.facts.organization;
        self.line = format!("{user},{organization},{user}@made-up.invalid,\n");
        true
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.line.len() {
            if !self.advance().map_err(io::Error::other)? {
                return Ok(0);
            }
        }
        let left = self.line.as_bytes().get(self.taken..).unwrap_or_default();
        let count = left.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), left.get(..count)) {
            to.copy_from_slice(from);
        }
        self.taken += count;
        Ok(count)
    }
}

fn write(line: &mut String, table: &Table, facts: &Facts, row: &Row<'_>) -> Result<(), RytaskFault> {
    let each = table.columns.iter().find_map(|column| match column.from {
        From::EachOf(key) => Some(key),
        _ => None,
    });
    let Some(key) = each else { return one(line, table, facts, row, None) };
    for item in row.list(key)? {
        let item = item.as_str().ok_or_else(|| row.refused(key, "a list of ids"))?;
        one(line, table, facts, row, Some(item))?;
    }
    Ok(())
}

/// One line; `item` is the one of a list that it is of.
fn one(line: &mut String, table: &Table, facts: &Facts, row: &Row<'_>, item: Option<&str>) -> Result<(), RytaskFault> {
    for (place, column) in table.columns.iter().enumerate() {
        if place > 0 {
            line.push(',');
        }
        let value = match column.from {
            From::Text(key) => row.text(key)?.map(str::to_owned),
            From::Plain(key) => plain(row, key)?,
            From::Instant(key) => {
                let of = |text| text::instant(text).ok_or_else(|| row.refused(key, "an instant"));
                row.text(key)?.map(of).transpose()?
            }
            From::Json(key) => Some(text::settings(row.value(key)?)),
            From::Organization => Some(facts.organization.to_string()),
            From::WorkspaceOf(key) => facts.workspace(row.uuid(key)?).map(|workspace| workspace.to_string()),
            From::Made => Some(made(facts.organization, row)?.to_string()),
            From::EachOf(_) => item.map(str::to_owned),
            From::Counter => Some(facts.last_number(row.uuid("id")?).to_string()),
        };
        text::field(line, value.as_deref());
    }
    line.push('\n');
    Ok(())
}

fn plain(row: &Row<'_>, key: &str) -> Result<Option<String>, RytaskFault> {
    Ok(match row.value(key)? {
        Value::Null => None,
        Value::Bool(value) => Some(if *value { "t" } else { "f" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => return Err(row.refused(key, "a number or truth value")),
    })
}

/// The id of a membership: its place in the archive and then what is its alone, so that the same archive gives the same
/// ids, in the archive's order.
fn made(organization: Uuid, row: &Row<'_>) -> Result<Uuid, RytaskFault> {
    let mut hash = Sha256::new();
    hash.update(organization.as_bytes());
    hash.update(row.uuid("userId")?.as_bytes());
    let mut bytes = [0; 16];
    let place = row.place.to_be_bytes();
    let sources = place.iter().skip(2).chain(&*hash.finalize()).copied().collect::<Vec<u8>>();
    bytes.iter_mut().zip(sources).for_each(|(to, from)| *to = from);
    Ok(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}
