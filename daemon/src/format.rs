//! Rows -> bytes of an archive. One file for each format; each is a writer that works for every
//! definition (`seed` is TruePPM's own, in its room).

pub mod csv;
mod files;
pub mod findings;
pub mod fixed;
#[cfg(test)]
mod fixture;
mod full;
pub mod json;
pub mod number;
mod order;
pub(crate) mod sink;
pub mod text;
pub mod transcode;
pub mod value;
mod zip;

pub use files::{NamedFiles, Naming};

use std::io::{self, Seek, Write};
use std::sync::Arc;

use orgvault_api::{
    ArchiveFiles, DroppedRows, Format, OrganizationKey, SectionCount, Warning, clock::Timestamp, gid::Gid,
};

use orgvault_archive::manifest::MOST_FILES;
use tokio_util::sync::CancellationToken;

use crate::{
    product::Definition,
    products::{
        solidtime::importable::{Importable, Survey},
        trueppm::encoder::{BuildError, SeedEncoder},
    },
    row::{Block, Column, TornRow},
    uploads::{OpenUploads, UploadsError},
};

pub use crate::products::solidtime::importable::Facts;

/// What an archive is made from besides rows. Nothing else may end up in its bytes.
#[derive(Debug, Clone)]
pub struct ArchivePlan {
    /// The export's id.
    pub gid: Gid,
    /// Whose rows they are.
    pub organization: OrganizationKey,
    /// Which queries make which sections.
    pub definition: Arc<Definition>,
    /// How the archive is written.
    pub format: Format,
    /// The sections that the archive holds, as [`Definition::sections_of`] says.
    pub sections: Arc<[usize]>,
    /// Rows of each of those sections by the independent count.
    pub counted: Arc<[u64]>,
    /// Whether the whole file is compressed with gzip.
    pub gzip: bool,
    /// Whether what the app's importer refuses is left out, or written as it takes it: of `seed`, `seed-events`, and
    /// the `zip` of solidtime.
    pub importable: bool,
    /// Deflate's level for gzip and ZIP, 1 to 9.
    pub level: u32,
    /// When the export started: the only time that is written.
    pub started_at: Timestamp,
    /// Where the files that rows name come from; none where the archive holds none.
    pub files: Option<Fetch>,
}

/// Where the files of an archive come from.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// The place that has them.
    pub place: Arc<dyn OpenUploads>,
    /// The files, where the archive's own rows are not those that name them.
    pub named: Option<Arc<NamedFiles>>,
    /// Once it is canceled, no more of them is fetched.
    pub stop: CancellationToken,
}

/// A value that the format cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table}.{column} of row {id} holds {value}, which {format} cannot hold")]
pub struct Unrepresentable {
    /// The base table.
    pub table: String,
    /// The row's id.
    pub id: String,
    /// The column.
    pub column: String,
    /// The value, shortened.
    pub value: String,
    /// The format.
    pub format: Format,
}

/// Why rows could not become an archive.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A value that the format cannot hold.
    #[error(transparent)]
    Unrepresentable(#[from] Unrepresentable),
    /// The format is not written for this product.
    #[error("{product} is not exported as {format}: choose one of {}", Format::join(.formats, ", "))]
    NotOffered {
        /// The product.
        product: String,
        /// The format.
        format: Format,
        /// What the product is exported as.
        formats: Vec<Format>,
    },
    /// CSV holds one section, and the plan names none that exists.
    #[error("a CSV archive of {product} holds one entity, and none was chosen: pass one of {}", .entities.join(", "))]
    NoEntity {
        /// The product.
        product: String,
        /// The entities that it has.
        entities: Vec<String>,
    },
    /// The definition's CSV names a column that its rows query does not give.
    #[error(
        "the CSV of section {section} takes column {column}, which its rows query does not give: correct `csv` in the product definition"
    )]
    MissingColumn {
        /// The section.
        section: String,
        /// The column.
        column: String,
    },
    /// The definition's `[[files]]` names a column that the section's rows query does not give.
    #[error(
        "the files of section {section} are named by column {column}, which its rows query does not give: correct [[files]] in the product definition"
    )]
    MissingFileColumn {
        /// The section.
        section: String,
        /// The column.
        column: String,
    },
    /// Rows name more files than an archive may hold.
    #[error("rows name more than {MOST_FILES} files, and no archive holds so many")]
    TooManyFiles,
    /// No file can be fetched.
    #[error(transparent)]
    Uploads(UploadsError),
    /// It was told to fetch no more files.
    #[error("the fetching of files was stopped")]
    Stopped,
    /// The reader sent sections in another order, or not all of them.
    #[error("section {expected} had to come next, and {got} came: nothing is missing quietly")]
    Sequence {
        /// What had to come.
        expected: String,
        /// What came.
        got: String,
    },
    /// A section that is one object has another number of rows.
    #[error("section {section} has {rows} rows and must have exactly one: was the organization deleted?")]
    NotSingle {
        /// The section.
        section: String,
        /// Its rows.
        rows: u64,
    },
    /// The source sent a row that does not fit its own description.
    #[error("a row of section {section} does not fit its columns: {cause}")]
    Torn {
        /// The section.
        section: String,
        /// What is wrong with it.
        #[source]
        cause: TornRow,
    },
    /// A seed is built from sections with fixed names.
    #[error("a seed is not built from a section {section}: remove it from the product definition")]
    UnknownSection {
        /// The section.
        section: String,
    },
    /// A seed is built from columns with fixed names.
    #[error(
        "a seed needs column {column} of section {section}, which its rows query does not give: correct `rows` in the product definition"
    )]
    LackingColumn {
        /// The section.
        section: String,
        /// The column.
        column: String,
    },
    /// The rows make no seed.
    #[error(transparent)]
    Seed(BuildError),
    /// The bytes could not be written.
    #[error("cannot write the archive: {0}")]
    Write(#[source] io::Error),
}

