//! What the queries of a definition are called while they are asked, the same on every database.

use crate::product::{Definition, Queries, Section};

/// One query of a definition, and what it is for.
pub(super) enum Asked<'q> {
    /// Lists the organizations.
    List(&'q str),
    /// Gives the rows of a section.
    Rows(&'q Section, &'q str),
    /// Counts them.
    Count(&'q Section, &'q str),
    /// Gives the ids of a warning.
    Warning(&'q str, &'q str),
}

impl Asked<'_> {
    /// For errors: `read section timeLogs`.
    pub(super) fn act(&self) -> String {
        match self {
            Self::List(_) => LIST.to_owned(),
            Self::Rows(section, _) => rows_act(section),
            Self::Count(section, _) => count_act(section),
            Self::Warning(code, _) => warning_act(code),
        }
    }
}

/// Every query, in the order of a definition.
pub(super) fn all<'q>(definition: &'q Definition, queries: &'q Queries) -> Vec<Asked<'q>> {
    let sections = definition.sections.iter().zip(&queries.sections);
    let of_sections = sections
        .flat_map(|(section, queries)| [Asked::Rows(section, &queries.rows), Asked::Count(section, &queries.count)]);
    let warnings = definition.warnings.iter().zip(&queries.warnings);
    let of_warnings = warnings.map(|(warning, rows)| Asked::Warning(&warning.code, rows));
    std::iter::once(Asked::List(&queries.list)).chain(of_sections).chain(of_warnings).collect()
}

/// What is done while the organizations are listed.
pub(super) const LIST: &str = "list organizations";

pub(super) fn rows_act(section: &Section) -> String {
    format!("read section {}", section.name)
}

pub(super) fn count_act(section: &Section) -> String {
    format!("count section {}", section.name)
}

pub(super) fn warning_act(code: &str) -> String {
    format!("ask for the warning {code}")
}
