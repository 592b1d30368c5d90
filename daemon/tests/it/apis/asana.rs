//! Asana's answers.

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

/// What is told of a job.
pub(crate) fn job(job: &str, organization: &str, state: &str, link: Option<&str>) -> Value {
    json!({"data": {
        "gid": job,
        "resource_type": "organization_export",
        "created_at": "2026-01-31T09:30:00.000Z",
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
    api.base.on(CREATE, [Reply::json(201, &job(gid, organization, "pending", None))]);
    polled(api, organization, gid, states);
}

/// Scripts the polls of one job.
pub(crate) fn polled(api: &Api, organization: &str, gid: &str, states: &[&str]) {
    let states: Vec<String> = states.iter().map(|state| (*state).to_owned()).collect();
    let (organization, job_gid, storage) = (organization.to_owned(), gid.to_owned(), link(api, gid, 0));
    api.base.on_each(&poll(gid), move |_, number| match states.get(number) {
        Some(state) => Reply::json(200, &job(&job_gid, &organization, state, None)),
        None => {
            let link = storage.replace("Nonce=0", &format!("Nonce={number}"));
            Reply::json(200, &job(&job_gid, &organization, "finished", Some(&link)))
        }
    });
}
