//! Neither a token nor what signs a link is ever written down or told.

use std::fs;

use orgvault_api::{Event, client::ExportFilter};
use serde_json::json;

use super::{
    asana::{CREATE, SIGNATURE, file, job, link, poll, script},
    content::{asana, gzip},
    fixture::{Api, TOKEN, code, export, files},
    reply::Reply,
};
use crate::api::{binary::Running, fixture::soon};

/// No text holds one of them.
fn assert_discreet(place: &str, text: &str) {
    for secret in [TOKEN, SIGNATURE, "X-Amz-Signature"] {
        let found = text.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{place} has {secret}");
    }
}

/// All that the daemon wrote, and all that it tells.
async fn assert_all_is_discreet(running: &Running) {
    for path in files(running.directory.path()) {
        // A received file is as the app made it, and this one has none.
        let bytes = fs::read(&path).unwrap_or_default();
        assert_discreet(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
    }
    let client = running.client();
    let exports = client.exports(&ExportFilter::default()).await.unwrap();
    for export in &exports.exports {
        assert_discreet("the log", &format!("{:?}", client.export_log(export.gid).await.unwrap()));
    }
    assert_discreet("the exports", &serde_json::to_string(&exports).unwrap());
    assert_discreet("the diagnosis", &serde_json::to_string(&client.diagnosis().await.unwrap()).unwrap());
    assert_discreet("the status", &serde_json::to_string(&client.status().await.unwrap()).unwrap());
    assert_discreet("the sources", &serde_json::to_string(&client.sources().await.unwrap()).unwrap());
    assert_discreet("the check", &format!("{:?}", client.check("work", false).await));
    assert_discreet("the trail", &format!("{:?}", client.audit(None, None).await.unwrap()));
    let mut events = client.events(None).await.unwrap();
    let first = soon("a snapshot", events.next()).await.unwrap();
    assert!(matches!(first, Some(Event::Snapshot { .. })), "{first:?}");
    assert_discreet("the events", &format!("{first:?}"));
}

/// What every server of this test says of a request, as some proxies do.
fn echo(api: &Api, status: u16) -> Reply {
    let link = link(api, "77", 3);
    let path = link.strip_prefix(&api.storage.url()).unwrap();
    let sentence = format!("no: GET {link}, or GET {path} with Bearer {TOKEN}");
    Reply::json(status, &json!({"errors": [{"message": sentence}]}))
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_in_no_log_error_trail_catalog_manifest_or_diagnosis() {
    let api = Api::start().await;
    let organizations = ["1331", "0", "1", "2", "3", "4", "5", "6"];
    let daemon = format!("log_level = \"trace\"\nlog_format = \"json\"\n{}", api.asana(&organizations));
    let running = api.binary(&daemon).await;
    let client = running.client();
    script(&api, "1331", "77", &["pending"]);
    let bytes = gzip(asana(1331, 30).as_bytes());
    api.storage.on(&file("77"), [Reply::file(bytes.clone()).cut(bytes.len() / 2).abrupt(), Reply::file(bytes)]);
    assert_eq!(code(&export(&client, "work/1331").await), "");
    // Then one fault after the other, each told by a server that repeats what it was sent.
    let mut codes = Vec::new();
    for (number, organization) in organizations.iter().skip(1).enumerate() {
        let gid = format!("78{number}");
        script(&api, organization, &gid, &[]);
        let link = link(&api, &gid, number);
        match number {
            0 => api.base.on(CREATE, [echo(&api, 403)]),
            1 => api.base.on(&poll(&gid), [echo(&api, 400)]),
            2 => api.storage.on(&file(&gid), [echo(&api, 403)]),
            3 => api.storage.on(&file(&gid), [Reply::redirect(302, &format!("http://127.0.0.1:9/?{SIGNATURE}"))]),
            4 => api.base.on(&poll(&gid), [Reply::json(200, &job(&gid, organization, &link, None))]),
            5 => api.storage.on(&file(&gid), [Reply::html(200, &format!("<html>{link} {TOKEN}</html>"))]),
            _ => api.base.on(CREATE, [echo(&api, 500)]),
        }
        let failed = export(&client, &format!("work/{organization}")).await;
        assert_ne!(code(&failed), "", "{number}: {failed:?}");
        codes.push(code(&failed).to_owned());
    }
    assert_all_is_discreet(&running).await;
    let [first, second, third, fourth, fifth, sixth, seventh] = codes.try_into().unwrap();
    assert_eq!([first, second, third, fourth], ["forbidden", "api_error", "link_expired", "redirect_refused"]);
    assert_eq!([fifth, sixth, seventh], ["unknown_state", "not_an_export", "unknown_job"]);
}
