//! What a role lacks is told by `orgvault check`, before an export needs it.

use orgvault_api::{CheckLine, CheckResult};
use orgvault_daemon::{product::Definition, source::Source};

use super::fixture::{ACME, definition, granted, read, refused, rytask, source};
use orgvault_testing::postgres::{Database, Server};

async fn queries(source: &Source) -> CheckLine {
    source.check().await.lines.into_iter().find(|line| line.name == "queries").unwrap()
}

/// A definition whose tables list only the organization's column, and a role that has exactly what they list.
fn forgetful(database: &Database, sections: &[(&str, &str, &str)]) -> Source {
    let mut definition = definition(sections);
    definition.organization.list = rytask().organization.list;
    for (name, table) in rytask().tables {
        definition.tables.entry(name).or_insert(table);
    }
    let source = source(&database.url(), definition);
    database.psql(&source.grants());
    source
}

#[tokio::test]
async fn a_missing_grant_of_a_column_is_told_with_table_and_column() {
    let database = Database::rytask();
    let source = forgetful(
        &database,
        &[
            ("people", "users", "SELECT id, email, password_hash FROM users WHERE organization_id = $1 ORDER BY id"),
            ("everything", "labels", "SELECT * FROM labels WHERE organization_id = $1"),
            ("projects", "projects", "SELECT organization_id AS id FROM projects WHERE organization_id = $1"),
            ("wrong", "projects", "SELECT nothing FROM projects WHERE organization_id = $1"),
        ],
    );
    let line = queries(&source).await;
    assert_eq!((line.result, line.details.len()), (CheckResult::Failed, 3), "{line:?}");
    let role = database.role();
    let people = "cannot read section people: permission denied for table users (42501): users.email, users.id, \
                  users.password_hash";
    assert!(line.details[0].ends_with(people), "{line:?}");
    assert!(
        line.details[1].contains("section everything") && line.details[1].contains("labels.workspace_id"),
        "{line:?}"
    );
    assert!(line.details[2].contains("section wrong") && line.details[2].contains("\"nothing\""), "{line:?}");
    assert!(
        line.hint.contains(&format!("GRANT SELECT (email, id, password_hash) ON public.users TO {role};")),
        "{line:?}"
    );
    let grants = line.hint.split_once(": ").unwrap().1.split_once(" (what").unwrap().0;
    database.psql(grants);
    let line = queries(&source).await;
    assert_eq!(line.details.len(), 1, "{line:?}");
}

#[tokio::test]
async fn a_row_as_a_whole_is_all_of_its_columns() {
    let database = Database::rytask();
    let rows = "SELECT organization_id AS id, to_jsonb(labels) AS label FROM labels WHERE organization_id = $1";
    let source = forgetful(&database, &[("labels", "labels", rows)]);
    let line = queries(&source).await;
    assert_eq!(line.details.len(), 1, "{line:?}");
    assert!(line.details[0].contains("(42501): ") && line.details[0].contains("labels.name"), "{line:?}");
    database.psql(line.hint.split_once(": ").unwrap().1.split_once(" (what").unwrap().0);
    assert_eq!(queries(&source).await.result, CheckResult::Ok);
}

#[tokio::test]
async fn queries_may_end_with_a_comment() {
    let database = Database::rytask();
    let mut definition =
        definition(&[("logs", "time_logs", "SELECT id FROM time_logs WHERE organization_id = $1 -- ;")]);
    definition.organization.list = "SELECT id, name, slug FROM organizations -- of everybody".into();
    definition.sections[0].count = "SELECT count(*) FROM time_logs WHERE organization_id = $1 -- $1".into();
    let mut warning = rytask().warnings.remove(0);
    warning.rows = "SELECT id::text FROM time_logs WHERE organization_id = $1 AND false -- /*".into();
    definition.warnings = vec![warning];
    let source = source(&database.admin_url(), definition);
    let line = queries(&source).await;
    assert_eq!(line.result, CheckResult::Ok, "{line:?}");
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    assert_eq!(snapshot.counts().await.unwrap(), [15]);
    assert_eq!(read(&mut snapshot, 0).await.unwrap().cells.len(), 15);
    snapshot.finish().await.unwrap();
}

#[tokio::test]
async fn what_the_line_readable_tells_is_not_told_twice() {
    let database = Database::rytask();
    let source = granted(&database);
    database.psql(&format!("REVOKE SELECT (note) ON time_logs FROM {}", database.role()));
    let lines = source.check().await.lines;
    let line = |name: &str| lines.iter().find(|line| line.name == name).unwrap();
    assert_eq!(line("readable").details, ["time_logs.note: not readable"]);
    assert_eq!(line("queries").result, CheckResult::Ok, "{:?}", line("queries"));
}

