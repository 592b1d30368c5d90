//! What the document tells of each route.

use axum::http::Method;
use orgvault_api::{self as api, preflight::Preflight};
use utoipa::openapi::{Ref, RefOr, Schema, schema::ObjectBuilder, schema::Type};

use super::add;

/// What the document tells of a route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) summary: &'static str,
    pub(super) query: &'static [(&'static str, Kind)],
    pub(super) body: Option<Body>,
    pub(super) answer: Answer,
}

/// The kind of a query's value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    /// One of the schemas.
    Named(&'static str),
}

/// A JSON document.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body {
    /// One of the schemas.
    Named(&'static str),
    /// An object of another API's.
    Theirs,
}

impl Body {
    pub(super) fn schema(self) -> RefOr<Schema> {
        match self {
            Self::Named(name) => Ref::from_schema_name(name).into(),
            Self::Theirs => ObjectBuilder::new().schema_type(Type::Object).into(),
        }
    }
}

/// The answer when it went well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) description: &'static str,
    pub(super) media_type: Option<&'static str>,
    pub(super) schema: Option<Body>,
    /// Whether it can be asked for in parts.
    pub(super) is_file: bool,
}

const fn json(status: u16, schema: Body) -> Answer {
    Answer { status, description: "Done", media_type: Some("application/json"), schema: Some(schema), is_file: false }
}

const fn named(name: &'static str) -> Answer {
    json(200, Body::Named(name))
}

const fn file(media_type: &'static str) -> Answer {
    Answer { status: 200, description: "The file", media_type: Some(media_type), schema: None, is_file: true }
}

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

const ANY_FILE: &str = "*/*";

type Query = &'static [(&'static str, Kind)];

const NONE: Query = &[];
const OPTIONS: Query = &[("opt_fields", Kind::Text), ("opt_pretty", Kind::Text)];
const LINK: Query = &[("expires", Kind::Number), ("holder", Kind::Text), ("signature", Kind::Text)];
const PAGE: Query = &[("after", Kind::Number), ("limit", Kind::Number), ("search", Kind::Text)];
const PAGES: Query = &[("page", Kind::Number)];
const WORKSPACE: Query = &[("format", Kind::Text), ("entity", Kind::Text), ("organization", Kind::Text)];
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

const fn get(summary: &'static str, query: Query, answer: Answer) -> Told {
    Told { summary, query, body: None, answer }
}

const fn with(summary: &'static str, body: Body, answer: Answer) -> Told {
    Told { summary, query: NONE, body: Some(body), answer }
}

