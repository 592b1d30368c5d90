//! The files that rows name, as questions to any database.

use crate::product::{Definition, Files, Section};

/// What is done while they are counted.
pub(super) const COUNT: &str = "count the files that rows name";

/// How many different files are named, compared byte by byte as `collation` does it; `rows` gives the rows query of
/// a section.
pub(super) fn count_sql<'q>(
    definition: &Definition,
    collation: &str,
    rows: impl Fn(&str) -> Option<&'q str>,
) -> String {
    let named = |files: &Files| {
        let path = files.path.replace('"', "\"\"");
        let rows = rows(&files.section)?;
        Some(format!("SELECT CAST(\"{path}\" AS text) COLLATE {collation} AS path FROM (\n{rows}\n) AS named"))
    };
    let all: Vec<String> = definition.files.iter().filter_map(named).collect();
    if all.is_empty() {
        return "SELECT 0".to_owned();
    }
    format!("SELECT count(DISTINCT path) FROM (\n{}\n) AS files WHERE path <> ''", all.join("\nUNION ALL\n"))
}

/// The columns of a section's rows query that say something of files.
pub(super) fn columns<'d>(definition: &'d Definition, section: &Section) -> impl Iterator<Item = &'d str> {
    let own = definition.files.iter().filter(|files| files.section == section.name);
    own.flat_map(|files| [Some(&files.path), files.size.as_ref(), files.sha256.as_ref()]).flatten().map(String::as_str)
}
