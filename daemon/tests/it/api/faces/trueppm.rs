//! TruePPM's face, with the statuses of its facts.

use orgvault_api::{
    Role,
    client::{ArchiveFilter, ExportFilter},
};
use orgvault_config::Access;
use orgvault_testing::postgres::TRUEPPM;
use serde_json::{Value, json};

use super::{Held, daemon, source};
use crate::api::{
    fixture::{Daemon, until, user},
    http::free_address,
    reply::send,
};

const ATLAS: &str = "00000001-0000-4000-8000-000000000001";
const LONE: &str = "00000002-0000-4000-8000-000000000005";

fn as_role(role: Option<Role>, seed_export: Role) -> Access {
    let mut access = Access { seed_export, ..Access::default() };
    match role {
        Some(Role::Owner) => access.owners = vec![user()],
        Some(Role::Admin) => access.admins = vec![user()],
        Some(Role::Viewer) => access.viewers = vec![user()],
        None => {}
    }
    access
}

#[tokio::test]
async fn a_program_is_an_attachment_named_by_its_code_and_a_project_too() {
    let daemon = daemon("trueppm", TRUEPPM, |_config| {}).await;
    for (path, key) in [(format!("programs/{ATLAS}"), "program"), (format!("projects/{LONE}"), "projects")] {
        let answer = daemon.request(&format!("GET /api/v1/{path}/export/"), &[]).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{answer:?}");
        let name = answer.header("content-disposition");
        assert!(name.starts_with("attachment; filename=\"") && name.ends_with(".json\""), "{name}");
        assert!(answer.text().ends_with("}\n"));
        assert!(answer.json().get(key).is_some(), "{}", answer.text());
        assert_eq!(answer.json()["schema_version"], json!("1.0"));
    }
}

#[tokio::test]
async fn statuses_are_those_that_were_measured() {
    let cases = [
        (None, Role::Admin, 404),
        (Some(Role::Viewer), Role::Admin, 403),
        (Some(Role::Viewer), Role::Viewer, 200),
        (Some(Role::Admin), Role::Admin, 200),
        (Some(Role::Owner), Role::Admin, 200),
    ];
    for (role, seed_export, status) in cases {
        let daemon = daemon("trueppm", TRUEPPM, |config| config.access = as_role(role, seed_export)).await;
        let answer = daemon.request(&format!("GET /api/v1/programs/{ATLAS}/export/"), &[]).await;
        assert_eq!(answer.status, status, "{role:?} where it takes {seed_export:?}: {answer:?}");
        let unknown = daemon.request("GET /api/v1/programs/7/export/", &[]).await;
        assert_eq!((unknown.status, unknown.json()["detail"].clone()), (404, json!("Not found.")));
    }
}

#[tokio::test]
async fn a_program_is_no_project() {
    let daemon = daemon("trueppm", TRUEPPM, |_config| {}).await;
    let answer = daemon.request(&format!("GET /api/v1/projects/{ATLAS}/export/"), &[]).await;
    assert_eq!(answer.status, 404);
}

/// A job's place.
fn place(kind: &str, id: &str, job: &Value) -> String {
    format!("/api/v1/{kind}s/{id}/export/jobs/{}/", job["id"].as_str().unwrap())
}

async fn start(daemon: &Daemon, kind: &str, id: &str) -> Value {
    let started = daemon.request(&format!("POST /api/v1/{kind}s/{id}/export/"), &[]).await;
    assert_eq!(started.status, 202, "{started:?}");
    started.json()
}

/// Follows a job as a client does that was written from upstream's documentation.
async fn follow(daemon: &Daemon, place: &str) -> Value {
    let mut job = Value::Null;
    until("the job ends", async || {
        job = daemon.request(&format!("GET {place}"), &[]).await.json();
        assert!(["pending", "running", "success", "failed"].contains(&job["status"].as_str().unwrap()), "{job}");
        job["status"] == json!("success") || job["status"] == json!("failed")
    })
    .await;
    job
}

const FIELDS: [&str; 10] = [
    "id",
    "program",
    "status",
    "file_size",
    "error_detail",
    "expires_at",
    "created_at",
    "started_at",
    "completed_at",
    "download_url",
];

