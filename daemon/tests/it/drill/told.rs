//! Who is told of a drill: hooks, metrics, and a catalog that was lost.

use std::{fs, time::Duration};

use orgvault_api::{Format, Verdict, client::ArchiveFilter, health::Health};
use orgvault_config::{HookAction, HookConfig, HookEvent, HookScope, Variables, patterns::Patterns};

use super::fixture::{Stage, of_acme};
use crate::{
    api::fixture::{parts, until},
    full::changed::Changed,
};

/// Appends what it is told to a file.
fn hook(file: &std::path::Path) -> HookConfig {
    HookConfig {
        name: "drills".to_owned(),
        on: vec![HookEvent::Drill],
        scope: HookScope::Run,
        schedules: Patterns::all(),
        action: HookAction::Command {
            argv: ["/bin/sh", "-c", "env | grep ^ORGVAULT_ | sort > $0.new && mv $0.new $0", file.to_str().unwrap()]
                .map(str::to_owned)
                .into(),
            shell: false,
            environment: Variables::default(),
        },
        timeout: Duration::from_secs(20),
    }
}

/// The lines of the metrics that are about drills.
async fn metrics(stage: &Stage) -> String {
    let answer = stage.daemon.ask("GET", "/metrics?organizations=true", "", "").await;
    let (_, body) = parts(&answer);
    body.lines().filter(|line| line.starts_with("orgvault_drill_")).collect::<Vec<_>>().join("\n")
}

async fn health(stage: &Stage) -> Health {
    let listed = stage.daemon.client.organizations(None).await.unwrap().organizations;
    listed.iter().find(|one| one.key.slug == "acme").unwrap().health
}

/// Makes one row of an archive another one.
async fn tampered(stage: &Stage, archive: orgvault_api::gid::Gid) {
    let path = stage.path(archive).await;
    Changed::open(&path).exchange("labels", ",bug,", ",bag,").write(&path);
    stage.daemon.client.rebuild_catalog().await.unwrap();
}

#[tokio::test]
async fn a_hook_and_the_metrics_tell_of_a_drill_that_failed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("told");
    let stage = Stage::with(|config| config.hooks = vec![hook(&file)]).await;
    let archive = stage.archive(&[Format::Full, Format::Json]).await;
    let passed = stage.drill(&of_acme()).await;
    assert_eq!(passed.verdict, Some(Verdict::Passed), "{passed:#?}");
    let said = metrics(&stage).await;
    for metric in ["verdict", "age_seconds", "passed_age_seconds", "recovery_seconds"] {
        assert!(said.contains(&format!("orgvault_drill_{metric}{{")), "{said}");
    }
    assert!(said.contains("verdict=\"passed\"} 1") && !file.exists(), "{said}");

    tampered(&stage, archive).await;
    let failed = stage.drill(&of_acme()).await;
    until("the hook is called", async || file.exists()).await;
    let told = fs::read_to_string(&file).unwrap();
    for line in [
        "ORGVAULT_EVENT=drill".to_owned(),
        "ORGVAULT_VERDICT=failed".to_owned(),
        "ORGVAULT_CODE=native_export_differs".to_owned(),
        format!("ORGVAULT_ARCHIVE={archive}"),
        format!("ORGVAULT_DRILL={}", failed.gid),
    ] {
        assert!(told.lines().any(|told| told == line), "{line}: {told}");
    }
    assert!(!told.contains("bag"), "no row leaves the machine: {told}");
    let said = metrics(&stage).await;
    assert!(said.contains("verdict=\"failed\"} 1") && said.contains("passed_age_seconds"), "{said}");
    assert_eq!(health(&stage).await, Health::Damaged);
}

/// Stops the daemon, loses its catalog, and starts another one.
async fn without_its_catalog(stage: Stage) -> Stage {
    let Stage { mut daemon, app } = stage;
    daemon.stop.soft.cancel();
    daemon.ended().await;
    for file in fs::read_dir(&daemon.config.daemon.state_dir).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("catalog.sqlite") {
            fs::remove_file(path).unwrap();
        }
    }
    let stage = Stage { daemon: daemon.start_again().await, app };
    stage.daemon.client.rebuild_catalog().await.unwrap();
    stage
}

#[tokio::test]
async fn what_drills_have_said_is_known_after_the_catalog_was_lost() {
    let stage = Stage::with(|config| config.freshness.max_unproven = Duration::from_hours(24)).await;
    let archive = stage.archive(&[Format::Full, Format::Json]).await;
    let passed = stage.drill(&of_acme()).await;
    let stage = without_its_catalog(stage).await;
    assert_eq!(stage.daemon.client.drills(None, None).await.unwrap().drills, std::slice::from_ref(&passed));
    assert_eq!(health(&stage).await, Health::Ok);

    // One that says nothing of the archive takes nothing away from what was said of it.
    let canceled = stage.canceled(archive).await;
    let stage = without_its_catalog(stage).await;
    assert_eq!(stage.daemon.client.drills(None, None).await.unwrap().drills, [canceled.clone(), passed]);
    assert_eq!(health(&stage).await, Health::Ok);
    let listed = stage.daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives;
    let last = listed.iter().find(|one| one.gid == archive).unwrap().drilled.clone().unwrap();
    assert_eq!((last.gid, last.verdict), (canceled.gid, Verdict::Inconclusive));

    tampered(&stage, archive).await;
    let failed = stage.drill_of(archive).await;
    assert_eq!(failed.verdict, Some(Verdict::Failed));
    stage.canceled(archive).await;
    let stage = without_its_catalog(stage).await;
    assert_eq!(health(&stage).await, Health::Damaged);
}
