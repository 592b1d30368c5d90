//! What the app's own importer would say: asked for, and told at the end of each export.

use std::fs;

use crate::{
    api::fixture::{Daemon, organization, problem},
    postgres::Database,
    products::{ask, exported, serving},
};
use orgvault_shared::{
    api::{ArchiveState, Export, ExportRequest, Format, State, Warning},
    archive::manifest::{Manifest, Section},
    preflight::{Severity, Verdict},
};

const ACME: &str = "0000000a-0000-4000-8000-000000000000";
const LONG: &str = "00000008-0000-4000-8000-000000000004";
/// Nothing in it that the importer refuses but a description of 5,000 emoji.
const EMOJI: &str = "DELETE FROM project_members WHERE id = '00000005-0000-4000-8000-000000000002';
    UPDATE time_entries SET description = repeat(U&'\\+01F600', 5000) WHERE id = '00000008-0000-4000-8000-000000000004';";

async fn solidtime(sql: &str) -> (Database, Daemon) {
    serving("solidtime", &[include_str!("solidtime.sql"), sql]).await
}

async fn export(daemon: &Daemon) -> Export {
    exported(daemon, &ask(ACME, None)).await
}

fn told<'a>(warnings: &'a [Warning], code: &str) -> Option<&'a Warning> {
    warnings.iter().find(|warning| warning.code == code)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_importer_would_refuse_is_told_when_the_export_ends() {
    let (database, daemon) = solidtime(EMOJI).await;
    let exported = export(&daemon).await;
    assert_eq!((exported.state, exported.error.as_ref()), (State::Finished, None));
    let archive = daemon.client.archive(exported.gid).await.unwrap();
    assert_eq!(archive.state, ArchiveState::Present);
    let manifest = Manifest::beside(archive.path.as_ref()).unwrap().unwrap();
    for warnings in [&exported.warnings, &archive.warnings, &manifest.warnings] {
        let warning = told(warnings, "preflight_description_too_long").unwrap();
        assert_eq!(warning.ids, [LONG]);
        for part in ["solidtime's importer would refuse", "time_entries.csv line ", "20000 bytes"] {
            assert!(warning.message.contains(part), "{part} is not in: {}", warning.message);
        }
        assert!(told(warnings, "preflight_unknown_tag").or(told(warnings, "preflight_tags_dropped")).is_some());
    }
    database.psql("UPDATE time_entries SET description = ''");
    let mended = export(&daemon).await;
    assert!(told(&mended.warnings, "preflight_description_too_long").is_none(), "{mended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_says_what_the_importer_would_refuse() {
    let (_database, daemon) = solidtime(EMOJI).await;
    let gid = export(&daemon).await.gid;
    let found = daemon.client.preflight(gid, None).await.unwrap();
    assert_eq!((found.product.as_str(), found.verdict), ("solidtime", Verdict::Refused));
    let refusals: Vec<_> = found.findings.iter().filter(|it| it.severity == Severity::Refuses).collect();
    assert_eq!((refusals.len(), refusals[0].id.as_deref()), (1, Some(LONG)), "{refusals:?}");
    assert_eq!(daemon.client.preflight(gid, Some("solidtime")).await.unwrap(), found);
    let archive = daemon.client.archive(gid).await.unwrap();
    fs::remove_file(&archive.path).unwrap();
    let gone = problem(daemon.client.preflight(gid, None).await);
    assert_eq!((gone.status, gone.code.as_str()), (410, "archive_missing"));
}

#[tokio::test]
async fn an_unknown_product_names_the_known_ones() {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1, &organization("acme"), 3);
    daemon.client.rebuild_catalog().await.unwrap();
    for product in [None, Some("no/such?")] {
        let refused = problem(daemon.client.preflight(gid, product).await);
        assert_eq!((refused.status, refused.code.as_str()), (422, "unknown_product"));
        assert!(
            refused.detail.contains(product.unwrap_or("test")) && refused.detail.contains("solidtime"),
            "{refused:?}"
        );
    }
    let found = daemon.client.preflight(gid, Some("solidtime")).await.unwrap();
    assert_eq!((found.verdict, found.totals[0].code.as_str()), (Verdict::Refused, "invalid_zip"));
    assert_eq!(problem(daemon.client.preflight(2.try_into().unwrap(), None).await).code, "unknown_archive");
}

#[tokio::test]
async fn a_viewer_may_not_ask() {
    let daemon = Daemon::start_with(|config| config.access.viewers = std::mem::take(&mut config.access.owners)).await;
    assert_eq!(problem(daemon.client.preflight(1.try_into().unwrap(), None).await).status, 403);
}

const ATLAS: &str = "00000001-0000-4000-8000-000000000001";

#[tokio::test(flavor = "multi_thread")]
async fn an_importable_seed_leaves_out_what_the_importer_refuses() {
    let (_database, daemon) = serving("trueppm", &[include_str!("trueppm.sql")]).await;
    for format in [Format::Seed, Format::SeedEvents] {
        let request = ask(ATLAS, Some(format));
        let exact = exported(&daemon, &request).await;
        assert_eq!(daemon.client.preflight(exact.gid, None).await.unwrap().verdict, Verdict::Refused, "{format}");
        assert!(!exact.importable && !exact.warnings.iter().any(|warning| warning.code.starts_with("left_out_")));

        let taken = exported(&daemon, &ExportRequest { importable: true, ..request }).await;
        assert_eq!((taken.state, taken.importable, &taken.error), (State::Finished, true, &None));
        let found = daemon.client.preflight(taken.gid, None).await.unwrap();
        assert_eq!((found.verdict, &found.findings), (Verdict::Accepted, &Vec::new()), "{format}");
        assert!(!taken.warnings.iter().any(|warning| warning.code.starts_with("preflight_")), "{:?}", taken.warnings);
        let left_out: Vec<_> = taken.warnings.iter().filter(|warning| warning.code.starts_with("left_out_")).collect();
        assert!(!left_out.is_empty() && left_out.iter().all(|warning| !warning.ids.is_empty()));

        let archive = daemon.client.archive(taken.gid).await.unwrap();
        let manifest = Manifest::beside(archive.path.as_ref()).unwrap().unwrap();
        assert!(archive.importable && manifest.importable);
        // Version 2.0 has links.
        let links = if format == Format::Seed { 2 } else { 0 };
        let dropped = manifest.sections.iter().flat_map(|section: &Section| &section.dropped);
        let refused: u64 = dropped.filter(|dropped| dropped.rule == "not_importable").map(|dropped| dropped.rows).sum();
        assert_eq!(refused, links, "{:?}", manifest.sections);
        assert!(daemon.client.verify(taken.gid).await.unwrap().ok);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn importable_belongs_to_seeds() {
    let (_database, daemon) = solidtime("").await;
    let request = ExportRequest { organizations: vec![ACME.to_owned()], importable: true, ..ExportRequest::default() };
    let refused = problem(daemon.client.start_exports(&request).await);
    assert_eq!((refused.status, refused.code.as_str()), (422, "not_offered"));
    assert!(refused.detail.contains("seed and seed-events, and not to zip"), "{refused:?}");
}