#[tokio::test]
async fn functions_views_and_schemas_are_told_too() {
    let database = Database::rytask();
    let role = database.role();
    database.psql(&format!(
        "CREATE ROLE {role}_owner; CREATE SCHEMA billing;
         CREATE TABLE billing.invoices (organization_id uuid, id int, total money);
         CREATE FUNCTION public.shown(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
         REVOKE EXECUTE ON FUNCTION public.shown(text) FROM PUBLIC;
         CREATE VIEW owned AS SELECT organization_id, id, email FROM users; ALTER VIEW owned OWNER TO {role}_owner;
         GRANT SELECT (organization_id, id) ON users TO {role}_owner; GRANT SELECT ON owned TO {role};
         CREATE VIEW invoked WITH (security_invoker) AS SELECT organization_id, id, password_hash FROM users;
         GRANT SELECT ON invoked TO {role}"
    ));
    let source = forgetful(
        &database,
        &[
            ("shown", "users", "SELECT shown(organization_id::text) AS id FROM users WHERE organization_id = $1"),
            ("owned", "owned", "SELECT id, email FROM owned WHERE organization_id = $1"),
            ("invoked", "invoked", "SELECT id, password_hash FROM invoked WHERE organization_id = $1"),
        ],
    );
    let line = queries(&source).await;
    assert_eq!(line.details.len(), 5, "{line:?}");
    assert!(line.details[0].ends_with("(42501): EXECUTE ON FUNCTION public.shown(pg_catalog.text)"), "{line:?}");
    let owner = format!("(42501): users.email (read by {role}_owner, who owns the view)");
    assert!(line.details[1].ends_with(&owner) && line.details[1].contains("read section owned"), "{line:?}");
    assert!(line.details[2].contains("count section owned"), "{line:?}");
    for grant in [
        format!("GRANT SELECT (email) ON public.users TO {role}_owner;"),
        format!("GRANT SELECT (id, password_hash) ON public.users TO {role};"),
        format!("GRANT EXECUTE ON FUNCTION public.shown(pg_catalog.text) TO {role};"),
    ] {
        assert!(line.hint.contains(&grant), "{grant}: {line:?}");
    }
    let source =
        forgetful(&database, &[("invoices", "projects", "SELECT id FROM billing.invoices WHERE organization_id = $1")]);
    let line = queries(&source).await;
    assert!(line.details[0].contains("permission denied for schema billing"), "{line:?}");
    assert!(line.hint.contains(&format!("GRANT USAGE ON SCHEMA billing TO {role};")), "{line:?}");
}

#[tokio::test]
async fn a_role_without_any_right_is_told_every_table() {
    let database = Database::rytask();
    let source = source(&database.url(), rytask());
    let lines = source.check().await.lines;
    let line = |name: &str| lines.iter().find(|line| line.name == name).unwrap();
    let readable = line("readable");
    assert_eq!(readable.result, CheckResult::Failed);
    assert!(readable.details.contains(&"users (none of 4 columns): not readable".to_owned()), "{readable:?}");
    assert_eq!(line("organizations").result, CheckResult::Failed);
    assert_eq!(refused(source.snapshot(ACME).await).code(), "source_privilege");
}

fn tables_of_every_kind(database: &Database, server: &Server) -> Definition {
    let (socket, port, name) = (server.directory().display(), server.port(), database.name());
    database.psql(&format!(
        "CREATE EXTENSION postgres_fdw;
         CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{socket}', port '{port}', dbname '{name}');
         CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'postgres');
         CREATE TABLE plain (organization_id uuid, id int, v inet);
         INSERT INTO plain SELECT '{ACME}', n, '10.0.0.1' FROM generate_series(1, 3) n;
         CREATE FOREIGN TABLE afar (organization_id uuid, id int, v inet) SERVER far OPTIONS (table_name 'plain');
         CREATE TABLE parted (organization_id uuid, id int, v inet) PARTITION BY LIST (id);
         CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
         CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
         INSERT INTO parted SELECT * FROM plain;
         CREATE VIEW seen AS SELECT * FROM plain;
         CREATE MATERIALIZED VIEW stored AS SELECT * FROM plain;"
    ));
    let rows = |table: &str| format!("SELECT id, v FROM {table} WHERE organization_id = $1 ORDER BY id");
    let tables = ["plain", "afar", "parted", "seen", "stored"].map(|table| (table, rows(table)));
    let sections: Vec<_> = tables.iter().map(|(table, rows)| (*table, *table, rows.as_str())).collect();
    let mut definition = definition(&sections);
    definition.organization.list = "SELECT DISTINCT organization_id AS id, 'A' AS name, '' AS slug FROM plain".into();
    definition
}

#[tokio::test]
async fn tables_of_every_kind_are_checked_and_exported() {
    let server = Server::start();
    let database = server.database();
    let definition = tables_of_every_kind(&database, &server);
    let admin = source(&database.admin_url(), definition.clone());
    let line = queries(&admin).await;
    assert_eq!(line.result, CheckResult::Ok, "{line:?}");
    let mut snapshot = admin.snapshot(ACME).await.unwrap();
    assert_eq!(snapshot.counts().await.unwrap(), [3; 5]);
    for section in 0..5 {
        assert_eq!(read(&mut snapshot, section).await.unwrap().text("v"), vec![Some("10.0.0.1".to_owned()); 3]);
    }
    snapshot.finish().await.unwrap();

    // The role may read the foreign table, and is nobody on the foreign server; the view was emptied.
    let reader = source(&database.url(), definition);
    let tables = "plain, afar, parted, seen, stored";
    database.psql(&format!(
        "GRANT SELECT ON {tables} TO {}; REFRESH MATERIALIZED VIEW stored WITH NO DATA",
        database.role()
    ));
    let line = queries(&reader).await;
    assert_eq!(line.result, CheckResult::Failed);
    for told in [
        "read section afar: user mapping not found",
        "read section stored: materialized view \"stored\" has not been populated",
    ] {
        assert!(line.details.iter().any(|detail| detail.contains(told)), "{told}: {line:?}");
    }
}
