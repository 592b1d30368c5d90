//! Nothing goes out twice by itself: not after a kill, not from two at once, not when the client
//! or the daemon goes away in between.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use orgvault_api::{Format, SendRequest, SendState, client::Client};
use orgvault_archive::StateFile;
use orgvault_config::TargetConfig;

use super::{
    fixture::{IMPORT, ORGANIZATION, REPORT, TOKEN, code, on_disk, publish, send, solidtime, to_time, with_zip, zip},
    stub::{Reply, Stub, json},
};
use crate::api::fixture::{problem, soon, until, user};

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

async fn start(directory: &Path) -> (Killed, Client) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgvaultd"));
    command.arg("--config").arg(directory.join("config.toml")).stdout(Stdio::null()).stderr(Stdio::null());
    let child = Killed(command.spawn().unwrap());
    let client = Client::new(directory.join("socket"));
    until("the daemon answers", async || client.health().await.is_ok()).await;
    (child, client)
}

fn configure(directory: &Path, url: &str) {
    let (base, user) = (directory.display(), user());
    let text = format!(
        "[daemon]\nsocket = \"{base}/socket\"\nstate_dir = \"{base}/state\"\narchive_dir = \"{base}/archives\"\n\
         [access]\nowners = [\"{user}\"]\n\
         [[target]]\nname = \"time\"\nkind = \"solidtime\"\nurl = \"{url}\"\ntoken_file = \"token\"\n\
         organization = \"{ORGANIZATION}\"\n"
    );
    fs::write(directory.join("config.toml"), text).unwrap();
    fs::write(directory.join("token"), TOKEN).unwrap();
    fs::set_permissions(directory.join("token"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::create_dir(directory.join("archives")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_killed_after_the_intent_leaves_it_unknown() {
    let stub = Stub::start([(IMPORT, Reply::HangAfter)]).await;
    let directory = tempfile::tempdir().unwrap();
    configure(directory.path(), &stub.url());
    let gid = publish(&directory.path().join("archives"), 7, Format::Zip, "solidtime", &zip("x", 10));
    let (mut killed, client) = start(directory.path()).await;
    client.rebuild_catalog().await.unwrap();
    let request = to_time();
    let sending = client.send_archive(gid, &request);
    tokio::select! {
        ended = sending => panic!("it ended: {ended:?}"),
        () = stub.wait_for(1) => {}
    }
    let archive = client.archive(gid).await.unwrap();
    assert_eq!(archive.sent[0].state, SendState::Sending);
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();
    let left = StateFile::beside(archive.path.as_ref()).unwrap().unwrap().sent;
    assert_eq!((left.len(), left[0].state), (1, SendState::Sending), "the intent was on disk");

    let (_killed, client) = start(directory.path()).await;
    let found = client.archive(gid).await.unwrap().sent;
    assert_eq!((found.len(), found[0].state, code(&found[0])), (1, SendState::Unknown, "interrupted"));
    let refused = problem(client.send_archive(gid, &request).await);
    assert_eq!(refused.code, "sent_before");
    assert!(refused.detail.ends_with(": unknown"), "{refused:?}");
    assert_eq!(stub.seen().len(), 1);

    stub.reply(IMPORT, json(200, REPORT));
    let again = client.send_archive(gid, &SendRequest { again: true, ..request }).await.unwrap();
    assert_eq!(again.sent.unwrap().state, SendState::Sent);
    client.rebuild_catalog().await.unwrap();
    let kept: Vec<SendState> = client.archive(gid).await.unwrap().sent.iter().map(|record| record.state).collect();
    assert_eq!(kept, [SendState::Unknown, SendState::Sent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_intent_is_on_disk_before_the_first_byte() {
    let stub = Stub::start([(IMPORT, Reply::HangBefore)]).await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let request = to_time();
    let sending = daemon.client.send_archive(gid, &request);
    tokio::select! {
        ended = sending => panic!("it ended: {ended:?}"),
        () = stub.wait_for(1) => {}
    }
    let records = on_disk(&daemon, gid).await;
    assert_eq!((records.len(), records[0].state), (1, SendState::Sending));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_one_goes_out() {
    let stub = Stub::start([(IMPORT, Reply::HangAfter)]).await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let request = to_time();
    let first = daemon.client.send_archive(gid, &request);
    let second = async {
        stub.wait_for(1).await;
        let again = SendRequest { again: true, ..to_time() };
        problem(daemon.client.send_archive(gid, &again).await)
    };
    tokio::select! {
        ended = first => panic!("it ended: {ended:?}"),
        refused = second => assert_eq!((refused.status, refused.code.as_str()), (409, "send_running")),
    }
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_goes_on_when_its_client_goes_away() {
    let stub = Stub::start([(IMPORT, Reply::HangAfter)]).await;
    let target = TargetConfig { timeout: Duration::from_secs(1), ..solidtime(&stub.url()) };
    let (daemon, gid) = with_zip(target).await;
    let request = to_time();
    tokio::select! {
        ended = daemon.client.send_archive(gid, &request) => panic!("it ended: {ended:?}"),
        () = stub.wait_for(1) => {}
    }
    until("the end is written down", async || on_disk(&daemon, gid).await[0].state == SendState::Unknown).await;
    assert_eq!(code(&on_disk(&daemon, gid).await[0]), "target_lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_has_to_stop_gives_up_and_says_so() {
    let stub = Stub::start([(IMPORT, Reply::HangAfter)]).await;
    let (mut daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let (client, request) = (daemon.client.clone(), to_time());
    let stop = daemon.stop.clone();
    let sending = client.send_archive(gid, &request);
    let stopping = async {
        stub.wait_for(1).await;
        stop.soft.cancel();
        let refused = problem(send(&daemon, gid).await);
        assert_eq!((refused.status, refused.code.as_str()), (503, "stopping"));
        stop.deadline.cancel();
    };
    let (answer, ()) = soon("both end", async { tokio::join!(sending, stopping) }).await;
    let record = answer.unwrap().sent.unwrap();
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "interrupted"));
    daemon.ended().await;
    let daemon = daemon.start_again().await;
    assert_eq!(on_disk(&daemon, gid).await, [record]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_is_told_before_and_after() {
    let stub = Stub::start([(IMPORT, json(403, "{}")), (IMPORT, json(200, REPORT))]).await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    send(&daemon, gid).await.unwrap();
    send(&daemon, gid).await.unwrap();
    assert_eq!(problem(send(&daemon, gid).await).code, "sent_before");
    let text = fs::read_dir(daemon.config.daemon.state_dir.join("audit")).unwrap();
    let text: String = text.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let entries = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let sends: Vec<_> = entries.filter(|entry| entry["act"] == "archive.send").collect();
    let results: Vec<_> = sends.iter().map(|entry| entry["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["sending", "target_forbidden", "sending", "ok"]);
    assert_eq!((sends[0]["on"].as_str(), sends[0]["gid"].as_str()), (Some("time"), Some("7")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_sent() {
    let stub = Stub::start([(IMPORT, json(200, REPORT))]).await;
    let (daemon, gid) = with_zip(solidtime(&stub.url())).await;
    let trail = daemon.config.daemon.state_dir.join("audit");
    if trail.exists() {
        fs::remove_dir_all(&trail).unwrap();
    }
    fs::write(&trail, "no directory").unwrap();
    let refused = problem(send(&daemon, gid).await);
    assert_eq!((refused.status, refused.code.as_str()), (503, "audit_unavailable"));
    assert!(stub.seen().is_empty() && on_disk(&daemon, gid).await.is_empty());
}
