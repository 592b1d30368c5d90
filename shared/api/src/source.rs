//! Sources: the connected application databases.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Format;

/// One source, as `GET /v1/sources` shows it. Never holds a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its product.
    pub product: String,
    /// The formats that its organizations are exported in, the product's default first.
    #[serde(default)]
    pub formats: Vec<Format>,
    /// Where it is, without secrets: `postgres://db.example/rytask`.
    pub location: String,
    /// Whether it answered just now.
    pub reachable: bool,
    /// What the server calls itself, where it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why it did not answer, or what it refused when it was asked for its organizations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many organizations it lists, where it could be asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organizations: Option<u64>,
}

/// How one invariant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    /// It holds.
    Ok,
    /// It holds, and the admin ought to know something.
    Warning,
    /// It does not hold: exports are refused.
    Failed,
    /// It could not be looked at, because an earlier one failed.
    Skipped,
}

/// One invariant of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckLine {
    /// Stable: `reachable`, `version`, `read_only`, `readable`, `row_filter`, `schema`, `tables`,
    /// `pooler`, `queries`, `organizations`, `files`, `representable`.
    pub name: String,
    /// How it stands.
    pub result: CheckResult,
    /// One sentence.
    pub message: String,
    /// The tables, columns or rows it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to do about it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

/// `GET /v1/sources/{name}/check`: every invariant of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceCheck {
    /// The source's name.
    pub source: String,
    /// One line for each invariant.
    pub lines: Vec<CheckLine>,
    /// The GRANT statements of exactly what the definition reads; empty for SQLite.
    pub grants: String,
}

/// `GET /v1/sources`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sources {
    /// The sources, as configured.
    pub sources: Vec<Source>,
}