#[tokio::test]
async fn a_job_is_upstreams_document_from_its_beginning_to_its_download() {
    let (source, database) = source("app", "trueppm", TRUEPPM).await;
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let held = Held::new(&database, "projects_task");
    let job = start(&daemon, "program", ATLAS).await;
    assert_eq!(job.as_object().unwrap().keys().collect::<Vec<_>>(), FIELDS);
    let (id, place) = (job["id"].as_str().unwrap().to_owned(), place("program", ATLAS, &job));
    assert_eq!(id.parse::<uuid::Uuid>().unwrap().to_string(), id);
    assert!(["pending", "running"].contains(&job["status"].as_str().unwrap()), "{job}");
    assert_eq!((job["program"].clone(), job["error_detail"].clone()), (json!(ATLAS), json!("")));
    for unknown in ["file_size", "expires_at", "completed_at", "download_url"] {
        assert_eq!(job[unknown], Value::Null, "{unknown}");
    }
    assert_eq!(daemon.request(&format!("GET {place}download/"), &[]).await.status, 409);
    drop(held);

    let ended = follow(&daemon, &place).await;
    assert_eq!(ended["status"], json!("success"), "{ended}");
    assert_eq!((ended["id"].clone(), ended["download_url"].clone()), (json!(id), json!(format!("{place}download/"))));
    for instant in ["created_at", "started_at", "completed_at"] {
        let text = ended[instant].as_str().unwrap();
        assert!(text.ends_with('Z') && text.len() == "2026-01-31T09:30:00.123456Z".len(), "{instant}: {text}");
    }
    let file = daemon.request(&format!("GET {place}download/"), &[]).await;
    assert_eq!((file.status, file.header("content-disposition")), (200, "attachment; filename=\"atlas.json\""));
    assert_eq!(ended["file_size"], json!(file.body.len()));

    let archives = daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives;
    daemon.client.delete_archive(archives[0].gid).await.unwrap();
    let gone = daemon.request(&format!("GET {place}download/"), &[]).await;
    assert_eq!((gone.status, gone.json().as_object().unwrap().len()), (410, 1), "{gone:?}");
    assert_eq!(daemon.request(&format!("GET {place}"), &[]).await.json()["status"], json!("success"));
}

#[tokio::test]
async fn a_job_outlives_the_daemon_under_its_id_however_that_is_written() {
    let daemon = daemon("trueppm", TRUEPPM, |_config| {}).await;
    let place = place("project", LONE, &start(&daemon, "project", LONE).await);
    let before = follow(&daemon, &place).await;
    assert_eq!(before["project"], json!(LONE));
    let daemon = daemon.restart().await;
    assert_eq!(daemon.request(&format!("GET {place}"), &[]).await.json(), before);
    let id = before["id"].as_str().unwrap();
    for upper in [place.replace(id, &id.to_uppercase()), place.replace(LONE, &LONE.to_uppercase())] {
        let shown = daemon.request(&format!("GET {upper}"), &[]).await;
        assert_eq!((shown.status, shown.json()), (200, before.clone()), "{upper}");
    }
    let seed = daemon.request(&format!("GET /api/v1/programs/{}/export/", ATLAS.to_uppercase()), &[]).await;
    assert_eq!(seed.status, 200, "{seed:?}");
}

#[tokio::test]
async fn who_asks_while_a_job_goes_on_gets_that_job() {
    let (source, database) = source("app", "trueppm", TRUEPPM).await;
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let held = Held::new(&database, "projects_task");
    let (first, second) = tokio::join!(start(&daemon, "program", ATLAS), start(&daemon, "program", ATLAS));
    let third = start(&daemon, "program", ATLAS).await;
    assert_eq!((&first["id"], &first["id"]), (&second["id"], &third["id"]));
    let other = start(&daemon, "project", LONE).await;
    assert_ne!(first["id"], other["id"], "it is another one's");
    drop(held);
    follow(&daemon, &place("program", ATLAS, &first)).await;
    assert_ne!(start(&daemon, "program", ATLAS).await["id"], first["id"], "that one has ended");
}

#[tokio::test]
async fn a_job_that_fails_ends_with_its_reason() {
    let (source, database) = source("app", "trueppm", TRUEPPM).await;
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let held = Held::new(&database, "projects_task");
    let job = start(&daemon, "program", ATLAS).await;
    let gid = daemon.client.exports(&ExportFilter::default()).await.unwrap().exports[0].gid;
    daemon.client.cancel(gid).await.unwrap();
    drop(held);
    let ended = follow(&daemon, &place("program", ATLAS, &job)).await;
    assert_eq!((ended["status"].clone(), ended["download_url"].clone()), (json!("failed"), Value::Null));
    assert!(!ended["error_detail"].as_str().unwrap().is_empty(), "{ended}");
    assert!(ended["completed_at"].is_string(), "{ended}");
    let refused = daemon.request(&format!("GET {}download/", place("program", ATLAS, &job)), &[]).await;
    assert_eq!(refused.status, 409);
}

