//! TruePPM's face, with the statuses of its facts.

use orgvault_shared::{api::Role, config::Access};
use serde_json::json;

use super::{Held, TRUEPPM, daemon, source};
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

#[tokio::test]
async fn a_job_is_started_polled_and_downloaded() {
    let daemon = daemon("trueppm", TRUEPPM, |_config| {}).await;
    let started = daemon.request(&format!("POST /api/v1/programs/{ATLAS}/export/"), &[]).await;
    assert_eq!(started.status, 202, "{started:?}");
    let id = started.json()["id"].as_str().unwrap().to_owned();
    let place = format!("/api/v1/programs/{ATLAS}/export/jobs/{id}/");
    let early = daemon.request(&format!("GET {place}download/"), &[]).await;
    assert!(early.status == 409 || early.status == 200, "{early:?}");
    until("the job is finished", async || {
        daemon.request(&format!("GET {place}"), &[]).await.json()["status"] == json!("finished")
    })
    .await;
    let listed = daemon.request(&format!("GET /api/v1/programs/{ATLAS}/export/jobs/"), &[]).await.json();
    assert_eq!(listed[0]["download_url"], json!(format!("{place}download/")));
    let file = daemon.request(&format!("GET {place}download/"), &[]).await;
    assert_eq!((file.status, file.header("content-disposition")), (200, "attachment; filename=\"atlas.json\""));
    let elsewhere = daemon.request(&format!("GET /api/v1/programs/{LONE}/export/jobs/{id}/"), &[]).await;
    assert_eq!(elsewhere.status, 404, "it is another program's");
    daemon.client.delete_archive(id.parse().unwrap()).await.unwrap();
    assert_eq!(daemon.request(&format!("GET {place}download/"), &[]).await.status, 410);
}

#[tokio::test]
async fn a_job_that_is_held_up_is_409() {
    let (source, database) = source("app", "trueppm", TRUEPPM).await;
    let daemon = Daemon::start_with(|config| config.sources = vec![source]).await;
    let held = Held::new(&database, "projects_task");
    let started = daemon.request(&format!("POST /api/v1/programs/{ATLAS}/export/"), &[]).await;
    let place = format!("/api/v1/programs/{ATLAS}/export/jobs/{}/download/", started.json()["id"].as_str().unwrap());
    assert_eq!(daemon.request(&format!("GET {place}"), &[]).await.status, 409);
    drop(held);
    until("it can be downloaded", async || daemon.request(&format!("GET {place}"), &[]).await.status == 200).await;
}

#[tokio::test]
async fn nobody_is_401_on_the_listener() {
    let address = free_address();
    let daemon = daemon("trueppm", TRUEPPM, |config| config.http.listen = Some(address)).await;
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let refused = send(stream, &format!("GET /api/v1/programs/{ATLAS}/export/"), &[], "").await;
    let said = json!("Authentication credentials were not provided.");
    assert_eq!((refused.status, refused.json()["detail"].clone()), (401, said));
    drop(daemon);
}
