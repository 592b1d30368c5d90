//! What every request passes before its handler, and every answer after it: who asks, may they,
//! and what the audit trail is told.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{Method, Request, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use orgvault_api::{Actor, AuditEntry, Problem, Role, text::printable};
use orgvault_config::{Access, Config};

use super::{
    ApiError, App,
    access::{Recorded, Rule},
    archives::blocking,
    caller::Caller,
    error_style::{ErrorStyle, style_at},
    identify::Identified,
};
use crate::products::faces;

/// Characters of a path that the audit trail keeps: a stranger chooses them.
const PATH_KEPT: usize = 200;

/// The gate before one route.
pub(super) async fn authorize(
    rule: Arc<Rule>,
    State(app): State<Arc<App>>,
    mut request: Request<Body>,
    next: Next,
) -> Response {
    let line = RequestLine::of(&request);
    let Identified { caller, refused } = app.identify(&request);
    let admitted = refused.map_or_else(|| rule.admits(&caller, &app.config().access), Err);
    let response = match admitted {
        Ok(()) => {
            request.extensions_mut().insert(caller.clone());
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    let mut response = app.tell(rule.recorded, &caller, &line, response).await;
    app.note_use(&caller).await;
    if let Some(style) = rule.error_style {
        response = in_words_of(style, &line, response);
    }
    tracing::debug!(
        method = %rule.method,
        route = rule.path,
        caller = caller.name(),
        status = response.status().as_u16(),
        "request"
    );
    response
}

/// A problem as the face's own product would say it.
fn in_words_of(style: ErrorStyle, line: &RequestLine, response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Arc<Problem>>() else { return response };
    let mut said = style(problem, line).into_response();
    for name in [header::CONTENT_RANGE, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
        said.headers_mut().extend(response.headers().get(&name).map(|value| (name, value.clone())));
    }
    said
}

/// What no route takes: who has no role at all does not even learn that. Below a face's prefix, its
/// product's words say so.
pub(super) async fn reject_unrouted(app: &App, request: Request<Body>, otherwise: ApiError) -> Response {
    let (Identified { caller, refused }, line) = (app.identify(&request), RequestLine::of(&request));
    if refused.is_none()
        && let Some(moved) = faces().find_map(|face| face.with_slash?(&request))
    {
        return moved;
    }
    let refusal = match (refused, caller.role) {
        (Some(refused), _) => refused,
        (None, Some(_)) => otherwise,
        (None, None) => not_allowed(&caller, None, &app.config().access),
    };
    let response = app.tell(Recorded::Nothing, &caller, &line, refusal.into_response()).await;
    in_words_of_its_path(response, request.method(), request.uri().path(), &app.config())
}

/// A problem as the face says it below whose prefix it was asked for; elsewhere as it is.
pub(super) fn in_words_of_its_path(response: Response, method: &Method, path: &str, config: &Config) -> Response {
    match style_at(path, config) {
        Some(style) => in_words_of(style, &RequestLine::new(method, path), response),
        None => response,
    }
}

impl Rule {
    /// Whether the caller may use the route at all.
    fn admits(&self, caller: &Caller, access: &Access) -> Result<(), ApiError> {
        if caller.is_restricted() && !self.scoped {
            return Err(self.closed(caller));
        }
        if caller.role < self.role {
            return Err(not_allowed(caller, self.role, access));
        }
        if self.service_accounts {
            caller.is_a_service_account()?;
        }
        Ok(())
    }

    /// The answer to one who may know of some organizations only, where nothing is sorted by
    /// organization. Whatever the path names, there or not, the answer is the same.
    fn closed(&self, caller: &Caller) -> ApiError {
        let refusal = if self.path.contains('{') {
            let detail = format!("there is nothing at this path that {} may know of", caller.name());
            ApiError::new(StatusCode::NOT_FOUND, "unknown_route", detail)
        } else {
            let detail = format!("this is about every organization, and {} may know of some only", caller.name());
            ApiError::new(StatusCode::FORBIDDEN, "not_allowed", detail)
        };
        refusal.hint("use a service account of all organizations: `orgvault token add NAME --all`")
    }
}

/// Method and path of a request. Queries hold signatures, and are not kept.
pub(crate) struct RequestLine {
    pub(crate) method: Method,
    pub(crate) path: String,
}

impl RequestLine {
    fn new(method: &Method, path: &str) -> Self {
        let path = printable(path).chars().take(PATH_KEPT).collect();
        Self { method: method.clone(), path }
    }

    fn of(request: &Request<Body>) -> Self {
        Self::new(request.method(), request.uri().path())
    }
}

impl App {
    /// Records what has to be. An answer that hands out data and cannot be recorded is not given.
    async fn tell(&self, recorded: Recorded, caller: &Caller, line: &RequestLine, response: Response) -> Response {
        let (act, hands_out) = match recorded {
            _ if is_refusal(caller, response.status()) => ("refused", false),
            Recorded::HandOut(act) if line.method != Method::HEAD => (act, response.status().is_success()),
            Recorded::Act(act) => (act, false),
            Recorded::Failure(act) if !response.status().is_success() => (act, false),
            Recorded::HandOut(_) | Recorded::Failure(_) | Recorded::Nothing => return response,
        };
        let result = response.extensions().get::<Arc<Problem>>().map_or("ok", |problem| &problem.code);
        let about = caller.about().cloned();
        let entry = AuditEntry {
            from: caller.from(),
            on: caller.on().map_or_else(|| format!("{} {}", line.method, line.path), str::to_owned),
            gid: about.as_ref().and_then(|about| about.gid),
            organization: about.map(|about| about.organization),
            result: result.to_owned(),
            ..AuditEntry::new(self.now(), caller.responsible().clone(), act)
        };
        let audit = Arc::clone(&self.context.audit);
        let written = blocking(move || {
            if entry.act == "refused" {
                audit.refused(entry);
                return Ok(());
            }
            audit.record(&entry)
        });
        match written.await {
            Ok(Ok(())) => response,
            Ok(Err(error)) if hands_out => ApiError::from(error).into_response(),
            Ok(Err(error)) => {
                tracing::error!(act, "{error}");
                response
            }
            Err(refusal) => refusal.into_response(),
        }
    }
}

/// One who may know of some organizations only and asks for what is not there may be probing.
fn is_refusal(caller: &Caller, status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS)
        || caller.is_restricted() && status == StatusCode::NOT_FOUND
}

fn not_allowed(caller: &Caller, needed: Option<Role>, access: &Access) -> ApiError {
    if caller.actor == Actor::Nobody {
        return ApiError::no_token();
    }
    let has = caller.role.map_or("no role", Role::name);
    let needs = needed.map_or_else(|| "a role".to_owned(), |role| format!("the role {}", role.name()));
    let who = match &caller.actor {
        Actor::User { uid, user, .. } => format!("{user} (uid {uid})"),
        _ => caller.name(),
    };
    let detail = format!("this needs {needs}, and {who} has {has}");
    ApiError::new(StatusCode::FORBIDDEN, "not_allowed", detail).hint(whom_to_ask(caller, needed, access))
}

fn whom_to_ask(caller: &Caller, needed: Option<Role>, access: &Access) -> String {
    if matches!(caller.actor, Actor::Token { .. }) {
        return "use a service account with that role: `orgvault token add NAME --role ROLE`".to_owned();
    }
    let owners = access.owners.join(", ");
    let list = needed.unwrap_or(Role::Viewer).name();
    if owners.is_empty() {
        format!("`{list}s` in [access] of the daemon's configuration says who may; it names no owner to ask")
    } else {
        format!("ask an owner ({owners}) to add you to `{list}s` in [access] of the daemon's configuration")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Peer;

    #[test]
    fn a_refusal_says_what_is_needed_what_one_has_and_whom_to_ask() {
        let peer = |role| Caller::of(&Peer::User { uid: 7, pid: None, user: "ada".to_owned(), role });
        let access = Access { owners: vec!["root".to_owned(), "@ops".to_owned()], ..Access::default() };
        let refusal = not_allowed(&peer(Some(Role::Viewer)), Some(Role::Admin), &access);
        let problem = refusal.problem();
        assert_eq!((problem.status, problem.code.as_str()), (403, "not_allowed"));
        assert_eq!(problem.detail, "this needs the role admin, and ada (uid 7) has viewer");
        assert_eq!(
            problem.hint,
            "ask an owner (root, @ops) to add you to `admins` in [access] of the daemon's configuration"
        );
        let nobody = not_allowed(&peer(None), None, &Access::default());
        assert_eq!(nobody.problem().detail, "this needs a role, and ada (uid 7) has no role");
    }
}
