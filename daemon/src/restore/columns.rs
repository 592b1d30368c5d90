//! The columns of a table of the archive against those of the target. Pure: the same for every kind of database.

use orgvault_api::{RestoreFinding, RestoreMode};
use orgvault_archive::full::schema::{QualifiedName, Table};

use super::finding::Code;

/// A column of the target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'c> {
    pub(super) name: &'c str,
    /// Its type, in the words of the database.
    pub(super) kind: &'c str,
    /// Whether a row has to say its value.
    pub(super) needs_value: bool,
}

/// What differs.
pub(super) fn compare(
    mode: RestoreMode,
    name: &QualifiedName,
    archive: &Table,
    there: &[Column<'_>],
) -> Vec<RestoreFinding> {
    let found = |code: Code, message: String| code.found(mode, name, message);
    let mut findings = Vec::new();
    for column in &archive.columns {
        match there.iter().find(|there| there.name == column.name) {
            None => findings.push(found(Code::ColumnMissing, format!("the target has no column {}", column.name))),
            Some(there) if there.kind != column.kind => {
                let message = format!("column {} is {} and was {}", column.name, there.kind, column.kind);
                findings.push(found(Code::ColumnType, message));
            }
            Some(_) => {}
        }
    }
    for there in there.iter().filter(|there| archive.columns.iter().all(|column| column.name != there.name)) {
        let (code, what) = if there.needs_value {
            (Code::ColumnWithoutValue, "must have a value and has no default")
        } else {
            (Code::ColumnAdded, "gets its default")
        };
        findings.push(found(code, format!("column {} is not in the archive and {what}", there.name)));
    }
    findings
}
