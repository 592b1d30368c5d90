//! `report.json` of a `full` archive: which rows it holds, and what was left out. The same rows give the same
//! bytes: it holds no time, no id of a snapshot and no name of a source.

use orgvault_api::ArchiveFiles;
use serde::{Deserialize, Serialize};

use super::schema::QualifiedName;
use crate::manifest::Product;

/// The version of `report.json` that this program writes, and the newest that it reads.
pub const REPORT_VERSION: u32 = 1;

/// What a `full` archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// Whose rows they are.
    pub organization: Organization,
    /// Of which product.
    pub product: Product,
    /// The tables, in the archive's order.
    pub tables: Vec<TableReport>,
    /// The files of the app below `data/files/`; absent where none were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<ArchiveFiles>,
    /// What is not in the archive.
    pub omissions: Vec<Omission>,
}

/// The organization, wherever it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// `organization`; TruePPM has several kinds.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// For people.
    pub name: String,
    /// For people.
    pub slug: String,
}

/// The rows of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReport {
    /// The table.
    #[serde(flatten)]
    pub name: QualifiedName,
    /// The member: `data/public.users.csv`.
    pub file: String,
    /// Whether other organizations may name the same rows.
    #[serde(default, skip_serializing_if = "orgvault_api::is_false")]
    pub shared: bool,
    /// Rows written.
    pub rows: u64,
    /// Rows by the independent count query, in the same snapshot.
    pub counted: u64,
    /// The sum, modulo 2^256, of the SHA-256 of every row's CSV line (its bytes without the line break that ends
    /// it), in 64 hex digits: it is the same whatever order the rows are in.
    pub row_hash: String,
}

/// What was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Omission {
    /// The table, as the definition names it.
    pub table: String,
    /// Why.
    pub reason: String,
}
