//! What the document says of each of the daemon's own routes. Those of faces bring their own words.

use axum::http::Method;
use orgvault_api::{self as api, preflight::Preflight};
use utoipa::openapi::{RefOr, Schema};

use super::{
    super::description::{ANY_FILE, Answer, Body, Description, Kind, NONE, Query, file, get, json, named, with},
    add,
};

const EVENTS: Answer = Answer {
    status: 200,
    description: "Server-sent events; the data of each is an Event",
    media_type: Some("text/event-stream"),
    schema: None,
    is_file: false,
};

const METRICS: Answer = Answer {
    status: 200,
    description: "OpenMetrics 1.0",
    media_type: Some("application/openmetrics-text"),
    schema: None,
    is_file: false,
};

const LINK: Query = &[("expires", Kind::Number), ("holder", Kind::Text), ("signature", Kind::Text)];
const PAGE: Query = &[("after", Kind::Number), ("limit", Kind::Number), ("search", Kind::Text)];
const EXPORTS: Query = &[
    ("state", Kind::Named("State")),
    ("limit", Kind::Number),
    ("request", Kind::Named("Gid")),
    ("before", Kind::Named("Gid")),
    ("after", Kind::Named("Gid")),
];
const ARCHIVES: Query = &[
    ("source", Kind::Text),
    ("organization", Kind::Text),
    ("limit", Kind::Number),
    ("before", Kind::Named("Gid")),
    ("after", Kind::Named("Gid")),
];

/// Method and path, and what is said of them.
#[rustfmt::skip]
const TABLE: &[(&str, Description)] = &[
    ("GET /v1/health", get("Whether the daemon and its catalog work", NONE, named("Alive"))),
    ("GET /v1/status", get("The daemon as a whole, and the caller's role", NONE, named("Status"))),
    ("GET /v1/sources", get("The sources, each asked just now", NONE, named("Sources"))),
    ("GET /v1/sources/{name}/check", get("Every invariant of a source", &[("deep", Kind::Flag)], named("SourceCheck"))),
    ("GET /v1/sources/{name}/coverage", get("The rows of all organizations of a source against the rows of their tables", NONE, named("Coverage"))),
    ("GET /v1/organizations", get("The organizations", &[("source", Kind::Text), ("history", Kind::Text)], named("Organizations"))),
    ("GET /v1/organizations/{source}/{org}", get("One organization; the source may be *", NONE, named("Organization"))),
    ("GET /v1/organizations/{source}/{org}/counts", get("Rows of an organization in the live database", NONE, named("Counts"))),
    ("POST /v1/exports", with("Ask for exports", Body::Named("ExportRequest"), json(202, Body::Named("Exports")))),
    ("GET /v1/exports", get("The exports, newest last", EXPORTS, named("Exports"))),
    ("GET /v1/exports/{gid}", get("One export", NONE, named("Export"))),
    ("DELETE /v1/exports/{gid}", get("Cancel an export", NONE, named("Export"))),
    ("GET /v1/exports/{gid}/log", get("What is kept of an export's log", NONE, named("LogLines"))),
    ("POST /v1/drills", with("Put archives back into a scratch database, compare, and throw it away", Body::Named("DrillRequest"), json(202, Body::Named("DrillsAsked")))),
    ("GET /v1/drills", get("The drills, newest first", &[("archive", Kind::Named("Gid")), ("limit", Kind::Number)], named("Drills"))),
    ("GET /v1/drills/{gid}", get("One drill", NONE, named("Drill"))),
    ("DELETE /v1/drills/{gid}", get("Cancel a drill", NONE, named("Drill"))),
    ("GET /v1/archives", get("The archives, newest last", ARCHIVES, named("Archives"))),
    ("GET /v1/archives/{gid}", get("One archive", NONE, named("Archive"))),
    ("DELETE /v1/archives/{gid}", get("Delete an archive", NONE, named("Archive"))),
    ("GET /v1/archives/{gid}/download", get("An archive's file", NONE, file(ANY_FILE))),
    ("GET /v1/downloads/{gid}", get("An archive's file, by a signed link", LINK, file(ANY_FILE))),
    ("GET /v1/archives/{gid}/evidence", get("Signed evidence of an archive, as a tar file", NONE, file("application/x-tar"))),
    ("GET /v1/evidence/key", get("The public key of evidence", NONE, named("EvidencePublicKey"))),
    ("POST /v1/archives/{gid}/verify", get("Read an archive again", NONE, named("Verification"))),
    ("PUT /v1/archives/{gid}/pin", get("Keep an archive from every deletion", NONE, named("Archive"))),
    ("DELETE /v1/archives/{gid}/pin", get("Let an archive go", NONE, named("Archive"))),
    ("POST /v1/archives/{gid}/preflight", get("What the app's own importer would say", &[("product", Kind::Text)], named("Preflight"))),
    ("POST /v1/archives/{gid}/send", with("Hand an archive to a target", Body::Named("SendRequest"), named("SendAnswer"))),
    ("POST /v1/restores", with("Plan a restore, or do one", Body::Named("RestoreRequest"), named("RestoreAnswer"))),
    ("GET /v1/archives/{gid}/sections/{name}/rows", get("Rows of a section", PAGE, named("RowsPage"))),
    ("GET /v1/archives/{gid}/compare/{other}", get("Two archives, section by section", NONE, named("Comparison"))),
    ("GET /v1/retention/plan", get("What retention keeps and drops", NONE, named("RetentionPlan"))),
    ("POST /v1/retention/apply", get("Delete what retention drops", NONE, named("Pruned"))),
    ("GET /v1/diagnosis", get("What somebody who helps has to know", NONE, named("Diagnosis"))),
    ("GET /metrics", get("Metrics for Prometheus", &[("organizations", Kind::Flag)], METRICS)),
    ("POST /v1/reload", get("Read the configuration again", NONE, named("Reloaded"))),
    ("GET /v1/schedules", get("The schedules", &[("next", Kind::Number)], named("Schedules"))),
    ("POST /v1/schedules/{name}/run", get("Begin a run now", NONE, json(202, Body::Named("Run")))),
    ("POST /v1/schedules/{name}/pause", get("Pause a schedule", NONE, named("Schedule"))),
    ("POST /v1/schedules/{name}/resume", get("Resume a schedule", NONE, named("Schedule"))),
    ("GET /v1/runs", get("The runs, newest last", &[("schedule", Kind::Text), ("limit", Kind::Number)], named("Runs"))),
    ("GET /v1/runs/{gid}", get("One run", NONE, named("Run"))),
    ("POST /v1/run-due", get("Begin what is due", NONE, json(202, Body::Named("Runs")))),
    ("POST /v1/catalog/rebuild", get("List the archives anew from the disk", NONE, named("Rebuilt"))),
    ("GET /v1/audit", get("Who did what", &[("after", Kind::Text), ("limit", Kind::Number)], named("AuditTrail"))),
    ("GET /v1/audit/verify", get("Whether the audit trail is what was written", &[("head", Kind::Text)], named("AuditChain"))),
    ("GET /v1/jobs", get("The jobs of apps that are not over", NONE, named("Jobs"))),
    ("DELETE /v1/jobs/{id}", get("Forget a job: the next export asks the app for a new one", NONE, named("Job"))),
    ("GET /v1/tokens", get("The tokens of the service accounts", NONE, named("Tokens"))),
    ("POST /v1/tokens", with("Make a token", Body::Named("TokenRequest"), json(201, Body::Named("NewToken")))),
    ("DELETE /v1/tokens/{name}", get("Revoke a token", NONE, named("Token"))),
    ("GET /v1/events", get("What happens", &[("request", Kind::Named("Gid"))], EVENTS)),
];

