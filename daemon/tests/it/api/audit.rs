//! The audit trail: what is in it, who may read it, and what is not handed out without it.

use std::{env, fs, process::Command};

use nix::sys::signal::{SigSet, Signal};
use orgvault_api::{
    Actor, AuditEntry, OrganizationKey,
    client::{ArchiveFilter, ExportFilter, RowsQuery},
    gid::Gid,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::fixture::{Daemon, organization, problem, problem_in, user};

async fn with_archive() -> (Daemon, Gid) {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1, &organization("acme"), 5);
    daemon.client.rebuild_catalog().await.unwrap();
    (daemon, gid)
}

async fn entries(daemon: &Daemon) -> Vec<AuditEntry> {
    daemon.client.audit(None, None).await.unwrap().entries
}

async fn download(daemon: &Daemon, gid: Gid) -> u64 {
    daemon.client.download(gid).await.unwrap().copy_to(&mut Vec::new()).await.unwrap()
}

#[tokio::test]
async fn hand_outs_and_deletions_are_recorded_with_who_what_and_whose() {
    let (daemon, gid) = with_archive().await;
    download(&daemon, gid).await;
    daemon.client.rows(gid, "items", &RowsQuery::default()).await.unwrap();
    daemon.client.delete_archive(gid).await.unwrap();
    problem(daemon.client.download(gid).await);
    let entries = entries(&daemon).await;
    let told: Vec<(&str, &str)> = entries.iter().map(|entry| (entry.act.as_str(), entry.result.as_str())).collect();
    let acts = [("archive.download", "ok"), ("archive.rows", "ok"), ("archive.delete", "ok")];
    assert_eq!(told, [&acts[..], &[("archive.download", "unknown_archive")]].concat());
    let first = &entries[0];
    let about = first.organization.as_ref().map(OrganizationKey::tenant);
    assert_eq!((first.gid, about), (Some(gid), Some(organization("acme").tenant())));
    assert_eq!((first.from.as_str(), first.on.as_str()), ("unix", "GET /v1/archives/1/download"));
    match &first.actor {
        Actor::User { user: name, pid, .. } => {
            assert_eq!((name, *pid), (&user(), Some(std::process::id().cast_signed())));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_head_hands_out_nothing_and_queries_are_not_kept() {
    let (daemon, gid) = with_archive().await;
    daemon.ask("HEAD", &format!("/v1/archives/{gid}/download"), "", "").await;
    assert!(entries(&daemon).await.is_empty());
    daemon.ask("GET", &format!("/v1/archives/{gid}/sections/items/rows?search=precious"), "", "").await;
    let trail = daemon.config.daemon.state_dir.join("audit");
    let file = fs::read_dir(&trail).unwrap().next().unwrap().unwrap().path();
    assert!(!fs::read_to_string(file).unwrap().contains("precious"));
}

#[tokio::test]
async fn without_the_trail_nothing_is_handed_out_and_states_stay_readable() {
    let (daemon, gid) = with_archive().await;
    // Root may write everywhere, but not below a file.
    let audit = daemon.config.daemon.state_dir.join("audit");
    fs::write(&audit, "in the way").unwrap();
    let rows = problem(daemon.client.rows(gid, "items", &RowsQuery::default()).await);
    for refused in [problem(daemon.client.download(gid).await), rows] {
        assert_eq!((refused.status, refused.code.as_str()), (503, "audit_unavailable"));
        assert!(refused.detail.contains("audit") && refused.hint.contains("state_dir/audit"), "{refused:?}");
    }
    assert_eq!(daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives.len(), 1);
    assert!(daemon.client.verify(gid).await.unwrap().ok);
    fs::remove_file(&audit).unwrap();
    assert!(download(&daemon, gid).await > 0, "it works again as soon as it can");
}

const FULL: &str = "ORGVAULT_TEST_FULL_AUDIT";

/// What the process with the full disk does; by itself it does nothing.
#[tokio::test]
async fn fills_up() {
    if env::var(FULL).is_err() {
        return;
    }
    // Before there are other threads, which inherit it: a write that fails is to be an error.
    let mut ignored = SigSet::empty();
    ignored.add(Signal::SIGXFSZ);
    ignored.thread_block().unwrap();
    let (daemon, gid) = with_archive().await;
    download(&daemon, gid).await;
    let trail = daemon.config.daemon.state_dir.join("audit");
    let file = fs::read_dir(trail).unwrap().next().unwrap().unwrap().path();
    let before = fs::read(&file).unwrap();

    // There is room for a part of a line.
    let Rlimit { maximum, .. } = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: Some(before.len() as u64 + 20), maximum }).unwrap();
    let rows = problem(daemon.client.rows(gid, "items", &RowsQuery::default()).await);
    let whole = problem(daemon.client.download(gid).await);
    for refused in [whole, rows] {
        assert_eq!((refused.status, refused.code.as_str()), (503, "audit_unavailable"));
        assert!(refused.detail.contains("File too large") && refused.hint.contains("state_dir/audit"), "{refused:?}");
    }
    assert_eq!(daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives.len(), 1);
    assert_eq!(daemon.client.archive(gid).await.unwrap().gid, gid);
    assert!(daemon.client.exports(&ExportFilter::default()).await.unwrap().exports.is_empty());
    assert_eq!(daemon.client.status().await.unwrap().archives, 1);
    let trail = daemon.client.audit(None, None).await.unwrap();
    assert_eq!((trail.entries.len(), trail.unreadable), (1, 0), "{trail:?}");
    assert_eq!(fs::read(&file).unwrap(), before, "half a line was taken back");

    setrlimit(Resource::Fsize, Rlimit { current: None, maximum }).unwrap();
    download(&daemon, gid).await;
    assert_eq!(entries(&daemon).await.len(), 2);
    daemon.stop().await;
}

#[test]
fn a_trail_on_a_full_disk_refuses_hand_outs_and_states_stay_readable() {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "api::audit::fills_up", "--nocapture"])
        .env(FULL, "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn refusals_are_recorded_and_a_flood_of_them_is_summed_up() {
    let directory = {
        let daemon =
            Daemon::start_with(|config| config.access.viewers = std::mem::take(&mut config.access.owners)).await;
        for _ in 0..40 {
            problem(daemon.client.rebuild_catalog().await);
        }
        assert_eq!(problem(daemon.client.audit(None, None).await).status, 403, "the trail is for owners");
        let mut daemon = daemon;
        daemon.stop.soft.cancel();
        daemon.ended().await;
        daemon.config.access.owners = std::mem::take(&mut daemon.config.access.viewers);
        daemon.start_again().await
    };
    let entries = entries(&directory).await;
    assert!(entries.iter().all(|entry| entry.act == "refused" && entry.result == "not_allowed"), "{entries:?}");
    assert_eq!(entries.iter().map(|entry| entry.times).sum::<u64>(), 41);
    assert_eq!(entries.len(), 11, "ten and a sum");
}

