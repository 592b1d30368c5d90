//! Jobs of apps, as people see them, and how one is forgotten.

use orgvault_api::{Job, JobState, Role, clock::Clock};

use super::{
    asana::{CREATE, SIGNATURE, job, polled},
    fixture::{Api, TOKEN, begin, code},
    reply::Reply,
};
use crate::{
    api::{
        fixture::{Daemon, problem, until},
        tokens::{bearer, request},
    },
    keep::fixture::ended,
};

/// A job that was made when it was asked for.
fn created(gid: &str) -> Reply {
    let mut told = job(gid, "1331", "pending", None);
    told["data"]["created_at"] = Clock::system().now().to_rfc3339().into();
    Reply::json(201, &told)
}

/// The only job that is not over, once the app has told its id.
async fn told(daemon: &Daemon) -> Job {
    until("the app has told its id", async || {
        daemon.client.jobs().await.unwrap().jobs.first().is_some_and(|job| job.remote_id.is_some())
    })
    .await;
    daemon.client.jobs().await.unwrap().jobs.remove(0)
}

#[tokio::test]
async fn a_job_is_listed_while_it_is_waited_for_and_forgotten_when_it_is_not() {
    let api = Api::start().await;
    api.base.on(CREATE, [created("1203"), created("1204")]);
    for gid in ["1203", "1204"] {
        polled(&api, "1331", gid, &["started"; 100]);
    }
    let daemon = api.daemon(&api.asana(&["1331"])).await;
    let gid = begin(&daemon.client, "work/1331").await.gid;
    let first = told(&daemon).await;
    assert_eq!((first.remote_id.as_deref(), first.export, first.state), (Some("1203"), Some(gid), JobState::Waiting));
    until("the export tells of it", async || {
        let export = daemon.client.export(gid).await.unwrap();
        let progress = export.progress.and_then(|progress| progress.job);
        progress.is_some_and(|job| job.remote_id == first.remote_id && job.requested_at == first.requested_at)
    })
    .await;

    let refused = problem(daemon.client.forget_job(first.id).await);
    assert_eq!((refused.status, refused.code.as_str()), (409, "job_in_use"), "{refused:?}");
    assert!(refused.hint.contains(&format!("orgvault cancel {gid}")), "{refused:?}");
    daemon.client.cancel(gid).await.unwrap();
    assert_eq!(code(&ended(&daemon.client, gid).await), "canceled");
    let kept = told(&daemon).await;
    assert_eq!((kept.id, kept.export), (first.id, None), "the app goes on with it");

    let forgotten = daemon.client.forget_job(first.id).await.unwrap();
    assert_eq!(forgotten.state, JobState::Over);
    assert!(forgotten.note.unwrap().starts_with("forgotten by "));
    assert!(daemon.client.jobs().await.unwrap().jobs.is_empty());
    for gone in [first.id, 4711] {
        assert_eq!(problem(daemon.client.forget_job(gone).await).code, "unknown_job");
    }
    let again = begin(&daemon.client, "work/1331").await.gid;
    assert_eq!(told(&daemon).await.remote_id.as_deref(), Some("1204"));
    assert_eq!(api.base.count(CREATE), 2);
    daemon.client.cancel(again).await.unwrap();

    let trail = daemon.client.audit(None, None).await.unwrap();
    let acts: Vec<_> =
        trail.entries.iter().filter(|entry| entry.act == "job.forget").map(|entry| entry.result.as_str()).collect();
    assert_eq!(acts, ["job_in_use", "ok", "unknown_job", "unknown_job"]);
}

#[tokio::test]
async fn jobs_are_shown_to_those_who_may_know_of_their_organization_and_forgotten_by_owners() {
    let api = Api::start().await;
    api.base.on(CREATE, [created("1203")]);
    polled(&api, "1331", "1203", &["started"; 100]);
    let daemon = api.daemon(&api.asana(&["1331", "1332"])).await;
    let gid = begin(&daemon.client, "work/1331").await.gid;
    let id = told(&daemon).await.id;
    for (organization, number) in [("work/1331", 1), ("work/1332", 0)] {
        let name = organization.replace('/', "-");
        let made = daemon.client.add_token(&request(&name, Role::Viewer, &[organization])).await.unwrap();
        let listed = daemon.request("GET /v1/jobs", &[&format!("Authorization: Bearer {}", made.secret)]).await;
        assert_eq!((listed.status, listed.json()["jobs"].as_array().unwrap().len()), (200, number), "{organization}");
        assert!(!listed.text().contains(TOKEN) && !listed.text().contains(SIGNATURE));
    }
    let admin = bearer(&daemon, "admin", Role::Admin).await;
    assert_eq!(daemon.request(&format!("DELETE /v1/jobs/{id}"), &[&admin]).await.status, 403);
    daemon.client.cancel(gid).await.unwrap();
}
