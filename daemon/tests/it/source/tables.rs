//! Tables that a definition says nothing of.

use orgvault_api::{CheckLine, CheckResult, Warning};
use orgvault_daemon::{
    product::{Definition, Table},
    source::Source,
};

use super::{
    checks::{check, line},
    fixture::{ACME, config, definition, granted, refused, rytask, source, source_with},
    sqlite::File,
};
use orgvault_testing::postgres::Database;

/// The sections of an app with the table `items`, and what is said of others.
fn items(others: &[(&str, Table)]) -> Definition {
    let mut definition = definition(&[("items", "items", "SELECT id FROM items WHERE organization_id = $1")]);
    definition.organization.list = "SELECT '1' AS id, 'Acme' AS name, 'acme' AS slug".into();
    definition.tables.insert("items".to_owned(), reads("id organization_id"));
    definition.tables.extend(others.iter().map(|(name, table)| ((*name).to_owned(), table.clone())));
    definition
}

fn reads(columns: &str) -> Table {
    let reads = columns.split(' ').map(str::to_owned).collect();
    Table { reads, known: Some(Vec::new()), ..Table::default() }
}

fn excluded() -> Table {
    Table { excluded: Some("of the framework".to_owned()), ..Table::default() }
}

/// A database with the table `items`, and what else is asked for.
fn database(more: &str) -> Database {
    let database = Database::new();
    database.psql(&format!("CREATE TABLE items (id int, organization_id int); {more}"));
    database
}

async fn warnings(source: &Source, organization: &str) -> Vec<Warning> {
    let mut snapshot = source.snapshot(organization).await.unwrap();
    let warnings = snapshot.warnings().await.unwrap();
    snapshot.finish().await.unwrap();
    warnings
}

/// The ids of `tables_unknown`, which is the only warning, if there is one.
async fn unknown(source: &Source) -> Vec<String> {
    let mut warnings = warnings(source, "1").await;
    assert!(warnings.iter().all(|warning| warning.code == "tables_unknown"), "{warnings:?}");
    assert!(warnings.len() < 2, "{warnings:?}");
    warnings.pop().map(|warning| warning.ids).unwrap_or_default()
}

async fn tables_line(source: &Source) -> CheckLine {
    line(&source.check().await.lines, "tables").clone()
}

#[tokio::test]
async fn a_table_that_was_added_behind_the_definitions_back_is_named() {
    let database = Database::rytask();
    let source = granted(&database);
    assert_eq!(warnings(&source, ACME).await, []);
    let lines = check(&source).await;
    let classified = "all 11 tables are classified: 9 in sections, 0 shared, 2 excluded";
    assert_eq!((line(&lines, "tables").result, &*line(&lines, "tables").message), (CheckResult::Ok, classified));

    // The role may not even read it.
    database.psql("CREATE TABLE attachments (id uuid)");
    let told = warnings(&source, ACME).await;
    assert_eq!(
        (told.len(), told[0].code.as_str(), &told[0].ids[..]),
        (1, "tables_unknown", &["attachments".into()][..])
    );
    let words = format!(
        "1 table of the live database is not exported, and the definition of rytask {} does not say why: attachments",
        rytask().measured_on
    );
    assert_eq!(told[0].message, words);
    let lines = check(&source).await;
    let tables = line(&lines, "tables");
    assert_eq!(
        (tables.result, &tables.details[..]),
        (CheckResult::Warning, &["attachments: in no [table.*]".into()][..])
    );
    assert!(tables.message.starts_with(&words) && tables.hint.contains("[[section]]"), "{tables:?}");
    assert_eq!(line(&lines, "schema").result, CheckResult::Ok);
}

#[tokio::test]
async fn with_a_strict_schema_it_is_an_error() {
    let database = database("CREATE TABLE more (id int)");
    let mut strict = config(&database.admin_url());
    strict.strict_schema = true;
    let source = source_with(strict, items(&[]));
    let error = refused(source.snapshot("1").await.unwrap().warnings().await);
    assert_eq!(error.code(), "tables_unknown");
    assert!(error.to_string().ends_with("does not say why: more") && error.hint().contains("excluded"), "{error}");
    assert_eq!(tables_line(&source).await.result, CheckResult::Failed);
}

#[tokio::test]
async fn a_table_that_is_read_and_in_no_section_is_named_until_it_is_said_why() {
    let database = database("CREATE TABLE users (id int, name text); CREATE VIEW people AS SELECT id, name FROM users");
    let lookups = |users| items(&[("users", users), ("people", reads("id name"))]);
    let silent = source(&database.admin_url(), lookups(reads("id name")));
    // A view's rows are those of its tables.
    assert_eq!(unknown(&silent).await, ["users"]);
    let tables = tables_line(&silent).await;
    assert_eq!(tables.details, ["users: read, and in no section"]);
    assert!(tables.message.ends_with("(1 in sections, 0 shared, 0 excluded)"), "{tables:?}");
    for classified in [
        Table { is_shared: true, ..reads("id name") },
        Table { excluded: Some("only their names are written".to_owned()), ..reads("id name") },
        Table { is_shared: true, ..Table::default() },
    ] {
        let source = source(&database.admin_url(), lookups(classified));
        assert_eq!(unknown(&source).await, [""; 0]);
        assert_eq!(tables_line(&source).await.result, CheckResult::Ok);
    }
}

#[tokio::test]
async fn an_excluded_table_may_change_and_go() {
    let database = database("CREATE TABLE migrations (id int)");
    let both = items(&[("migrations", excluded()), ("sessions", excluded())]);
    let source = source(&database.admin_url(), both);
    for change in ["SELECT 1", "ALTER TABLE migrations ADD COLUMN batch int", "DROP TABLE migrations"] {
        database.psql(change);
        assert_eq!(unknown(&source).await, [""; 0]);
        let lines = source.check().await.lines;
        assert!(lines.iter().all(|line| line.result == CheckResult::Ok || line.name == "read_only"), "{lines:?}");
    }
    assert_eq!(tables_line(&source).await.message, "all 1 tables are classified: 1 in sections, 0 shared, 0 excluded");
}

