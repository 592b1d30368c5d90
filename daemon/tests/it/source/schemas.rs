//! What differs between the live schema and the definition.

use orgvault_daemon::product::Table;

use super::fixture::{ACME, config, definition, granted, read, refused, rytask, source, source_with, warm};
use orgvault_testing::postgres::Database;

#[tokio::test]
async fn a_newer_schema_is_a_warning_with_names_and_nothing_more_is_exported() {
    let database = Database::rytask();
    let source = granted(&database);
    let mut before = source.snapshot(ACME).await.unwrap();
    assert_eq!(before.warnings().await.unwrap(), []);
    let columns = before.columns(6).await.unwrap();
    before.finish().await.unwrap();

    database.psql("ALTER TABLE work_items ADD COLUMN story_points int; ALTER TABLE users ADD COLUMN locale text");
    let mut after = source.snapshot(ACME).await.unwrap();
    let warnings = after.warnings().await.unwrap();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].code, "schema_newer");
    assert_eq!(warnings[0].ids, ["users.locale", "work_items.story_points"]);
    assert!(warnings[0].message.contains("users.locale, work_items.story_points"), "{}", warnings[0].message);
    assert_eq!(after.columns(6).await.unwrap(), columns);
    after.finish().await.unwrap();

    let mut strict = config(&database.url());
    strict.strict_schema = true;
    let strict = source_with(strict, rytask());
    let error = refused(strict.snapshot(ACME).await.unwrap().warnings().await);
    assert_eq!(error.code(), "schema_newer");
    assert!(error.to_string().contains("work_items.story_points"));
}

#[tokio::test]
async fn the_definitions_warnings_name_the_rows() {
    let database = Database::rytask();
    let source = granted(&database);
    database.psql(
        "INSERT INTO memberships (id, organization_id, user_id)
         SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '00000000-0000-7000-8000-00000000000b',
           CASE WHEN n % 2 = 0 THEN '00000000-0000-7000-8000-0000000000a2' ELSE '00000000-0000-7000-8000-0000000000a3' END::uuid
         FROM generate_series(1, 2) AS n",
    );
    let mut snapshot = source.snapshot(super::fixture::BUECHER).await.unwrap();
    let warnings = snapshot.warnings().await.unwrap();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].code, "foreign_rows");
    assert_eq!(warnings[0].ids, ["00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"]);
}

#[tokio::test]
async fn at_most_a_hundred_rows_are_named() {
    let database = Database::rytask();
    let mut definition = rytask();
    definition.warnings.truncate(1);
    definition.warnings[0].rows = "SELECT n FROM generate_series(1, 1000) AS n WHERE $1::uuid IS NOT NULL;".into();
    let source = source(&database.admin_url(), definition);
    let warnings = source.snapshot(ACME).await.unwrap().warnings().await.unwrap();
    assert_eq!(warnings[0].ids.len(), 100);
}

#[tokio::test]
async fn a_column_that_changed_its_type_is_described_anew() {
    let database = Database::new();
    database.psql(
        "CREATE TABLE t (organization_id int, value int8);
         INSERT INTO t VALUES (1, 946684800)",
    );
    let rows = "SELECT value FROM t WHERE organization_id = $1";
    let source = source(&database.admin_url(), definition(&[("t", "t", rows)]));
    let mut before = source.snapshot("1").await.unwrap();
    let old = read(&mut before, 0).await.unwrap();
    before.finish().await.unwrap();
    // As wide as before, so that only the type tells them apart.
    database.psql("ALTER TABLE t ALTER value TYPE timestamp USING to_timestamp(value) AT TIME ZONE 'UTC'");
    let mut after = source.snapshot("1").await.unwrap();
    let new = read(&mut after, 0).await.unwrap();
    assert_ne!(old.columns, new.columns);
    assert_eq!(new.cells, [[Some(vec![0; 8])]]);
}

