//! Which column holds the path of a file that lies outside of the database, by names. Nobody can tell for sure: it
//! is told, for the admin to judge.

use super::words::words;
use crate::source::survey::{Kind, TableFacts};

/// What a path is called by its last word, the likeliest first.
const PATHS: [&str; 7] = ["path", "key", "asset", "location", "file", "filename", "upload"];
/// Words of a table of files.
const TABLES: [&str; 8] = ["attachment", "attachments", "file", "files", "upload", "uploads", "asset", "assets"];
/// Words of columns that only files have.
const SIGNS: [&str; 4] = ["mime", "mimetype", "checksum", "bytes"];

/// The column with the path, and the one with the size where there is one.
pub(super) fn of(table: &TableFacts) -> Option<(&str, Option<&str>)> {
    let size =
        table.columns.iter().find(|column| ![Kind::Text, Kind::Json].contains(&column.kind) && is_size(&column.name));
    let size = size.map(|column| column.name.as_str());
    let has_sign = table.columns.iter().any(|column| is_sign(&column.name));
    let is_named_so = words(&table.name).iter().any(|word| TABLES.contains(&word.as_str()));
    if !(is_named_so || has_sign) {
        return None;
    }
    let text = || table.columns.iter().filter(|column| column.kind == Kind::Text).map(|column| column.name.as_str());
    let path = PATHS.iter().find_map(|path| text().find(|name| words(name).last().is_some_and(|last| last == path)))?;
    Some((path, size))
}

fn is_size(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [one] => matches!(*one, "size" | "bytes"),
        [first, "size"] => matches!(*first, "byte" | "bytes" | "file"),
        [first, second] => (*first, *second) == ("size", "bytes"),
        _ => false,
    }
}

fn is_sign(name: &str) -> bool {
    let words = words(name);
    let is_type =
        words.windows(2).any(|pair| matches!(pair, [first, second] if first == "content" && second == "type"));
    is_size(name) && words.len() > 1 || is_type || words.iter().any(|word| SIGNS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::survey::ColumnFacts;

    fn found(table: &str, text: &[&str], numbers: &[&str]) -> Option<(String, Option<String>)> {
        let column = |kind| move |name: &&str| ColumnFacts { name: (*name).to_owned(), kind, ..ColumnFacts::default() };
        let numbers = numbers.iter().map(column(Kind::Integer));
        let columns = text.iter().map(column(Kind::Text)).chain(numbers).collect();
        let table = TableFacts { name: table.to_owned(), columns, ..TableFacts::default() };
        of(&table).map(|(path, size)| (path.to_owned(), size.map(str::to_owned)))
    }

    #[test]
    fn tables_of_files_are_known_by_names() {
        for (table, text, numbers, path, size) in [
            (
                "attachments",
                &["file_name", "file_path", "mime_type"][..],
                &["file_size"][..],
                "file_path",
                Some("file_size"),
            ),
            ("active_storage_blobs", &["key", "filename", "content_type"], &["byte_size"], "key", Some("byte_size")),
            ("attachments", &["url", "key", "contentType"], &["size"], "key", Some("size")),
            ("file_assets", &["asset", "entity_type"], &["size"], "asset", Some("size")),
            ("uploads", &["location"], &[], "location", None),
        ] {
            let expected = Some((path.to_owned(), size.map(str::to_owned)));
            assert_eq!(found(table, text, numbers), expected, "{table}");
        }
    }

    #[test]
    fn other_tables_have_no_files() {
        assert_eq!(found("pages", &["path", "title"], &["size"]), None);
        assert_eq!(found("settings", &["key", "value"], &[]), None);
        assert_eq!(found("attachments", &["title"], &["size"]), None);
    }
}
