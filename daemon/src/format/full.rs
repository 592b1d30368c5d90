//! `full`: every table as CSV in the server's own text, with what is needed to put it back, as a bag in a ZIP.

use std::{
    io::{Seek, Write},
    sync::Arc,
};

use orgvault_archive::{
    full::{
        self, RowHasher,
        bag::{self, Hashed},
        data_package::{Resource, data_package},
        report::{Organization, REPORT_VERSION, Report, TableReport},
    },
    manifest::{FILE_LIST, Product},
    naming::hex,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    ArchivePlan, Encoder, FormatError, Written,
    csv::quote,
    files::{Fetched, FileWriter},
    order::Order,
    zip::container::{Container, DosTime, Method},
};
use crate::{
    product::{CsvQuote, Full, FullTable},
    row::{Block, Column},
};

/// The encoder of `full`.
pub(super) struct FullEncoder<W: Write + Seek> {
    plan: Arc<ArchivePlan>,
    contents: Arc<Full>,
    order: Order,
    container: Container<W>,
    /// Bytes of members before compression.
    passed: u64,
    open: Option<OpenTable>,
    /// Below `data/`.
    payload: Vec<Hashed>,
    tags: Vec<Hashed>,
    tables: Vec<TableReport>,
    /// What became of the files that rows name, once they are written.
    fetched: Option<Fetched>,
}

/// The table whose rows come.
#[derive(Default)]
struct OpenTable {
    sha256: Sha256,
    hasher: RowHasher,
    bytes: u64,
    rows: u64,
}

impl OpenTable {
    fn write<W: Write + Seek>(&mut self, bytes: &[u8], container: &mut Container<W>) -> Result<(), FormatError> {
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
        container.write(bytes).map_err(FormatError::Write)
    }
}

impl<W: Write + Seek> FullEncoder<W> {
    /// # Errors
    /// When the plan has no tables, or the first bytes cannot be written.
    pub(super) fn new(plan: Arc<ArchivePlan>, out: W) -> Result<Self, FormatError> {
        let contents = plan.definition.full.clone().ok_or_else(|| super::not_offered(&plan))?;
        let mut encoder = Self {
            order: Order::new(Arc::clone(&plan)),
            // The same rows give the same bytes: no time is in them.
            container: Container::new(out, plan.level, DosTime::FIRST),
            plan,
            contents: Arc::clone(&contents),
            passed: 0,
            open: None,
            payload: Vec::new(),
            tags: Vec::new(),
            tables: Vec::new(),
            fetched: None,
        };
        encoder.tag(bag::DECLARATION, bag::DECLARATION_TEXT.as_bytes())?;
        encoder.tag(full::SCHEMA, &pretty(&contents.schema)?)?;
        Ok(encoder)
    }

    /// Writes a member that is no row and no file of the app.
    fn tag(&mut self, name: &str, text: &[u8]) -> Result<(), FormatError> {
        self.container.begin(name, Method::Deflate).map_err(FormatError::Write)?;
        self.container.write(text).map_err(FormatError::Write)?;
        self.container.end().map_err(FormatError::Write)?;
        let bytes = text.len() as u64;
        self.passed += bytes;
        self.tags.push(Hashed { name: name.to_owned(), bytes, sha256: hex(&Sha256::digest(text)) });
        Ok(())
    }

    fn report(&mut self) -> Report {
        let organization = &self.plan.organization;
        let definition = &self.plan.definition;
        Report {
            report_version: REPORT_VERSION,
            organization: Organization {
                kind: organization.kind.clone(),
                id: organization.id.clone(),
                name: organization.name.clone(),
                slug: organization.slug.clone(),
            },
            product: Product { name: definition.name.clone(), measured_on: definition.measured_on.clone() },
            tables: std::mem::take(&mut self.tables),
            files: self.fetched.as_ref().map(|fetched| fetched.files),
            omissions: self.contents.omissions.clone(),
        }
    }

    fn write_package(&mut self) -> Result<(), FormatError> {
        let contents = Arc::clone(&self.contents);
        let resources: Vec<Resource<'_>> = contents.tables.iter().zip(&self.payload).map(resource).collect();
        let package = pretty(&data_package(&contents.schema, &resources))?;
        self.tag(full::DATA_PACKAGE, &package)
    }

