//! `orgvault health`: its verdicts, its exit codes, its performance data.

use orgvault_api::{
    ExportError, Format, LastArchive, Organization, Organizations, Role, SourceFailure, Status, Warning,
    health::{Health, Reason},
};

use crate::{
    fixtures::{at, gid, key},
    orgvault::{Ran, alone, run},
    stub::{Reply, Stub},
};

fn organization(slug: &str, health: Health) -> Organization {
    let last = LastArchive { gid: gid(7), format: Format::Json, exported_at: at(1), bytes: 1, rows: 1 };
    Organization {
        key: key(slug),
        created_at: None,
        deleted_at: None,
        last_archive: (health != Health::Never).then_some(last),
        last_state: None,
        in_all: slug != "part",
        covered: slug != "part",
        listed_at: None,
        reason: (health == Health::Failed).then(|| Reason {
            message: "the connection broke".to_owned(),
            hint: "look".to_owned(),
            gid: None,
        }),
        health,
        history: Vec::new(),
        next_run: None,
        refusal: None,
    }
}

fn judged(healths: &[(&str, Health)], warning: &str, failures: Vec<SourceFailure>, args: &[&str]) -> Ran {
    let message = "the disk | is odd\n  mend it".to_owned();
    let warning = (!warning.is_empty()).then(|| Warning { code: warning.to_owned(), message, ids: Vec::new() });
    let status = Status {
        version: "0.1.0".to_owned(),
        pid: 77,
        started_at: at(0),
        role: Role::Viewer,
        sources: 1,
        archives: 1,
        archive_bytes: 1,
        archive_dir: "/archives".to_owned(),
        pending: 0,
        running: 0,
        failed: 0,
        configured_at: at(0),
        warnings: warning.into_iter().collect(),
    };
    let organizations = healths.iter().map(|(slug, health)| organization(slug, *health)).collect();
    let stub = Stub::start([
        ("GET /v1/status", Reply::json(&status)),
        ("GET /v1/organizations", Reply::json(&Organizations { organizations, failures })),
    ]);
    run(&stub, &[&["health"], args].concat())
}

fn down() -> Vec<SourceFailure> {
    let [code, message, hint] = ["source_unreachable", "connection refused", ""].map(str::to_owned);
    vec![SourceFailure { source: "old".to_owned(), organization: None, error: ExportError { code, message, hint } }]
}

#[test]
fn each_health_has_its_exit_code() {
    for (health, code) in [
        (Health::Ok, 0),
        (Health::Running, 0),
        (Health::Never, 1),
        (Health::Gone, 1),
        (Health::Shrinking, 1),
        (Health::Refused, 1),
        (Health::Stale, 2),
        (Health::Failed, 2),
        (Health::Damaged, 2),
    ] {
        let ran = judged(&[("fine", Health::Ok), ("acme", health)], "", Vec::new(), &[]);
        assert_eq!(ran.code, Some(code), "{health:?}: {}", ran.all());
    }
    for health in [Health::Never, Health::Stale, Health::Failed, Health::Gone] {
        assert_eq!(judged(&[("part", health)], "", Vec::new(), &[]).code, Some(0), "nobody is to export it");
    }
    assert_eq!(judged(&[("part", Health::Damaged)], "", Vec::new(), &[]).code, Some(2), "what was kept is lost");
    assert_eq!(judged(&[], "archive_dir", Vec::new(), &[]).code, Some(1));
    assert_eq!(judged(&[], "archives_polled", Vec::new(), &[]).code, Some(0));
    assert_eq!(judged(&[], "", down(), &[]).code, Some(2));
}

#[test]
fn for_people_the_worst_come_first() {
    let healths = [("acme", Health::Stale), ("fine", Health::Ok), ("odd", Health::Damaged), ("new", Health::Never)];
    insta::assert_snapshot!(judged(&healths, "archive_dir", down(), &[]).all());
}

#[test]
fn for_a_plugin_it_is_one_line_with_performance_data() {
    let ran = judged(&[("acme", Health::Failed), ("fine", Health::Ok)], "archive_dir", Vec::new(), &["--nagios"]);
    let (sentence, data) = ran.out.trim_end().split_once(" | ").unwrap();
    assert_eq!(sentence, "ORGVAULT CRITICAL - 1 failed of 2 organizations, the disk / is odd; mend it");
    let (counts, oldest) = data.rsplit_once(' ').unwrap();
    let expected = "ok=1;;;0 running=0;;;0 never=0;;;0 gone=0;;;0 shrinking=0;;;0 refused=0;;;0 unproven=0;;;0 stale=0;;;0 failed=1;;;0 damaged=0;;;0";
    assert_eq!(counts, expected);
    assert!(oldest.starts_with("oldest=") && oldest.ends_with("s;;;0"), "{oldest}");
    assert_eq!(ran.code, Some(2));
}

#[test]
fn without_a_daemon_it_is_unknown_which_is_3() {
    for args in [&["health"][..], &["health", "--nagios"], &["health", "--json"]] {
        let ran = alone(args);
        assert!(ran.code == Some(3) && ran.out.contains("UNKNOWN") && ran.err.is_empty(), "{}", ran.all());
    }
}