#[tokio::test]
async fn all_that_is_missing_or_unreadable_is_said_at_once() {
    let database = Database::rytask();
    let source = granted(&database);
    database.psql(
        "ALTER TABLE work_items RENAME title TO headline; ALTER TABLE labels DROP COLUMN color; DROP TABLE comments",
    );
    let error = refused(source.snapshot(ACME).await);
    assert_eq!(error.code(), "source_schema");
    let text = error.to_string();
    assert!(text.ends_with("comments, labels.color, work_items.title"), "{text}");

    let other = Database::rytask();
    let source = granted(&other);
    other.psql(&format!(
        "REVOKE SELECT (email) ON users FROM {0}; REVOKE SELECT (note) ON time_logs FROM {0}",
        other.role()
    ));
    let error = refused(source.snapshot(ACME).await);
    assert_eq!(error.code(), "source_privilege");
    assert!(error.to_string().ends_with("time_logs.note, users.email"), "{error}");
    assert!(error.hint().contains("--grants"));
}

#[tokio::test]
async fn an_app_that_is_older_than_the_definition_is_said_to_be_older() {
    let database = Database::rytask();
    let source = granted(&database);
    database.psql("DROP TABLE comments; ALTER TABLE labels DROP COLUMN color");
    let error = refused(source.snapshot(ACME).await);
    let older = format!("the app is older than rytask {}: it does not have", rytask().measured_on);
    assert!(error.code() == "source_schema" && error.to_string().contains(&older), "{error}");
    assert!(error.hint().contains("update the app"), "{}", error.hint());
    let check = source.check().await;
    let readable = check.lines.iter().find(|line| line.name == "readable").unwrap();
    assert!(readable.message.contains(&older) && readable.details.len() == 2, "{readable:?}");

    let other = Database::rytask();
    let source = granted(&other);
    other.psql("ALTER TABLE users DROP COLUMN password_hash");
    let check = source.check().await;
    let schema = check.lines.iter().find(|line| line.name == "schema").unwrap();
    assert!(schema.message.starts_with("older than rytask") && !schema.hint.contains("update orgvault"), "{schema:?}");
}

#[tokio::test]
async fn row_level_security_is_an_error_and_never_an_empty_section() {
    let database = Database::rytask();
    let source = granted(&database);
    source.snapshot(ACME).await.unwrap().finish().await.unwrap();
    database.psql(
        "ALTER TABLE comments ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON comments USING (false);
         ALTER TABLE labels ENABLE ROW LEVEL SECURITY",
    );
    let error = refused(source.snapshot(ACME).await);
    assert_eq!(error.code(), "source_row_filter");
    assert!(error.to_string().ends_with("comments, labels"), "{error}");
    database.psql(&format!("ALTER ROLE {} BYPASSRLS", database.role()));
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    assert_eq!(read(&mut snapshot, 7).await.unwrap().cells.len(), 2);
}

#[tokio::test]
async fn row_level_security_that_comes_between_snapshot_and_rows_is_an_error() {
    let database = Database::rytask();
    let source = granted(&database);
    warm(&source, ACME).await;
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    database.psql("ALTER TABLE comments ENABLE ROW LEVEL SECURITY");
    let error = refused(snapshot.counts().await);
    assert_eq!(error.code(), "source_row_filter", "{error}");
}

#[tokio::test]
async fn tables_of_another_schema_are_read_by_their_full_name() {
    let database = Database::new();
    database.psql(
        "CREATE SCHEMA \"App One\"; CREATE TABLE \"App One\".\"Order\" (organization_id int, \"Näme\" text);
         INSERT INTO \"App One\".\"Order\" VALUES (1, 'x')",
    );
    let rows = "SELECT \"Näme\" AS name FROM \"App One\".\"Order\" WHERE organization_id = $1";
    let mut definition = definition(&[("orders", "\"App One\".\"Order\"", rows)]);
    let reads = vec!["organization_id".to_owned(), "Näme".to_owned()];
    definition.tables =
        [("App One.Order".to_owned(), Table { reads, known: Some(Vec::new()), ..Table::default() })].into();
    let source = source(&database.url(), definition);
    assert_eq!(refused(source.snapshot("1").await).code(), "source_privilege");
    database.psql(&source.grants());
    let mut snapshot = source.snapshot("1").await.unwrap();
    assert_eq!(snapshot.counts().await.unwrap(), [1]);
    assert_eq!(read(&mut snapshot, 0).await.unwrap().text("name"), [Some("x".to_owned())]);
}
