//! What a token of some organizations learns of the others: on every route, nothing.

use orgvault_api::{ExportRequest, Role, client::ArchiveFilter, gid::Gid};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    faces::source,
    fixture::{Daemon, soon, until},
    reply::Reply,
    tokens::request,
};
use orgvault_testing::postgres::{RYTASK, SOLIDTIME, TRUEPPM};

/// What a restricted token must never learn of.
struct Hidden {
    source: String,
    names: Vec<String>,
    gid: Gid,
}

impl Hidden {
    /// Something that is not there, and is called almost the same.
    fn nothing(&self) -> Self {
        let source = if self.source == "tracker" { "tracker" } else { "nowhere" };
        Self {
            source: source.to_owned(),
            names: self.names.iter().map(|name| almost(name)).collect(),
            gid: Gid::try_from(4_000_000_000_123).unwrap(),
        }
    }
}

fn almost(name: &str) -> String {
    let mut name = name.to_owned();
    name.pop();
    name + "e"
}

/// A daemon of three products with an archive of each, and two service accounts of one organization.
struct Shared {
    daemon: Daemon,
    admin: String,
    viewer: String,
    hidden: Vec<Hidden>,
}

impl Shared {
    async fn start() -> Self {
        let (tracker, tracker_database) = source("tracker", "rytask", RYTASK).await;
        tracker_database.psql(
            "INSERT INTO organizations (id, name, slug) VALUES ('00000000-0000-7000-8000-0000000000bb', 'Hidden Inc', 'hidden-b')",
        );
        let (time, database) = source("ticker", "solidtime", SOLIDTIME).await;
        database.psql("UPDATE organizations SET name = 'Umbrella' WHERE id::text LIKE '0000000b%'");
        let (plans, _database) = source("blueprints", "trueppm", TRUEPPM).await;
        let daemon = Daemon::start_with(|config| {
            config.sources = vec![tracker, time, plans];
            config.http.requests_per_minute = 1_000_000;
        })
        .await;
        let mut hidden = Vec::new();
        for name in [
            "tracker/hidden-b",
            "ticker/0000000b-0000-4000-8000-000000000000",
            "blueprints/program/00000001-0000-4000-8000-000000000001",
        ] {
            let gid = export(&daemon, name).await;
            let key = daemon.client.archive(gid).await.unwrap().organization;
            let names = [key.id, key.slug, key.name].into_iter().filter(|name| !name.is_empty()).collect();
            hidden.push(Hidden { source: key.source, names, gid });
        }
        let [admin, viewer] = [token(&daemon, Role::Admin).await, token(&daemon, Role::Viewer).await];
        Self { daemon, admin, viewer, hidden }
    }

    /// The answer to `token` on a route with what is hidden, called `name`, in the place of each
    /// parameter.
    async fn ask(&self, token: &str, route: &Route, hidden: &Hidden, name: &str) -> Asked {
        let (target, body) = (route.target(hidden, name), route.body(name));
        let reply = self.daemon.request_with(&format!("{} {target}", route.method), &[token], &body).await;
        Asked { target, body, reply }
    }
}

async fn export(daemon: &Daemon, name: &str) -> Gid {
    let request = ExportRequest { organizations: vec![name.to_owned()], ..ExportRequest::default() };
    let gid = daemon.client.start_exports(&request).await.unwrap().exports[0].gid;
    until("it is exported", async || daemon.client.archive(gid).await.is_ok()).await;
    gid
}

/// One of tracker/acme alone, as a header line.
async fn token(daemon: &Daemon, role: Role) -> String {
    let made = daemon.client.add_token(&request(&format!("only-acme-{}", role.name()), role, &["tracker/acme"])).await;
    format!("Authorization: Bearer {}", made.unwrap().secret)
}

/// A route of the published document, which is made from the table of routes.
struct Route {
    method: String,
    path: String,
}

impl Route {
    fn all() -> Vec<Self> {
        let document: Value = serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap();
        let mut routes = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            // Events never end; they have a test of their own.
            for method in item.as_object().unwrap().keys().filter(|_| path != "/v1/events") {
                routes.push(Self { method: method.to_uppercase(), path: path.clone() });
            }
        }
        assert!(routes.len() > 50, "{}", routes.len());
        routes
    }

    fn target(&self, hidden: &Hidden, name: &str) -> String {
        let gid = hidden.gid.to_string();
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
        let path = self
            .path
            .replace("{gid}", &gid)
            .replace("{other}", &gid)
            .replace("{source}", &hidden.source)
            .replace("{org}", &name)
            .replace("{id}", &name)
            .replace("/sections/{name}", "/sections/workItems")
            .replace("{name}", &hidden.source);
        if self.path.ends_with("/export/workspace") { format!("{path}?organization={name}") } else { path }
    }

    fn body(&self, name: &str) -> String {
        match self.path.as_str() {
            _ if self.method != "POST" => String::new(),
            "/v1/exports" => json!({ "organizations": [name] }).to_string(),
            path if path.ends_with("organization_exports") => json!({ "data": { "organization": name } }).to_string(),
            _ => String::new(),
        }
    }

    /// Whether a request to it names something.
    fn names(&self) -> bool {
        self.path.contains('{') || self.path.ends_with("/export/workspace") || !self.body("x").is_empty()
    }
}

