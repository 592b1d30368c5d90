//! Coverage on SQLite.

use std::time::Duration;

use orgvault_api::CheckResult::{Failed, Ok};
use orgvault_config::SourceConfig;
use orgvault_daemon::product::Definition;

use super::{coverage, only, said};
use crate::source::{
    fixture::{config, definition, source_with},
    sqlite::File,
};

const SETUP: &str = "
    CREATE TABLE organizations (id INTEGER PRIMARY KEY, name TEXT, slug TEXT);
    INSERT INTO organizations VALUES (1, 'Acme', 'acme'), (2, 'Büro', 'buero');
    CREATE TABLE projects (id INTEGER PRIMARY KEY, organization_id INTEGER);
    INSERT INTO projects VALUES (1, 1), (2, 2), (3, 2);
    CREATE TABLE items (code BLOB PRIMARY KEY, project_id INTEGER, deleted_at TEXT) WITHOUT ROWID;
    INSERT INTO items VALUES ('a', 1, NULL), (x'00ff', 2, NULL), (7, 2, NULL), ('d', 3, NULL);
    CREATE TABLE tags (item BLOB NOT NULL, tag TEXT NOT NULL, UNIQUE (item, tag));
    INSERT INTO tags VALUES ('a', 'x'), ('a', 'y'), ('d', 'x');
    CREATE TABLE notes (organization_id INTEGER, text TEXT);
    INSERT INTO notes VALUES (1, 'same'), (1, 'same'), (2, 'other');";

const ITEMS: &str = "SELECT i.code, i.project_id FROM items i JOIN projects p ON p.id = i.project_id \
                     WHERE p.organization_id = $1 ORDER BY i.code;";

fn sections(sections: &[(&str, &str, &str)]) -> Definition {
    let mut definition = definition(sections);
    definition.organization.list = "SELECT * FROM organizations ORDER BY id".into();
    definition
}

#[tokio::test]
async fn rows_are_told_apart_by_their_keys() {
    let file = File::new(SETUP).await;
    let source = file.source(sections(&[
        ("projects", "projects", "SELECT id FROM projects WHERE organization_id = $1"),
        ("items", "items", ITEMS),
        ("texts", "items", "SELECT CAST(code AS text) AS code FROM items WHERE $1 = 0"),
        (
            "tags",
            "tags",
            "SELECT t.tag FROM tags t JOIN items i ON i.code = t.item JOIN projects p \
                          ON p.id = i.project_id WHERE p.organization_id = $1",
        ),
        ("notes", "notes", "SELECT text FROM notes WHERE organization_id = $1"),
    ]));
    let found = coverage(&source).await;
    let names = ["projects", "items", "texts", "tags", "notes"];
    assert_eq!(said(&found), names.map(|name| format!("{name}: covered")));
    assert_eq!((found.organizations, found.sections[1].rows, found.sections[1].table_rows), (2, 4, 4));
}