/// What is said of one of the daemon's own routes.
pub(super) fn description(method: &Method, path: &str) -> Option<Description> {
    let name = format!("{method} {path}");
    TABLE.iter().find(|(route, _)| *route == name).map(|(_, description)| *description)
}

/// Every route that is described here.
#[cfg(test)]
pub(super) fn known() -> impl Iterator<Item = String> {
    TABLE.iter().map(|(route, _)| (*route).to_owned())
}

/// The documents of the wire.
pub(super) fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    add::<api::Alive>(schemas);
    add::<api::Status>(schemas);
    add::<api::Sources>(schemas);
    add::<api::SourceCheck>(schemas);
    add::<api::Coverage>(schemas);
    add::<api::Organizations>(schemas);
    add::<api::Counts>(schemas);
    add::<api::ExportRequest>(schemas);
    add::<api::Exports>(schemas);
    add::<api::Event>(schemas);
    add::<api::Archives>(schemas);
    add::<api::RowsPage>(schemas);
    add::<api::Comparison>(schemas);
    add::<api::SendRequest>(schemas);
    add::<api::RestoreAnswer>(schemas);
    add::<api::RestoreRequest>(schemas);
    add::<api::SendAnswer>(schemas);
    add::<api::DrillRequest>(schemas);
    add::<api::DrillsAsked>(schemas);
    add::<api::Drills>(schemas);
    add::<api::LogLines>(schemas);
    add::<api::RetentionPlan>(schemas);
    add::<api::Pruned>(schemas);
    add::<api::Diagnosis>(schemas);
    add::<api::Reloaded>(schemas);
    add::<api::Schedules>(schemas);
    add::<api::Runs>(schemas);
    add::<api::Rebuilt>(schemas);
    add::<api::AuditTrail>(schemas);
    add::<api::AuditChain>(schemas);
    add::<api::EvidencePublicKey>(schemas);
    add::<api::TokenRequest>(schemas);
    add::<api::NewToken>(schemas);
    add::<api::Tokens>(schemas);
    add::<api::Jobs>(schemas);
    add::<api::Job>(schemas);
    add::<api::JobState>(schemas);
    add::<Preflight>(schemas);
}
