//! Drills from their request to their verdict, on real servers.

use std::{fs, time::Duration};

use orgvault_api::{DrillRequest, DrillState, Format, Sample, Verdict, client::ArchiveFilter, health::Health};
use orgvault_config::{DrillConfig, ScheduleConfig, SecretUrl, calendar::Calendar};
use orgvault_testing::postgres::Database;

use super::fixture::{Stage, of_acme};
use crate::api::fixture::until;

#[tokio::test]
async fn a_full_archive_goes_back_and_is_exported_again_byte_for_byte() {
    let stage = Stage::new().await;
    let archive = stage.archive(&[Format::Full, Format::Json]).await;
    let drill = stage.drill(&of_acme()).await;
    assert_eq!(drill.verdict, Some(Verdict::Passed), "{drill:#?}");
    let proofs: Vec<&str> = drill.proofs.iter().map(|proof| proof.name.as_str()).collect();
    assert_eq!(proofs, ["counts", "row_hashes", "foreign_keys", "tenant", "native_export", "same_archive"]);
    assert!(drill.proofs.iter().all(|proof| proof.same && proof.message.contains(' ')));
    assert!(drill.proofs[4].message.contains("has the bytes of"), "{}", drill.proofs[4].message);
    assert!(drill.rows > 0 && drill.recovery_ms.is_some() && drill.server.starts_with("PostgreSQL "));
    assert_eq!(stage.left(&drill), [""; 0]);
    // What is kept of it: in the catalog, in the archive's entry, beside the archive, in the metrics.
    let shown = stage.daemon.client.archive(archive).await.unwrap();
    assert_eq!(shown.drilled.unwrap().verdict, Verdict::Passed);
    let beside = fs::read_to_string(format!("{}.state.json", shown.path)).unwrap();
    assert!(beside.contains("\"verdict\": \"passed\"") && beside.contains("native_export"), "{beside}");
    assert_eq!(stage.daemon.client.drills(Some(archive), None).await.unwrap().drills, [drill]);
}

#[tokio::test]
async fn rows_that_have_changed_since_are_told_by_table_and_key_and_fail_nothing() {
    let stage = Stage::new().await;
    stage.archive(&[Format::Full]).await;
    stage.app.psql("UPDATE labels SET name = name || '!' WHERE id = (SELECT min(id::text) FROM labels)::uuid");
    let drill = stage.drill(&DrillRequest { against: Some("tracker".to_owned()), ..of_acme() }).await;
    assert_eq!(drill.verdict, Some(Verdict::Passed), "{drill:#?}");
    let against = drill.proofs.last().unwrap();
    assert_eq!((against.name.as_str(), against.same), ("against", false), "{against:#?}");
    assert!(against.differences[0].starts_with("public.labels id="), "{:?}", against.differences);
}

#[tokio::test]
async fn without_a_full_archive_there_is_no_drill_and_the_organization_is_unproven() {
    let stage = Stage::with(|config| config.freshness.max_unproven = Duration::from_hours(24)).await;
    let asked = stage.daemon.client.start_drills(&of_acme()).await.unwrap();
    assert!(asked.drills.is_empty());
    assert_eq!(asked.skipped[0].reason.code, "no_full_archive");
    let health = async || stage.daemon.client.organizations(None).await.unwrap().organizations[0].health;
    stage.archive(&[Format::Full]).await;
    assert_eq!(health().await, Health::Unproven);
    assert_eq!(stage.drill(&of_acme()).await.verdict, Some(Verdict::Passed));
    assert_eq!(health().await, Health::Ok);
}

#[tokio::test]
async fn a_drill_on_the_servers_of_a_source_or_without_a_server_is_inconclusive() {
    let other = Database::new();
    let stage = Stage::with(|config| config.scratch.url = Some(SecretUrl::new(other.admin_url()))).await;
    stage.archive(&[Format::Full]).await;
    let drill = stage.drill(&of_acme()).await;
    stage.is_inconclusive(&drill, "scratch_is_source");
    let archives = stage.daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives;
    assert_eq!(archives[0].drilled.as_ref().unwrap().code.as_deref(), Some("scratch_is_source"));
}

#[tokio::test]
async fn what_is_canceled_or_was_going_on_at_a_stop_is_inconclusive_and_what_waits_goes_on() {
    let stage = Stage::new().await;
    let archive = stage.archive(&[Format::Full]).await;
    let asked = DrillRequest { archives: vec![archive, archive, archive], ..DrillRequest::default() };
    let asked = stage.daemon.client.start_drills(&asked).await.unwrap().drills;
    let [first, second, third] = [0, 1, 2].map(|at| asked[at].gid);
    let canceled = stage.daemon.client.cancel_drill(second).await.unwrap();
    assert_eq!(canceled.error.unwrap().code, "canceled", "it had not begun");
    until("the first one begins", async || {
        stage.daemon.client.drill(first).await.unwrap().state == DrillState::Started
    })
    .await;
    let Stage { daemon, app } = stage;
    let stage = Stage { daemon: daemon.restart().await, app };
    let interrupted = stage.ended(first).await;
    stage.is_inconclusive(&interrupted, "interrupted");
    let went_on = stage.ended(third).await;
    assert_eq!(went_on.verdict, Some(Verdict::Passed), "{went_on:#?}");
}

#[tokio::test]
async fn a_drill_of_the_configuration_begins_by_itself() {
    let stage = Stage::with(|config| {
        let calendar = Calendar::new("* * * * * *", chrono_tz::Tz::UTC).unwrap();
        let when = ScheduleConfig::new("proof".to_owned(), calendar);
        config.drills = vec![DrillConfig { when, sample: Sample::ALL, against: None }];
    })
    .await;
    let archive = stage.archive(&[Format::Full]).await;
    let mut drills = Vec::new();
    until("a drill is due", async || {
        drills = stage.daemon.client.drills(Some(archive), None).await.unwrap().drills;
        !drills.is_empty()
    })
    .await;
    let drill = stage.ended(drills.last().unwrap().gid).await;
    assert_eq!((drill.by.as_str(), drill.verdict), ("drill proof", Some(Verdict::Passed)), "{drill:#?}");
}

#[tokio::test]
async fn an_organization_that_is_gone_in_the_app_is_drilled_by_its_name() {
    let stage = Stage::new().await;
    stage.archive(&[Format::Full]).await;
    stage.app.psql("TRUNCATE organizations CASCADE");
    let drill = stage.drill(&DrillRequest { against: Some("tracker".to_owned()), ..of_acme() }).await;
    assert_eq!(drill.verdict, Some(Verdict::Passed), "{drill:#?}");
    let against = drill.proofs.last().unwrap();
    assert!(!against.same && against.message.starts_with("not compared: "), "{against:#?}");
}
