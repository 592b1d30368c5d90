//! TruePPM's face: `/api/v1/programs/{id}/export/` and `/api/v1/projects/{id}/export/`, with the
//! statuses of its own API: 401 for nobody, 404 for who is no member, 403 for too low a role.

mod document;
pub(in super::super) mod jobs;
mod slash;
mod voice;

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use orgvault_api::{Actor, Format, OrganizationKey, Role};

pub(in super::super) use self::{slash::with_slash, voice::voice};
use super::{
    super::{App, archives::Attachment, caller::Caller, problem::Refusal, request::Path},
    Named, Wanted,
};
use crate::source::Listed;

/// `GET programs/{id}/export/`: the seed, when it is made.
pub(in super::super) async fn program(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    app.seed(&caller, ("program", &id), &method, &headers).await
}

/// `GET projects/{id}/export/`: the seed of a single project.
pub(in super::super) async fn project(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    app.seed(&caller, ("project", &id), &method, &headers).await
}

impl App {
    async fn seed(
        &self,
        caller: &Caller,
        place: (&str, &str),
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        let organization = self.member_of(caller, place, self.config().access.seed_export).await?;
        let export = self.ordered(caller, &organization, Wanted::plain(Format::Seed)).await?;
        let archive = self.finished(caller, export.gid).await?;
        attachment(&organization.key).answer(&archive, method, headers).await
    }

    /// The program or project, if the caller may know of it and has the role.
    async fn member_of(&self, caller: &Caller, (kind, id): (&str, &str), needed: Role) -> Result<Listed, Refusal> {
        Self::membership(caller)?;
        let organization = self.named(caller, Named { product: "trueppm", kind, id }).await?;
        Self::permission(caller, needed)?;
        Ok(organization)
    }

    /// Before anything is looked up: who somebody is.
    fn membership(caller: &Caller) -> Result<(), Refusal> {
        match (&caller.actor, caller.role) {
            (Actor::Nobody, _) => Err(Refusal::no_token()),
            (_, None) => {
                Err(Refusal::new(StatusCode::NOT_FOUND, "unknown_organization", "there is no such thing for you"))
            }
            (_, Some(_)) => Ok(()),
        }
    }

    /// After it: whether it is enough.
    fn permission(caller: &Caller, needed: Role) -> Result<(), Refusal> {
        if caller.role >= Some(needed) {
            return Ok(());
        }
        let detail = format!("this needs the role {}", needed.name());
        Err(Refusal::new(StatusCode::FORBIDDEN, "not_allowed", detail))
    }
}

/// By upstream's name: the code, or the id where there is none.
fn attachment(key: &OrganizationKey) -> Attachment {
    let OrganizationKey { slug, id, .. } = key;
    let name = format!("{}.json", if slug.is_empty() { id } else { slug });
    Attachment { name, media_type: "application/json", weak: false }
}
