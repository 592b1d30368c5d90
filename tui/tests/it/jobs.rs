//! What is told of the jobs of apps.

use orgvault_api::{Format, Job, JobState, Jobs};

use crate::{
    fixtures::{at, failed, gid, key},
    lists::both,
    orgvault::run,
    stub::{Reply, Stub},
};

fn job(id: u64, slug: &str, state: JobState) -> Job {
    Job {
        id,
        organization: key(slug),
        format: Format::Json,
        state,
        remote_id: None,
        remote_state: None,
        requested_at: at(0),
        polled_at: None,
        note: None,
        export: None,
    }
}

#[test]
fn jobs() {
    let waiting = Job {
        remote_id: Some("1203".to_owned()),
        remote_state: Some("started".to_owned()),
        polled_at: Some(at(11)),
        note: Some("waits for the app".to_owned()),
        export: Some(gid(70)),
        ..job(3, "acme", JobState::Waiting)
    };
    let lost = Job {
        note: Some("asking for an export of 7: the connection was reset\u{1b}[2J".to_owned()),
        ..job(12, "globex", JobState::Requested)
    };
    let listed = Jobs { at: at(12), jobs: vec![waiting, lost.clone()] };
    insta::assert_snapshot!(both(&Stub::start([("GET /v1/jobs", Reply::json(&listed))]), &["jobs"]));
    let none = Jobs { at: at(12), jobs: Vec::new() };
    assert_eq!(run(&Stub::start([("GET /v1/jobs", Reply::json(&none))]), &["jobs", "list"]).ok(), "no jobs\n");
    let over = Job { state: JobState::Over, note: Some("forgotten by root".to_owned()), ..lost };
    let stub = Stub::start([("DELETE /v1/jobs/12", Reply::json(&over))]);
    assert_eq!(run(&stub, &["jobs", "forget", "12"]).ok(), "forgot job 12 of tracker/globex\n");
    assert_eq!(run(&stub, &["jobs", "forget", "acme"]).code, Some(2));
}

#[test]
fn an_export_without_an_archive_is_shown_with_the_job_of_its_app() {
    let export = failed(6, "acme", "unknown_job");
    let lost = Job {
        organization: export.organization.clone(),
        format: export.format,
        remote_id: Some("1203".to_owned()),
        note: Some("another export of it over there".to_owned()),
        ..job(12, "acme", JobState::Waiting)
    };
    let other = Job { format: Format::Tar, ..lost.clone() };
    let listed = Jobs { at: at(12), jobs: vec![other, lost] };
    let stub = Stub::start([("GET /v1/exports/6", Reply::json(&export)), ("GET /v1/jobs", Reply::json(&listed))]);
    let shown = run(&stub, &["show", "6"]).ok();
    let asked = "job        waiting, id 1203 over there, asked for at 2026-01-31 09:30:00Z, ";
    assert!(shown.contains(asked) && shown.contains("\n           another export of it over there\n"), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&run(&stub, &["show", "6", "--json"]).ok()).unwrap();
    assert_eq!((&json["job"]["id"], &json["job"]["remote_id"]), (&12.into(), &"1203".into()));
}
