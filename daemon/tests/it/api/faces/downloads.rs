//! Signed links, and archives in parts.

use std::fs;

use chrono::TimeDelta;
use orgvault_daemon::{
    secrets::Secrets,
    signature::{Holder, Link, UrlKey},
};
use orgvault_shared::{clock::Clock, gid::Gid};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::api::fixture::{Daemon, organization, problem_in, soon};

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
    let linked = linked().await;
    let link = linked.mine(TimeDelta::minutes(1));
    let signature = link.rsplit('=').next().unwrap();
    linked.daemon.request(&format!("GET {link}"), &[]).await;
    let trail = linked.daemon.client.audit(None, None).await.unwrap();
    let entry = &trail.entries[0];
    assert_eq!((entry.act.as_str(), entry.gid), ("archive.download", Some(linked.gid)));
    assert!(!serde_json::to_string(&trail).unwrap().contains(signature));
}

#[tokio::test]
async fn a_huge_file_is_read_in_parts_and_a_client_may_leave_in_the_middle() {
    let linked = linked().await;
    let path = linked.daemon.client.archive(linked.gid).await.unwrap().path;
    let huge = 10 * 1024 * 1024 * 1024_u64;
    fs::File::options().write(true).open(&path).unwrap().set_len(huge).unwrap();
    let link = linked.mine(TimeDelta::minutes(10));
    let part = linked.daemon.request(&format!("GET {link}"), &["Range: bytes=10737418230-"]).await;
    assert_eq!((part.status, part.body), (206, vec![0; 10]));
    let before = memory();
    let mut readers = Vec::new();
    for _ in 0..20 {
        let mut stream = linked.daemon.connect().await;
        stream.write_all(format!("GET {link} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
        soon("the first bytes", stream.read_exact(&mut [0; 1024])).await.unwrap();
        readers.push(stream);
    }
    // Other tests run in this process: what would be noticed is 20 files of 10 GiB.
    assert!(memory() < before + 512 * 1024, "{before} kB, then {} kB", memory());
    drop(readers);
    assert_eq!(linked.daemon.request(&format!("HEAD {link}"), &[]).await.header("content-length"), huge.to_string());
}

/// Memory of this process, in kB.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
