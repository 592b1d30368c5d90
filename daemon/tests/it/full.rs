//! `full` archives: every row of an organization with every column, as a bag that stock tools accept.

#[cfg(test)]
pub(crate) mod changed;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod refused;
#[cfg(test)]
pub(crate) mod sqlite;
#[cfg(test)]
pub(crate) mod stock;

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use orgvault_api::{Format, OrganizationKey};
use orgvault_archive::{
    ArchiveReader, Expected,
    full::{FullArchive, report::TableReport},
    manifest::Layout,
    read_back,
};
use orgvault_config::SourceConfig;
use orgvault_daemon::{
    product::{Definition, Products},
    source::Source,
};
use orgvault_testing::{
    apps::{App, Tenant, tenant_of},
    postgres::Database,
};
use tempfile::TempDir;

use self::fixture::{TEAMS, full, teams};
use crate::source::fixture::{config, source_with};

/// The rows of a table of an archive, with its header.
fn rows(archive: &FullArchive, table: &TableReport) -> Vec<Vec<String>> {
    let member = archive.member(&table.file).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(member);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn table<'a>(archive: &'a FullArchive, file: &str) -> &'a TableReport {
    archive.report().tables.iter().find(|table| table.file == file).unwrap()
}

/// The archive without its manifest, as somebody has it who was only handed the file.
fn is_whole(path: &Path) {
    let reader = ArchiveReader::in_place(path).unwrap();
    let layout = Layout::default();
    let report = read_back(&reader, &Expected::nothing(Format::Full, false, &layout));
    assert_eq!(report.faults, []);
}

/// Whether a program ends well, and what it prints.
fn ran(folder: &Path, program: &str, arguments: &[&str]) -> (bool, String) {
    let done = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let (well, words) = ran(folder, program, arguments);
    assert!(well, "{program}: {words}");
}

/// What is in the archive, as `unzip` gives it.
pub(crate) fn unpacked(path: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "unzip", &["-q", path.to_str().unwrap()]);
    folder
}

/// A source of an app that may read everything.
fn app(name: &str) -> (Database, Source) {
    of(App::named(name).database(), name)
}

/// The same of a product with its own fixture.
fn product(name: &str, tables: &str) -> (Database, Source) {
    let database = Database::new();
    database.psql(tables);
    of(database, name)
}

fn of(database: Database, name: &str) -> (Database, Source) {
    let config = SourceConfig { product: name.to_owned(), ..config(&database.url()) };
    let definition = Products::embedded().unwrap().get(name).unwrap().clone();
    database.psql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", database.role()));
    (database, source_with(config, Definition::clone(&definition)))
}

/// What belongs to a tenant names no other; every row of every table that is not shared or left out is in one archive.
async fn holds(name: &str) {
    let (database, source) = app(name);
    let organizations: Vec<OrganizationKey> =
        source.organizations().await.unwrap().into_iter().map(|listed| listed.key).collect();
    let mut archives = Vec::new();
    for organization in &organizations {
        let made = full(&source, organization).await.unwrap();
        assert_eq!(made.bytes(), full(&source, organization).await.unwrap().bytes(), "the same rows, the same bytes");
        is_whole(&made.path);
        let own: Tenant = tenant_of(&organization.id).unwrap();
        let archive = made.open();
        for table in archive.report().tables.iter().filter(|table| !table.shared) {
            let cells = rows(&archive, table).into_iter().flatten();
            let others: BTreeSet<Tenant> =
                cells.filter_map(|cell| tenant_of(&cell)).filter(|it| ![0, own].contains(it)).collect();
            assert!(others.is_empty(), "{} of tenant {own} names {others:?}", table.name);
        }
        archives.push(archive);
    }
    for table in archives[0].report().tables.iter().filter(|table| !table.shared) {
        let there = database.psql(&format!("SELECT count(*) FROM {:?}.{:?}", table.name.schema, table.name.name));
        let held = archives.iter().map(|archive| self::table(archive, &table.file).rows);
        assert_eq!(held.sum::<u64>().to_string(), there, "{}", table.name);
    }
}

#[tokio::test]
async fn plane_is_archived_whole() {
    holds("plane").await;
}

