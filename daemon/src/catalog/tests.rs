use chrono::{DateTime, TimeDelta};
use orgvault_api::{Archive, Export, Format, OrganizationKey, SectionCount, State, gid::Gid};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{ArchiveFilter, Catalog, CatalogError, ExportFilter, Mend, Repeat, Repeated, Tenants, Totals};
use crate::store::{Prefix, Stored, fixture};

mod history;
mod scale;
mod tenants;

fn gid(number: u64) -> Gid {
    Gid::try_from(number).unwrap()
}

fn organization(id: &str) -> OrganizationKey {
    OrganizationKey {
        source: "tracker".to_owned(),
        kind: "organization".to_owned(),
        id: id.to_owned(),
        name: "Ünïcode \u{1b}[31m\n🚀".to_owned(),
        slug: "../x".to_owned(),
    }
}

fn of_kind(kind: &str, id: &str) -> OrganizationKey {
    OrganizationKey { kind: kind.to_owned(), ..organization(id) }
}

fn export(number: u64) -> Export {
    Export {
        gid: gid(number),
        request: gid(9),
        organization: organization("acme"),
        format: Format::Csv,
        entity: Some("time-logs".to_owned()),
        gzip: true,
        importable: false,
        state: State::Pending,
        created_at: DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap(),
        started_at: None,
        finished_at: None,
        progress: None,
        error: None,
        warnings: Vec::new(),
        counts: Vec::new(),
        bytes: None,
        requested_by: "root".to_owned(),
        schedule: None,
    }
}

fn archive(number: u64, seconds: i64, path: &str) -> Stored {
    let counts = vec![SectionCount { name: "timeLogs".to_owned(), rows: 3 }];
    let (request, organization, path) = (gid(9), organization("acme"), path.to_owned());
    let exported_at = DateTime::from_timestamp(seconds, 0).unwrap();
    fixture::stored(Archive { request, organization, path, counts, bytes: 10, ..fixture::archive(number, exported_at) })
}

/// As the API shows it, to the last word.
fn wire(value: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

async fn open(directory: &std::path::Path) -> Catalog {
    Catalog::open(&directory.join("catalog.sqlite")).await.unwrap()
}

#[tokio::test]
async fn pending_exports_survive_a_restart_in_their_order() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    // Gids of one millisecond are random, so the order is not theirs.
    let added: Vec<Export> = (0..1200).map(|number| export(1 + (number * 7919) % 100_003)).collect();
    catalog.add_exports(&added, None).await.unwrap();
    catalog.close().await;
    let pending = ExportFilter { state: Some(State::Pending), ..ExportFilter::default() };
    assert_eq!(wire(&open(directory.path()).await.exports(pending).await.unwrap()), wire(&added));
}

#[tokio::test]
async fn a_gid_is_added_once_and_then_nothing_of_its_request_is() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    catalog.add_exports(&[export(1)], None).await.unwrap();
    assert!(catalog.add_exports(&[export(2), export(1)], None).await.is_err());
    assert_eq!(wire(&catalog.exports(ExportFilter::default()).await.unwrap()), wire(&[export(1)]));
}

#[tokio::test]
async fn a_key_is_kept_for_a_day_with_its_exports_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    let repeat = |key: &str| Repeat { caller: "ada".to_owned(), key: key.into(), asked: format!("{{\"{key}\":1}}") };
    let now = export(1).created_at;
    catalog.add_exports(&[export(1)], Some(&repeat("a"))).await.unwrap();
    let known = Repeated { asked: repeat("a").asked, request: gid(9) };
    assert_eq!(catalog.repeated(&repeat("a"), now).await.unwrap(), Some(known));
    assert_eq!(catalog.repeated(&Repeat { caller: "bob".to_owned(), ..repeat("a") }, now).await.unwrap(), None);
    assert_eq!(catalog.repeated(&repeat("a"), now + TimeDelta::days(1)).await.unwrap(), None);

    assert!(catalog.add_exports(&[export(2), export(1)], Some(&repeat("b"))).await.is_err());
    assert_eq!(catalog.repeated(&repeat("b"), now).await.unwrap(), None);
    assert!(catalog.add_exports(&[export(2)], Some(&repeat("a"))).await.is_err(), "a key stands for one request");
    assert!(catalog.export(gid(2)).await.unwrap().is_none());

    let later = Export { created_at: now + TimeDelta::days(1), ..export(3) };
    catalog.add_exports(&[later], Some(&repeat("a"))).await.unwrap();
}

