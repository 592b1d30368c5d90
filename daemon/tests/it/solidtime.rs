//! solidtime's ZIP from a real server: its definition, the encoder, and preflight on the result.

use std::{
    io::{Cursor, Read, Write},
    sync::Arc,
};

use chrono::DateTime;
use orgvault_api::{
    Format, OrganizationKey, Warning,
    gid::Gid,
    preflight::{Severity, Verdict},
};
use orgvault_daemon::{
    format::{ArchivePlan, FormatError, Written, encoder},
    product::{Definition, Products},
};
use orgvault_products::preflight::preflight;
use zip::ZipArchive;

use crate::{encode::encode, source::fixture::source};
use orgvault_testing::postgres::{Database, SOLIDTIME};

const ACME: &str = "0000000a-0000-4000-8000-000000000000";
const OTHER: &str = "0000000b-0000-4000-8000-000000000000";
const MEMBERS: [&str; 10] = [
    "organizations.csv",
    "organization_invitations.csv",
    "time_entries.csv",
    "clients.csv",
    "projects.csv",
    "project_members.csv",
    "members.csv",
    "tasks.csv",
    "tags.csv",
    "meta.json",
];

fn definition() -> Arc<Definition> {
    Arc::clone(Products::embedded().unwrap().get("solidtime").unwrap())
}

fn plan(definition: &Arc<Definition>, organization: &str) -> Arc<ArchivePlan> {
    Arc::new(ArchivePlan {
        gid: Gid::try_from(3_141_592_653).unwrap(),
        organization: OrganizationKey {
            source: "time".to_owned(),
            kind: "organization".to_owned(),
            id: organization.to_owned(),
            name: "Acme".to_owned(),
            slug: "acme".to_owned(),
        },
        definition: Arc::clone(definition),
        format: Format::Zip,
        sections: definition.sections_of(Format::Zip, None).unwrap(),
        counted: Arc::default(),
        gzip: false,
        importable: false,
        level: 6,
        started_at: DateTime::from_timestamp(1_767_323_045, 600_000_000).unwrap(),
        files: None,
    })
}

struct Exported {
    bytes: Vec<u8>,
    written: Written,
    counts: Vec<u64>,
    warnings: Vec<Warning>,
}

async fn export(database: &Database, organization: &str) -> Result<Exported, FormatError> {
    let definition = definition();
    let source = source(&database.url(), Definition::clone(&definition));
    database.psql(&source.check().await.grants);
    let mut snapshot = source.snapshot(organization).await.unwrap();
    let definition = Arc::clone(snapshot.definition());
    let counts = snapshot.counts().await.unwrap();
    let warnings = snapshot.warnings().await.unwrap();
    let mut encoder = encoder(plan(&definition, organization), Cursor::new(Vec::new()))?;
    for index in 0..definition.sections.len() {
        encode(&mut snapshot, index, &mut *encoder).await?;
    }
    let (out, written) = encoder.finish()?;
    snapshot.finish().await.unwrap();
    Ok(Exported { bytes: out.into_inner(), written, counts, warnings })
}

fn members(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut member = archive.by_index(index).unwrap();
            let mut text = String::new();
            member.read_to_string(&mut text).unwrap();
            (member.name().unwrap().into_owned(), text)
        })
        .collect()
}

/// The export of `solidtime.sql`, with one organization's rows of it changed first.
async fn changed(sql: &str) -> (Database, Result<Exported, FormatError>) {
    let database = Database::new();
    database.psql(SOLIDTIME);
    database.psql(sql);
    let exported = export(&database, ACME).await;
    (database, exported)
}

