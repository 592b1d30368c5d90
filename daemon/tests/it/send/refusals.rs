//! What is found out before the first byte: then nothing goes out, and nothing is written down.

use std::fs;

use orgvault_api::{Format, SendRequest};
use orgvault_archive::state::state_path;
use orgvault_config::{TargetConfig, TargetKind};

use super::{
    fixture::{IMPORT, REPORT, SEED, daemon, on_disk, publish, send, solidtime, to_time, with_zip, zip},
    stub::{Stub, json},
};
use crate::api::fixture::{Daemon, problem};

async fn stub() -> Stub {
    Stub::start([(IMPORT, json(200, REPORT))]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_looks_at_everything_and_sends_nothing() {
    let stub = stub().await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let request = SendRequest { dry_run: true, ..to_time() };
    let answer = daemon.client.send_archive(gid, &request).await.unwrap();
    assert_eq!(answer.sent, None);
    assert!(answer.upload_bytes > 1000 && answer.preflight.is_some(), "{answer:?}");
    assert!(stub.seen().is_empty());
    assert_eq!(on_disk(&daemon, gid).await, []);
    send(&daemon, gid).await.unwrap();
    let before = problem(daemon.client.send_archive(gid, &request).await);
    assert_eq!(before.code, "sent_before", "it says what a real one would");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_importer_would_refuse_is_not_sent() {
    let stub = stub().await;
    let daemon = daemon(solidtime(&stub.url())).await;
    let bytes = zip(&"😀".repeat(5000), 0);
    let gid = publish(&daemon.config.daemon.archive_dir, 7, Format::Zip, "solidtime", &bytes);
    daemon.client.rebuild_catalog().await.unwrap();
    let refused = problem(send(&daemon, gid).await);
    assert_eq!((refused.status, refused.code.as_str()), (409, "not_importable"));
    assert!(refused.detail.contains("20000 bytes") && refused.hint.contains("preflight 7"), "{refused:?}");
    assert!(stub.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_not_what_was_published_is_not_sent() {
    let stub = stub().await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let path = daemon.client.archive(gid).await.unwrap().path;
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    // In what the importer does not look at.
    let at = whole.len() / 2;
    flipped[at] ^= 1;
    for (bytes, code) in
        [(Some(&flipped[..]), "archive_damaged"), (Some(&whole[..at]), "archive_damaged"), (None, "archive_missing")]
    {
        fs::remove_file(&path).unwrap();
        if let Some(bytes) = bytes {
            fs::write(&path, bytes).unwrap();
        }
        assert_eq!(problem(send(&daemon, gid).await).code, code);
        fs::write(&path, &whole).unwrap();
    }
    assert!(stub.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_targets_own_limit_counts() {
    let stub = stub().await;
    let (target, bytes) = (solidtime(&stub.url()), zip("x", 1000));
    let request = r#"{"type":"solidtime","data":""}"#.len() + bytes.len().div_ceil(3) * 4;
    for (limit, fits) in [(request - 1, false), (request, true)] {
        let TargetKind::App(mut instance) = target.kind.clone() else { unreachable!() };
        instance.server.max_upload = limit as u64;
        let daemon = daemon(TargetConfig { kind: TargetKind::App(instance), ..target.clone() }).await;
        let gid = publish(&daemon.config.daemon.archive_dir, 7, Format::Zip, "solidtime", &bytes);
        daemon.client.rebuild_catalog().await.unwrap();
        match send(&daemon, gid).await {
            Ok(_) => assert!(fits),
            Err(error) => assert_eq!((error.code(), fits), ("not_importable", false)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_takes_its_own_formats_and_options() {
    let stub = stub().await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let seed = publish(&daemon.config.daemon.archive_dir, 8, Format::Seed, "trueppm", SEED.as_bytes());
    daemon.client.rebuild_catalog().await.unwrap();
    let wrong = problem(send(&daemon, seed).await);
    assert_eq!((wrong.status, wrong.code.as_str()), (422, "wrong_format"));
    assert!(wrong.detail.contains("takes zip, and archive 8 is seed"), "{wrong:?}");
    for request in [SendRequest { replace: true, ..to_time() }, SendRequest { create_users: true, ..to_time() }] {
        let refused = problem(daemon.client.send_archive(gid, &request).await);
        assert_eq!((refused.status, refused.code.as_str()), (422, "unknown_option"));
    }
    let unknown = problem(daemon.client.send_archive(gid, &SendRequest { to: "tme".to_owned(), ..to_time() }).await);
    assert_eq!((unknown.status, unknown.code.as_str()), (404, "unknown_target"));
    assert!(unknown.detail.ends_with("known are: time"), "{unknown:?}");
    assert!(stub.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_owner_may_send() {
    let daemon = Daemon::start_with(|config| {
        config.targets = vec![solidtime("http://127.0.0.1:9")];
        config.access.admins = std::mem::take(&mut config.access.owners);
    })
    .await;
    let refused = problem(send(&daemon, 1.try_into().unwrap()).await);
    assert_eq!((refused.status, refused.code.as_str()), (403, "not_allowed"));
}

/// What it says may be that the archive was sent: so it is not written over.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_cannot_be_read_keeps_it_from_being_sent() {
    let stub = stub().await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let path = state_path(daemon.client.archive(gid).await.unwrap().path.as_ref());
    for text in ["{", "{\"state_version\": 2}"] {
        fs::write(&path, text).unwrap();
        assert_eq!(problem(send(&daemon, gid).await).code, "state_unusable");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert!(stub.seen().is_empty());
}
