//! Asana's answers.

use chrono::{SecondsFormat, TimeDelta};
use orgvault_api::clock::Clock;
use serde_json::{Value, json};

use super::{fixture::Api, reply::Reply};

/// Where a job is made.
pub(crate) const CREATE: &str = "POST /api/1.0/organization_exports";
/// What every link to a file is signed with.
pub(crate) const SIGNATURE: &str = "5e7a1bfc0ffee5176";

/// Where a job is polled.
pub(crate) fn poll(job: &str) -> String {
    format!("GET /api/1.0/organization_exports/{job}")
}

/// Where a job's file lies.
pub(crate) fn file(job: &str) -> String {
    format!("GET /exports/{job}.json.gz")
}

/// What is told of a job that was created just now.
pub(crate) fn job(job: &str, organization: &str, state: &str, link: Option<&str>) -> Value {
    job_created(TimeDelta::zero(), job, organization, state, link)
}

/// The same by a clock that is so far ahead.
pub(crate) fn job_created(ahead: TimeDelta, job: &str, organization: &str, state: &str, link: Option<&str>) -> Value {
    let created_at = (Clock::system().now() + ahead).to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({"data": {
        "gid": job,
        "resource_type": "organization_export",
        "created_at": created_at,
        "download_url": link,
        "state": state,
        "organization": {"gid": organization, "resource_type": "organization", "name": "Acme"},
    }})
}

/// A fresh link, as the one with this number; the last part is what a published example has.
pub(crate) fn link(api: &Api, job: &str, number: usize) -> String {
    format!(
        "{}/exports/{job}.json.gz?X-Amz-Expires=300&X-Amz-Nonce={number}&X-Amz-Signature={SIGNATURE}#_=_",
        api.storage.url()
    )
}

/// Scripts one job: its making, the states that it goes through, and `finished` with a fresh link
/// each time. Its file is for the test to put there.
pub(crate) fn script(api: &Api, organization: &str, gid: &str, states: &[&str]) {
    let workspace = json!({"gid": organization, "name": "Acme", "resource_type": "workspace"});
    api.base.on("GET /api/1.0/workspaces", [Reply::json(200, &json!({"data": [workspace], "next_page": null}))]);
    let me = json!({"data": {"gid": "9", "name": "Backup", "email": "backup@example.org", "resource_type": "user"}});
    api.base.on("GET /api/1.0/users/me", [Reply::json(200, &me)]);
    api.base.on(CREATE, [Reply::json(201, &job(gid, organization, "pending", None))]);
    polled(api, organization, gid, states);
}

/// Scripts the polls of one job.
pub(crate) fn polled(api: &Api, organization: &str, gid: &str, states: &[&str]) {
    let states: Vec<String> = states.iter().map(|state| (*state).to_owned()).collect();
    let (organization, job_gid, storage) = (organization.to_owned(), gid.to_owned(), link(api, gid, 0));
    api.base.on_each(&poll(gid), move |_, number| {
        if let Some(state) = states.get(number) {
            return Reply::json(200, &job(&job_gid, &organization, state, None));
        }
        let link = storage.replace("Nonce=0", &format!("Nonce={number}"));
        Reply::json(200, &job(&job_gid, &organization, "finished", Some(&link)))
    });
}