const EXPECTED: [&str; 9] = [
    "id,name,billable_rate,currency,created_at,updated_at\n\
     0000000a-0000-4000-8000-000000000000,\"Acme, \"\"Tools\"\"\",0,EUR,2024-01-02T03:04:05Z,\n",
    "id,email,organization_id,role,created_at,updated_at\n\
     00000002-0000-4000-8000-000000000001,x@example.org,0000000a-0000-4000-8000-000000000000,admin,0001-01-01T00:00:00Z,9999-12-31T23:59:59Z\n",
    "id,description,start,end,billable_rate,billable,member_id,user_id,organization_id,client_id,project_id,task_id,tags,is_imported,still_active_email_sent_at,created_at,updated_at\n\
     00000008-0000-4000-8000-000000000001,,2024-01-01T00:00:00Z,,,false,00000001-0000-4000-8000-000000000001,0000000e-0000-4000-8000-000000000001,0000000a-0000-4000-8000-000000000000,,,,null,false,,,\n\
     00000008-0000-4000-8000-000000000002,\"x\\\"\"y\",2024-01-01T00:00:00Z,2023-01-01T00:00:00Z,0,true,00000001-0000-4000-8000-000000000001,0000000e-0000-4000-8000-000000000001,0000000a-0000-4000-8000-000000000000,00000003-0000-4000-8000-000000000001,00000004-0000-4000-8000-000000000001,00000007-0000-4000-8000-000000000001,[],true,,,\n\
     00000008-0000-4000-8000-000000000003,\"a\r\nb c\",2024-01-01T00:00:00Z,,,false,00000001-0000-4000-8000-000000000001,0000000e-0000-4000-8000-000000000001,0000000a-0000-4000-8000-000000000000,,,,\"[\"\"u1\"\",\"\"u2\"\"]\",false,,,\n\
     00000008-0000-4000-8000-000000000004,bare\u{b}\u{2028}\u{85}\\,2024-01-01T00:00:00Z,,,false,00000001-0000-4000-8000-000000000001,0000000e-0000-4000-8000-000000000001,0000000a-0000-4000-8000-000000000000,,,,\"[\"\"a\\/b\"\",1,\"\"\\u00fc\\ud83d\\ude00\"\"]\",false,,,\n\
     00000008-0000-4000-8000-000000000005,\"quote\"\"d\",2024-01-01T00:00:00Z,,,false,00000001-0000-4000-8000-000000000001,0000000e-0000-4000-8000-000000000001,0000000a-0000-4000-8000-000000000000,,,,\"{\"\"k\"\":[],\"\"n\"\":[100000000000000000,1.0e-5,1.8446744073709552e+19]}\",false,,,\n",
    "id,name,organization_id,archived_at,created_at,updated_at\n\
     00000003-0000-4000-8000-000000000001,\\,0000000a-0000-4000-8000-000000000000,,2024-07-01T00:00:00Z,\n",
    "id,name,color,billable_rate,is_public,client_id,organization_id,is_billable,archived_at,created_at,updated_at\n\
     00000004-0000-4000-8000-000000000001,\"tab\there\",#ef5350,0,true,00000003-0000-4000-8000-000000000001,0000000a-0000-4000-8000-000000000000,false,1969-12-31T23:59:59Z,,\n",
    "id,billable_rate,project_id,user_id,member_id,created_at,updated_at\n\
     00000005-0000-4000-8000-000000000001,250,00000004-0000-4000-8000-000000000001,0000000e-0000-4000-8000-000000000001,00000001-0000-4000-8000-000000000001,,\n\
     00000005-0000-4000-8000-000000000002,,00000004-0000-4000-8000-000000000001,0000000e-0000-4000-8000-000000000002,00000001-0000-4000-8000-000000000003,,\n",
    "id,user_id,name,email,organization_id,billable_rate,role,created_at,updated_at\n\
     00000001-0000-4000-8000-000000000001,0000000e-0000-4000-8000-000000000001,\"Ada\tL\",ada@example.org,0000000a-0000-4000-8000-000000000000,,owner,,\n\
     00000001-0000-4000-8000-000000000002,0000000e-0000-4000-8000-000000000002,Bo,bo@example.org,0000000a-0000-4000-8000-000000000000,-5,,,\n",
    "id,name,project_id,organization_id,done_at,created_at,updated_at\n\
     00000007-0000-4000-8000-000000000001,non\u{a0}breaking,00000004-0000-4000-8000-000000000001,0000000a-0000-4000-8000-000000000000,2024-02-29T00:00:00Z,,\n",
    "id,name,organization_id,created_at,updated_at\n\
     00000006-0000-4000-8000-000000000001,=1+1;',0000000a-0000-4000-8000-000000000000,,\n",
];

#[tokio::test]
async fn every_member_is_as_solidtime_writes_it() {
    let (_database, exported) = changed("").await;
    let exported = exported.unwrap();
    let found = members(&exported.bytes);
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), MEMBERS);
    for ((name, text), expected) in found.iter().zip(EXPECTED) {
        assert_eq!(text, expected, "{name}");
    }
    let rows: Vec<u64> = exported.written.counts.iter().map(|count| count.rows).collect();
    assert_eq!((&rows, exported.counts), (&vec![1, 1, 5, 1, 1, 2, 2, 1, 1], rows.clone()));
    let (id, rest) = found[9].1.strip_prefix("{\"id\":\"").unwrap().split_once("\",\"version\"").unwrap();
    assert_eq!((id.len(), id.as_bytes()[14], id.chars().filter(|it| *it == '-').count()), (36, b'4', 4));
    let expected = format!(":\"1.0\",\"organizations\":[\"{ACME}\"],\"exported_at\":\"2026-01-02T03:04:05Z\"}}");
    assert_eq!(rest, expected);
}

#[tokio::test]
async fn a_release_with_types_of_entries_writes_them_where_solidtime_does() {
    let (_database, exported) = changed(
        "ALTER TABLE time_entries ADD type varchar(255) NOT NULL DEFAULT 'work';
         UPDATE time_entries SET type = 'break' WHERE billable",
    )
    .await;
    let exported = exported.unwrap();
    assert!(exported.warnings.iter().all(|warning| warning.code != "schema_newer"), "{:?}", exported.warnings);
    let entries = &members(&exported.bytes)[2].1;
    let lines: Vec<&str> = entries.lines().collect();
    assert!(lines[0].contains(",billable,type,member_id,"), "{}", lines[0]);
    assert!(lines[1].contains(",false,work,") && lines[2].contains(",true,break,"), "{entries}");
}

