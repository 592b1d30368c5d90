//! Which runs there are, and what they export.

use std::collections::BTreeSet;

use orgvault_shared::{
    api::{State, Trigger},
    client::ExportFilter,
    config::{Missed, ScheduleConfig},
};

use super::fixture::{Night, add, at, nightly};

#[tokio::test]
async fn a_schedule_exports_every_organization_when_it_is_due_and_new_ones_the_next_night() {
    let night = Night::new(3, |_config| {}).await;
    let listed = night.daemon.client.schedules(2).await.unwrap().schedules.remove(0);
    assert_eq!(listed.next, [at("2026-01-02T02:00:00Z"), at("2026-01-03T02:00:00Z")]);
    let organization = night.daemon.client.organization("org-0001").await.unwrap();
    assert_eq!(organization.next_run, Some(at("2026-01-02T02:00:00Z")));

    night.hands.set("2026-01-02T02:00:00Z");
    let run = night.run("nightly", 1).await;
    assert_eq!((run.trigger, run.due_at), (Trigger::Due, at("2026-01-02T02:00:00Z")));
    assert_eq!((run.organizations, run.finished, run.failed, run.open), (3, 3, 0, 0));
    let filter = ExportFilter { request: Some(run.gid), ..ExportFilter::default() };
    let exports = night.daemon.client.exports(&filter).await.unwrap().exports;
    assert!(
        exports.iter().all(|export| export.state == State::Finished && export.schedule.as_deref() == Some("nightly"))
    );
    let slugs: BTreeSet<&str> = exports.iter().map(|export| export.organization.slug.as_str()).collect();
    assert_eq!(slugs, BTreeSet::from(["org-0001", "org-0002", "org-0003"]));

    add(&night.database, 4, 4).await;
    night.hands.set("2026-01-03T02:00:00Z");
    assert_eq!(night.run("nightly", 2).await.finished, 4);
}

#[tokio::test]
async fn what_was_due_while_the_daemon_was_off_is_caught_up_with_once_or_passed_over() {
    let mut night = Night::new(1, |config| {
        let hasty = ScheduleConfig { name: "skipping".to_owned(), missed: Missed::Skip, ..nightly() };
        config.schedules.push(hasty);
    })
    .await;
    night.looked().await;
    let hands = night.hands.clone();
    hands.set("2026-01-08T12:00:00Z");
    night.daemon = night.daemon.restart().await;
    let run = night.run("nightly", 1).await;
    assert_eq!((run.trigger, run.due_at), (Trigger::Missed, at("2026-01-02T02:00:00Z")));
    night.looked().await;
    assert_eq!((night.runs("nightly").await.len(), night.runs("skipping").await.len()), (1, 0));
    hands.set("2026-01-09T02:00:00Z");
    assert_eq!(night.run("nightly", 2).await.trigger, Trigger::Due);
    assert_eq!(night.run("skipping", 1).await.trigger, Trigger::Due);
}
