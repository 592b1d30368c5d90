//! The one table of routes: method, path, needed role, handler. The router is made from it, so a
//! route without a role cannot exist.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::{Method, StatusCode},
    middleware,
    routing::{MethodFilter, MethodRouter, on},
};
use orgvault_api::Role;

use super::{
    ApiError, App, archives, audit, catalog,
    description::Description,
    diagnosis, drills,
    error_style::ErrorStyle,
    events, evidence, exports,
    gate::{self, reject_unrouted},
    health, jobs, metrics, organizations, reload, restores, retention, rows, schedules, sources, status, tokens,
};
use crate::products::faces;

/// One route.
pub(crate) struct Route {
    pub(super) rule: Rule,
    handler: MethodRouter<Arc<App>>,
}

/// Who may use a route, and what is recorded of it.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// None: its handler decides, by a signature or in its own order.
    pub(super) role: Option<Role>,
    /// Whether its handler minds of which organizations the caller may know. One that does not say
    /// so is closed to who may know of some only, whatever its role.
    pub(super) scoped: bool,
    /// Whether it is for service accounts only.
    pub(super) service_accounts: bool,
    pub(super) recorded: Recorded,
    /// How its face words errors.
    pub(super) error_style: Option<ErrorStyle>,
    /// What a face says of it in `docs/openapi.json`.
    pub(super) description: Option<Description>,
}