#[tokio::test]
async fn the_same_rows_give_the_same_bytes() {
    let (database, first) = changed("").await;
    let second = export(&database, ACME).await.unwrap();
    assert!(first.unwrap().bytes == second.bytes);
}

#[tokio::test]
async fn an_organization_without_rows_has_all_members_with_their_headers() {
    let (database, _) =
        changed("DELETE FROM members WHERE organization_id <> '0000000a-0000-4000-8000-000000000000'").await;
    let exported = export(&database, OTHER).await.unwrap();
    let found = members(&exported.bytes);
    assert_eq!(
        found[0].1.lines().nth(1).unwrap(),
        "0000000b-0000-4000-8000-000000000000,\"Acme, \"\"Tools\"\"\",,USD,,"
    );
    for ((name, text), expected) in found.iter().zip(EXPECTED).skip(1) {
        assert_eq!(text.lines().collect::<Vec<_>>(), expected.lines().take(1).collect::<Vec<_>>(), "{name}");
        assert!(text.ends_with('\n'), "{name}");
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&exported.bytes).unwrap();
    assert_eq!(preflight("solidtime", file.path()).unwrap().verdict, Verdict::Accepted);
}

#[tokio::test]
async fn an_organization_that_is_gone_is_an_error() {
    let (database, _) = changed("DELETE FROM organizations").await;
    let error = export(&database, ACME).await.err().unwrap();
    assert!(matches!(&error, FormatError::NotSingle { section, rows: 0 } if section == "organizations"), "{error}");
}

#[tokio::test]
async fn years_that_the_format_cannot_hold_are_named() {
    for (value, said) in [("12345-01-01", "12345-01-01"), ("infinity", "infinity"), ("0044-03-15 BC", "BC")] {
        let sql =
            format!("UPDATE time_entries SET \"end\" = '{value}' WHERE id = '00000008-0000-4000-8000-000000000004'");
        let error = changed(&sql).await.1.err().unwrap().to_string();
        for part in ["time_entries.end", "00000008-0000-4000-8000-000000000004", said] {
            assert!(error.contains(part), "{part} is not in: {error}");
        }
    }
}

#[tokio::test]
async fn a_member_of_another_organization_on_a_project_is_written_and_told() {
    let exported = changed("").await.1.unwrap();
    let warning = exported.warnings.iter().find(|warning| warning.code == "foreign_rows").unwrap();
    assert_eq!(warning.ids, ["00000005-0000-4000-8000-000000000002"]);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&exported.bytes).unwrap();
    let preflight = preflight("solidtime", file.path()).unwrap();
    assert_eq!(preflight.verdict, Verdict::Refused);
    let finding = preflight.findings.iter().find(|finding| finding.severity == Severity::Refuses).unwrap();
    let place = (finding.code.as_str(), finding.file.as_str(), finding.line, finding.id.as_deref());
    assert_eq!(
        place,
        ("unknown_reference", "project_members.csv", Some(3), Some("00000005-0000-4000-8000-000000000002"))
    );
}

#[tokio::test]
async fn five_thousand_emoji_are_written_and_the_importer_refuses_them() {
    let sql = "DELETE FROM project_members WHERE id = '00000005-0000-4000-8000-000000000002'; \
               UPDATE time_entries SET description = repeat(U&'\\+01F600', 5000) WHERE id = '00000008-0000-4000-8000-000000000004'";
    let exported = changed(sql).await.1.unwrap();
    assert!(members(&exported.bytes)[2].1.contains(&"😀".repeat(5000)));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&exported.bytes).unwrap();
    let preflight = preflight("solidtime", file.path()).unwrap();
    let refusals: Vec<_> = preflight.findings.iter().filter(|finding| finding.code == "description_too_long").collect();
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].id.as_deref(), Some("00000008-0000-4000-8000-000000000004"));
}

#[tokio::test]
async fn organizations_of_one_name_have_their_ids() {
    let (database, _) = changed("").await;
    let source = source(&database.url(), Definition::clone(&definition()));
    let listed = source.organizations().await.unwrap();
    let keys: Vec<_> = listed.iter().map(|it| (it.key.id.as_str(), it.key.slug.as_str())).collect();
    assert_eq!(keys, [(ACME, "acme-tools"), (OTHER, "acme-tools")]);
}

#[test]
fn the_documented_grants_are_those_that_the_definition_needs() {
    let page = include_str!("../../../docs/solidtime.md");
    let (_, rest) = page.split_once("CREATE ROLE orgvault LOGIN;\n").unwrap();
    let (documented, _) = rest.split_once("```").unwrap();
    let source = source("postgres:///solidtime?host=/run/postgresql&user=orgvault", Definition::clone(&definition()));
    assert_eq!(documented, source.grants());
}
