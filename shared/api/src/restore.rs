//! Restores: an organization's rows that go from an archive into a database.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{OrganizationKey, is_false};
use crate::gid::Gid;

/// What a restore does with what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RestoreMode {
    /// The organization must not be there at all.
    #[default]
    Scratch,
    /// Missing rows are inserted; where any row is there with other values, nothing happens.
    InsertOnly,
    /// The organization's rows are deleted, and the archive's inserted in the same transaction.
    Replace,
}

impl RestoreMode {
    /// The name on the wire and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scratch => "scratch",
            Self::InsertOnly => "insert-only",
            Self::Replace => "replace",
        }
    }
}

/// What a restore would do. To make one writes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestorePlan {
    /// The SHA-256, in lower-case hex, of everything that the plan found. It is another one as soon as the archive,
    /// the organization's rows in the target or the target's schema are others.
    pub id: String,
    /// What is done with what is there.
    pub mode: RestoreMode,
    /// The SHA-256 of the archive, in lower-case hex.
    pub archive: String,
    /// The organization's id in the archive.
    pub organization: String,
    /// The id under which it comes back, with new ids throughout; absent where it keeps its own.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub new_id: Option<String>,
    /// The database that the rows go into.
    pub database: RestoreDatabase,
    /// Whether nothing that was found keeps the restore from being done.
    pub possible: bool,
    /// Whether every row of the archive is there already, and no other row of the organization: there is nothing
    /// to do.
    pub identical: bool,
    /// The tables, in the order in which they are loaded.
    pub tables: Vec<RestoreTable>,
    /// What was found, what keeps the restore from being done first.
    pub findings: Vec<RestoreFinding>,
    /// The sequences that have to move, so that the app's next row has an id of its own.
    pub sequences: Vec<RestoreSequence>,
    /// The columns whose ids are given anew; what names them follows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<RestoreIds>,
    /// The SHA-256 of the schema of the target's tables, in lower-case hex.
    pub schema_hash: String,
    /// A hash of the organization's rows in the target, in lower-case hex.
    pub rows_hash: String,
}

/// The database that rows go into.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoreDatabase {
    /// What the server calls itself: `PostgreSQL 15.18`.
    pub server: String,
    /// The name of the database.
    pub name: String,
    /// The server's system identifier: no other cluster has it, but those that were copied from it.
    pub system: String,
    /// The number of the database in its cluster.
    pub oid: u32,
}

/// What a restore would do with one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoreTable {
    /// `public.users`.
    pub table: String,
    /// Whether other organizations name the same rows: such rows are neither changed nor deleted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shared: bool,
    /// The group of tables that is loaded in one statement: tables whose foreign keys lead round in a circle have
    /// one number.
    pub group: usize,
    /// Rows in the archive.
    pub rows: u64,
    /// Rows of the organization in the target; zero for a shared table.
    pub here: u64,
    /// Rows that the target does not have.
    pub new: u64,
    /// Rows that the target has with the same values.
    pub identical: u64,
    /// Rows that the target has with other values.
    pub differing: u64,
    /// Rows whose id somebody else's row has.
    pub held: u64,
    /// Rows of the organization in the target that the archive does not have.
    pub only_here: u64,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoreFinding {
    /// Stable: `row_differs`, `id_held`, `unique_held`, `row_security`, `trigger`, …
    pub code: String,
    /// Whether nothing is restored because of it.
    pub blocks: bool,
    /// The table that it is about; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub table: String,
    /// One sentence.
    pub message: String,
    /// What to do about it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// How many rows it is about; zero where it is about none.
    #[serde(default)]
    pub rows: u64,
    /// The keys of those rows; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// One sequence, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoreSequence {
    /// `public.users_id_seq`.
    pub sequence: String,
    /// The column that takes its numbers from it: `public.users.id`.
    pub column: String,
    /// The last number that it gave; none where it gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// The number that it has to be at.
    pub to: i64,
}

/// New ids of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoreIds {
    /// `public.tasks.id`.
    pub column: String,
    /// How many.
    pub ids: u64,
    /// Of numbers the first, as long as the app takes no others meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<i64>,
}

/// How a restore ended that changed the database, or that had nothing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Restored {
    /// The plan that it followed.
    pub plan: RestorePlan,
    /// Whether everything was there already, and nothing was written.
    pub identical: bool,
    /// Rows that were inserted.
    pub inserted: u64,
    /// Rows that were deleted before that.
    pub deleted: u64,
    /// The sequences that were moved, after everything was committed.
    pub sequences: Vec<RestoreSequence>,
    /// What went wrong after the commit; the rows are there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<RestoreFinding>,
}

/// `POST /v1/restores`: what is put back, and where. Without `apply` nothing is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreRequest {
    /// The archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Gid>,
    /// Or the absolute path of an archive on the daemon's machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The target's name.
    pub into: String,
    /// What is done with what is there.
    #[serde(default)]
    pub mode: RestoreMode,
    /// The id under which the organization comes back, with new ids throughout, beside the one that is there. Only
    /// with the mode `scratch`.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub new_id: Option<String>,
    /// The id of the plan to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply: Option<String>,
}

/// The answer to `POST /v1/restores`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RestoreAnswer {
    /// The archive; absent for a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Gid>,
    /// Whose rows they are.
    pub organization: OrganizationKey,
    /// The target's name.
    pub target: String,
    /// What would be done, or was done.
    pub plan: RestorePlan,
    /// What was done; absent where nothing was asked to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    /// The archive of what was there before it was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Gid>,
}