/// What an encoder wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows by section, as the encoder counted them.
    pub counts: Vec<SectionCount>,
    /// For a seed: rows that were read and left out, by section and rule.
    pub dropped: Vec<DroppedRows>,
    /// The files of the app that the archive holds.
    pub files: Option<ArchiveFiles>,
    /// What the admin ought to know (numbers that lost digits, …).
    pub warnings: Vec<Warning>,
    /// After [`Encoder::tolerate`]: the values that the format cannot hold, at most 100 of them.
    pub unrepresentable: Vec<Unrepresentable>,
    /// How many there were in all.
    pub unrepresentable_total: u64,
}

/// Writes one archive: `begin`, `rows`.., `end` for each section of the plan in its order, then
/// `finish`, which hands the output back, flushed layer by layer and not yet synced.
pub trait Encoder<W>: Send {
    /// From now on values that the format cannot hold are collected in [`Written`] and written
    /// as nothing, instead of failing: for a look at what would fail, never for an archive.
    fn tolerate(&mut self);

    /// The rows of the section with this index follow.
    ///
    /// # Errors
    /// When another section had to come, the definition does not fit the columns, or the bytes
    /// cannot be written.
    fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError>;

    /// Writes every row of the block.
    ///
    /// # Errors
    /// When a value cannot be held by the format, or the bytes cannot be written. With
    /// [`Encoder::tolerate`] the former are collected instead.
    fn rows(&mut self, block: &Block) -> Result<(), FormatError>;

    /// The section's rows are over.
    ///
    /// # Errors
    /// When a section that is one object did not have one row, or the bytes cannot be written.
    fn end(&mut self) -> Result<(), FormatError>;

    /// Fetches the files that the rows name, where the plan says from where, and writes them; `told` is given the
    /// bytes so far. [`Encoder::finish`] does it where nobody else has.
    ///
    /// # Errors
    /// When a section is missing, no file at all can be fetched, it is told to stop, or the bytes cannot be written.
    fn files(&mut self, _told: &mut dyn FnMut(u64)) -> Result<(), FormatError> {
        Ok(())
    }

    /// Closes the document.
    ///
    /// # Errors
    /// When a section is missing, or the bytes cannot be written.
    fn finish(self: Box<Self>) -> Result<(W, Written), FormatError>;

    /// Bytes produced so far, before compression.
    fn bytes(&self) -> u64;
}

/// Where an archive's bytes go. Only `zip` seeks (back into its local headers).
pub trait Output: Write + Seek + Send {}

impl<W: Write + Seek + Send> Output for W {}

/// What is read before an archive is written that needs to know all of it: a plan of the sections that are read, and
/// what makes [`Facts`] of them. None where nothing needs to be known.
#[must_use]
pub fn survey(plan: &ArchivePlan) -> Option<(Arc<ArchivePlan>, Box<dyn Encoder<Facts>>)> {
    let is_needed = plan.importable && plan.format == Format::Zip && plan.definition.name == "solidtime";
    let (plan, survey) = is_needed.then(|| Survey::of(plan))?;
    Some((plan, Box::new(survey)))
}

/// The encoder of a plan that [`survey`] gave facts of, which writes to `out`.
///
/// # Errors
/// As [`encoder`].
pub fn encoder_knowing<W: Output + 'static>(
    plan: Arc<ArchivePlan>,
    out: W,
    facts: Facts,
) -> Result<Box<dyn Encoder<W>>, FormatError> {
    Ok(Box::new(Importable::new(encoder(Arc::clone(&plan), out)?, plan, facts)))
}

/// The encoder of the plan's format, which writes to `out`.
///
/// # Errors
/// When the format is not offered, or the plan does not fit it.
pub fn encoder<W: Output + 'static>(plan: Arc<ArchivePlan>, out: W) -> Result<Box<dyn Encoder<W>>, FormatError> {
    match plan.format {
        Format::Json => Ok(Box::new(json::JsonEncoder::new(plan, out))),
        Format::Csv => Ok(Box::new(csv::CsvEncoder::new(plan, out)?)),
        Format::Zip => Ok(Box::new(zip::ZipEncoder::new(plan, out))),
        Format::Seed | Format::SeedEvents if plan.definition.formats.contains(&plan.format) => {
            Ok(Box::new(SeedEncoder::new(plan, out)))
        }
        Format::Full => Ok(Box::new(full::FullEncoder::new(plan, out)?)),
        Format::Seed | Format::SeedEvents | Format::Tar => Err(not_offered(&plan)),
    }
}

fn not_offered(plan: &ArchivePlan) -> FormatError {
    FormatError::NotOffered {
        product: plan.definition.name.clone(),
        format: plan.format,
        formats: plan.definition.formats.clone(),
    }
}
