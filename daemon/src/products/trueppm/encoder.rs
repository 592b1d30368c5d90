//! TruePPM's canonical seed: every row of one program or project is held, then built into a
//! document and written. The one format whose memory grows with the organization: the seed is a
//! graph whose first block names things of the last.

mod build;
mod cell;
mod events;
mod notes;
mod people;
mod plans;
mod read;
mod release;
mod rows;
mod scope;
mod work;

use std::io::{self, Write};
use std::sync::Arc;

use orgvault_api::{Format, SectionCount};
use orgvault_archive::seed::{self, Day};

pub use build::{BuildError, Built, Request, build};
pub use release::Release;
pub use rows::Rows;

use self::read::Layout;
use crate::format::{ArchivePlan, Encoder, FormatError, Unrepresentable, Written, sink::Sink};
use crate::row::{Block, Column};

/// At most this many values that do not fit are kept.
const MAX_KEPT: usize = 100;

/// Writes `seed` and `seed-events`.
pub struct SeedEncoder<W: Write> {
    plan: Arc<ArchivePlan>,
    sink: Sink<W>,
    rows: Rows,
    layout: Option<Layout>,
    read: Vec<&'static str>,
    tolerant: bool,
    written: Written,
}

impl<W: Write> SeedEncoder<W> {
    /// An encoder that writes to `out`.
    #[must_use]
    pub fn new(plan: Arc<ArchivePlan>, out: W) -> Self {
        Self {
            sink: Sink::new(&plan, out),
            plan,
            rows: Rows::default(),
            layout: None,
            read: Vec::new(),
            tolerant: false,
            written: Written::default(),
        }
    }

    fn events(&self) -> bool {
        self.plan.format == Format::SeedEvents
    }

    /// In tolerance a value that does not fit is kept, and its row is left out.
    fn refuse(&mut self, misfit: Unrepresentable) -> Result<(), FormatError> {
        if !self.tolerant {
            return Err(misfit.into());
        }
        self.written.unrepresentable_total += 1;
        if self.written.unrepresentable.len() < MAX_KEPT {
            self.written.unrepresentable.push(misfit);
        }
        Ok(())
    }

    /// Every section that the format is built from was read.
    fn check_sections(&self) -> Result<(), FormatError> {
        let missing = Rows::SECTIONS
            .iter()
            .filter(|(section, events)| (self.events() || !events) && self.has_section(section))
            .find(|(section, _)| !self.read.contains(section));
        match missing {
            None => Ok(()),
            Some((section, _)) => {
                Err(FormatError::Sequence { expected: (*section).to_owned(), got: "the end".to_owned() })
            }
        }
    }

    /// A release of TruePPM may lack some.
    fn has_section(&self, name: &str) -> bool {
        self.plan.definition.sections.iter().any(|section| section.name == name)
    }

    fn build(&mut self) -> Result<Built, FormatError> {
        let today = Day::new(self.plan.started_at.date_naive());
        // The clock of an export has a year of four digits.
        let today = today.ok_or_else(|| FormatError::Write(io::Error::other("the clock is beyond the year 9999")))?;
        let release = Release::of(&self.plan.definition);
        let request = Request { events: self.events(), importable: self.plan.importable, release, today };
        build(std::mem::take(&mut self.rows), request).map_err(|error| self.build_error(error))
    }

    /// Rows written by section, in the order in which the sections were read.
    fn counts(&self, written: &[SectionCount]) -> Vec<SectionCount> {
        let rows = |name: &str| written.iter().find(|count| count.name == name).map_or(0, |count| count.rows);
        self.read.iter().map(|name| SectionCount { name: (*name).to_owned(), rows: rows(name) }).collect()
    }

    fn build_error(&self, error: BuildError) -> FormatError {
        match error {
            BuildError::Instant { section, column, id, micros } => {
                let mut value = Vec::new();
                let style = crate::product::TimestampStyle::Millis;
                let shown = match crate::format::value::write_timestamp(micros, style, &mut value) {
                    Ok(()) => String::from_utf8_lossy(&value).into_owned(),
                    Err(misfit) => misfit.to_string(),
                };
                FormatError::Unrepresentable(self.misfit(section, id, column, shown))
            }
            error => FormatError::Seed(error),
        }
    }

    fn misfit(&self, section: &str, id: String, column: &str, value: String) -> Unrepresentable {
        let table = self.plan.definition.sections.iter().find(|known| known.name == section);
        Unrepresentable {
            table: table.map_or(section, |known| &known.table).to_owned(),
            id,
            column: column.to_owned(),
            value,
            format: self.plan.format,
        }
    }
}

impl<W: Write + Send> Encoder<W> for SeedEncoder<W> {
    fn tolerate(&mut self) {
        self.tolerant = true;
    }

    fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError> {
        let name = self.plan.definition.sections.get(section).map_or("", |known| &known.name);
        let layout = Layout::new(name, columns)?;
        if self.read.contains(&layout.section()) {
            let expected = "another section".to_owned();
            return Err(FormatError::Sequence { expected, got: name.to_owned() });
        }
        self.read.push(layout.section());
        self.layout = Some(layout);
        Ok(())
    }

    fn rows(&mut self, block: &Block) -> Result<(), FormatError> {
        let Some(layout) = self.layout.take() else {
            return Err(FormatError::Sequence { expected: "a section".to_owned(), got: "rows".to_owned() });
        };
        let misfits = layout.read(block, &mut self.rows)?;
        for misfit in misfits {
            let misfit = self.misfit(layout.section(), misfit.id, misfit.column, misfit.value);
            self.refuse(misfit)?;
        }
        self.layout = Some(layout);
        Ok(())
    }

    fn end(&mut self) -> Result<(), FormatError> {
        self.layout = None;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(W, Written), FormatError> {
        self.check_sections()?;
        let built = self.build()?;
        seed::write(&built.document, SinkWriter(&mut self.sink)).map_err(FormatError::Write)?;
        let counts = self.counts(&built.written);
        let written = Written { counts, dropped: built.dropped, warnings: built.warnings, ..self.written };
        Ok((self.sink.finish()?, written))
    }

    fn bytes(&self) -> u64 {
        self.sink.bytes()
    }
}

#[cfg(test)]
mod tests;

/// Hands bytes to the sink.
struct SinkWriter<'s, W: Write>(&'s mut Sink<W>);

impl<W: Write> Write for SinkWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.buffer().extend_from_slice(bytes);
        self.0.relieve().map_err(|error| match error {
            FormatError::Write(cause) => cause,
            other => io::Error::other(other),
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