/// A row that two have and one that nobody has are as many as there should be.
#[tokio::test]
async fn rows_without_a_key_are_told_apart_by_their_number() {
    let mut file = File::new(SETUP).await;
    file.run(
        "CREATE TABLE plain (name TEXT, organization_id INTEGER); INSERT INTO plain VALUES ('a', 1), ('a', 2), ('b', NULL);
         CREATE TABLE of_null (id TEXT PRIMARY KEY, organization_id INTEGER); INSERT INTO of_null SELECT NULL, organization_id FROM plain;
         CREATE TABLE strict_one (id INT PRIMARY KEY, organization_id INT) STRICT; INSERT INTO strict_one VALUES (7, 1), (8, 2), (9, NULL);
         CREATE TABLE partly (n INTEGER NOT NULL, organization_id INTEGER); INSERT INTO partly SELECT 1, organization_id FROM plain;
         CREATE UNIQUE INDEX of_some ON partly (n) WHERE n > 1;
         CREATE VIEW viewed AS SELECT * FROM plain;
         CREATE TABLE taken (\"RowId\" TEXT, organization_id INTEGER); INSERT INTO taken SELECT * FROM plain",
    )
    .await;
    for (table, orphan, leaks) in [
        ("plain", "3", true),
        ("of_null", "3", true),
        ("partly", "3", true),
        ("strict_one", "9", true),
        ("viewed", "", false),
        ("taken", "", false),
    ] {
        let rows = format!("SELECT organization_id AS o FROM {table} WHERE organization_id = $1");
        let found = coverage(&file.source(sections(&[("rows", table, &rows)]))).await;
        let numbers = if leaks { "" } else { ", by number only" };
        assert_eq!(said(&found), [format!("rows: in no organization: 1 of 3{numbers}")], "{table}");
        assert!(!leaks || found.sections[0].details == [format!("{orphan}: in no organization")], "{found:?}");
        let message = only(
            &file.source(sections(&[("rows", table, &format!("{rows} OR organization_id = 2"))])),
            if leaks { Failed } else { Ok },
        )
        .await;
        let expected =
            if leaks { "in no organization: 1 of 3; in more than one: 3 of 3" } else { "covered, by number only" };
        assert_eq!(message, expected, "{table}");
    }
}

#[tokio::test]
async fn a_look_that_takes_too_long_is_given_up() {
    let file = File::new(SETUP).await;
    let endless =
        "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n WHERE id + $1 = 0";
    let url = format!("sqlite://{}", file.path("").display());
    let config = SourceConfig { first_row_timeout: Duration::from_millis(200), ..config(&url) };
    let source = source_with(config, sections(&[("endless", "projects", endless)]));
    let error = source.coverage(orgvault_api::clock::Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert_eq!(error.code(), "source_stalled", "{error}");
}

#[tokio::test]
async fn orphans_and_leaks_are_named() {
    let mut file = File::new(SETUP).await;
    file.run("INSERT INTO projects VALUES (4, 9); INSERT INTO items VALUES (x'ff', 4, NULL)").await;
    let found = coverage(&file.source(sections(&[("items", "items", ITEMS)]))).await;
    assert_eq!(said(&found), ["items: in no organization: 1 of 5"]);
    assert_eq!(found.sections[0].details, ["ff: in no organization"]);
    file.run("DELETE FROM items WHERE code = x'ff'").await;
    let leak = ITEMS.replace("= $1", "= $1 OR i.deleted_at IS NULL");
    let found = coverage(&file.source(sections(&[("items", "items", &leak)]))).await;
    assert_eq!(said(&found), ["items: in more than one: 8 of 4"]);
    assert_eq!(found.sections[0].details, ["7", "a", "d", "00ff"].map(|id| format!("{id}: in more than one")));
    let twice = "SELECT i.code FROM items i JOIN tags t ON t.item = i.code JOIN projects p ON p.id = i.project_id \
                 WHERE p.organization_id = $1";
    let message = only(&file.source(sections(&[("items", "items", twice)])), Failed).await;
    assert_eq!(message, "in no organization: 2 of 4; more than once in one organization: 1 of 4");
}

#[tokio::test]
async fn what_cannot_be_looked_at_hides_nothing_else() {
    let file = File::new(SETUP).await;
    let mut definition = sections(&[
        ("gone", "shifts", "SELECT id FROM shifts WHERE organization_id = $1"),
        ("later", "sprints", "SELECT id FROM sprints WHERE organization_id = $1"),
        ("wrong", "projects", "SELECT id FROM projects WHERE organisation_id = $1"),
        ("items", "items", ITEMS),
    ]);
    definition.tables.get_mut("sprints").unwrap().is_optional = true;
    let found = coverage(&file.source(definition)).await;
    let results: Vec<_> = found.sections.iter().map(|section| section.result).collect();
    assert_eq!(results, [Failed, Failed, Ok], "{found:#?}");
}

#[tokio::test]
async fn a_union_is_compared_by_number() {
    let file = File::new(SETUP).await;
    let rows = "SELECT id FROM projects WHERE organization_id = $1 UNION ALL SELECT 1 WHERE $1 = 0";
    let source = file.source(sections(&[("projects", "projects", rows)]));
    assert_eq!(only(&source, Ok).await, "covered, by number only");
}

#[tokio::test]
async fn the_file_stays_as_it_was() {
    let mut file = File::new(SETUP).await;
    file.run("PRAGMA journal_mode = WAL").await;
    let before = std::fs::read(file.path("")).unwrap();
    let source = file.source(sections(&[("items", "items", ITEMS)]));
    assert_eq!(only(&source, Ok).await, "covered");
    assert_eq!(std::fs::read(file.path("")).unwrap(), before);
    file.run("INSERT INTO items VALUES ('e', 3, NULL)").await;
    let writes = "SELECT code FROM items WHERE code IN (SELECT code FROM items) AND $1 > 0";
    assert_eq!(only(&file.source(sections(&[("items", "items", writes)])), Failed).await, "in more than one: 10 of 5");
}