#[tokio::test]
async fn docmost_is_archived_whole() {
    holds("docmost").await;
}

#[tokio::test]
async fn outline_is_archived_whole() {
    holds("outline").await;
}

#[tokio::test]
async fn chatwoot_is_archived_whole() {
    holds("chatwoot").await;
}

#[tokio::test]
async fn planka_is_archived_whole() {
    holds("planka").await;
}

#[tokio::test]
async fn rows_are_the_text_of_the_server() {
    let (database, source) = teams(TEAMS);
    let made = full(&source, &fixture::team(1)).await.unwrap();
    is_whole(&made.path);
    let folder = unpacked(&made.path);
    for name in ["teams", "members", "notes", "Odd.Name \"x\""] {
        let (order, condition) = match name {
            "teams" => ("id", "id = 1"),
            "members" => ("name COLLATE \"C\"", "team_id = 1"),
            _ => ("id", "team_id = 1"),
        };
        let quoted = name.replace('"', "\"\"");
        let expected = database.psql(&format!(
            "SET TimeZone = 'UTC'; COPY (SELECT * FROM \"{quoted}\" WHERE {condition} ORDER BY {order}) TO STDOUT (FORMAT csv, HEADER, NULL '\\N')"
        ));
        let file = if name.starts_with("Odd") { "Odd~2eName~20~22x~22" } else { name };
        let held = fs::read_to_string(folder.path().join(format!("data/public.{file}.csv"))).unwrap();
        assert_eq!(held.trim_end(), expected.trim_end(), "{name}");
    }
}

#[tokio::test]
async fn it_is_a_bag_whose_sums_stock_tools_check() {
    let (_database, source) = teams(TEAMS);
    let made = full(&source, &fixture::team(1)).await.unwrap();
    let folder = unpacked(&made.path);
    run(folder.path(), "sha256sum", &["--check", "--strict", "--quiet", "manifest-sha256.txt"]);
    run(folder.path(), "sha256sum", &["--check", "--strict", "--quiet", "tagmanifest-sha256.txt"]);
    assert_eq!(
        fs::read_to_string(folder.path().join("bagit.txt")).unwrap(),
        "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    );
    let info = fs::read_to_string(folder.path().join("bag-info.txt")).unwrap();
    assert!(info.contains("External-Identifier: 1\nPayload-Oxum: "), "{info}");
}

#[tokio::test]
async fn what_points_at_somebody_elses_row_takes_it_along_by_itself() {
    let (database, source) = teams(TEAMS);
    let before = full(&source, &fixture::team(1)).await.unwrap();
    assert!(before.open().report().tables.iter().all(|table| !table.file.starts_with("data/named/")));
    database
        .psql("INSERT INTO notes (id, team_id, author, parent_id) OVERRIDING SYSTEM VALUE VALUES (90, 1, 'cleo', 21)");
    let made = full(&source, &fixture::team(1)).await.unwrap();
    is_whole(&made.path);
    let archive = made.open();
    let named = |table: &str| {
        let table = self::table(&archive, &format!("data/named/public.{table}.csv"));
        (table.shared, rows(&archive, table)[1..].iter().map(|row| row[0].clone()).collect::<Vec<_>>())
    };
    assert_eq!(named("members"), (true, vec!["cleo".to_owned()]));
    assert_eq!(named("notes"), (true, vec!["21".to_owned()]));
    // Her own team has her as its own row.
    let other = full(&source, &fixture::team(2)).await.unwrap().open();
    assert_eq!(rows(&other, table(&other, "data/public.members.csv")).len(), 2);
}

#[tokio::test]
async fn shared_rows_are_those_that_the_organization_names() {
    let (_database, source) = teams(TEAMS);
    let archive = full(&source, &fixture::team(1)).await.unwrap().open();
    let people = table(&archive, "data/public.people.csv");
    assert!(people.shared);
    // Person 1 by a foreign key of a member, 3 because person 1 names it.
    let ids: Vec<String> = rows(&archive, people)[1..].iter().map(|row| row[0].clone()).collect();
    assert_eq!(ids, ["1", "3"]);
    let omissions: Vec<&str> = archive.report().omissions.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(omissions, ["secrets: who is logged in"]);
}