#[tokio::test]
async fn an_update_of_an_unknown_export_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let refused = open(directory.path()).await.update_export(&export(1)).await;
    assert!(matches!(refused, Err(CatalogError::Affected { rows: 0, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_finished_export_and_its_archive_are_written_together() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    let mut done = export(1);
    done.state = State::Finished;
    done.bytes = Some(10);
    assert!(catalog.finish_export(&done, &archive(1, 1, "a")).await.is_err());
    assert!(catalog.archive(gid(1)).await.unwrap().is_none(), "no archive without its export");
    catalog.add_exports(&[export(1)], None).await.unwrap();
    catalog.finish_export(&done, &archive(1, 1, "a")).await.unwrap();
    assert_eq!(wire(&catalog.export(gid(1)).await.unwrap()), wire(&done));
    assert_eq!(catalog.totals(&Tenants::default()).await.unwrap(), Totals { archives: 1, bytes: 10 });
}

#[tokio::test]
async fn archives_are_kept_by_their_names_in_the_store_and_found_where_an_old_catalog_has_a_path() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    for number in 1..=3 {
        catalog.put_archive(&archive(number, 1, "tracker/acme--1/x.json")).await.unwrap();
    }
    let with =
        |gid, path| format!("UPDATE archives SET document = json_set(document, '$.path', '{path}') WHERE gid = {gid}");
    meddle(directory.path(), &with(2, "/var/lib/archives/tracker/acme--1/x.json")).await;
    meddle(directory.path(), &with(3, "../../etc/passwd")).await;
    let keys: Vec<String> = catalog
        .archives(&ArchiveFilter::default())
        .await
        .unwrap()
        .iter()
        .map(|archive| format!("{} {} {}", archive.gid, archive.key(), archive.kept().path))
        .collect();
    let same = "tracker/acme--1/x.json tracker/acme--1/x.json";
    assert_eq!(keys, [format!("1 {same}"), format!("2 {same}")], "what leads elsewhere is no archive");
    assert!(matches!(catalog.archive(gid(3)).await, Err(CatalogError::Document { gid: 3, .. })));
}

#[tokio::test]
async fn the_newest_archive_is_the_last_exported_and_of_one_instant_the_highest_gid() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    for (number, seconds) in [(5, 100), (9, 200), (8, 200), (7, 50)] {
        catalog.put_archive(&archive(number, seconds, "a")).await.unwrap();
    }
    let pairs = catalog.newest_pairs("tracker").await.unwrap();
    assert_eq!(
        pairs[&organization("acme").tenant()].iter().map(|archive| archive.gid).collect::<Vec<_>>(),
        [gid(9), gid(8)]
    );
    let listed = catalog.archives(&ArchiveFilter::default()).await.unwrap();
    let order: Vec<u64> = listed.iter().map(|archive| archive.gid.get()).collect();
    assert_eq!(order, [7, 5, 8, 9]);
}

#[tokio::test]
async fn the_archives_of_a_directory_are_found_by_it() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    let prefix = |text: &str| Prefix::parse(text).unwrap();
    let (place, other) = (prefix("tracker/acme--id"), prefix("tracker/acme--id2"));
    let path = |name: &str| place.key(name).unwrap().to_string();
    for one in
        [archive(1, 20, &path("b.json")), archive(2, 10, &path("a.json")), archive(3, 5, "tracker/acme--id2/c.json")]
    {
        catalog.put_archive(&one).await.unwrap();
    }
    let found = catalog.archives_in(&place).await.unwrap();
    assert_eq!(found.iter().map(|one| one.gid).collect::<Vec<_>>(), [gid(2), gid(1)]);
    assert_eq!(found[1].key().to_string(), path("b.json"));
    assert!(catalog.archives_in(&prefix("tracker")).await.unwrap().is_empty());
    assert_eq!(catalog.archives_in(&other).await.unwrap()[0].gid, gid(3));
}

