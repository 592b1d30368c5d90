//! Lists of organizations of which some are wrong: the others are there.

use orgvault_api::{CheckLine, CheckResult};
use orgvault_daemon::{
    product::Definition,
    source::{Listed, ListingFault, Source},
};

use super::{
    fixture::{definition, source},
    sqlite::File,
};
use orgvault_testing::postgres::Server;

fn companies(list: &str) -> Definition {
    let mut definition = definition(&[("entries", "entries", "SELECT note FROM entries WHERE organization_id = $1")]);
    definition.organization.list = list.into();
    definition
}

const ENTRIES: &str = "CREATE TABLE entries (organization_id INTEGER, note TEXT);";

/// Id, and the code of its refusal.
fn codes(listed: &[Listed]) -> Vec<(&str, &str)> {
    listed.iter().map(|one| (one.key.id.as_str(), one.refusal.as_ref().map_or("", ListingFault::code))).collect()
}

async fn line(source: &Source) -> CheckLine {
    source.check().await.lines.into_iter().find(|line| line.name == "organizations").unwrap()
}

#[tokio::test]
async fn a_join_that_repeats_an_organization_refuses_it_alone_on_both_databases() {
    let setup = format!(
        "{ENTRIES} CREATE TABLE companies (id INTEGER PRIMARY KEY, name TEXT, slug TEXT);
         INSERT INTO companies VALUES (1, 'Acme', 'acme'), (2, 'Globex', 'globex');
         CREATE TABLE domains (company_id INTEGER, host TEXT);
         INSERT INTO domains VALUES (1, 'a.example'), (1, 'b.example'), (2, 'c.example');"
    );
    let joined = companies(
        "SELECT c.id, c.name, c.slug FROM companies c LEFT JOIN domains d ON d.company_id = c.id ORDER BY c.id",
    );
    let kinds = companies(
        "SELECT id, name, slug, 'team' AS kind FROM companies UNION ALL
         SELECT id, name, slug, 'guild' FROM companies WHERE id = 2 UNION ALL
         SELECT id, name, slug, 'team' FROM companies WHERE id = 2 ORDER BY id, kind",
    );
    let file = File::new(&setup).await;
    let database = Server::shared().database();
    database.psql(&setup);
    for definition in [joined.clone(), kinds.clone()] {
        let is_join = definition == joined;
        for source in [file.source(definition.clone()), source(&database.admin_url(), definition)] {
            let listed = source.organizations().await.unwrap();
            let (expected, said): (&[_], _) = if is_join {
                (&[("1", "duplicate_id"), ("2", "")], "organization 1 (Acme) is listed 2 times")
            } else {
                (&[("1", ""), ("2", ""), ("2", "duplicate_id")], "organization 2 (Globex) is listed 2 times as team")
            };
            assert_eq!(codes(&listed), expected);
            let line = line(&source).await;
            assert_eq!(line.result, CheckResult::Failed);
            assert!(line.details[0].starts_with(said), "{line:?}");
            assert!(!line.hint.is_empty());
        }
    }
}

#[tokio::test]
async fn a_name_that_is_no_utf_8_stops_no_other_organization() {
    let file = File::new(&format!(
        "{ENTRIES} CREATE TABLE companies (id INTEGER PRIMARY KEY, name TEXT, slug TEXT);
         INSERT INTO companies VALUES (1, 'Acme', 'acme'), (2, CAST(x'4DFC6C6C6572' AS TEXT), 'mueller'),
           (3, x'fffe', x'ff'), (4, 'Initech', NULL);"
    ))
    .await;
    let sqlite = file.source(companies("SELECT id, name, slug FROM companies ORDER BY id"));
    let listed = sqlite.organizations().await.unwrap();
    assert_eq!(codes(&listed), [("1", ""), ("2", ""), ("3", ""), ("4", "")]);
    let names: Vec<&str> = listed.iter().map(|one| one.key.name.as_str()).collect();
    assert_eq!(names, ["Acme", "M\u{fffd}ller", "\u{fffd}\u{fffd}", "Initech"]);
    assert_eq!(listed.iter().map(|one| one.warnings.len()).collect::<Vec<_>>(), [0, 1, 2, 0]);
    let line = line(&sqlite).await;
    assert_eq!((line.result, line.details.len()), (CheckResult::Warning, 3), "{line:?}");
    assert!(line.details[0].starts_with("the name of organization 2 is no UTF-8"), "{line:?}");
    sqlite.snapshot("2").await.unwrap().finish().await.unwrap();
}

