//! The one table of routes: method, path, needed role, handler. The router is made from it, so a
//! route without a role cannot exist.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{Request, State},
    handler::Handler,
    http::{Method, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use orgvault_shared::{api::Role, config::Access};

use super::{
    App, archives, catalog, events, exports, health, organizations, peer::Peer, problem::Refusal, rows, sources, status,
};

/// One route.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) role: Role,
    handler: MethodRouter<Arc<App>>,
}

impl Route {
    fn new<H, T>(method: Method, path: &'static str, role: Role, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        let filter = match method {
            Method::POST => MethodFilter::POST,
            Method::PUT => MethodFilter::PUT,
            Method::DELETE => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        Self { method, path, role, handler: on(filter, handler) }
    }
}

/// Every route of the API.
#[rustfmt::skip]
pub(super) fn routes() -> Vec<Route> {
    use Role::{Admin, Owner, Viewer};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const DELETE: Method = Method::DELETE;
    vec![
        Route::new(GET,    "/v1/health",                               Viewer, health::show),
        Route::new(GET,    "/v1/status",                               Viewer, status::show),
        Route::new(GET,    "/v1/sources",                              Viewer, sources::list),
        Route::new(GET,    "/v1/sources/{name}/check",                 Admin,  sources::check),
        Route::new(GET,    "/v1/organizations",                        Viewer, organizations::list),
        Route::new(GET,    "/v1/organizations/{source}/{org}",         Viewer, organizations::show),
        Route::new(GET,    "/v1/organizations/{source}/{org}/counts",  Admin,  organizations::counts),
        Route::new(POST,   "/v1/exports",                              Admin,  exports::start),
        Route::new(GET,    "/v1/exports",                              Viewer, exports::list),
        Route::new(GET,    "/v1/exports/{gid}",                        Viewer, exports::show),
        Route::new(DELETE, "/v1/exports/{gid}",                        Admin,  exports::cancel),
        Route::new(GET,    "/v1/exports/{gid}/log",                    Viewer, exports::log),
        Route::new(GET,    "/v1/archives",                             Viewer, archives::list),
        Route::new(GET,    "/v1/archives/{gid}",                       Viewer, archives::show),
        Route::new(DELETE, "/v1/archives/{gid}",                       Owner,  archives::delete),
        Route::new(GET,    "/v1/archives/{gid}/download",              Admin,  archives::download),
        Route::new(POST,   "/v1/archives/{gid}/verify",                Admin,  archives::verify),
        Route::new(POST,   "/v1/archives/{gid}/preflight",             Admin,  archives::preflight),
        Route::new(GET,    "/v1/archives/{gid}/sections/{name}/rows",  Admin,  rows::page),
        Route::new(GET,    "/v1/archives/{gid}/compare/{other}",       Viewer, archives::compare),
        Route::new(POST,   "/v1/catalog/rebuild",                      Owner,  catalog::rebuild),
        Route::new(GET,    "/v1/events",                               Viewer, events::follow),
    ]
}

/// The router of the API; a request must carry its [`Peer`].
pub(super) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for Route { method, path, role, handler } in routes() {
        let gate = middleware::from_fn_with_state(app.clone(), move |State(app), peer, request, next| {
            let name = format!("{method} {path}");
            async move { require(&name, role, app, peer, request, next).await }
        });
        router = router.route(path, handler.route_layer(gate));
    }
    router
        .fallback(async |request: Request| {
            let detail = format!("there is nothing at {}", request.uri().path());
            Refusal::new(StatusCode::NOT_FOUND, "unknown_route", detail)
        })
        .method_not_allowed_fallback(async |request: Request| {
            let detail = format!("{} has no {}", request.uri().path(), request.method());
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        })
        .layer(middleware::from_fn_with_state(app.clone(), admit))
        .with_state(app.clone())
}

/// Lets nobody in who has no role at all, whatever is asked for.
async fn admit(State(app): State<Arc<App>>, peer: Extension<Peer>, request: Request, next: Next) -> Response {
    match peer.role {
        Some(_) => next.run(request).await,
        None => not_allowed(&peer, None, &app.shop.config.access).into_response(),
    }
}

async fn require(
    route: &str,
    needed: Role,
    app: Arc<App>,
    peer: Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let response = if peer.role >= Some(needed) {
        next.run(request).await
    } else {
        not_allowed(&peer, Some(needed), &app.shop.config.access).into_response()
    };
    tracing::debug!(route, user = peer.user, status = response.status().as_u16(), "request");
    response
}