#[tokio::test]
async fn jobs_are_listed_page_by_page() {
    let daemon = daemon("trueppm", TRUEPPM, |_config| {}).await;
    let list = format!("/api/v1/programs/{ATLAS}/export/jobs/");
    let none = json!({ "count": 0, "next": null, "previous": null, "results": [] });
    assert_eq!(daemon.request(&format!("GET {list}"), &[]).await.json(), none);
    let mut ids = Vec::new();
    for _ in 0..51 {
        let job = start(&daemon, "program", ATLAS).await;
        ids.push(follow(&daemon, &place("program", ATLAS, &job)).await["id"].clone());
    }
    ids.reverse();
    let first = daemon.request(&format!("GET {list}"), &[]).await.json();
    assert_eq!((first["count"].clone(), first["previous"].clone()), (json!(51), Value::Null));
    assert_eq!(first["next"], json!(format!("{list}?page=2")));
    let second = daemon.request(&format!("GET {}", first["next"].as_str().unwrap()), &[]).await.json();
    assert_eq!((second["next"].clone(), second["previous"].clone()), (Value::Null, json!(list)));
    let listed: Vec<Value> = [&first, &second]
        .iter()
        .flat_map(|page| page["results"].as_array().unwrap())
        .map(|job| job["id"].clone())
        .collect();
    assert_eq!(listed, ids, "newest first");
    let beyond = daemon.request(&format!("GET {list}?page=3"), &[]).await;
    assert_eq!((beyond.status, beyond.json()), (404, json!({ "detail": "Invalid page." })));
    let elsewhere = daemon.request(&format!("GET /api/v1/projects/{LONE}/export/jobs/"), &[]).await;
    assert_eq!(elsewhere.json()["count"], json!(0));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let daemon = daemon("trueppm", TRUEPPM, |_config| {}).await;
    let job = start(&daemon, "program", ATLAS).await;
    let id = job["id"].as_str().unwrap();
    follow(&daemon, &place("program", ATLAS, &job)).await;
    let not_found = json!({ "detail": "Not found." });
    for path in [
        format!("projects/{LONE}/export/jobs/{id}/"),
        format!("programs/{LONE}/export/jobs/{id}/download/"),
        format!("programs/{ATLAS}/export/jobs/7/"),
        format!("programs/{ATLAS}/export/jobs/00000001-0000-4000-8000-000000000009/"),
        format!("programs/{ATLAS}/export/jobs/x/download/"),
        "programs/x/export/".to_owned(),
        "programs/%FF/export/".to_owned(),
        format!("programs/{LONE}/export/jobs/"),
        format!("programs/{ATLAS}/"),
        format!("programs/{ATLAS}/export/nothing/"),
        "users/".to_owned(),
    ] {
        let refused = daemon.request(&format!("GET /api/v1/{path}"), &[]).await;
        assert_eq!((refused.status, refused.json()), (404, not_found.clone()), "{path}");
        assert_eq!(refused.header("content-type"), "application/json");
    }
    for (method, path) in [("PUT", "export/"), ("DELETE", "export/jobs/"), ("POST", "export/jobs/")] {
        let refused = daemon.request(&format!("{method} /api/v1/programs/{ATLAS}/{path}"), &[]).await;
        let said = json!({ "detail": format!("Method \"{method}\" not allowed.") });
        assert_eq!((refused.status, refused.json()), (405, said));
        assert!(refused.header("allow").contains("GET"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_reader_that_leaves_the_last_slash_out_is_sent_on() {
    let daemon = daemon("trueppm", TRUEPPM, |_config| {}).await;
    for path in ["export", "export/jobs", "export/jobs/7", "export/jobs/7/download"] {
        let place = format!("/api/v1/programs/{ATLAS}/{path}");
        let moved = daemon.request(&format!("GET {place}?page=1"), &[]).await;
        assert_eq!((moved.status, moved.header("location")), (301, format!("{place}/?page=1").as_str()));
    }
    let posted = daemon.request(&format!("POST /api/v1/programs/{ATLAS}/export"), &[]).await;
    assert_eq!((posted.status, posted.json()), (404, json!({ "detail": "Not found." })), "it would become a GET");
}

#[tokio::test]
async fn nobody_is_401_on_the_listener() {
    let address = free_address();
    let daemon = daemon("trueppm", TRUEPPM, |config| config.http.listen = Some(address)).await;
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let refused = send(stream, &format!("GET /api/v1/programs/{ATLAS}/export/"), &[], "").await;
    let said = json!("Authentication credentials were not provided.");
    assert_eq!((refused.status, refused.json()), (401, json!({ "detail": said })));
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let wrong =
        send(stream, &format!("GET /api/v1/programs/{ATLAS}/export/jobs/"), &["Authorization: Bearer x"], "").await;
    let said = json!({
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
        "messages": [{ "token_class": "AccessToken", "token_type": "access", "message": "Token is invalid" }],
    });
    assert_eq!((wrong.status, wrong.json()), (401, said));
    drop(daemon);
}
