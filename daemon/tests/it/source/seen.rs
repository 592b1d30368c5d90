//! Tables of which a definition does not list every column: only those that come later are news.

use std::{fs, path::Path, sync::Arc};

use orgvault_api::{CheckLine, CheckResult};
use orgvault_daemon::{
    product::{Definition, Table},
    source::Source,
};
use tokio_util::task::TaskTracker;

use super::{
    checks::line,
    fixture::{config, definition},
    sqlite::File,
};
use orgvault_testing::postgres::Database;

/// An app with the table `items`, of which not every column is listed.
fn items(known: Option<&[&str]>) -> Definition {
    let mut definition = definition(&[("items", "items", "SELECT id FROM items WHERE organization_id = $1")]);
    definition.organization.list = "SELECT '1' AS id, 'Acme' AS name, 'acme' AS slug".into();
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let table = Table { reads: owned(&["id", "organization_id"]), known: known.map(owned), ..Table::default() };
    definition.tables = [("items".to_owned(), table)].into();
    definition
}

const SETUP: &str = "CREATE TABLE items (id int, organization_id int, secret text, note text);";

/// As after a start of the daemon.
fn source(url: &str, state_dir: &Path, definition: Definition) -> Source {
    Source::kept_in(state_dir, config(url), Arc::new(definition), TaskTracker::new()).unwrap()
}

/// The columns that are news to an export.
async fn news(source: &Source) -> Vec<String> {
    let mut snapshot = source.snapshot("1").await.unwrap();
    let warnings = snapshot.warnings().await.unwrap();
    snapshot.finish().await.unwrap();
    assert!(warnings.iter().all(|warning| warning.code == "schema_newer"), "{warnings:?}");
    warnings.into_iter().flat_map(|warning| warning.ids).collect()
}

async fn schema(source: &Source) -> CheckLine {
    line(&source.check().await.lines, "schema").clone()
}

#[tokio::test]
async fn only_columns_that_come_later_are_news_over_restarts_too() {
    let database = Database::new();
    database.psql(SETUP);
    let state = tempfile::tempdir().unwrap();
    let first = source(&database.admin_url(), state.path(), items(None));
    assert_eq!(news(&first).await, [""; 0]);
    let told = schema(&first).await;
    assert_eq!(
        (told.result, &told.details[..]),
        (CheckResult::Ok, &["items.secret", "items.note"].map(|name| format!("{name}: not exported"))[..])
    );
    assert!(told.message.ends_with("of the columns that it does not list, 2 are not exported"), "{told:?}");

    database.psql("ALTER TABLE items ADD COLUMN color text");
    assert_eq!(news(&first).await, ["items.color"]);
    let next = source(&database.admin_url(), state.path(), items(None));
    assert_eq!(news(&next).await, ["items.color"]);
    let told = schema(&next).await;
    assert_eq!((told.result, told.details[0].as_str()), (CheckResult::Warning, "items.color: new"));
    assert!(told.hint.contains("definition"), "{told:?}");
}

#[tokio::test]
async fn another_definition_of_a_table_begins_anew() {
    let database = Database::new();
    database.psql(SETUP);
    let state = tempfile::tempdir().unwrap();
    assert_eq!(news(&source(&database.admin_url(), state.path(), items(None))).await, [""; 0]);
    database.psql("ALTER TABLE items ADD COLUMN color text, ADD COLUMN size int");
    let mut reading = items(None);
    reading.tables.get_mut("items").unwrap().reads.push("color".to_owned());
    assert_eq!(news(&source(&database.admin_url(), state.path(), reading)).await, [""; 0], "it was looked at again");
    database.psql("ALTER TABLE items ADD COLUMN shape text");
    let mut measured = items(None);
    measured.measured_on = "a later one".to_owned();
    let measured = source(&database.admin_url(), state.path(), measured);
    assert_eq!(news(&measured).await, [""; 0], "it was measured again");
}

#[tokio::test]
async fn a_list_of_columns_is_taken_exactly() {
    let database = Database::new();
    database.psql(SETUP);
    let state = tempfile::tempdir().unwrap();
    for (known, expected) in [
        (&[][..], &["items.secret", "items.note"][..]),
        (&["secret"][..], &["items.note"][..]),
        (&["secret", "note"][..], &[][..]),
    ] {
        assert_eq!(news(&source(&database.admin_url(), state.path(), items(Some(known)))).await, expected);
    }
    assert!(!state.path().join("seen").exists(), "there is nothing to keep");
}

#[tokio::test]
async fn a_damaged_file_is_told_and_begun_anew() {
    let database = Database::new();
    database.psql(SETUP);
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("seen/tracker.json");
    for damaged in ["{\"version\":1,\"tables\":{\"items\":", "{\"version\":9,\"tables\":{}}", "\u{0}"] {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, damaged).unwrap();
        let source = source(&database.admin_url(), state.path(), items(None));
        assert_eq!(news(&source).await, [""; 0]);
        let told = schema(&source).await;
        assert_eq!(told.result, CheckResult::Warning, "{told:?}");
        assert!(told.details[0].contains("seen/tracker.json"), "{told:?}");
        let anew: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(anew["tables"]["items"]["columns"].as_array().unwrap().len(), 4);
    }
    assert_eq!(schema(&source(&database.admin_url(), state.path(), items(None))).await.result, CheckResult::Ok);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_costs_no_export() {
    let database = Database::new();
    database.psql(SETUP);
    let state = tempfile::tempdir().unwrap();
    fs::write(state.path().join("seen"), "in the way").unwrap();
    let source = source(&database.admin_url(), state.path(), items(None));
    assert_eq!(news(&source).await, [""; 0]);
    let told = schema(&source).await;
    assert!(told.result == CheckResult::Warning && told.details[0].contains("cannot write"), "{told:?}");
    database.psql("ALTER TABLE items ADD COLUMN color text");
    assert_eq!(news(&source).await, ["items.color"], "it knows for as long as it runs");
    fs::remove_file(state.path().join("seen")).unwrap();
    assert_eq!(schema(&source).await.details[0], "items.color: new");
    assert!(state.path().join("seen/tracker.json").exists(), "it is tried again");
}

#[tokio::test]
async fn a_file_is_looked_at_in_the_same_way() {
    let mut file = File::new(SETUP).await;
    let state = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", file.path("").display());
    assert_eq!(news(&source(&url, state.path(), items(None))).await, [""; 0]);
    file.run("ALTER TABLE items ADD COLUMN color TEXT").await;
    let later = source(&url, state.path(), items(None));
    assert_eq!(news(&later).await, ["items.color"]);
    assert_eq!(
        schema(&later).await.details,
        ["items.color: new", "items.secret: not exported", "items.note: not exported"]
    );
}
