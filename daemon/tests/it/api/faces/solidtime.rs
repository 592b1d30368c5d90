//! solidtime's face.

use std::io::Cursor;

use orgvault_api::Role;
use orgvault_testing::postgres::SOLIDTIME;
use serde_json::json;
use tokio::net::TcpStream;
use zip::ZipArchive;

use super::daemon;
use crate::api::{http::free_address, reply::send, tokens::bearer};

const ACME: &str = "0000000a-0000-4000-8000-000000000000";

#[tokio::test]
async fn an_export_answers_when_it_is_done_with_a_link_to_the_zip() {
    let daemon = daemon("solidtime", SOLIDTIME, |_config| {}).await;
    let answer = daemon.request(&format!("POST /api/v1/organizations/{ACME}/export"), &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let document = answer.json();
    assert_eq!(document["success"], json!(true));
    assert_eq!(document.as_object().unwrap().len(), 2, "{document}");
    let link = document["download_url"].as_str().unwrap();
    assert!(link.starts_with("/v1/downloads/"), "{link}");
    let file = daemon.request(&format!("GET {link}"), &[]).await;
    assert_eq!((file.status, file.header("content-type")), (200, "application/zip"));
    assert_eq!(ZipArchive::new(Cursor::new(file.body)).unwrap().len(), 10);
}

#[tokio::test]
async fn refusals_are_in_laravels_words() {
    let daemon =
        daemon("solidtime", SOLIDTIME, |config| config.access.viewers = std::mem::take(&mut config.access.owners))
            .await;
    let refused = daemon.request(&format!("POST /api/v1/organizations/{ACME}/export"), &[]).await;
    let said = json!({ "message": "This action is unauthorized.", "error": "not_allowed" });
    assert_eq!((refused.status, refused.json()), (403, said));
}

#[tokio::test]
async fn an_organization_that_is_not_there_is_404_by_its_slug_too() {
    let daemon = daemon("solidtime", SOLIDTIME, |_config| {}).await;
    for id in ["acme", "0000000f-0000-4000-8000-000000000000", "..%2f..", "%00"] {
        let refused = daemon.request(&format!("POST /api/v1/organizations/{id}/export"), &[]).await;
        assert_eq!((refused.status, refused.json()["message"].clone()), (404, json!("Not Found")), "{id}");
    }
}

#[tokio::test]
async fn public_url_makes_the_link_absolute() {
    let daemon = daemon("solidtime", SOLIDTIME, |config| {
        config.http.public_url = Some("https://vault.example.org".to_owned());
    })
    .await;
    let answer = daemon.request(&format!("POST /api/v1/organizations/{ACME}/export"), &[]).await;
    let link = answer.json()["download_url"].as_str().unwrap().to_owned();
    assert!(link.starts_with("https://vault.example.org/v1/downloads/"), "{link}");
}

#[tokio::test]
async fn over_tcp_the_link_is_absolute_by_the_host_that_was_asked() {
    let address = free_address();
    let daemon = daemon("solidtime", SOLIDTIME, |config| config.http.listen = Some(address)).await;
    let token = bearer(&daemon, "exporter", Role::Admin).await;
    let post = format!("POST /api/v1/organizations/{ACME}/export");
    let answer = send(TcpStream::connect(address).await.unwrap(), &post, &[&token], "").await;
    let link = answer.json()["download_url"].as_str().unwrap().to_owned();
    let path = link.strip_prefix("http://orgvault.test").unwrap_or_else(|| panic!("not absolute: {link}"));
    let file = send(TcpStream::connect(address).await.unwrap(), &format!("GET {path}"), &[], "").await;
    assert_eq!((file.status, file.header("content-type")), (200, "application/zip"));
}

#[tokio::test]
async fn an_id_is_known_however_its_hexadecimal_is_written() {
    let daemon = daemon("solidtime", SOLIDTIME, |_config| {}).await;
    let answer = daemon.request(&format!("POST /api/v1/organizations/{}/export", ACME.to_uppercase()), &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn what_no_route_takes_is_told_in_laravels_words() {
    let daemon = daemon("solidtime", SOLIDTIME, |_config| {}).await;
    let place = format!("api/v1/organizations/{ACME}/export");
    let wrong = daemon.request(&format!("GET /{place}"), &[]).await;
    let said = format!("The GET method is not supported for route {place}.");
    assert_eq!((wrong.status, wrong.json()["message"].clone()), (405, json!(said)));
    assert_eq!(wrong.header("allow"), "POST");
    let nothing = daemon.request("GET /api/v1/users/me", &[]).await;
    let said = "The route api/v1/users/me could not be found.";
    assert_eq!((nothing.status, nothing.json()["message"].clone()), (404, json!(said)));
}
