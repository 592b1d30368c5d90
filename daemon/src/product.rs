//! Product definitions: which queries make which sections, and what a document needs around
//! them. One TOML file each; the ones that we ship are embedded in the binary.

pub mod api;
mod contents;
mod full;
mod load;
mod parse;
mod query;
mod release;

use std::{collections::BTreeMap, sync::Arc};

use orgvault_api::Format;

pub use api::Api;
pub use full::{Full, FullRows, FullTable};
pub use load::{Product, Products};
pub use parse::parse;
pub use query::{Queries, Query, SectionQueries, Unspoken};
pub use release::Lacking;

/// A checked product definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// `rytask`.
    pub name: String,
    /// The upstream version that the definition was measured on.
    pub measured_on: String,
    /// How organizations are listed.
    pub organization: OrganizationQuery,
    /// What `export` writes without `--format`.
    pub default_format: Format,
    /// The formats it can be written in.
    pub formats: Vec<Format>,
    /// The optional table without which a release has no such format.
    pub format_tables: BTreeMap<Format, String>,
    /// How values are printed.
    pub encoding: Encoding,
    /// What the `json` document has around its sections.
    pub json: JsonDocument,
    /// What the `zip` archive has beside its members.
    pub zip: ZipDocument,
    /// The sections, in the archive's order.
    pub sections: Vec<Section>,
    /// The files of the app that rows name.
    pub files: Vec<Files>,
    /// The sections that the release of an app does not have; empty where it stands for all releases.
    pub left_out: Vec<Section>,
    /// Queries whose rows become warnings of an export.
    pub warnings: Vec<WarningQuery>,
    /// Every table that the queries read, by name.
    pub tables: BTreeMap<String, Table>,
    /// For an app whose archives it makes itself: its export API. There are no queries then.
    pub api: Option<Api>,
    /// For the definition of the `full` archives of one snapshot: what they hold. Its sections are tables then.
    pub full: Option<Arc<Full>>,
}

/// How organizations are listed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrganizationQuery {
    /// The kind of those whose row names none.
    pub kind: String,
    /// The kinds that `--all` and schedules take; empty means all.
    pub default_kinds: Vec<String>,
    /// The formats of kinds that do not have all of the product's.
    pub formats: BTreeMap<String, Vec<Format>>,
    /// A query with the columns `id`, `name`, `slug` and, optional, `kind`, `created_at`,
    /// `deleted_at`, `in_all` (whether `--all` takes it).
    pub list: Query,
}

impl OrganizationQuery {
    /// Every kind that the definition names; `list` may give others.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        [&self.kind].into_iter().chain(&self.default_kinds).chain(self.formats.keys()).map(String::as_str)
    }
}

/// How values are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// How timestamps are printed, and which can be.
    pub timestamp: TimestampStyle,
    /// When a CSV field is quoted.
    pub csv_quote: CsvQuote,
    /// How JSON columns are printed.
    pub json: JsonStyle,
}

/// How timestamps are printed, and which can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampStyle {
    /// `2026-01-31T09:30:00.000Z`: milliseconds, cut; years 1 to 275760 (ECMAScript's range),
    /// from 10000 on with a sign and six digits.
    Millis,
    /// `2026-01-31T09:30:00Z`: years 1 to 9999.
    Seconds,
    /// `2026-01-31T09:30:00.123456Z`: nothing is cut. Beyond the years 1 to 9999 as PostgreSQL prints it in UTC.
    Micros,
    /// As [`Self::Millis`], and beyond its range as PostgreSQL prints it in UTC.
    Usual,
}

/// When a CSV field is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvQuote {
    /// Where it holds a comma, a double quote, CR or LF (RFC 4180).
    Minimal,
    /// As PHP's `fputcsv` with an empty escape: a TAB and a blank too.
    Fputcsv,
}

/// How JSON columns are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonStyle {
    /// As `JSON.stringify(JSON.parse(text))`; a top-level string is parsed once more.
    Javascript,
    /// As PHP's `json_encode(json_decode(text, true))`.
    Php,
}

