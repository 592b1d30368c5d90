//! TruePPM's face: `/api/v1/programs/{id}/export/` and `/api/v1/projects/{id}/export/`, with the
//! statuses of its own API: 401 for nobody, 404 for who is no member, 403 for too low a role.

mod document;
mod error_style;
mod jobs;
mod slash;

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use orgvault_api::{Actor, Format, OrganizationKey, Role};

use self::{error_style::error_style, slash::with_slash};
use crate::{
    api::{
        ApiError, App, Attachment, Caller, Face, Route,
        description::{Body, Kind, NONE, file, get, json},
        faces::{ArchiveChoice, FaceTenant},
        request::Path,
    },
    source::Listed,
};

const JSON: &str = "application/json";

/// TruePPM's export API.
pub(super) const FACE: Face =
    Face { prefixes: &["/api/v1/programs", "/api/v1/projects"], routes, error_style, with_slash: Some(with_slash) };

/// None has a role: who may is decided in TruePPM's own order, membership before role.
#[rustfmt::skip]
fn routes() -> Vec<Route> {
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    let begin = get("TruePPM: begin an export job", NONE, json(202, Body::Theirs));
    let list = get("TruePPM: export jobs", &[("page", Kind::Number)], json(200, Body::Theirs));
    let show = get("TruePPM: one export job", NONE, json(200, Body::Theirs));
    let made = get("TruePPM: what a job made", NONE, file(JSON));
    let routes = vec![
        Route::new(GET,  "/api/v1/programs/{id}/export/",                     None, program).described(get("TruePPM: the seed of a program", NONE, file(JSON))).hands_out("face.download"),
        Route::new(GET,  "/api/v1/projects/{id}/export/",                     None, project).described(get("TruePPM: the seed of a project", NONE, file(JSON))).hands_out("face.download"),
        Route::new(POST, "/api/v1/programs/{id}/export/",                     None, jobs::start).described(begin),
        Route::new(POST, "/api/v1/projects/{id}/export/",                     None, jobs::start).described(begin),
        Route::new(GET,  "/api/v1/programs/{id}/export/jobs/",                None, jobs::list).described(list),
        Route::new(GET,  "/api/v1/projects/{id}/export/jobs/",                None, jobs::list).described(list),
        Route::new(GET,  "/api/v1/programs/{id}/export/jobs/{job}/",          None, jobs::show).described(show),
        Route::new(GET,  "/api/v1/projects/{id}/export/jobs/{job}/",          None, jobs::show).described(show),
        Route::new(GET,  "/api/v1/programs/{id}/export/jobs/{job}/download/", None, jobs::download).described(made).hands_out("face.download"),
        Route::new(GET,  "/api/v1/projects/{id}/export/jobs/{job}/download/", None, jobs::download).described(made).hands_out("face.download"),
    ];
    routes.into_iter().map(Route::scoped).collect()
}

/// `GET programs/{id}/export/`: the seed, when it is made.
async fn program(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    app.seed(&caller, ("program", &id), &method, &headers).await
}

/// `GET projects/{id}/export/`: the seed of a single project.
async fn project(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    app.seed(&caller, ("project", &id), &method, &headers).await
}

impl App {
    async fn seed(
        &self,
        caller: &Caller,
        place: (&str, &str),
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Response, ApiError> {
        let organization = self.member_of(caller, place, self.config().access.seed_export).await?;
        let export = self.ordered(caller, &organization, ArchiveChoice::plain(Format::Seed)).await?;
        let archive = self.finished(caller, export.gid).await?;
        attachment(&organization.key).answer(self, &archive, method, headers).await
    }

    /// The program or project, if the caller may know of it and has the role.
    async fn member_of(&self, caller: &Caller, (kind, id): (&str, &str), needed: Role) -> Result<Listed, ApiError> {
        Self::membership(caller)?;
        let organization = self.named(caller, FaceTenant { product: "trueppm", kind, id }).await?;
        Self::permission(caller, needed)?;
        Ok(organization)
    }

    /// Before anything is looked up: who somebody is.
    fn membership(caller: &Caller) -> Result<(), ApiError> {
        match (&caller.actor, caller.role) {
            (Actor::Nobody, _) => Err(ApiError::no_token()),
            (_, None) => {
                Err(ApiError::new(StatusCode::NOT_FOUND, "unknown_organization", "there is no such thing for you"))
            }
            (_, Some(_)) => Ok(()),
        }
    }

    /// After it: whether it is enough.
    fn permission(caller: &Caller, needed: Role) -> Result<(), ApiError> {
        if caller.role >= Some(needed) {
            return Ok(());
        }
        let detail = format!("this needs the role {}", needed.name());
        Err(ApiError::new(StatusCode::FORBIDDEN, "not_allowed", detail))
    }
}

/// By upstream's name: the code, or the id where there is none.
fn attachment(key: &OrganizationKey) -> Attachment {
    let OrganizationKey { slug, id, .. } = key;
    let name = format!("{}.json", if slug.is_empty() { id } else { slug });
    Attachment { name, media_type: JSON, weak: false }
}
