//! `zip`: one CSV member for each section that names one, in the definition's order, then the
//! definition's meta member. Between them are the files that the rows name, where the source has them.

use std::{
    io::{Seek, Write},
    sync::Arc,
};

use super::{
    ArchivePlan, Encoder, FormatError, Written,
    csv::CsvRows,
    files::{Fetched, FileWriter, Named},
    findings::Findings,
    fixed::write_fixed,
    order::Order,
    text::write_string,
};
use crate::row::{Block, Column};
use container::{Container, DosTime, Method};
use orgvault_archive::manifest::{FILE_LIST, FILES};

pub(super) mod container;

/// Compressed when the buffer holds this many bytes.
const FLUSH_BYTES: usize = 128 * 1024;
/// A buffer that one huge row made larger than this is given back.
const KEEP_BYTES: usize = 1024 * 1024;

/// The encoder of `zip`.
pub(super) struct ZipEncoder<W: Write + Seek> {
    plan: Arc<ArchivePlan>,
    order: Order,
    container: Container<W>,
    findings: Findings,
    buffer: Vec<u8>,
    /// Bytes of members before compression.
    passed: u64,
    section: Option<OpenMember>,
    /// The files that rows name, until they are fetched; none where the archive holds no files.
    named: Option<Named>,
    fetched: Option<Fetched>,
}

/// The section whose rows come.
struct OpenMember {
    rows: CsvRows,
    count: u64,
}

impl<W: Write + Seek> ZipEncoder<W> {
    pub(super) fn new(plan: Arc<ArchivePlan>, out: W) -> Self {
        let container = Container::new(out, plan.level, DosTime::of(plan.started_at));
        Self {
            order: Order::new(Arc::clone(&plan)),
            named: plan.files.as_ref().map(|_| Named::new(Arc::clone(&plan))),
            plan,
            container,
            findings: Findings::default(),
            buffer: Vec::with_capacity(FLUSH_BYTES * 2),
            passed: 0,
            section: None,
            fetched: None,
        }
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
        self.container.begin(member, Method::Deflate).map_err(FormatError::Write)?;
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
        let definition = self.order.begin(section)?;
        let rows = CsvRows::new(definition, columns, self.plan.definition.encoding, self.plan.format)?;
        // A section of the plan has a member.
        let member = definition.member.as_deref().unwrap_or(&definition.name);
        self.container.begin(member, Method::Deflate).map_err(FormatError::Write)?;
        rows.header(&mut self.buffer);
        self.named.as_mut().map_or(Ok(()), |named| named.begin(section, columns))?;
        self.section = Some(OpenMember { rows, count: 0 });
        Ok(())
    }

    fn rows(&mut self, block: &Block) -> Result<(), FormatError> {
        let Some(open) = &mut self.section else { return Err(self.order.came("rows")) };
        open.count += open.rows.block(block, &mut self.buffer, &mut self.findings)?;
        self.named.as_mut().map_or(Ok(()), |named| named.rows(block))?;
        if self.buffer.len() < FLUSH_BYTES { Ok(()) } else { self.compress() }
    }

    fn end(&mut self) -> Result<(), FormatError> {
        let Some(open) = self.section.take() else { return Err(self.order.came("an end")) };
        self.compress()?;
        self.container.end().map_err(FormatError::Write)?;
        self.order.end(open.count)
    }

    fn files(&mut self, told: &mut dyn FnMut(u64)) -> Result<(), FormatError> {
        self.order.finish()?;
        let Some((named, fetch)) = self.named.take().zip(self.plan.files.as_ref()) else { return Ok(()) };
        let out = (&mut self.container, &mut self.passed);
        let files = FileWriter::new((&self.plan, fetch), out, |path| format!("{FILES}{path}"), told);
        let (fetched, list) = files.write(&named.files, |_held| {})?;
        self.fetched = Some(fetched);
        self.container.begin(FILE_LIST, Method::Deflate).map_err(FormatError::Write)?;
        self.container.write(&list).map_err(FormatError::Write)?;
        self.passed += list.len() as u64;
        self.container.end().map_err(FormatError::Write)
    }

    fn finish(mut self: Box<Self>) -> Result<(W, Written), FormatError> {
        self.files(&mut |_bytes| {})?;
        self.write_meta()?;
        let mut written = Written { counts: self.order.into_counts(), ..Written::default() };
        self.findings.report(&mut written);
        if let Some(fetched) = self.fetched {
            fetched.report(&mut written);
        }
        Ok((self.container.finish().map_err(FormatError::Write)?, written))
    }

    fn bytes(&self) -> u64 {
        self.passed + self.buffer.len() as u64
    }
}

#[cfg(test)]
pub(super) mod tests;
