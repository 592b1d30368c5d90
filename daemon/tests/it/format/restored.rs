//! RyTask's own archive goes back into RyTask's tables, and its export of them has the same bytes.

use std::{collections::BTreeMap, io::Read as _, str::FromStr as _, sync::Arc};

use orgvault_api::{Format, RestoreMode};
use orgvault_archive::{ArchiveReader, full::schema::QualifiedName};
use orgvault_daemon::{
    products::rytask::restore::RytaskRows,
    restore::{ArchivedRows as _, Restore, Target, Tenant, TenantTable},
};
use orgvault_testing::postgres::Database;
use sqlx::postgres::PgConnectOptions;

use super::export;
use crate::source::fixture::granted;

const ACME: &str = "00000000-0000-7000-8000-00000000000a";

/// RyTask's tables with nothing in them, and the one that its export does not read.
fn empty() -> Database {
    let database = Database::rytask();
    database.psql(
        "TRUNCATE organizations, users, workspaces, memberships, projects, statuses, labels, work_items, \
         work_item_labels, comments, time_logs;
         CREATE TABLE project_counters (project_id uuid PRIMARY KEY, organization_id uuid NOT NULL, last_number integer)",
    );
    database
}

async fn json(database: &Database) -> String {
    let source = granted(database);
    let mut snapshot = source.snapshot(ACME).await.unwrap();
    let definition = Arc::clone(source.definition());
    let (json, _) = export(&mut snapshot, &definition, Format::Json, None).await.unwrap();
    snapshot.finish().await.unwrap();
    json
}

fn tenant(rows: &RytaskRows) -> Tenant {
    let condition = |table: &str| if table == "organizations" { "id = $1" } else { "organization_id = $1" };
    let own = |name: &QualifiedName| TenantTable { condition: Some(condition(&name.name).to_owned()), shared: false };
    let tables: BTreeMap<_, _> = rows.tables().iter().map(|table| (table.name.clone(), own(&table.name))).collect();
    Tenant { id: ACME.to_owned(), tables, references: Vec::new() }
}

#[tokio::test]
async fn an_archive_of_rytask_goes_back_and_comes_out_the_same() {
    let before = json(&Database::rytask()).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("acme.json");
    std::fs::write(&path, &before).unwrap();
    let rows = Arc::new(RytaskRows::read(ArchiveReader::in_place(&path).unwrap(), false, "00".to_owned()).unwrap());
    let target = empty();
    let restore = |mode| Restore {
        renewal: None,
        target: Target::new("test", PgConnectOptions::from_str(&target.admin_url()).unwrap()),
        rows: Arc::<RytaskRows>::clone(&rows),
        tenant: tenant(&rows),
        mode,
    };
    let done = restore(RestoreMode::Scratch).apply(None).await.unwrap_or_else(|error| panic!("{error:#?}"));
    assert_eq!(done.inserted, rows.tables().iter().map(|table| table.rows).sum::<u64>());
    assert_eq!(json(&target).await, before);
    let highest = "SELECT bool_and(last_number = (SELECT max(number) FROM work_items w WHERE w.project_id = c.project_id)) \
                   FROM project_counters c";
    assert_eq!(target.psql(highest), "t");
    let again = restore(RestoreMode::InsertOnly).apply(None).await.unwrap();
    assert!(again.identical, "{:#?}", again.plan);
}

#[tokio::test]
async fn the_rows_of_a_table_are_read_in_pieces_of_any_size() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("acme.json");
    std::fs::write(&path, json(&Database::rytask()).await).unwrap();
    let rows = RytaskRows::read(ArchiveReader::in_place(&path).unwrap(), false, "00".to_owned()).unwrap();
    for table in rows.tables() {
        let (mut whole, mut bytes) = (Vec::new(), Vec::new());
        rows.csv(table).unwrap().read_to_end(&mut whole).unwrap();
        let mut reader = rows.csv(table).unwrap();
        let mut one = [0];
        while reader.read(&mut one).unwrap() == 1 {
            bytes.push(one[0]);
        }
        assert!(whole == bytes, "{}", table.name);
    }
}