/// What the `json` document has around its sections.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JsonDocument {
    /// Keys before the sections, in order.
    pub head: Vec<(String, Fixed)>,
    /// The key of the object with the counts, after the sections; none where there is no such
    /// object.
    pub counts_key: Option<String>,
}

/// What the `zip` archive has beside its members.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ZipDocument {
    /// The name of a last member, one JSON object; none where there is none.
    pub meta_member: Option<String>,
    /// Its keys, in order.
    pub meta: Vec<(String, Fixed)>,
}

/// A value that is not from a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Fixed {
    /// As the definition has it.
    Literal(serde_json::Value),
    /// When the export started, in the definition's timestamp style.
    StartedAt,
    /// A version 4 UUID that is the export's own (made from its gid).
    ExportUuid,
    /// The organization's id as a string.
    OrganizationId,
    /// An array with the organization's id.
    OrganizationIds,
}

/// One ordered stream of rows of one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The key in the document (`timeLogs`).
    pub name: String,
    /// The CSV name (`time-logs`); none where it is not offered as CSV.
    pub entity: Option<String>,
    /// The member's file name in a `zip` (`time_entries.csv`); none where it is not in it.
    pub member: Option<String>,
    /// The only formats that it is read for; empty means all.
    pub formats: Vec<Format>,
    /// The base table, for errors and checks.
    pub table: String,
    /// The rows query, with `$1` for the organization's id.
    pub rows: Query,
    /// The independent count query, with `$1`.
    pub count: Query,
    /// Column types that the source does not know or that differ from what it says (SQLite;
    /// lists), by column name.
    pub types: BTreeMap<String, DeclaredType>,
    /// The CSV columns: header and the rows query's column; empty means all, by their names.
    pub csv: Vec<(String, String)>,
    /// The column that identifies a row in errors and warnings; the first without it.
    pub id: Option<String>,
    /// Whether the document has its one row as an object instead of an array of rows.
    pub single: bool,
    /// Whether the object with the counts lists it.
    pub counted: bool,
}

/// A column type that a definition states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclaredType {
    /// Integers 0 and 1 of SQLite.
    Bool,
    /// An integer.
    Int,
    /// A floating-point number.
    Float,
    /// A decimal number.
    Numeric,
    /// Text.
    Text,
    /// A UUID in text form.
    Uuid,
    /// An instant: SQLite text `YYYY-MM-DD HH:MM:SS[.ffffff][Z|+00]` or with `T`.
    Timestamp,
    /// A date in text form.
    Date,
    /// JSON text.
    Json,
    /// Words with one blank between them.
    List,
    /// Any bytes: a BLOB of SQLite, or the bytes of a text.
    Bytes,
}

/// Files that the app keeps beside its database, each named by a row of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The section's name.
    pub section: String,
    /// The column of its rows query with the file's path, from where the source keeps them.
    pub path: String,
    /// The column with the file's size in bytes.
    pub size: Option<String>,
    /// The column with its SHA-256, in hex.
    pub sha256: Option<String>,
}

/// A query whose rows become one warning of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct WarningQuery {
    /// Stable: `foreign_rows`.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// One text column with ids; `$1` is the organization's id. At most 100 rows are read.
    pub rows: Query,
}

/// A column that names a row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The column.
    pub column: String,
    /// The table, by the definition's name.
    pub table: String,
    /// The column over there.
    pub referenced: String,
}

/// What the definition says of a table. Its rows are in a section where one has it as its base table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// The columns that the queries read: what has to be granted.
    pub reads: Vec<String>,
    /// The other columns that the measured version had; none where the definition does not say.
    pub known: Option<Vec<String>>,
    /// Whether several organizations name one row of it.
    pub is_shared: bool,
    /// Why its rows are not exported.
    pub excluded: Option<String>,
    /// A condition in SQL that is true for the rows of the organization `$1`: `organization_id = $1`. None where
    /// the count query of a section says which rows those are, or nothing does.
    pub tenant: Option<Query>,
    /// What its columns name, where the database may not say so itself.
    pub references: Vec<Reference>,
    /// Why it has rows that belong to no organization.
    pub orphans: Option<String>,
    /// Whether only some releases of the app have it.
    pub is_optional: bool,
    /// The columns of `reads` that only some releases have.
    pub optional_columns: Vec<String>,
}