/// Does something to the catalog on a connection of its own.
async fn meddle(directory: &std::path::Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(directory.join("catalog.sqlite"));
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut other).await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_by_itself_leaves_no_connection_in_another_one() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    // What a full disk does to a transaction.
    let full =
        "CREATE TRIGGER full BEFORE INSERT ON exports BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END";
    meddle(directory.path(), full).await;
    for _ in 0..3 {
        assert!(catalog.add_exports(&[export(1)], None).await.is_err());
    }
    meddle(directory.path(), "DROP TRIGGER full").await;
    catalog.add_exports(&[export(1)], None).await.unwrap();
    // A rule of the tables ends the statement, and nothing else.
    assert!(catalog.add_exports(&[export(1)], None).await.is_err());
    for number in 2..9 {
        catalog.add_exports(&[export(number)], None).await.unwrap();
        let options = SqliteConnectOptions::new().filename(directory.path().join("catalog.sqlite"));
        let mut other = SqliteConnection::connect_with(&options).await.unwrap();
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM exports").fetch_one(&mut other).await.unwrap();
        assert_eq!(count, i64::try_from(number).unwrap(), "what was taken in is there for everybody");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_mended_is_kept_aside_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    catalog.add_exports(&[export(1), export(2), export(3)], None).await.unwrap();
    let damage = "UPDATE exports SET format = 'parquet' WHERE gid = 1; \
        UPDATE exports SET state = 'error', error = '{', counts = 'x' WHERE gid = 2";
    meddle(directory.path(), damage).await;
    assert_eq!(wire(&catalog.exports(ExportFilter::default()).await.unwrap()), wire(&[export(3)]));
    assert!(catalog.export(gid(2)).await.unwrap_err().is_of_a_row());
    catalog.mend(Mend::Everything, DateTime::UNIX_EPOCH).await.unwrap();
    let left = catalog.exports(ExportFilter::default()).await.unwrap();
    assert_eq!(left.iter().map(|export| export.gid).collect::<Vec<_>>(), [gid(2), gid(3)]);
    assert_eq!(left[0].error.as_ref().unwrap().code, "catalog");
    let kept: Vec<(String, String)> =
        sqlx::query_as("SELECT origin, row ->> 'format' || ' ' || coalesce(row ->> 'error', '') FROM set_aside")
            .fetch_all(&catalog.pool)
            .await
            .unwrap();
    assert_eq!(kept, [("exports".into(), "parquet ".into()), ("exports".into(), "csv {".into())]);
}

#[tokio::test]
async fn what_is_no_database_is_set_aside_and_one_that_is_new_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.sqlite");
    for (number, text) in
        ["no database, and longer than its header has to be".repeat(9), String::new()].iter().enumerate()
    {
        std::fs::write(&path, text).unwrap();
        let catalog = open(directory.path()).await;
        assert_eq!(catalog.was_made_anew(), number == 0);
        assert_eq!(catalog.notices().list().len(), 1, "as long as it lies there");
        catalog.close().await;
    }
    assert!(directory.path().join("catalog.sqlite.damaged-1").exists());
    assert!(!directory.path().join("catalog.sqlite.damaged-2").exists());
}

#[tokio::test]
async fn a_forgotten_archive_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    catalog.put_archive(&archive(2, 2, "b")).await.unwrap();
    assert!(catalog.forget_archive(gid(2)).await.unwrap());
    assert!(!catalog.forget_archive(gid(2)).await.unwrap());
}
