//! Organizations that are refused, and formats that a kind does not have: the others go on.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
};

use orgvault_api::{Export, ExportRequest, Format, State, client::ExportFilter, gid::Gid, health::Health};
use orgvault_config::{Config, ScheduleConfig};
use orgvault_testing::postgres::TRUEPPM;

use super::fixture::{Hands, Night, nightly};
use crate::api::{
    faces::source,
    fixture::{Daemon, problem, until},
};

fn rytask() -> &'static str {
    orgvault_products::product("rytask").unwrap().definition
}

/// A definition of the admin's own in place of the embedded one, with this list.
fn listing(config: &Config, list: &str) {
    let (before, rest) = rytask().split_once("list = \"\"\"").unwrap();
    let (_, after) = rest.split_once("\"\"\"").unwrap();
    fs::create_dir_all(&config.daemon.products_dir).unwrap();
    fs::write(config.daemon.products_dir.join("rytask.toml"), format!("{before}list = \"\"\"{list}\"\"\"{after}"))
        .unwrap();
}

/// Each organization, and the second one as often again as there are others.
const FANNED_OUT: &str = "SELECT o.id, o.name, o.slug FROM organizations o \
    LEFT JOIN organizations d ON o.slug = 'org-0002' ORDER BY o.id";

async fn exports(daemon: &Daemon, request: Gid) -> Vec<Export> {
    let filter = ExportFilter { request: Some(request), ..ExportFilter::default() };
    daemon.client.exports(&filter).await.unwrap().exports
}

async fn ended(daemon: &Daemon, request: Gid) -> Vec<Export> {
    until("the exports end", async || exports(daemon, request).await.iter().all(|one| one.state.is_final())).await;
    exports(daemon, request).await
}

fn slugs(exports: &[Export]) -> BTreeSet<&str> {
    exports.iter().map(|export| export.organization.slug.as_str()).collect()
}

#[tokio::test]
async fn an_organization_that_is_listed_twice_is_refused_by_name_and_the_others_go_on() {
    let mut night = Night::new(3, |config| listing(config, FANNED_OUT)).await;
    night.hands.set("2026-01-02T02:00:00Z");
    let run = night.run("nightly", 1).await;
    assert_eq!((run.organizations, run.finished, run.failed, run.failures.len()), (3, 2, 0, 1), "{run:?}");
    let refused = &run.failures[0];
    assert_eq!((refused.error.code.as_str(), run.is_whole()), ("duplicate_id", false));
    assert_eq!(refused.organization.as_ref().unwrap().slug, "org-0002");
    assert!(refused.error.message.contains("(Org 2) is listed 3 times"), "{refused:?}");
    assert_eq!(slugs(&exports(&night.daemon, run.gid).await), BTreeSet::from(["org-0001", "org-0003"]));

    let named = |name: &str| ExportRequest { organizations: vec![name.to_owned()], ..ExportRequest::default() };
    let problem = problem(night.daemon.client.start_exports(&named("org-0002")).await);
    assert_eq!((problem.status, problem.code.as_str()), (409, "duplicate_id"), "{problem:?}");
    let all = ExportRequest { all: true, ..ExportRequest::default() };
    let all = night.daemon.client.start_exports(&all).await.unwrap();
    assert_eq!((all.failures.len(), slugs(&all.exports)), (1, BTreeSet::from(["org-0001", "org-0003"])));
    ended(&night.daemon, all.exports[0].request).await;
    let listed = night.daemon.client.organizations(None).await.unwrap().organizations;
    let health: Vec<(Health, bool)> = listed.iter().map(|one| (one.health, one.refusal.is_some())).collect();
    assert_eq!(health, [(Health::Ok, false), (Health::Refused, true), (Health::Ok, false)]);

    night.daemon = night.daemon.restart().await;
    night.hands.set("2026-01-03T02:00:00Z");
    assert_eq!(night.run("nightly", 2).await.finished, 2);
}

#[tokio::test]
async fn what_of_a_name_is_unreadable_is_a_warning_of_every_archive() {
    let list = "SELECT id, CASE WHEN slug = 'org-0002' THEN CAST(x'4DFC6C6C6572' AS TEXT) ELSE name END AS name, slug \
        FROM organizations ORDER BY id";
    let night = Night::new(2, |config| listing(config, list)).await;
    night.hands.set("2026-01-02T02:00:00Z");
    let run = night.run("nightly", 1).await;
    assert_eq!((run.finished, run.is_whole()), (2, true), "{run:?}");
    for export in exports(&night.daemon, run.gid).await {
        let codes: Vec<&str> = export.warnings.iter().map(|warning| warning.code.as_str()).collect();
        let expected: &[&str] = if export.organization.slug == "org-0002" { &["unreadable_text"] } else { &[] };
        assert_eq!(codes, expected);
        let archive = night.daemon.client.archive(export.gid).await.unwrap();
        assert_eq!(archive.warnings, export.warnings, "the manifest has it");
    }
}

#[tokio::test]
async fn a_format_that_a_kind_does_not_have_is_skipped_there_and_refused_by_name() {
    let (plans, _database) = source("plans", "trueppm", TRUEPPM).await;
    let both = vec![Format::Seed, Format::SeedEvents];
    let hands = Hands::at("2026-01-01T12:00:00Z");
    let daemon = Daemon::start_at(hands.clock(), |config| {
        config.sources = vec![plans];
        config.schedules = vec![ScheduleConfig { formats: both.clone(), ..nightly() }];
    })
    .await;
    let by_kind = |exports: &[Export]| -> HashSet<(String, Format, State)> {
        exports.iter().map(|one| (one.organization.kind.clone(), one.format, one.state)).collect()
    };
    let expected = [("program", Format::Seed), ("program", Format::SeedEvents), ("project", Format::Seed)];
    let expected: HashSet<_> = expected.map(|(kind, format)| (kind.to_owned(), format, State::Finished)).into();
    let run = daemon.client.run_schedule("nightly").await.unwrap();
    let run = async || daemon.client.run(run.gid).await.unwrap();
    until("the run ends", async || run().await.finished_at.is_some()).await;
    let run = run().await;
    assert!(run.is_whole() && run.warnings.is_empty(), "{run:?}");
    assert_eq!(by_kind(&exports(&daemon, run.gid).await), expected);

    let all = ExportRequest { all: true, formats: both.clone(), ..ExportRequest::default() };
    let asked = daemon.client.start_exports(&all).await.unwrap().exports;
    assert_eq!(by_kind(&ended(&daemon, asked[0].request).await), expected);
    let project = asked.iter().find(|one| one.organization.kind == "project").unwrap();
    let named = vec![format!("plans/{}", project.organization.id)];
    let request = ExportRequest { organizations: named, formats: both, ..ExportRequest::default() };
    let refused = problem(daemon.client.start_exports(&request).await);
    assert_eq!((refused.status, refused.code.as_str()), (422, "not_offered"));
    assert!(
        refused.detail.contains(&project.organization.id) && refused.hint == "a project is offered as seed, full",
        "{refused:?}"
    );
}
