//! The files that rows name: each once, in the order in which they are named first, with what the rows say of it.

use std::sync::Arc;

use indexmap::IndexMap;
use orgvault_archive::{manifest::MOST_FILES, naming::hex};

use crate::{
    format::{ArchivePlan, Encoder, FormatError, Written, findings::ValueOrigin, value::Value},
    product::TimestampStyle,
    row::{Block, Column, ColumnType},
    uploads::{FilePath, Refusal},
};

/// So much of a text is kept, in characters, that is not taken for a path.
const SHOWN: usize = 1000;
/// So many different things are kept that are said of one file: each with or without size and hash, four can be true,
/// and of five one is not.
const CLAIMS: usize = 5;
/// Digits of a SHA-256.
const SHA256_DIGITS: usize = 64;

/// Files by the path that each has in the archive; by the row's own text where that is refused.
pub type NamedFiles = IndexMap<Box<str>, NamedFile>;

/// All files that rows have named so far.
pub(in crate::format) struct Named {
    plan: Arc<ArchivePlan>,
    pub(in crate::format) files: NamedFiles,
    /// What the section whose rows come says of files.
    columns: Vec<FileColumns>,
    origin: Option<ValueOrigin>,
}

/// What rows say of one file: each thing once.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// Why what the rows say is no path, where it is none.
    pub(super) refused: Option<Refusal>,
    /// What is said; several rows may say the same.
    pub(super) claims: Vec<Claim>,
}

/// What a row says of its file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// The table that has the row.
    pub(super) table: Arc<str>,
    /// The row's id.
    pub(super) id: Box<str>,
    /// Its size in bytes.
    pub(super) bytes: Option<Stated<u64>>,
    /// Its SHA-256.
    pub(super) sha256: Option<Stated<Box<str>>>,
}

/// A value of a row; none where the column holds something else.
pub(super) type Stated<T> = Result<T, NoMeaning>;

/// A size that is no number, or a SHA-256 that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoMeaning;

/// Where in a row the columns of one `[[files]]` are.
struct FileColumns {
    table: Arc<str>,
    path: usize,
    bytes: Option<usize>,
    sha256: Option<usize>,
}

impl Named {
    pub(in crate::format) fn new(plan: Arc<ArchivePlan>) -> Self {
        Self { plan, files: IndexMap::new(), columns: Vec::new(), origin: None }
    }

    /// The rows of this section follow.
    pub(in crate::format) fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError> {
        let definition = &self.plan.definition;
        let Some(of) = definition.sections.get(section) else { return Ok(()) };
        let place = |name: &String| {
            let found = columns.iter().position(|column| column.name == *name);
            found.ok_or_else(|| FormatError::MissingFileColumn { section: of.name.clone(), column: name.clone() })
        };
        let own = definition.files.iter().filter(|files| files.section == of.name);
        let columns_of = own.map(|files| {
            Ok(FileColumns {
                table: of.table.as_str().into(),
                path: place(&files.path)?,
                bytes: files.size.as_ref().map(place).transpose()?,
                sha256: files.sha256.as_ref().map(place).transpose()?,
            })
        });
        self.columns = columns_of.collect::<Result<_, FormatError>>()?;
        self.origin = Some(ValueOrigin::new(of, columns, self.plan.format));
        Ok(())
    }

    /// Notes the files that these rows name.
    pub(in crate::format) fn rows(&mut self, block: &Block) -> Result<(), FormatError> {
        let Some(origin) = self.origin.as_ref().filter(|_| !self.columns.is_empty()) else { return Ok(()) };
        let mut cells = block.cells();
        let mut row = Vec::new();
        while origin.next_row(&mut cells, &mut row)? {
            for columns in &self.columns {
                note(&mut self.files, columns, origin, &row);
            }
        }
        if self.files.len() > MOST_FILES { Err(FormatError::TooManyFiles) } else { Ok(()) }
    }
}

/// Takes note of the files that rows name, and writes nothing: for archives whose own rows are not those that name them.
pub struct Naming(Named);

impl Naming {
    /// For the sections of a plan.
    #[must_use]
    pub fn new(plan: Arc<ArchivePlan>) -> Self {
        Self(Named::new(plan))
    }
}

impl Encoder<NamedFiles> for Naming {
    fn tolerate(&mut self) {}

    fn begin(&mut self, section: usize, columns: &[Column]) -> Result<(), FormatError> {
        self.0.begin(section, columns)
    }

    fn rows(&mut self, block: &Block) -> Result<(), FormatError> {
        self.0.rows(block)
    }

    fn end(&mut self) -> Result<(), FormatError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(NamedFiles, Written), FormatError> {
        Ok((self.0.files, Written::default()))
    }

    fn bytes(&self) -> u64 {
        0
    }
}

/// Notes the file that a row names in one of its columns; NULL and an empty text name none.
fn note(files: &mut NamedFiles, columns: &FileColumns, origin: &ValueOrigin, row: &[Option<&[u8]>]) {
    let text = |column: usize| text(origin, row, column).filter(|text| !text.is_empty());
    let Some(named) = text(columns.path) else { return };
    let (name, refused) = match FilePath::new(&named) {
        Ok(path) => (path.to_string(), None),
        Err(refusal) => (named.chars().take(SHOWN).collect(), Some(refusal)),
    };
    let file = files.entry(name.into()).or_insert_with(|| NamedFile { refused, claims: Vec::new() });
    let claims = &mut file.claims;
    let bytes = columns.bytes.and_then(text).map(|text| number(&text));
    let digest = |column: usize| digest(origin, row, column).map(Ok);
    let sha256 = columns.sha256.and_then(|column| digest(column).or_else(|| text(column).map(|text| sha256(&text))));
    if claims.len() < CLAIMS && !claims.iter().any(|claim| claim.bytes == bytes && claim.sha256 == sha256) {
        claims.push(Claim { table: Arc::clone(&columns.table), id: origin.row_id(row).into(), bytes, sha256 });
    }
}

/// A cell as its column's text; none where it is NULL or holds no value that has a text.
fn text(origin: &ValueOrigin, row: &[Option<&[u8]>], column: usize) -> Option<String> {
    let kind = origin.columns().get(column)?.kind;
    let cell = (*row.get(column)?)?;
    let mut text = Vec::new();
    // One that cannot be written fails the export where its section is written.
    Value::read(kind, cell).and_then(|value| value.write_text(TimestampStyle::Millis, &mut text)).ok()?;
    String::from_utf8(text).ok()
}

/// A size; a `numeric` has its decimals behind it.
fn number(text: &str) -> Stated<u64> {
    let text = text.trim();
    let whole = text.split_once('.').filter(|(_, decimals)| decimals.bytes().all(|digit| digit == b'0'));
    whole.map_or(text, |(whole, _)| whole).parse().map_err(|_not_a_number| NoMeaning)
}

/// A SHA-256 that is kept as its bytes.
fn digest(origin: &ValueOrigin, row: &[Option<&[u8]>], column: usize) -> Option<Box<str>> {
    let is_bytes = origin.columns().get(column)?.kind == ColumnType::Bytes;
    let bytes = (*row.get(column)?)?;
    (is_bytes && bytes.len() * 2 == SHA256_DIGITS).then(|| hex(bytes).into())
}

fn sha256(text: &str) -> Stated<Box<str>> {
    let text = text.trim();
    let is_hash = text.len() == SHA256_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { Ok(text.to_ascii_lowercase().into()) } else { Err(NoMeaning) }
}