#[tokio::test]
async fn what_is_no_table_of_its_own_is_not_told() {
    let database = database(
        "CREATE VIEW seen AS SELECT id FROM items; CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM items;
         CREATE SEQUENCE numbers; CREATE TYPE pair AS (a int, b int); CREATE INDEX ON items (id);
         CREATE TABLE of_an_extension (id int); ALTER EXTENSION plpgsql ADD TABLE of_an_extension;
         CREATE TABLE items_old () INHERITS (items);
         CREATE TABLE events (id int, at date) PARTITION BY RANGE (at);
         CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY RANGE (at);
         CREATE TABLE events_2025_1 PARTITION OF events_2025 FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
         CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.unread (id int)",
    );
    let source = source(&database.admin_url(), items(&[]));
    assert_eq!(unknown(&source).await, ["events"]);
}

#[tokio::test]
async fn what_is_a_table_of_its_own_is_told() {
    let database = database(
        "CREATE TABLE mixin (id int); CREATE TABLE of_mixin () INHERITS (mixin);
         CREATE UNLOGGED TABLE fast (id int); CREATE TABLE without_columns ();
         CREATE FOREIGN DATA WRAPPER none; CREATE SERVER other FOREIGN DATA WRAPPER none;
         CREATE FOREIGN TABLE far (id int) SERVER other",
    );
    let source = source(&database.admin_url(), items(&[("mixin", excluded())]));
    assert_eq!(unknown(&source).await, ["far", "fast", "of_mixin", "without_columns"]);
}

#[tokio::test]
async fn a_told_name_is_the_key_that_the_definition_needs() {
    let long = "ü".repeat(31) + "x";
    let names = ["Order", "two words", "say \"hi\"", "a.b", "group", "line\nbreak", "\"", &long];
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let create = |schema: &str| {
        let tables = names.iter().map(|name| format!("CREATE TABLE {schema}.{} (id int);", quoted(name)));
        tables.collect::<String>()
    };
    let more = format!(
        "{} CREATE SCHEMA \"My.App\"; {} CREATE TABLE \"My.App\".items (id int)",
        create("public"),
        create("\"My.App\"")
    );
    let database = database(&more);
    // A table of the same name in a schema that the search path does not show is another one.
    let orders = ("\"My.App\".Order", reads("id"));
    let silent = source(&database.admin_url(), items(std::slice::from_ref(&orders)));
    let told = unknown(&silent).await;
    assert_eq!(told.len(), 2 * names.len() + 1, "{told:?}");
    for name in ["Order", "two words", "\"a.b\"", "\"My.App\".\"items\"", "\"My.App\".\"say \"\"hi\"\"\"", &long] {
        assert!(told.iter().any(|told| told == name), "{name} of {told:?}");
    }
    let all: Vec<(&str, Table)> = told.iter().map(|name| (name.as_str(), excluded())).collect();
    let mut said = items(&all);
    said.tables.entry("\"My.App\".\"Order\"".to_owned()).or_insert_with(excluded);
    assert_eq!(unknown(&source(&database.admin_url(), said)).await, [""; 0]);
}

#[tokio::test]
async fn of_two_thousand_tables_a_hundred_are_named_and_all_are_counted() {
    let database = database(
        "DO $$ BEGIN FOR i IN 1..1999 LOOP EXECUTE format('CREATE TABLE t_%s (id int)', lpad(i::text, 4, '0')); END LOOP; END $$",
    );
    let silent = source(&database.admin_url(), items(&[]));
    let told = warnings(&silent, "1").await;
    assert!(told[0].message.starts_with("1999 tables of the live database are not exported"), "{}", told[0].message);
    assert!(told[0].message.ends_with("t_0010 and 1989 more"), "{}", told[0].message);
    assert_eq!((told[0].ids.len(), told[0].ids[99].as_str()), (100, "t_0100"));
    assert_eq!(tables_line(&silent).await.details.len(), 100);
    let names: Vec<String> = (1..2000).map(|number| format!("t_{number:04}")).collect();
    let all: Vec<(&str, Table)> = names.iter().map(|name| (name.as_str(), excluded())).collect();
    let source = source(&database.admin_url(), items(&all));
    assert_eq!(unknown(&source).await, [""; 0]);
    let counts = "all 2000 tables are classified: 1 in sections, 0 shared, 1999 excluded";
    assert_eq!(tables_line(&source).await.message, counts);
}

#[tokio::test]
async fn tables_of_a_file_are_told_without_its_views_and_what_is_inside_of_virtual_ones() {
    let file = File::new(
        "CREATE TABLE items (id INTEGER, organization_id INTEGER); CREATE TABLE \"Two Words\" (id INTEGER);
         CREATE VIEW seen AS SELECT id FROM items; CREATE VIRTUAL TABLE search USING fts5(words);
         CREATE TABLE search_history (id INTEGER); CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT);
         CREATE INDEX items_id ON items (id); ANALYZE",
    )
    .await;
    let source = file.source(items(&[("numbered", excluded())]));
    assert_eq!(unknown(&source).await, ["Two Words", "search", "search_history"]);
    let tables = tables_line(&source).await;
    assert_eq!(tables.result, CheckResult::Warning);
    assert_eq!(tables.details[0], "Two Words: in no [table.*]");
    assert!(tables.message.ends_with("(1 in sections, 0 shared, 1 excluded)"), "{tables:?}");
}