#[tokio::test]
async fn a_postgresql_database_without_an_encoding_is_listed_too() {
    let server = Server::shared();
    let database = server.database();
    let name = format!("{}_ascii", database.name());
    database.psql(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"));
    let url = database.admin_url().replace(database.name(), &name);
    let setup = format!(
        "{ENTRIES} CREATE TABLE companies (id integer, name text, slug text);
         INSERT INTO companies VALUES (1, 'Acme', 'acme'), (2, E'M\\xfcller', 'mueller'), (NULL, 'Nobody', NULL), (4, NULL, NULL);"
    );
    database.psql_in(&name, &setup);
    let source = source(&url, companies("SELECT id, name, slug FROM companies ORDER BY id NULLS LAST"));
    let listed = source.organizations().await.unwrap();
    assert_eq!(codes(&listed), [("1", ""), ("2", ""), ("4", ""), ("", "organization_id")]);
    assert_eq!(
        (listed[1].key.name.as_str(), listed[1].warnings[0].code.as_str()),
        ("M\u{fffd}ller", "unreadable_text")
    );
    let line = line(&source).await;
    assert_eq!(line.result, CheckResult::Failed);
    assert!(line.details[0].starts_with("row 4 of the list of organizations (Nobody) has no id"), "{line:?}");
    source.close().await;
}

#[tokio::test]
async fn flags_and_times_have_more_than_one_spelling() {
    let file = File::new(&format!(
        "{ENTRIES} CREATE TABLE companies (id INTEGER, name TEXT, slug TEXT, active, deleted_at);
         INSERT INTO companies VALUES (1, 'A', 'a', 1, ''), (2, 'B', 'b', 't', 0), (3, 'C', 'c', 'false', NULL),
           (4, 'D', 'd', 0, 1769851800), (5, 'E', 'e', 'perhaps', NULL), (6, 'F', 'f', 1.0, 'then');"
    ))
    .await;
    let list = "SELECT id, name, slug, active AS in_all, deleted_at FROM companies ORDER BY id";
    let sqlite = file.source(companies(list));
    let listed = sqlite.organizations().await.unwrap();
    let in_all: Vec<bool> = listed.iter().map(|one| one.in_all).collect();
    assert_eq!(in_all, [true, true, false, false, true, true]);
    let deleted: Vec<Option<String>> = listed.iter().map(|one| one.deleted_at.map(|at| at.to_rfc3339())).collect();
    assert_eq!(deleted, [None, None, None, Some("2026-01-31T09:30:00+00:00".to_owned()), None, None]);
    assert_eq!(codes(&listed)[3..], [("4", ""), ("5", "list_value"), ("6", "list_value")]);
    let line = line(&sqlite).await;
    assert_eq!(
        line.details,
        [
            "in_all of organization 5 (E) holds `perhaps`, which is no boolean",
            "deleted_at of organization 6 (F) holds `then`, which is no time",
        ]
    );

    let database = Server::shared().database();
    database.psql(&format!(
        "{ENTRIES} CREATE TABLE companies (id int, name text, slug text, active smallint, deleted_at text);
         INSERT INTO companies VALUES (1, 'A', 'a', 1, ''), (2, 'B', 'b', 0, '0'), (3, 'C', 'c', 2, NULL)"
    ));
    let listed = source(&database.admin_url(), companies(list)).organizations().await.unwrap();
    assert_eq!(
        listed.iter().map(|one| (one.in_all, one.deleted_at)).collect::<Vec<_>>(),
        [(true, None), (false, None), (true, None)]
    );
    assert_eq!(codes(&listed), [("1", ""), ("2", ""), ("3", "list_value")]);
}