/// Method and path, and what is told of them.
#[rustfmt::skip]
const TABLE: &[(&str, Told)] = &[
    ("GET /v1/health", get("Whether the daemon and its catalog work", NONE, named("Alive"))),
    ("GET /v1/status", get("The daemon as a whole, and the caller's role", NONE, named("Status"))),
    ("GET /v1/sources", get("The sources, each asked just now", NONE, named("Sources"))),
    ("GET /v1/sources/{name}/check", get("Every invariant of a source", &[("deep", Kind::Flag)], named("SourceCheck"))),
    ("GET /v1/organizations", get("The organizations", &[("source", Kind::Text), ("history", Kind::Text)], named("Organizations"))),
    ("GET /v1/organizations/{source}/{org}", get("One organization; the source may be *", NONE, named("Organization"))),
    ("GET /v1/organizations/{source}/{org}/counts", get("Rows of an organization in the live database", NONE, named("Counts"))),
    ("POST /v1/exports", with("Ask for exports", Body::Named("ExportRequest"), json(202, Body::Named("Exports")))),
    ("GET /v1/exports", get("The exports, newest last", EXPORTS, named("Exports"))),
    ("GET /v1/exports/{gid}", get("One export", NONE, named("Export"))),
    ("DELETE /v1/exports/{gid}", get("Cancel an export", NONE, named("Export"))),
    ("GET /v1/exports/{gid}/log", get("What is kept of an export's log", NONE, named("LogLines"))),
    ("GET /v1/archives", get("The archives, newest last", ARCHIVES, named("Archives"))),
    ("GET /v1/archives/{gid}", get("One archive", NONE, named("Archive"))),
    ("DELETE /v1/archives/{gid}", get("Delete an archive", NONE, named("Archive"))),
    ("GET /v1/archives/{gid}/download", get("An archive's file", NONE, file(ANY_FILE))),
    ("GET /v1/downloads/{gid}", get("An archive's file, by a signed link", LINK, file(ANY_FILE))),
    ("POST /v1/archives/{gid}/verify", get("Read an archive again", NONE, named("Verification"))),
    ("PUT /v1/archives/{gid}/pin", get("Keep an archive from every deletion", NONE, named("Archive"))),
    ("DELETE /v1/archives/{gid}/pin", get("Let an archive go", NONE, named("Archive"))),
    ("POST /v1/archives/{gid}/preflight", get("What the app's own importer would say", &[("product", Kind::Text)], named("Preflight"))),
    ("POST /v1/archives/{gid}/send", with("Hand an archive to a target", Body::Named("SendRequest"), named("SendAnswer"))),
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
    ("GET /v1/tokens", get("The tokens of the service accounts", NONE, named("Tokens"))),
    ("POST /v1/tokens", with("Make a token", Body::Named("TokenRequest"), json(201, Body::Named("NewToken")))),
    ("DELETE /v1/tokens/{name}", get("Revoke a token", NONE, named("Token"))),
    ("GET /v1/events", get("What happens", &[("request", Kind::Named("Gid"))], EVENTS)),
    ("POST /api/v1/organizations/{id}/export", get("solidtime: export an organization", NONE, json(200, Body::Theirs))),
    ("GET /api/v1/programs/{id}/export/", get("TruePPM: the seed of a program", NONE, file("application/json"))),
    ("GET /api/v1/projects/{id}/export/", get("TruePPM: the seed of a project", NONE, file("application/json"))),
    ("POST /api/v1/programs/{id}/export/", get("TruePPM: begin an export job", NONE, json(202, Body::Theirs))),
    ("POST /api/v1/projects/{id}/export/", get("TruePPM: begin an export job", NONE, json(202, Body::Theirs))),
    ("GET /api/v1/programs/{id}/export/jobs/", get("TruePPM: export jobs", PAGES, json(200, Body::Theirs))),
    ("GET /api/v1/projects/{id}/export/jobs/", get("TruePPM: export jobs", PAGES, json(200, Body::Theirs))),
    ("GET /api/v1/programs/{id}/export/jobs/{job}/", get("TruePPM: one export job", NONE, json(200, Body::Theirs))),
    ("GET /api/v1/projects/{id}/export/jobs/{job}/", get("TruePPM: one export job", NONE, json(200, Body::Theirs))),
    ("GET /api/v1/programs/{id}/export/jobs/{job}/download/", get("TruePPM: what a job made", NONE, file("application/json"))),
    ("GET /api/v1/projects/{id}/export/jobs/{job}/download/", get("TruePPM: what a job made", NONE, file("application/json"))),
    ("GET /api/v1/export/workspace", get("RyTask: export an organization", WORKSPACE, file(ANY_FILE))),
    ("GET /export/workspace", get("RyTask: export an organization", WORKSPACE, file(ANY_FILE))),
    ("POST /organization_exports", with("Asana: begin an export", Body::Theirs, json(201, Body::Theirs))),
    ("POST /api/1.0/organization_exports", with("Asana: begin an export", Body::Theirs, json(201, Body::Theirs))),
    ("GET /organization_exports/{gid}", get("Asana: one export", OPTIONS, json(200, Body::Theirs))),
    ("GET /api/1.0/organization_exports/{gid}", get("Asana: one export", OPTIONS, json(200, Body::Theirs))),
];

/// What is told of a route.
pub(super) fn told(method: &Method, path: &str) -> Option<Told> {
    let name = format!("{method} {path}");
    TABLE.iter().find(|(route, _)| *route == name).map(|(_, told)| *told)
}

/// Every route of which something is told.
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
    add::<api::Organizations>(schemas);
    add::<api::Counts>(schemas);
    add::<api::ExportRequest>(schemas);
    add::<api::Exports>(schemas);
    add::<api::Event>(schemas);
    add::<api::Archives>(schemas);
    add::<api::RowsPage>(schemas);
    add::<api::Comparison>(schemas);
    add::<api::SendRequest>(schemas);
    add::<api::SendAnswer>(schemas);
    add::<api::LogLines>(schemas);
    add::<api::RetentionPlan>(schemas);
    add::<api::Pruned>(schemas);
    add::<api::Diagnosis>(schemas);
    add::<api::Reloaded>(schemas);
    add::<api::Schedules>(schemas);
    add::<api::Runs>(schemas);
    add::<api::Rebuilt>(schemas);
    add::<api::AuditTrail>(schemas);
    add::<api::TokenRequest>(schemas);
    add::<api::NewToken>(schemas);
    add::<api::Tokens>(schemas);
    add::<Preflight>(schemas);
}