/// What the audit trail is told of a route, beside refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    /// Nothing.
    Nothing,
    /// That it was done.
    Act(&'static str),
    /// That it failed: whoever does it tells what was done.
    Failure(&'static str),
    /// What was handed out: it is not handed out where that cannot be recorded.
    HandOut(&'static str),
}

impl Route {
    pub(crate) fn new<H, T>(method: Method, path: &'static str, needed: impl Into<Option<Role>>, handler: H) -> Self
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
        let rule = Rule {
            method,
            path,
            role: needed.into(),
            scoped: false,
            service_accounts: false,
            recorded: Recorded::Nothing,
            error_style: None,
            description: None,
        };
        Self { rule, handler: on(filter, handler) }
    }

    /// Its handler shows nothing of organizations that the caller must not know of.
    pub(crate) fn scoped(mut self) -> Self {
        self.rule.scoped = true;
        self
    }

    /// Users of this machine are refused.
    pub(crate) fn for_service_accounts(mut self) -> Self {
        self.rule.service_accounts = true;
        self
    }

    /// What `docs/openapi.json` says of it.
    pub(crate) fn described(mut self, description: Description) -> Self {
        self.rule.description = Some(description);
        self
    }

    /// The audit trail is told of it as `act`.
    fn records(mut self, act: &'static str) -> Self {
        self.rule.recorded = Recorded::Act(act);
        self
    }

    /// The audit trail is told of it as `act` where it fails; what is done tells of itself.
    fn records_failures(mut self, act: &'static str) -> Self {
        self.rule.recorded = Recorded::Failure(act);
        self
    }

    /// It hands out data, of which the audit trail is told as `act`.
    pub(crate) fn hands_out(mut self, act: &'static str) -> Self {
        self.rule.recorded = Recorded::HandOut(act);
        self
    }
}

/// Every route of the API.
pub(super) fn routes() -> Vec<Route> {
    own_routes().into_iter().chain(face_routes()).collect()
}

/// The daemon's own routes.
#[rustfmt::skip]
fn own_routes() -> Vec<Route> {
    use Role::{Admin, Owner, Viewer};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PUT: Method = Method::PUT;
    const DELETE: Method = Method::DELETE;
    vec![
        Route::new(GET,    "/v1/health",                               Viewer, health::show).scoped(),
        Route::new(GET,    "/v1/status",                               Viewer, status::show).scoped(),
        Route::new(GET,    "/v1/sources",                              Viewer, sources::list).scoped(),
        Route::new(GET,    "/v1/sources/{name}/check",                 Admin,  sources::check),
        Route::new(GET,    "/v1/sources/{name}/coverage",              Admin,  sources::coverage),
        Route::new(GET,    "/v1/organizations",                        Viewer, organizations::list).scoped(),
        Route::new(GET,    "/v1/organizations/{source}/{org}",         Viewer, organizations::show).scoped(),
        Route::new(GET,    "/v1/organizations/{source}/{org}/counts",  Admin,  organizations::counts).scoped(),
        Route::new(POST,   "/v1/exports",                              Admin,  exports::start).scoped(),
        Route::new(GET,    "/v1/exports",                              Viewer, exports::list).scoped(),
        Route::new(GET,    "/v1/exports/{gid}",                        Viewer, exports::show).scoped(),
        Route::new(DELETE, "/v1/exports/{gid}",                        Admin,  exports::cancel).scoped(),
        Route::new(GET,    "/v1/exports/{gid}/log",                    Viewer, exports::log).scoped(),
        Route::new(GET,    "/v1/jobs",                                 Viewer, jobs::list).scoped(),
        Route::new(DELETE, "/v1/jobs/{id}",                            Owner,  jobs::forget).records("job.forget"),
        Route::new(POST,   "/v1/drills",                               Admin,  drills::ask).scoped().records("drill.start"),
        Route::new(GET,    "/v1/drills",                               Viewer, drills::list).scoped(),
        Route::new(GET,    "/v1/drills/{gid}",                         Viewer, drills::show).scoped(),
        Route::new(DELETE, "/v1/drills/{gid}",                         Admin,  drills::cancel).scoped().records("drill.cancel"),
        Route::new(GET,    "/v1/archives",                             Viewer, archives::list).scoped(),
        Route::new(GET,    "/v1/archives/{gid}",                       Viewer, archives::show).scoped(),
        Route::new(DELETE, "/v1/archives/{gid}",                       Owner,  archives::delete).records_failures("archive.delete"),
        Route::new(GET,    "/v1/archives/{gid}/download",              Admin,  archives::download).scoped().hands_out("archive.download"),
        Route::new(GET,    "/v1/downloads/{gid}",                      None,   archives::signed).scoped().hands_out("archive.download"),
        Route::new(GET,    "/v1/archives/{gid}/evidence",              Admin,  evidence::of_archive).scoped().hands_out("archive.evidence"),
        Route::new(GET,    "/v1/evidence/key",                         Viewer, evidence::key).scoped(),
        Route::new(POST,   "/v1/archives/{gid}/verify",                Admin,  archives::verify).scoped(),
        Route::new(PUT,    "/v1/archives/{gid}/pin",                   Admin,  archives::pin).scoped().records("archive.pin"),
        Route::new(DELETE, "/v1/archives/{gid}/pin",                   Admin,  archives::unpin).scoped().records("archive.unpin"),
        Route::new(POST,   "/v1/archives/{gid}/preflight",             Admin,  archives::preflight).scoped(),
        Route::new(POST,   "/v1/archives/{gid}/send",                  Owner,  archives::send),
        Route::new(POST,   "/v1/restores",                             Owner,  restores::restore),
        Route::new(GET,    "/v1/archives/{gid}/sections/{name}/rows",  Admin,  rows::page).scoped().hands_out("archive.rows"),
        Route::new(GET,    "/v1/archives/{gid}/compare/{other}",       Viewer, archives::compare).scoped(),
        Route::new(GET,    "/v1/retention/plan",                       Viewer, retention::plan),
        Route::new(POST,   "/v1/retention/apply",                      Owner,  retention::apply).records("retention.apply"),
        Route::new(GET,    "/v1/diagnosis",                            Admin,  diagnosis::show),
        Route::new(GET,    "/metrics",                                 Viewer, metrics::show),
        Route::new(POST,   "/v1/reload",                               Admin,  reload::reload).records("configuration.reload"),
        Route::new(GET,    "/v1/schedules",                            Viewer, schedules::list),
        Route::new(POST,   "/v1/schedules/{name}/run",                 Admin,  schedules::run).records("schedule.run"),
        Route::new(POST,   "/v1/schedules/{name}/pause",               Admin,  schedules::pause).records("schedule.pause"),
        Route::new(POST,   "/v1/schedules/{name}/resume",              Admin,  schedules::resume).records("schedule.resume"),
        Route::new(GET,    "/v1/runs",                                 Viewer, schedules::runs),
        Route::new(GET,    "/v1/runs/{gid}",                           Viewer, schedules::show_run),
        Route::new(POST,   "/v1/run-due",                              Admin,  schedules::run_due).records("schedule.run_due"),
        Route::new(POST,   "/v1/catalog/rebuild",                      Owner,  catalog::rebuild),
        Route::new(GET,    "/v1/audit",                                Owner,  audit::list),
        Route::new(GET,    "/v1/audit/verify",                         Owner,  audit::verify),
        Route::new(GET,    "/v1/tokens",                               Owner,  tokens::list),
        Route::new(POST,   "/v1/tokens",                               Owner,  tokens::add).records("token.add"),
        Route::new(DELETE, "/v1/tokens/{name}",                        Owner,  tokens::revoke).records("token.revoke"),
        Route::new(GET,    "/v1/events",                               Viewer, events::follow).scoped(),
    ]
}

/// The routes of the faces.
fn face_routes() -> impl Iterator<Item = Route> {
    faces().flat_map(|face| {
        (face.routes)().into_iter().map(|mut route| {
            route.rule.error_style = Some(face.error_style);
            route
        })
    })
}

/// The router of the API; a request must carry its [`Peer`](crate::server::Peer).
pub(super) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for Route { rule, handler } in routes() {
        let rule = Arc::new(rule);
        let path = rule.path;
        let gate = move |app, request, next| gate::authorize(Arc::clone(&rule), app, request, next);
        router = router.route(path, handler.route_layer(middleware::from_fn_with_state(app.clone(), gate)));
    }
    router
        .fallback(async |State(app): State<Arc<App>>, request: Request| {
            let detail = format!("there is nothing at {}", request.uri().path());
            reject_unrouted(&app, request, ApiError::new(StatusCode::NOT_FOUND, "unknown_route", detail)).await
        })
        .method_not_allowed_fallback(async |State(app): State<Arc<App>>, request: Request| {
            let detail = format!("{} has no {}", request.uri().path(), request.method());
            reject_unrouted(&app, request, ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail))
                .await
        })
        .with_state(app.clone())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use orgvault_api::clock::Clock;
    use orgvault_config::Config;
    use tokio::sync::watch;
    use tokio_util::{sync::CancellationToken, task::TaskTracker};
    use tower::ServiceExt;

    use super::*;
    use crate::{
        api::App,
        audit::Audit,
        catalog::Catalog,
        context::{Context, Sources},
        drill::{DrillParts, Drills},
        evidence::EvidenceKey,
        export::{Engine, EngineParts},
        hook::Hooks,
        lifecycle::{Stop, Vital},
        reload::Reloader,
        restorer::Restorer,
        schedule::{self, Schedules},
        secrets::Secrets,
        send::Sender,
        server::{Peer, Session},
        signature::UrlKey,
        store::LocalStore,
        tokens::Tokens,
    };

    /// A router over nothing: no sources, no archives.
    async fn empty(directory: &std::path::Path) -> Router {
        let tracker = TaskTracker::new();
        let (stop, abort) = (CancellationToken::new(), CancellationToken::new());
        let vital = Vital::new(stop.clone());
        let archives = Arc::new(LocalStore::new(directory.join("archives")));
        let catalog = Catalog::open(&directory.join("catalog")).await.unwrap();
        let (configure, configured) = watch::channel(Arc::new(Config::default()));
        let audit = Arc::new(Audit::new(directory, Clock::system()));
        let context =
            Arc::new(Context::new(configured.clone(), Sources::new(), archives, catalog, audit, Clock::system()));
        let parts = EngineParts {
            context: Arc::clone(&context),
            workers: 0,
            tracker: tracker.clone(),
            vital: vital.clone(),
            stop: stop.clone(),
            abort: abort.clone(),
        };
        let engine = Engine::start(parts).await.unwrap();
        let sender = Sender::new(Arc::clone(&context), tracker.clone(), stop.clone(), abort);
        let restorer = Restorer::new(Arc::clone(&context), engine.clone(), tracker.clone(), &Stop::default());
        let secrets = Secrets::of(directory);
        let keys =
            crate::api::Keys { links: UrlKey::of(&secrets).unwrap(), evidence: EvidenceKey::of(&secrets).unwrap() };
        let tokens = Tokens::open(secrets).unwrap();
        let schedules = Schedules::start(schedule::ScheduleParts {
            context: Arc::clone(&context),
            engine: engine.clone(),
            hooks: Hooks::start(configured.clone(), &tracker, &vital, &stop, &stop),
            config: configured.clone(),
            tracker: tracker.clone(),
            vital: vital.clone(),
            stop: stop.clone(),
        })
        .await
        .unwrap();
        let hooks = Hooks::start(configured, &tracker, &vital, &stop, &stop);
        let (beat, context_of) = (schedules.beats(), Arc::clone(&context));
        let drills =
            Drills::start(DrillParts { context: context_of, hooks, beat, tracker, vital, stop }).await.unwrap();
        let outlets = crate::api::Outlets { sender, restorer, drills };
        let reloader = Arc::new(Reloader::new(Arc::clone(&context), configure, TaskTracker::new()));
        crate::api::service(App::new(context, engine, tokens, outlets, keys, schedules, reloader)).router
    }

    /// Whatever the role is: a signature, or a token.
    fn asks_for_more(path: &str) -> bool {
        path.contains("/downloads/") || path.contains("organization_exports")
    }

    async fn status_of(router: &Router, method: &Method, path: &str, role: Option<Role>) -> StatusCode {
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let (stop, hang_up) = (CancellationToken::new(), CancellationToken::new());
        request.extensions_mut().insert(Peer::User { uid: 7, pid: None, user: "ada".to_owned(), role });
        request.extensions_mut().insert(Session { stop, tracker: TaskTracker::new(), hang_up });
        router.clone().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn each_route_is_open_from_its_role_on() {
        let directory = tempfile::tempdir().unwrap();
        let router = empty(directory.path()).await;
        for Route { rule: Rule { method, path, role: needed, .. }, .. } in routes() {
            let path =
                path.replace("{gid}", "1").replace("{other}", "2").replace("{name}", "x").replace("{source}", "*");
            let path = path.replace("{org}", "acme");
            for role in [None, Some(Role::Viewer), Some(Role::Admin), Some(Role::Owner)] {
                let status = status_of(&router, &method, &path, role).await;
                let case = format!("{method} {path} as {role:?}: {status}");
                assert_eq!(status == StatusCode::FORBIDDEN, role < needed || asks_for_more(&path), "{case}");
                assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{case}");
                assert!(!status.is_server_error(), "{case}");
            }
        }
    }

    #[test]
    fn each_route_is_listed_once() {
        let mut names: Vec<String> =
            routes().iter().map(|Route { rule, .. }| format!("{} {}", rule.method, rule.path)).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    /// The rows of the table in `docs/commands.md`: the role, and the routes.
    fn documented() -> Vec<(String, Vec<String>)> {
        let document = include_str!("../../../docs/commands.md");
        let part = document.split("\n## ").find(|part| part.starts_with("Roles\n")).unwrap();
        let rows = part.lines().filter_map(|line| line.strip_prefix("| ")).skip(1);
        rows.map(|row| {
            let cells: Vec<&str> = row.split(" | ").collect();
            let in_code = cells[2].split('`').skip(1).step_by(2);
            let routes = in_code.filter(|text| text.contains(" /")).map(str::to_owned);
            (cells[1].to_owned(), routes.collect())
        })
        .collect()
    }

    #[test]
    fn the_documented_roles_are_those_of_the_routes() {
        let role_of = |name: &str| {
            let mut routes = own_routes().into_iter().map(|route| route.rule);
            let rule = routes.find(|rule| format!("{} {}", rule.method, rule.path) == name);
            rule.unwrap_or_else(|| panic!("there is no route {name}")).role
        };
        let documented = documented();
        assert!(documented.len() > 25, "{documented:?}");
        for (role, routes) in &documented {
            let needed = routes.iter().filter_map(|name| role_of(name)).max();
            assert_eq!(needed.map_or("none", Role::name), role, "{routes:?}");
        }
        let told: Vec<&String> = documented.iter().flat_map(|(_, routes)| routes).collect();
        for Route { rule, .. } in own_routes() {
            let name = format!("{} {}", rule.method, rule.path);
            assert!(rule.role.is_none() || told.contains(&&name), "{name} is not in docs/commands.md: Roles");
        }
    }
}