#[derive(Debug)]
struct Asked {
    target: String,
    body: String,
    reply: Reply,
}

impl Asked {
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.reply.body).into_owned()
    }

    /// The answer without what the request itself had named.
    fn without(&self, hidden: &Hidden, name: &str) -> (u16, String) {
        // As it stands in JSON, without the quotes around it.
        let name = json!(name).to_string();
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap();
        let said = self.said().replace(name, "NAME").replace(&hidden.gid.to_string(), "GID");
        (self.reply.status, said.replace(&hidden.source, "SOURCE"))
    }
}

#[tokio::test]
async fn on_every_route_what_belongs_to_another_organization_is_not_there() {
    let shared = Shared::start().await;
    for route in Route::all() {
        for hidden in &shared.hidden {
            for name in &hidden.names {
                let asked = shared.ask(&shared.admin, &route, hidden, name).await;
                match asked.reply.status {
                    // A link says nothing without its signature.
                    403 if route.path == "/v1/downloads/{gid}" => {}
                    status if route.names() => assert_eq!(status, 404, "{} {asked:?}", route.method),
                    // It is about every organization, or wants a body.
                    200 | 403 | 415 => {}
                    _ => panic!("{} {asked:?}", route.method),
                }
                let secrets = hidden.names.iter().cloned().chain([hidden.gid.to_string()]);
                let told = format!("{}{}", route.target(hidden, name), asked.body);
                for secret in secrets.filter(|secret| secret != name && !told.contains(secret.as_str())) {
                    assert!(!asked.said().contains(&secret), "{secret} in {} {asked:?}", route.method);
                }
            }
        }
    }
    let archives = shared.daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives;
    assert_eq!(archives.len(), shared.hidden.len(), "nothing was done to any of them");
}

#[tokio::test]
async fn what_is_hidden_and_what_is_not_there_are_told_alike() {
    let shared = Shared::start().await;
    for route in Route::all().iter().filter(|route| route.names()) {
        for hidden in &shared.hidden {
            let nothing = hidden.nothing();
            for (name, other) in hidden.names.iter().zip(&nothing.names) {
                for token in [&shared.admin, &shared.viewer] {
                    let there = shared.ask(token, route, hidden, name).await;
                    let not_there = shared.ask(token, route, &nothing, other).await;
                    let [left, right] = [there.without(hidden, name), not_there.without(&nothing, other)];
                    assert_eq!(left, right, "{} {} and {}", route.method, there.target, not_there.target);
                }
            }
        }
    }
}

#[tokio::test]
async fn its_own_organization_is_open_to_it() {
    let Shared { daemon, admin, viewer, .. } = Shared::start().await;
    let gid = export(&daemon, "tracker/acme").await;
    for token in [&admin, &viewer] {
        for path in [format!("/v1/archives/{gid}"), format!("/v1/exports/{gid}"), "/v1/organizations/*/acme".to_owned()]
        {
            assert_eq!(daemon.request(&format!("GET {path}"), &[token]).await.status, 200, "{path}");
        }
    }
    assert_eq!(daemon.request(&format!("GET /v1/archives/{gid}/download"), &[&admin]).await.status, 200);
}

#[tokio::test]
async fn events_of_other_organizations_are_not_told() {
    let Shared { daemon, admin, hidden, .. } = Shared::start().await;
    let mut stream = daemon.connect().await;
    let head = format!("GET /v1/events HTTP/1.1\r\nHost: x\r\n{admin}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut told = String::new();
    let mut read = async |until: &str| {
        while !told.contains(until) {
            let mut chunk = [0; 4096];
            let length = soon(until, stream.read(&mut chunk)).await.unwrap();
            assert!(length > 0, "the stream ended: {told}");
            told.push_str(&String::from_utf8_lossy(&chunk[..length]));
        }
        told.clone()
    };
    read("snapshot").await;
    // The hidden one first: whatever is told of it comes before the end of the other.
    for name in ["tracker/hidden-b", "tracker/acme"] {
        export(&daemon, name).await;
    }
    let told = read("\"state\":\"finished\"").await;
    assert!(told.contains("acme"));
    for secret in hidden.iter().flat_map(|hidden| &hidden.names) {
        assert!(!told.contains(secret.as_str()), "{secret} in {told}");
    }
}
