//! TruePPM's seed from a real server: its definition, the queries for programs and for projects,
//! the builder, and what the reader and the preflight say of the result.

use std::{io::Cursor, sync::Arc};

use chrono::DateTime;
use orgvault_api::{Format, OrganizationKey, gid::Gid};
use orgvault_archive::seed;
use orgvault_daemon::{
    format::{ArchivePlan, FormatError, Written, encoder},
    product::{Definition, Products},
};

use crate::{encode::encode, source::fixture::source};
use orgvault_testing::postgres::{Database, TRUEPPM};

const ATLAS: &str = "00000001-0000-4000-8000-000000000001";
const LONE: &str = "00000002-0000-4000-8000-000000000005";

fn definition() -> Arc<Definition> {
    Arc::clone(Products::embedded().unwrap().get("trueppm").unwrap())
}

fn database() -> Database {
    let database = Database::new();
    database.psql(TRUEPPM);
    database
}

fn plan(definition: &Arc<Definition>, organization: &str, format: Format) -> Arc<ArchivePlan> {
    Arc::new(ArchivePlan {
        gid: Gid::try_from(3_141_592_653).unwrap(),
        organization: OrganizationKey {
            source: "plans".to_owned(),
            kind: "program".to_owned(),
            id: organization.to_owned(),
            name: String::new(),
            slug: String::new(),
        },
        definition: Arc::clone(definition),
        format,
        sections: definition.sections_of(format, None).unwrap(),
        counted: Arc::default(),
        gzip: false,
        importable: false,
        level: 6,
        started_at: DateTime::from_timestamp(1_767_323_045, 0).unwrap(),
        files: None,
    })
}

/// The document, and each section with rows counted, sent and written.
async fn export(
    database: &Database,
    organization: &str,
    format: Format,
) -> Result<(String, Written, Vec<u64>), FormatError> {
    let source = source(&database.url(), Definition::clone(&definition()));
    database.psql(&source.check().await.grants);
    let mut snapshot = source.snapshot(organization).await.unwrap();
    let definition = Arc::clone(snapshot.definition());
    let counted = snapshot.counts().await.unwrap();
    let mut encoder = encoder(plan(&definition, organization, format), Cursor::new(Vec::new()))?;
    let mut found = Vec::new();
    for (index, section) in definition.sections.iter().enumerate().filter(|(_, section)| section.is_in(format)) {
        let sent = encode(&mut snapshot, index, &mut *encoder).await?;
        assert_eq!(sent, counted[index], "the independent count of {}", section.name);
        found.push(sent);
    }
    let (out, written) = encoder.finish()?;
    snapshot.finish().await.unwrap();
    Ok((String::from_utf8(out.into_inner()).unwrap(), written, found))
}

/// Rows sent are rows written and rows dropped, section by section.
fn balanced(written: &Written, sent: &[u64]) {
    assert_eq!(written.counts.len(), sent.len());
    for (count, sent) in written.counts.iter().zip(sent) {
        let dropped: u64 =
            written.dropped.iter().filter(|dropped| dropped.section == count.name).map(|dropped| dropped.rows).sum();
        assert_eq!(count.rows + dropped, *sent, "{}", count.name);
    }
}

