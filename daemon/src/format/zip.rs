//! `zip`: one CSV member for each section that names one, in the definition's order, then the
//! definition's meta member.

use std::{
    io::{Seek, Write},
    sync::Arc,
};

use orgvault_api::SectionCount;

use super::{
    Encoder, FormatError, Plan, Written, csv::CsvRows, findings::Findings, fixed::write_fixed, text::write_string,
};
use crate::row::{Block, Column};
use container::{Container, DosTime};

mod container;

/// Compressed when the buffer holds this many bytes.
const FLUSH_BYTES: usize = 128 * 1024;
/// A buffer that one huge row made larger than this is given back.
const KEEP_BYTES: usize = 1024 * 1024;

/// The encoder of `zip`; rows of sections without a member are passed over.
pub(super) struct ZipEncoder<W: Write + Seek> {
    plan: Arc<Plan>,
    container: Container<W>,
    findings: Findings,
    buffer: Vec<u8>,
    /// Bytes of members before compression.
    passed: u64,
    /// The index of the section that has to come next, among those with a member.
    next: usize,
    section: Option<OpenMember>,
    counts: Vec<SectionCount>,
}

/// The section whose rows come.
struct OpenMember {
    /// None where the section is not in the archive.
    rows: Option<CsvRows>,
    count: u64,
}

impl<W: Write + Seek> ZipEncoder<W> {
    pub(super) fn new(plan: Arc<Plan>, out: W) -> Self {
        let container = Container::new(out, plan.level, DosTime::of(plan.started_at));
        Self {
            plan,
            container,
            findings: Findings::default(),
            buffer: Vec::with_capacity(FLUSH_BYTES * 2),
            passed: 0,
            next: 0,
            section: None,
            counts: Vec::new(),
        }
    }

    /// The index of the first section from `next` on that has a member.
    fn awaited(&self) -> Option<usize> {
        let sections = self.plan.definition.sections.iter().enumerate().skip(self.next);
        sections.filter(|(_, section)| section.member.is_some()).map(|(index, _)| index).next()
    }

    fn section_name(&self, index: Option<usize>) -> String {
        let section = index.and_then(|index| self.plan.definition.sections.get(index));
        section.map_or_else(|| "none".to_owned(), |section| section.name.clone())
    }

    fn out_of_order(&self, got: impl Into<String>) -> FormatError {
        FormatError::Sequence { expected: self.section_name(self.awaited()), got: got.into() }
    }

    fn compress(&mut self) -> Result<(), FormatError> {
        self.container.write(&self.buffer).map_err(FormatError::Write)?;
        self.passed += self.buffer.len() as u64;
        self.buffer.clear();
        self.buffer.shrink_to(KEEP_BYTES);
        Ok(())
    }

    fn write_meta(&mut self) -> Result<(), FormatError> {
        let zip = &self.plan.definition.zip;
        let Some(member) = &zip.meta_member else { return Ok(()) };
        self.container.begin(member).map_err(FormatError::Write)?;
        self.buffer.push(b'{');
        for (index, (key, value)) in zip.meta.iter().enumerate() {
            if index > 0 {
                self.buffer.push(b',');
            }
            write_string(key, &mut self.buffer);
            self.buffer.push(b':');
            write_fixed(value, &self.plan, &mut self.buffer);
        }
        self.buffer.push(b'}');
        self.compress()?;
        self.container.end().map_err(FormatError::Write)
    }
}

impl<W: Write + Seek + Send> Encoder<W> for ZipEncoder<W> {
    fn tolerate(&mut self) {
        self.findings.tolerate();
    }

    fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError> {
        let awaited = self.awaited();
        let definition = self.plan.definition.sections.get(section);
        if self.section.is_some() || definition.is_none() || awaited.is_some_and(|awaited| section > awaited) {
            return Err(self.out_of_order(self.section_name(Some(section))));
        }
        let Some((definition, member)) = definition.and_then(|section| Some((section, section.member.as_ref()?)))
        else {
            self.section = Some(OpenMember { rows: None, count: 0 });
            return Ok(());
        };
        if awaited != Some(section) {
            return Err(self.out_of_order(definition.name.clone()));
        }
        let rows = CsvRows::new(definition, columns, self.plan.definition.encoding, self.plan.format)?;
        self.container.begin(member).map_err(FormatError::Write)?;
        rows.header(&mut self.buffer);
        self.next = section + 1;
        self.section = Some(OpenMember { rows: Some(rows), count: 0 });
        Ok(())
    }

    fn rows(&mut self, block: &Block) -> Result<(), FormatError> {
        let Some(open) = &mut self.section else { return Err(self.out_of_order("rows")) };
        let Some(rows) = &mut open.rows else { return Ok(()) };
        open.count += rows.block(block, &mut self.buffer, &mut self.findings)?;
        if self.buffer.len() < FLUSH_BYTES { Ok(()) } else { self.compress() }
    }

    fn end(&mut self) -> Result<(), FormatError> {
        let Some(open) = self.section.take() else { return Err(self.out_of_order("an end")) };
        if open.rows.is_none() {
            return Ok(());
        }
        self.compress()?;
        self.container.end().map_err(FormatError::Write)?;
        let index = self.next - 1;
        let name = self.section_name(Some(index));
        if self.plan.definition.sections.get(index).is_some_and(|section| section.single) && open.count != 1 {
            return Err(FormatError::NotSingle { section: name, rows: open.count });
        }
        self.counts.push(SectionCount { name, rows: open.count });
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(W, Written), FormatError> {
        if self.section.is_some() || self.awaited().is_some() {
            return Err(self.out_of_order("the end"));
        }
        self.write_meta()?;
        let mut written = Written { counts: self.counts, ..Written::default() };
        self.findings.report(&mut written);
        Ok((self.container.finish().map_err(FormatError::Write)?, written))
    }

    fn bytes(&self) -> u64 {
        self.passed + self.buffer.len() as u64
    }
}

#[cfg(test)]
mod tests;
