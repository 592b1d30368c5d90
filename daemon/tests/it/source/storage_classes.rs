//! Every shape of comparison finds the rows of an organization, whatever class its id is stored in.

use orgvault_daemon::product::Definition;

use super::{
    fixture::{definition, read, refused, source},
    sqlite::File,
};
use orgvault_testing::postgres::Server;

/// Conditions that a definition may write; `company` is a column of the id's own type.
const SHAPES: [&str; 9] = [
    "company = $1",
    "$1 = company",
    "COALESCE(company, company) = $1",
    "CASE WHEN company IS NULL THEN NULL ELSE company END = $1",
    "company IN ($1)",
    "COALESCE(company, company) IN ($1)",
    "COALESCE(company, company) BETWEEN $1 AND $1",
    "(SELECT c.id FROM companies c WHERE c.id = company) = $1",
    "company IN (SELECT c.id FROM companies c WHERE COALESCE(c.id, c.id) = $1)",
];

/// `one`, `other`: ids as SQL literals of a type.
fn tables(kind: &str, one: &str, other: &str) -> String {
    format!(
        "CREATE TABLE companies (id {kind} PRIMARY KEY, name TEXT, slug TEXT);
         INSERT INTO companies VALUES ({one}, 'Acme', 'acme'), ({other}, 'Globex', 'globex');
         CREATE TABLE entries (number INTEGER, company {kind});
         INSERT INTO entries VALUES (1, {one}), (2, {one}), (3, {other});"
    )
}

/// A section for each shape.
fn shapes() -> Definition {
    let rows = SHAPES.map(|shape| format!("SELECT number FROM entries WHERE {shape} ORDER BY number"));
    let sections: Vec<(&str, &str, &str)> = rows.iter().map(|rows| ("entries", "entries", rows.as_str())).collect();
    let mut definition = definition(&sections);
    for (section, shape) in definition.sections.iter_mut().zip(SHAPES) {
        section.count = format!("SELECT count(*) FROM entries WHERE {shape}").into();
    }
    definition.organization.list = "SELECT id, name, slug FROM companies ORDER BY name".into();
    definition.tables.get_mut("entries").unwrap().reads = vec!["company".to_owned()];
    definition
}

#[tokio::test]
async fn in_sqlite_as_in_postgresql() {
    for (kind, one, other, id) in [
        ("INTEGER", "1", "2", "1"),
        ("INTEGER", "-9007199254740993", "2", "-9007199254740993"),
        ("TEXT", "'1'", "'2'", "1"),
        ("TEXT", "'acme'", "'globex'", "acme"),
    ] {
        let file = File::new(&tables(kind, one, other)).await;
        let mut definition = shapes();
        definition.warnings = vec![orgvault_daemon::product::WarningQuery {
            code: "rows".to_owned(),
            message: "there are rows".to_owned(),
            rows: "SELECT number FROM entries WHERE COALESCE(company, company) = $1".into(),
        }];
        let sqlite = file.source(definition);
        let mut snapshot = sqlite.snapshot(id).await.unwrap();
        assert_eq!(snapshot.counts().await.unwrap(), [2; SHAPES.len()], "{kind} {one}");
        for (index, shape) in SHAPES.iter().enumerate() {
            assert_eq!(read(&mut snapshot, index).await.unwrap().cells.len(), 2, "{kind} {one}: {shape}");
        }
        assert_eq!(snapshot.warnings().await.unwrap().last().unwrap().ids.len(), 2);

        let database = Server::shared().database();
        database.psql(&tables(if kind == "INTEGER" { "bigint" } else { kind }, one, other));
        let mut snapshot = source(&database.admin_url(), shapes()).snapshot(id).await.unwrap();
        assert_eq!(snapshot.counts().await.unwrap(), [2; SHAPES.len()], "{kind} {one}");
    }
}

#[tokio::test]
async fn binary_ids_are_hexadecimal_outside_of_the_database() {
    let setup = tables("BLOB", "x'01ff02'", "x'616263'");
    let file = File::new(&setup).await;
    let sqlite = file.source(shapes());
    let ids: Vec<String> = sqlite.organizations().await.unwrap().into_iter().map(|one| one.key.id).collect();
    assert_eq!(ids, ["01ff02", "abc"]);
    for (id, rows) in [("01ff02", 2), ("abc", 1), ("616263", 0), ("01FF02", 0)] {
        let counts = sqlite.snapshot(id).await.unwrap().counts().await.unwrap();
        assert_eq!(counts, [rows; SHAPES.len()], "{id}");
    }
}

#[tokio::test]
async fn ids_that_only_read_alike_are_never_guessed_between() {
    let mut setup = tables("", "1", "'x'");
    setup.push_str("INSERT INTO companies VALUES ('1', 'Initech', 'initech');");
    let file = File::new(&setup).await;
    let sqlite = file.source(shapes());
    let listed = sqlite.organizations().await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].refusal.as_ref().unwrap().code(), "duplicate_id");
    let error = refused(sqlite.snapshot("1").await);
    assert_eq!(error.code(), "duplicate_id", "{error}");
    assert_eq!(sqlite.snapshot("x").await.unwrap().counts().await.unwrap(), [1; SHAPES.len()]);
}

#[tokio::test]
async fn an_id_is_compared_without_the_columns_collation() {
    let file = File::new(&tables("TEXT COLLATE NOCASE", "'acme'", "'globex'")).await;
    let sqlite = file.source(shapes());
    assert_eq!(sqlite.snapshot("acme").await.unwrap().counts().await.unwrap(), [2; SHAPES.len()]);
    // What is not listed is text, as it was asked for.
    assert_eq!(sqlite.snapshot("nobody").await.unwrap().counts().await.unwrap(), [0; SHAPES.len()]);
}