fn remarks(written: &Written) -> String {
    let dropped = written.dropped.iter().map(|d| format!("{} {} {}", d.section, d.rule, d.rows));
    let warnings = written.warnings.iter().map(|w| format!("{}: {:?}", w.code, w.ids));
    dropped.chain(warnings).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_program_is_its_final_state() {
    let (text, written, sent) = export(&database(), ATLAS, Format::Seed).await.unwrap();
    balanced(&written, &sent);
    insta::assert_snapshot!("program", text);
    insta::assert_snapshot!("program_remarks", remarks(&written));
    let document = seed::read(text.as_bytes()).unwrap();
    assert_eq!(seed::to_string(&document), text);
}

#[tokio::test]
async fn a_program_with_events_has_its_timeline() {
    let (text, written, sent) = export(&database(), ATLAS, Format::SeedEvents).await.unwrap();
    balanced(&written, &sent);
    let document = seed::read(text.as_bytes()).unwrap();
    let events: Vec<_> = text.split_once("\"events\": ").unwrap().1.split("\n  ],").take(1).collect();
    insta::assert_snapshot!("events", events[0]);
    assert_eq!((document.version, document.anchor.unwrap().to_string()), (seed::Version::V2, "2026-01-05".to_owned()));
}

#[tokio::test]
async fn a_project_of_its_own_is_a_document() {
    let database = database();
    let (text, written, sent) = export(&database, LONE, Format::Seed).await.unwrap();
    balanced(&written, &sent);
    insta::assert_snapshot!("lone", text);
    let refused = export(&database, LONE, Format::SeedEvents).await.unwrap_err();
    assert!(refused.to_string().contains("export it as seed"), "{refused}");
}

/// What the tables of 0.3 do not have, and what they have.
const BEFORE_0_4: &str = "
    DROP TABLE projects_label, projects_task_label, projects_task_relation;
    ALTER TABLE projects_project DROP COLUMN deleted_at, ADD COLUMN agile_features boolean NOT NULL DEFAULT false;
    UPDATE projects_project SET agile_features = true;
    UPDATE access_program_membership SET role = 0 WHERE role = 100;
    UPDATE projects_risk SET title = 'A risk whose title is longer than forty characters' WHERE title = 'Risk'";

#[tokio::test]
async fn a_program_of_0_3_is_as_0_3_wrote_it() {
    let database = database();
    database.psql(BEFORE_0_4);
    let (text, written, sent) = export(&database, ATLAS, Format::Seed).await.unwrap();
    balanced(&written, &sent);
    insta::assert_snapshot!("program_of_0_3", text);
    insta::assert_snapshot!("program_of_0_3_remarks", remarks(&written));
    let source = source(&database.url(), Definition::clone(&definition()));
    let definition = source.definition_now().await;
    assert_eq!(definition.offered_to("program"), [Format::Seed, Format::Full]);
    let deleted = source.organizations().await.unwrap().into_iter().filter(|one| one.deleted_at.is_some());
    let kinds: Vec<String> = deleted.map(|one| one.key.kind).collect();
    assert!(kinds.contains(&"project".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn nothing_of_another_program_is_written() {
    let (text, ..) = export(&database(), ATLAS, Format::SeedEvents).await.unwrap();
    for foreign in ["Foreign", "stranger", "s@x.example", "Other", "secret"] {
        // A resource of ours works by a calendar that the other program uses too.
        let allowed = usize::from(foreign == "Foreign");
        assert_eq!(text.matches(foreign).count(), allowed, "{foreign}");
    }
}

#[tokio::test]
async fn orders_follow_the_databases_collation() {
    let database = database();
    let tables = ["projects_risk ALTER title TYPE varchar(512)", "resources_resource ALTER name TYPE varchar(255)"];
    for table in tables {
        database.psql(&format!("ALTER TABLE {table} COLLATE \"und-x-icu\""));
    }
    let (text, ..) = export(&database, ATLAS, Format::Seed).await.unwrap();
    let document = seed::read(text.as_bytes()).unwrap();
    let project = &document.projects.0[0];
    assert_eq!(project.risks.iter().map(|risk| risk.title.as_str()).collect::<Vec<_>>(), ["risk", "Risk"]);
    let assigned: Vec<_> = project.tasks[0].assignments.iter().map(|a| a.resource.as_str()).collect();
    assert_eq!(assigned, ["crew", "crew-2"], "and the slugs with it");
    assert_eq!(project.tasks[0].assignments[0].units, Some(seed::Float(0.25)));
}

#[tokio::test]
async fn programs_and_projects_are_listed() {
    let database = database();
    let definition = definition();
    let source = source(&database.url(), Definition::clone(&definition));
    database.psql(&source.check().await.grants);
    let listed = source.organizations().await.unwrap();
    let lines: Vec<_> = listed
        .iter()
        .map(|one| {
            let deleted = one.deleted_at.map_or_else(String::new, |at| format!(" deleted {at}"));
            format!("{} {:?} all={}{deleted}", one.key.kind, one.key.slug, one.in_all)
        })
        .collect();
    insta::assert_snapshot!("listed", lines.join("\n"));
}
