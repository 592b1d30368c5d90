//! `/users/me`: the service account whose token it is.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use orgvault_api::Actor;
use serde_json::json;

use super::options::{COMPACT, Options, selected};
use crate::api::{ApiError, App, Caller, request::Path};

/// `GET /users/{id}`, of oneself alone: by `me`, or by the gid that this gave.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(gid): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let options = Options::of(query.as_deref());
    let (own, name) = named(&caller);
    if gid != "me" && gid != own {
        let detail = format!("user_gid: not a recognized id: {gid}");
        return Err(ApiError::new(StatusCode::NOT_FOUND, "unknown_user", detail).hint("ask for users/me"));
    }
    let mut record = json!({ "gid": own, "name": name, "resource_type": "user", "email": null, "photo": null });
    // They are asked of the sources: who only wants to know whether its token is good need not wait for one.
    if options.want("workspaces") {
        let workspaces = app.known_workspaces(&caller).await?;
        record["workspaces"] = workspaces.iter().map(|one| selected(&one.record(), &COMPACT)).collect();
    }
    Ok(options.answer(&record))
}

/// Gid and name. The id of a token is a number that is written in hexadecimal, and Asana has digits only.
fn named(caller: &Caller) -> (String, String) {
    let number =
        caller.token_id().map(|id| u64::from_str_radix(id, 16).map_or_else(|_| id.to_owned(), |it| it.to_string()));
    match &caller.actor {
        Actor::Token { name } => (number.unwrap_or_default(), name.clone()),
        Actor::User { uid, user, .. } => (uid.to_string(), user.clone()),
        Actor::Daemon { .. } | Actor::Nobody => (String::new(), caller.name()),
    }
}