fn not_allowed(peer: &Peer, needed: Option<Role>, access: &Access) -> Refusal {
    let Peer { uid, user, role } = peer;
    let has = role.map_or("no role", Role::name);
    let needs = needed.map_or_else(|| "a role".to_owned(), |role| format!("the role {}", role.name()));
    let detail = format!("this needs {needs}, and {user} (uid {uid}) has {has}");
    let owners = access.owners.join(", ");
    let list = needed.unwrap_or(Role::Viewer).name();
    let hint = if owners.is_empty() {
        format!("`{list}s` in [access] of the daemon's configuration says who may; it names no owner to ask")
    } else {
        format!("ask an owner ({owners}) to add you to `{list}s` in [access] of the daemon's configuration")
    };
    Refusal::new(StatusCode::FORBIDDEN, "not_allowed", detail).hint(hint)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use axum::{body::Body, http::StatusCode};
    use orgvault_shared::{clock::Clock, config::Config};
    use tokio_util::{sync::CancellationToken, task::TaskTracker};
    use tower::ServiceExt;

    use super::*;
    use crate::{
        api::{Shop, server::Session},
        archive::ArchiveDirectory,
        catalog::Catalog,
        export::{Engine, Parts, Workshop},
    };

    /// A router over nothing: no sources, no archives.
    async fn empty(directory: &std::path::Path) -> Router {
        let tracker = TaskTracker::new();
        let (stop, abort) = (CancellationToken::new(), CancellationToken::new());
        let workshop = Arc::new(Workshop {
            sources: HashMap::new(),
            archives: Arc::new(ArchiveDirectory::new(directory.join("archives"))),
            catalog: Catalog::open(&directory.join("catalog"), &directory.join("archives")).await.unwrap(),
            clock: Clock::system(),
            compression_level: 1,
        });
        let parts = Parts { workshop: Arc::clone(&workshop), workers: 0, tracker, stop, abort };
        let engine = Engine::start(parts).await.unwrap();
        crate::api::router(Shop { workshop, engine, config: Arc::new(Config::default()) })
    }

    async fn status_of(router: &Router, method: &Method, path: &str, role: Option<Role>) -> StatusCode {
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let (stop, hang_up) = (CancellationToken::new(), CancellationToken::new());
        request.extensions_mut().insert(Peer { uid: 7, user: "ada".to_owned(), role });
        request.extensions_mut().insert(Session { stop, tracker: TaskTracker::new(), hang_up });
        router.clone().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn each_route_is_open_from_its_role_on() {
        let directory = tempfile::tempdir().unwrap();
        let router = empty(directory.path()).await;
        for Route { method, path, role: needed, .. } in routes() {
            let path =
                path.replace("{gid}", "1").replace("{other}", "2").replace("{name}", "x").replace("{source}", "*");
            let path = path.replace("{org}", "acme");
            for role in [None, Some(Role::Viewer), Some(Role::Admin), Some(Role::Owner)] {
                let status = status_of(&router, &method, &path, role).await;
                let case = format!("{method} {path} as {role:?}: {status}");
                assert_eq!(status == StatusCode::FORBIDDEN, role < Some(needed), "{case}");
                assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{case}");
                assert!(!status.is_server_error(), "{case}");
            }
        }
    }

    #[test]
    fn a_refusal_says_what_is_needed_what_one_has_and_whom_to_ask() {
        let peer = Peer { uid: 7, user: "ada".to_owned(), role: Some(Role::Viewer) };
        let access = Access { owners: vec!["root".to_owned(), "@ops".to_owned()], ..Access::default() };
        let refusal = not_allowed(&peer, Some(Role::Admin), &access);
        let problem = refusal.problem();
        assert_eq!((problem.status, problem.code.as_str()), (403, "not_allowed"));
        assert_eq!(problem.detail, "this needs the role admin, and ada (uid 7) has viewer");
        assert_eq!(
            problem.hint,
            "ask an owner (root, @ops) to add you to `admins` in [access] of the daemon's configuration"
        );
        let nobody = not_allowed(&Peer { role: None, ..peer }, None, &Access::default());
        assert_eq!(nobody.problem().detail, "this needs a role, and ada (uid 7) has no role");
    }

    #[test]
    fn each_route_is_listed_once() {
        let mut names: Vec<String> = routes().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
