//! Coverage: whether the rows of all organizations together are the rows of their tables.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CheckResult, clock::Timestamp, is_false};

/// `GET /v1/sources/{name}/coverage`: the rows of all organizations together against the rows of their
/// tables, at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// The source's name.
    pub source: String,
    /// When it was looked at.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Of how many organizations: those that exports of all take, soft-deleted ones too.
    pub organizations: u64,
    /// Why organizations that exports of all would take are not among them, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// One for each section, in the definition's order.
    pub sections: Vec<SectionCoverage>,
    /// Tables that were not looked at, because the definition excludes their rows.
    pub excluded: u64,
    /// Tables that were not looked at, because organizations share their rows and no section has them.
    pub shared: u64,
}

/// How the rows of one section in all archives stand to those of its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SectionCoverage {
    /// The section's name (`workItems`).
    pub section: String,
    /// Its base table.
    pub table: String,
    /// Whether all is as it is meant.
    pub result: CheckResult,
    /// `covered`; or `in no organization: 3 of 12`, `in more than one: 8 of 4`; or why it could not be
    /// looked at.
    pub message: String,
    /// The table's rows.
    pub table_rows: u64,
    /// The section's rows in all archives together.
    pub rows: u64,
    /// The table's rows that no organization has, in any of the table's sections.
    pub in_none: u64,
    /// The table's rows that more than one organization has.
    pub in_several: u64,
    /// The table's rows that one organization has more than once in this section.
    pub repeated: u64,
    /// Rows of the section that are none of its table.
    pub strange: u64,
    /// Whether only numbers were compared, because the rows cannot be told apart.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_number: bool,
    /// The rows that are not as meant, at most 100 of each kind: `42: in no organization`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to do about it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

impl SectionCoverage {
    /// An empty section of a table, with nothing that is not as meant.
    #[must_use]
    pub fn new(section: &str, table: &str) -> Self {
        Self {
            section: section.to_owned(),
            table: table.to_owned(),
            result: CheckResult::Ok,
            message: String::new(),
            table_rows: 0,
            rows: 0,
            in_none: 0,
            in_several: 0,
            repeated: 0,
            strange: 0,
            by_number: false,
            details: Vec::new(),
            hint: String::new(),
        }
    }
}

impl Coverage {
    /// The sections that are not as meant.
    pub fn failed(&self) -> impl Iterator<Item = &SectionCoverage> {
        self.sections.iter().filter(|section| section.result == CheckResult::Failed)
    }
}