    fn write_tags(&mut self) -> Result<(), FormatError> {
        let report = self.report();
        self.tag(full::REPORT, &pretty(&report)?)?;
        self.write_package()?;
        self.tag(bag::INFO, bag::info(&self.plan.organization.id, &self.payload).as_bytes())?;
        self.tag(bag::MANIFEST, bag::manifest(&self.payload).as_bytes())?;
        let tags = bag::manifest(&self.tags);
        self.tag(bag::TAG_MANIFEST, tags.as_bytes())
    }
}

impl<W: Write + Seek + Send> Encoder<W> for FullEncoder<W> {
    /// The server's own text holds every value.
    fn tolerate(&mut self) {}

    fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError> {
        let definition = self.order.begin(section)?;
        let member = definition.member.as_deref().unwrap_or(&definition.name);
        self.container.begin(member, Method::Deflate).map_err(FormatError::Write)?;
        let mut open = OpenTable::default();
        open.write(&header(columns), &mut self.container)?;
        self.open = Some(open);
        Ok(())
    }

    fn rows(&mut self, block: &Block) -> Result<(), FormatError> {
        let Some(open) = &mut self.open else { return Err(self.order.came("rows")) };
        open.hasher.feed(block.bytes());
        open.rows += block.rows();
        self.passed += block.len() as u64;
        open.write(block.bytes(), &mut self.container)
    }

    fn end(&mut self) -> Result<(), FormatError> {
        let Some(open) = self.open.take() else { return Err(self.order.came("an end")) };
        self.container.end().map_err(FormatError::Write)?;
        let at = self.tables.len();
        self.order.end(open.rows)?;
        let (Some(table), Some(counted)) = (self.contents.tables.get(at), self.plan.counted.get(at)) else {
            return Err(self.order.came("another table"));
        };
        let sha256 = hex(&open.sha256.finalize());
        self.payload.push(Hashed { name: table.file.clone(), bytes: open.bytes, sha256 });
        self.tables.push(TableReport {
            name: table.name.clone(),
            file: table.file.clone(),
            shared: table.shared,
            rows: open.rows,
            counted: *counted,
            row_hash: open.hasher.finish().1.to_string(),
        });
        Ok(())
    }

    fn files(&mut self, told: &mut dyn FnMut(u64)) -> Result<(), FormatError> {
        self.order.finish()?;
        let plan = Arc::clone(&self.plan);
        let Some((fetch, named)) = plan.files.as_ref().and_then(|fetch| Some((fetch, fetch.named.as_ref()?))) else {
            return Ok(());
        };
        if self.fetched.is_none() {
            let out = (&mut self.container, &mut self.passed);
            let files = FileWriter::new((&plan, fetch), out, full::file_member, told);
            let (fetched, list) = files.write(named, |held| self.payload.push(held))?;
            self.fetched = Some(fetched);
            self.tag(FILE_LIST, &list)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(W, Written), FormatError> {
        self.files(&mut |_bytes| {})?;
        self.write_tags()?;
        let mut written = Written { counts: self.order.into_counts(), ..Written::default() };
        if let Some(fetched) = self.fetched {
            fetched.report(&mut written);
        }
        Ok((self.container.finish().map_err(FormatError::Write)?, written))
    }

    fn bytes(&self) -> u64 {
        self.passed
    }
}

fn resource<'r>((table, hashed): (&'r FullTable, &'r Hashed)) -> Resource<'r> {
    Resource { table: &table.name, file: &hashed.name, bytes: hashed.bytes, sha256: &hashed.sha256 }
}

/// The header of a table.
fn header(columns: &[Column]) -> Vec<u8> {
    let mut line = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            line.push(b',');
        }
        quote(CsvQuote::Minimal, column.name.as_bytes(), &mut line);
    }
    line.push(b'\n');
    line
}

fn pretty(value: &impl Serialize) -> Result<Vec<u8>, FormatError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| FormatError::Write(error.into()))?;
    text.push(b'\n');
    Ok(text)
}
