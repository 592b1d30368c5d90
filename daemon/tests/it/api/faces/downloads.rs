//! Signed links, and archives in parts.

use std::fs;

use chrono::TimeDelta;
use orgvault_api::{clock::Clock, gid::Gid};
use orgvault_daemon::{
    secrets::Secrets,
    signature::{Holder, Link, UrlKey},
};

use tokio::net::{TcpStream, UnixStream};

use crate::api::{
    binary::Running,
    fixture::{Daemon, organization, problem_in, publish},
    http::free_address,
    reply::send,
};

struct Linked {
    daemon: Daemon,
    gid: Gid,
    bytes: Vec<u8>,
}

async fn linked() -> Linked {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1, &organization("acme"), 500);
    daemon.client.rebuild_catalog().await.unwrap();
    let bytes = fs::read(daemon.client.archive(gid).await.unwrap().path).unwrap();
    Linked { daemon, gid, bytes }
}

impl Linked {
    fn link(&self, gid: Gid, valid: TimeDelta, holder: Holder) -> String {
        let key = UrlKey::of(&Secrets::of(&self.daemon.config.daemon.state_dir)).unwrap();
        key.sign(&Link { gid, expires: Clock::system().now() + valid, holder })
    }

    fn mine(&self, valid: TimeDelta) -> String {
        self.link(self.gid, valid, Holder::User(nix::unistd::Uid::current().as_raw()))
    }

    async fn refusal(&self, link: &str) -> (u16, String) {
        let problem = problem_in(&self.daemon.ask("GET", link, "", "").await);
        (problem.status, problem.code)
    }
}

#[tokio::test]
async fn a_link_gives_the_file_and_one_that_was_changed_learns_nothing() {
    let linked = linked().await;
    let link = linked.mine(TimeDelta::minutes(10));
    let answer = linked.daemon.request(&format!("GET {link}"), &[]).await;
    assert!(answer.status == 200 && answer.body == linked.bytes);
    let invalid = (403, "invalid_link".to_owned());
    let (path, query) = link.split_once('?').unwrap();
    for part in query.split('&') {
        let (name, value) = part.split_once('=').unwrap();
        let mut changed = value.to_owned();
        let last = changed.pop();
        changed.push(if last == Some('0') { '1' } else { '0' });
        for other in [changed.as_str(), "", "%00", &value.to_uppercase()] {
            let broken = link.replace(part, &format!("{name}={other}"));
            if broken != link {
                assert_eq!(linked.refusal(&broken).await, invalid, "{broken}");
            }
        }
        assert_eq!(linked.refusal(&link.replace(part, "x=1")).await, invalid);
    }
    for other in ["/v1/downloads/2", "/v1/downloads/x", "/v1/downloads/99999999999999999999"] {
        assert_eq!(linked.refusal(&format!("{other}?{query}")).await, invalid, "{other}");
    }
    assert_eq!(linked.refusal(path).await, invalid);
}

#[tokio::test]
async fn a_link_ends_with_its_time_its_archive_and_its_holders_rights() {
    let linked = linked().await;
    assert_eq!(linked.refusal(&linked.mine(TimeDelta::seconds(-1))).await, (410, "link_expired".to_owned()));
    let stranger = linked.link(linked.gid, TimeDelta::hours(1), Holder::User(4_000_123));
    assert_eq!(linked.refusal(&stranger).await, (403, "link_revoked".to_owned()));
    let link = linked.mine(TimeDelta::hours(1));
    linked.daemon.client.delete_archive(linked.gid).await.unwrap();
    assert_eq!(linked.refusal(&link).await, (410, "archive_deleted".to_owned()));
}

#[tokio::test]
async fn parts_of_a_file_its_tag_and_its_head() {
    let linked = linked().await;
    let path = format!("/v1/archives/{}/download", linked.gid);
    let sha256 = linked.daemon.client.archive(linked.gid).await.unwrap().sha256;
    let size = linked.bytes.len();
    for place in [path, linked.mine(TimeDelta::minutes(1))] {
        let ask = async |headers: &[&str]| linked.daemon.request(&format!("GET {place}"), headers).await;
        let whole = ask(&[]).await;
        assert_eq!(whole.header("etag"), format!("\"{sha256}\""));
        assert_eq!(
            (whole.header("accept-ranges"), whole.header("content-length")),
            ("bytes", size.to_string().as_str())
        );
        let part = ask(&["Range: bytes=10-19"]).await;
        assert_eq!((part.status, &part.body[..]), (206, &linked.bytes[10..20]));
        assert_eq!(part.header("content-range"), format!("bytes 10-19/{size}"));
        assert_eq!(ask(&["Range: bytes=-5"]).await.body, &linked.bytes[size - 5..]);
        let beyond = ask(&[&format!("Range: bytes={size}-")]).await;
        assert_eq!((beyond.status, beyond.header("content-range")), (416, format!("bytes */{size}").as_str()));
        let known = ask(&[&format!("If-None-Match: \"{sha256}\"")]).await;
        assert_eq!((known.status, known.body.len()), (304, 0));
        let head = linked.daemon.request(&format!("HEAD {place}"), &[]).await;
        assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, size.to_string().as_str(), 0));
    }
}

#[tokio::test]
async fn signatures_are_in_no_log_and_no_trail() {
    let address = free_address();
    let running = Running::start(&format!("log_level = \"trace\"\n[http]\nlisten = \"{address}\"")).await;
    let (directory, client) = (running.directory.path(), running.client());
    let gid = publish(&directory.join("archives"), 1, &organization("acme"), 0, "{\"items\":[]}");
    client.rebuild_catalog().await.unwrap();
    let key = UrlKey::of(&Secrets::of(&directory.join("state"))).unwrap();
    let holder = Holder::User(nix::unistd::Uid::current().as_raw());
    let link = |valid| key.sign(&Link { gid, expires: Clock::system().now() + valid, holder: holder.clone() });
    let (valid, expired) = (link(TimeDelta::minutes(1)), link(TimeDelta::minutes(-1)));
    let cases = [
        (format!("GET {valid}"), 200),
        (format!("HEAD {valid}"), 200),
        (format!("GET {expired}"), 410),
        (format!("GET {valid}0"), 403),
        (format!("GET {}", valid.replace("/v1/downloads/1", "/v1/downloads/2")), 403),
        (format!("GET {}", valid.replace("/v1/downloads/1", "/nothing")), 404),
        (format!("POST {valid}"), 405),
    ];
    for (request, status) in &cases {
        let over_socket = UnixStream::connect(running.socket()).await.unwrap();
        assert_eq!(send(over_socket, request, &[], "").await.status, *status, "{request}");
        let over_tcp = TcpStream::connect(address).await.unwrap();
        // Who has no token does not even learn what is there.
        let status = if *status == 404 || *status == 405 { 401 } else { *status };
        assert_eq!(send(over_tcp, request, &[], "").await.status, status, "{request}");
    }
    let mut told = running.log();
    assert!(told.contains("/v1/downloads/{gid}"), "requests are logged: {told}");
    let trail = client.audit(None, Some(1000)).await.unwrap();
    assert!(trail.entries.iter().any(|entry| entry.act == "archive.download" && entry.gid == Some(gid)), "{trail:?}");
    for file in fs::read_dir(directory.join("state/audit")).unwrap() {
        told.push_str(&fs::read_to_string(file.unwrap().path()).unwrap());
    }
    for link in [&valid, &expired] {
        let (_, signature) = link.rsplit_once('=').unwrap();
        assert!(!told.contains(signature), "{signature} in {told}");
    }
    assert!(!told.contains("signature="), "{told}");
}
