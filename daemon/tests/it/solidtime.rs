//! solidtime's ZIP from a real server: its definition, the encoder, and preflight on the result.

use std::{
    fs::File,
    io::{Cursor, Read, Seek, Write},
    sync::Arc,
};

use chrono::DateTime;
use orgvault_daemon::{
    format::{Encoder, FormatError, Plan, Written, encoder},
    product::{Definition, Products},
    row::{Message, RowSink},
    source::Snapshot,
};
use orgvault_shared::{
    api::{Format, OrganizationKey, Warning},
    gid::Gid,
    preflight::{Verdict, preflight},
};
use tokio::sync::mpsc;
use zip::ZipArchive;

use crate::{
    postgres::Database,
    source::fixture::{config, source},
};

const TABLES: &str = include_str!("solidtime.sql");
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

fn plan(definition: &Arc<Definition>, organization: &str) -> Arc<Plan> {
    Arc::new(Plan {
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
        entity: None,
        gzip: false,
        level: 6,
        started_at: DateTime::from_timestamp(1_767_323_045, 600_000_000).unwrap(),
    })
}

/// What the pipeline does, in one thread.
async fn encode<W>(snapshot: &mut Snapshot, sections: usize, encoder: &mut dyn Encoder<W>) -> Result<(), FormatError> {
    for section in 0..sections {
        let (queue, mut messages) = mpsc::channel(4);
        let sink = RowSink::new(queue);
        let sending = async {
            let sent = snapshot.rows(section, &sink).await;
            drop(sink);
            sent.unwrap();
        };
        let encoding = async {
            let mut result = Ok(());
            while let Some(message) = messages.recv().await {
                result = result.and_then(|()| match message {
                    Message::Begin { section, columns } => encoder.begin(section, &columns),
                    Message::Rows(block) => encoder.rows(&block),
                    Message::End => encoder.end(),
                    Message::Finish => unreachable!("nothing here sends it"),
                });
            }
            result
        };
        tokio::join!(sending, encoding).1?;
    }
    Ok(())
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
    database.psql(&source.grants());
    let mut snapshot = source.snapshot(organization).await.unwrap();
    let counts = snapshot.counts().await.unwrap();
    let warnings = snapshot.warnings().await.unwrap();
    let mut encoder = encoder(plan(&definition, organization), Cursor::new(Vec::new()))?;
    encode(&mut snapshot, definition.sections.len(), &mut *encoder).await?;
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

#[tokio::test]
#[ignore = "golden"]
async fn golden() {
    let dir = std::path::Path::new("/work/shared/golden/solidtime");
    let database = Database::new();
    let ddl = std::process::Command::new("python3")
        .args(["/work/shared/conformance/schema_load.py", "/work/shared/golden/solidtime/schema.json", "--no-fk"])
        .output()
        .unwrap();
    database.psql(std::str::from_utf8(&ddl.stdout).unwrap());
    let mut sql = String::new();
    flate2::read::GzDecoder::new(File::open(dir.join("data.sql.gz")).unwrap()).read_to_string(&mut sql).unwrap();
    database.psql(&sql);
    for (name, id) in
        [("zip-B", "6eee8a80-64a6-4c29-a4f6-d97672a97072"), ("zip-C", "25c51fe0-4435-49d3-a7de-1e38ad530d8b")]
    {
        let exported = export(&database, id).await.unwrap();
        let found = members(&exported.bytes);
        assert_eq!(found.iter().map(|m| m.0.as_str()).collect::<Vec<_>>(), MEMBERS);
        for (member, text) in &found {
            let want = std::fs::read_to_string(dir.join(name).join(member)).unwrap();
            if member == "meta.json" {
                println!("{text}\n{want}");
                continue;
            }
            assert!(want == *text, "{name} {member}");
            println!("{name} {member} equal {}", want.len());
        }
        println!("{:?} {:?} {:?}", exported.counts, exported.written, exported.warnings);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&exported.bytes).unwrap();
        println!("{:?}", preflight("solidtime", file.path()).unwrap().totals);
        std::fs::write(format!("/tmp/st/{name}.zip"), &exported.bytes).unwrap();
    }
}
