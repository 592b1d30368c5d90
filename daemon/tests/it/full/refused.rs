//! What keeps a `full` archive from being made, and what is found in one that somebody changed.

use std::{
    io::{Cursor, Read, Write},
    path::Path,
};

use orgvault_api::Format;
use orgvault_archive::{ArchiveReader, Expected, full::bag, manifest::Layout, naming::hex, read_back};
use sha2::{Digest, Sha256};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use orgvault_daemon::product;

use super::fixture::{DEFINITION, Made, TEAMS, full, team, teams};
use crate::source::fixture::{config, source_with};

async fn refused(sql: &str) -> String {
    let (_database, source) = teams(&format!("{TEAMS}{sql}"));
    full(&source, &team(1)).await.err().unwrap().to_string()
}

#[tokio::test]
async fn a_table_that_nobody_spoke_of() {
    let said = refused("CREATE TABLE invoices (id integer, team_id integer);").await;
    assert!(said.contains("does not say whose rows are in invoices"), "{said}");
}

#[tokio::test]
async fn a_column_that_the_role_may_not_read() {
    let (database, source) = teams(TEAMS);
    let role = database.role();
    database.psql(&format!("REVOKE SELECT ON notes FROM {role}; GRANT SELECT (id, team_id) ON notes TO {role}"));
    let said = full(&source, &team(1)).await.err().unwrap().to_string();
    assert!(said.contains(&format!("GRANT SELECT ON public.notes TO {role}")), "{said}");
}

#[tokio::test]
async fn row_security_that_would_hide_rows() {
    let said = refused("ALTER TABLE notes ENABLE ROW LEVEL SECURITY;").await;
    assert!(said.contains("row-level security") || said.contains("row security"), "{said}");
}

#[tokio::test]
async fn a_table_whose_rows_would_be_there_twice_or_without_some_columns() {
    let said = refused("CREATE TABLE old_members (reason text) INHERITS (members);").await;
    assert!(said.contains("public.old_members from public.members"), "{said}");

    let (database, _) = teams(&format!(
        "{TEAMS}CREATE TABLE middle () INHERITS (members); CREATE TABLE old_members () INHERITS (middle);"
    ));
    let both = format!("{DEFINITION}\n[table.old_members]\nexcluded = \"old\"\ntenant = \"team_id = $1\"\n");
    let source = source_with(config(&database.url()), product::parse(&both, Path::new("teams.toml")).unwrap());
    let error = full(&source, &team(1)).await.err().unwrap();
    assert_eq!(error.code(), "table_inherits");
    assert!(error.to_string().contains("public.old_members from public.members"), "{error}");
}

#[tokio::test]
async fn a_table_that_only_divides_another_one_has_its_rows_there_once() {
    let sql =
        "CREATE TABLE old_members () INHERITS (members); INSERT INTO old_members (name, team_id) VALUES ('dora', 1);";
    let (_database, source) = teams(&format!("{TEAMS}{sql}"));
    let archive = full(&source, &team(1)).await.unwrap().open();
    let members = archive.report().tables.iter().find(|table| table.name.name == "members").unwrap();
    assert_eq!(
        (members.rows, archive.report().tables.iter().any(|table| table.name.name == "old_members")),
        (3, false)
    );
}

/// The archive with other bytes in some of its members; `also` is told each member's new text and may change others.
fn changed(made: &Made, change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(made.bytes())).unwrap();
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        let name = member.name().unwrap().into_owned();
        let mut text = Vec::new();
        member.read_to_end(&mut text).unwrap();
        if let Some(text) = change(&name, text) {
            members.push((name, text));
        }
    }
    members
}

/// Writes the bag's manifests anew, as whoever wants to hide a change would.
fn hidden(mut members: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    for (manifest, is_payload) in [(bag::MANIFEST, true), (bag::TAG_MANIFEST, false)] {
        let listed =
            members.iter().filter(|(name, _)| name.starts_with("data/") == is_payload && name != bag::TAG_MANIFEST);
        let lines = listed.map(|(name, text)| format!("{}  {name}\n", hex(&Sha256::digest(text))));
        let lines = lines.collect::<Vec<_>>().concat();
        members.iter_mut().find(|(name, _)| name == manifest).unwrap().1 = lines.into_bytes();
    }
    members
}

fn faults(members: Vec<(String, Vec<u8>)>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("20260611T120000Z-1.full");
    let mut writer = ZipWriter::new(std::fs::File::create_new(&path).unwrap());
    for (name, text) in members {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(&text).unwrap();
    }
    writer.finish().unwrap();
    let layout = Layout::default();
    let report = read_back(&ArchiveReader::in_place(&path).unwrap(), &Expected::nothing(Format::Full, false, &layout));
    report.faults.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_change_within_the_bag_is_found() {
    let (_database, source) = teams(TEAMS);
    let made = full(&source, &team(1)).await.unwrap();
    let same = |_name: &str, text: Vec<u8>| Some(text);
    assert_eq!(faults(changed(&made, same)), [""; 0]);
    assert_eq!(faults(hidden(changed(&made, same))), [""; 0]);

    let other_name = |name: &str, text: Vec<u8>| match name {
        "data/public.teams.csv" => Some(String::from_utf8(text).unwrap().replace("Team 1", "Team I").into_bytes()),
        _ => Some(text),
    };
    let said = faults(changed(&made, other_name));
    assert!(
        said.iter().any(|fault| fault.contains("data/public.teams.csv") && fault.contains("manifest-sha256.txt says")),
        "{said:?}"
    );
    let said = faults(hidden(changed(&made, other_name)));
    assert!(said.iter().any(|fault| fault.contains("table public.teams: the hash of its rows")), "{said:?}");

    let without_row = |name: &str, text: Vec<u8>| match name {
        "data/public.notes.csv" => {
            let end = text.len() - text.rsplitn(2, |byte| *byte == b'\n').next().map_or(0, <[u8]>::len);
            let last = text[..end - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
            Some(text[..=last].to_vec())
        }
        _ => Some(text),
    };
    let said = faults(hidden(changed(&made, without_row)));
    assert!(said.iter().any(|fault| fault.contains("public.notes has 3 rows")), "{said:?}");

    let without_table = |name: &str, text: Vec<u8>| (name != "data/public.members.csv").then_some(text);
    let said = faults(hidden(changed(&made, without_table)));
    assert!(said.contains(&"member data/public.members.csv is missing".to_owned()), "{said:?}");
    for tag in [bag::MANIFEST, bag::TAG_MANIFEST, "schema.json", "report.json", "datapackage.json", "bagit.txt"] {
        let said = faults(changed(&made, |name, text| (name != tag).then_some(text)));
        assert!(said.contains(&format!("member {tag} is missing")), "{tag}: {said:?}");
    }
    let mut more = changed(&made, same);
    more.push(("data/public.extra.csv".to_owned(), b"id\n1\n".to_vec()));
    assert!(faults(more.clone()).iter().any(|fault| fault.contains("is in no manifest")), "{:?}", faults(more.clone()));
    assert!(faults(hidden(more.clone())).iter().any(|fault| fault.contains("data/public.extra.csv")));
}