#[tokio::test]
async fn the_trail_is_followed_from_where_one_left_off() {
    let (daemon, gid) = with_archive().await;
    assert_eq!(daemon.client.audit(None, None).await.unwrap().next, "");
    for _ in 0..3 {
        download(&daemon, gid).await;
    }
    let newest = daemon.client.audit(None, Some(1)).await.unwrap();
    assert_eq!(newest.entries.len(), 1);
    download(&daemon, gid).await;
    let next = daemon.client.audit(Some(&newest.next), None).await.unwrap();
    assert_eq!(next.entries.len(), 1);
    assert!(next.entries[0].at >= newest.entries[0].at);
    let refused = problem_in(&daemon.ask("GET", "/v1/audit?after=../etc", "", "").await);
    assert_eq!((refused.status, refused.code.as_str()), (400, "invalid_query"));
}

#[tokio::test]
async fn a_line_that_was_changed_behind_the_daemons_back_is_found_across_a_restart() {
    let (daemon, gid) = with_archive().await;
    for _ in 0..3 {
        download(&daemon, gid).await;
    }
    let before = daemon.client.verify_audit(None).await.unwrap();
    assert_eq!((before.whole, before.lines, before.number), (true, 3, 3));
    let daemon = daemon.restart().await;
    download(&daemon, gid).await;
    let after = daemon.client.verify_audit(Some(&before.head)).await.unwrap();
    assert_eq!((after.whole, after.number, after.noted), (true, 4, Some(3)), "a start goes on with it");
    let trail = daemon.config.daemon.state_dir.join("audit");
    let mut files: Vec<_> = fs::read_dir(&trail).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 2);
    let text = fs::read_to_string(&files[0]).unwrap();
    fs::write(&files[0], text.replacen("archive.download", "archive.forgotten", 2)).unwrap();
    let broken = daemon.client.verify_audit(Some(&before.head)).await.unwrap();
    assert!(!broken.whole);
    let places: Vec<(&str, u64)> = broken.breaks.iter().map(|at| (at.code.as_str(), at.line)).collect();
    assert_eq!(places, [("changed", 1), ("changed", 2)]);
    assert_eq!(broken.breaks[0].file, files[0].file_name().unwrap().to_str().unwrap());
    fs::remove_file(&files[0]).unwrap();
    let gone = daemon.client.verify_audit(Some(&before.head)).await.unwrap();
    assert_eq!(
        (gone.whole, gone.first, gone.noted),
        (true, Some(4), None),
        "only a head shows that the oldest are gone"
    );
    let refused = problem(daemon.client.verify_audit(Some("abc")).await);
    assert_eq!((refused.status, refused.code.as_str()), (400, "invalid_query"));
}
