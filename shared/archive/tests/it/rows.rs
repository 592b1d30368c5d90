//! Rows come back out of archives as they went in.

use std::fs;

use orgvault_api::{Format, Row, RowsPage};
use orgvault_archive::{RowsError, rows};

use crate::archives::{DOCUMENT, Made, TABLE, gzip, make_all};

fn page(made: &Made, section: &str, after: u64, limit: usize, search: Option<&str>) -> RowsPage {
    rows(&made.path, Some(&made.manifest), section, after, limit, search).unwrap()
}

fn texts(page: &RowsPage) -> Vec<&str> {
    page.rows.iter().map(Row::text).collect()
}

#[test]
fn pages_through_a_section_with_every_digit() {
    let directory = tempfile::tempdir().unwrap();
    for made in make_all(directory.path()) {
        let expected = match made.manifest.format {
            Format::Json => {
                vec![r#"{"id":"1","n":12345678901234567890.10}"#, r#"{"id":"2","n":-1e-7}"#, r#"{"id":"3","n":null}"#]
            }
            _ => vec![r#"{"id":"1","note":"plain"}"#, r#"{"id":"2","note":"a, \"b\"\nc"}"#, r#"{"id":"3","note":""}"#],
        };
        let all = page(&made, "timeLogs", 0, 10, None);
        assert_eq!((texts(&all), all.next), (expected.clone(), None), "{}", made.manifest.file);
        assert_eq!(all.columns.first().unwrap(), "id");
        let first = page(&made, "timeLogs", 0, 2, None);
        assert_eq!((texts(&first), first.next), (expected[..2].to_vec(), Some(2)));
        let second = page(&made, "timeLogs", 2, 2, None);
        assert_eq!((texts(&second), second.next), (expected[2..].to_vec(), None));
        assert_eq!(page(&made, "timeLogs", 9, 2, None).rows, []);
        assert_eq!(page(&made, "timeLogs", 0, 0, None).rows.len(), 1, "a page of no rows would never end");
    }
}

#[test]
fn searches_values_and_not_keys_or_escapes() {
    let directory = tempfile::tempdir().unwrap();
    let made = make_all(directory.path());
    let (json, csv) = (&made[0], &made[1]);
    for (search, found) in [("Ü \"QUOTED", 1), ("\"quoted\"\n", 1), ("\\n", 0), ("name", 0), ("x", 0), ("", 1)] {
        assert_eq!(page(json, "labels", 0, 9, Some(search)).rows.len(), found, "{search:?}");
    }
    for (search, found) in [("PLAIN", 1), ("a, \"B", 1), ("note", 0), ("\"\"", 0), ("3", 1)] {
        assert_eq!(page(csv, "timeLogs", 0, 9, Some(search)).rows.len(), found, "{search:?}");
    }
    let second = page(json, "timeLogs", 0, 1, Some("-1E-7"));
    assert_eq!((second.rows.len(), second.next), (1, Some(2)), "the next page begins after the last match");
    assert_eq!(page(json, "timeLogs", 2, 1, Some("-1e-7")), RowsPage { columns: vec![], rows: vec![], next: None });
}

#[test]
fn an_unknown_section_names_those_that_there_are() {
    let directory = tempfile::tempdir().unwrap();
    for made in make_all(directory.path()) {
        let error = rows(&made.path, Some(&made.manifest), "nope", 0, 1, None).unwrap_err();
        let known = if made.manifest.format == Format::Json { "projects, labels, timeLogs" } else { "timeLogs" };
        assert!(error.to_string().ends_with(&format!("; there are: {known}")), "{error}");
    }
}

#[test]
fn needs_no_manifest() {
    let directory = tempfile::tempdir().unwrap();
    let (json, csv) = (directory.path().join("a"), directory.path().join("b"));
    fs::write(&json, gzip(DOCUMENT.as_bytes())).unwrap();
    fs::write(&csv, TABLE).unwrap();
    assert_eq!(rows(&json, None, "labels", 0, 9, None).unwrap().rows.len(), 1);
    assert_eq!(rows(&csv, None, "rows", 0, 9, None).unwrap().rows.len(), 3);
    let settings = &rows(&json, None, "organization", 0, 9, None).unwrap().rows[0];
    assert_eq!(settings.get("settings").unwrap().get(), r#"{"a":[1,2]}"#);
}

#[test]
fn says_where_a_broken_file_breaks() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.json");
    fs::write(&path, r#"{"a":[{"b":1},{"b":2},{"b"#).unwrap();
    assert_eq!(rows(&path, None, "a", 0, 1, None).unwrap().rows.len(), 1, "what comes before can be read");
    let error = rows(&path, None, "a", 0, 9, None).unwrap_err();
    assert!(matches!(error, RowsError::Damaged { .. }), "{error}");
    assert!(error.to_string().ends_with("the content ends in the middle, at byte 25"), "{error}");
    assert!(matches!(rows(&directory.path().join("x"), None, "a", 0, 9, None), Err(RowsError::Open { .. })));
}

#[test]
fn a_row_may_be_deep_and_large() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.json");
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(5 * 1024 * 1024));
    fs::write(&path, format!(r#"{{"s":[{deep},{large},{large}]}}"#)).unwrap();
    let found = rows(&path, None, "s", 0, 9, Some("")).unwrap();
    assert_eq!((found.rows.len(), found.next), (2, Some(2)), "a page has a size");
    assert_eq!(found.rows[0].text(), deep);
    assert_eq!(rows(&path, None, "s", 0, 9, Some("]]]")).unwrap().rows.len(), 1);
}
