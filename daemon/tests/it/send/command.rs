//! A command as a target: no shell, bounded in time and output, its status kept.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use orgvault_api::{Format, SendRecord, SendRequest, SendState, gid::Gid};
use orgvault_config::{TargetConfig, TargetKind};

use super::fixture::{SEED, again, code, daemon, publish, send, sent, to_time};
use crate::api::fixture::{Daemon, problem, until};

async fn with_command(argv: &[&str], timeout: Duration) -> (Daemon, Gid) {
    of_product(argv, timeout, None).await
}

async fn of_product(argv: &[&str], timeout: Duration, product: Option<&str>) -> (Daemon, Gid) {
    let kind = TargetKind::Command {
        argv: argv.iter().map(|&argument| argument.to_owned()).collect(),
        environment: [("TOKEN".to_owned(), "hunter2".to_owned())].into_iter().collect(),
        product: product.map(str::to_owned),
    };
    let daemon = daemon(TargetConfig { name: "time".to_owned(), kind, timeout }).await;
    let gid = publish(&daemon.config.daemon.archive_dir, 7, Format::Seed, "trueppm", SEED.as_bytes());
    daemon.client.rebuild_catalog().await.unwrap();
    (daemon, gid)
}

async fn script(directory: &Path, text: &str, timeout: Duration) -> (Daemon, Gid) {
    let path = directory.join("import; rm -rf x");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    with_command(&[path.to_str().unwrap(), "$HOME `id`", "--file={file}"], timeout).await
}

async fn run(text: &str) -> SendRecord {
    let directory = tempfile::tempdir().unwrap();
    let (daemon, gid) = script(directory.path(), text, Duration::from_mins(1)).await;
    sent(&daemon, gid).await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_given_the_file_and_its_output_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let text = "echo \"$#\"; printf '<%s>\\n' \"$@\"; cat \"${2#--file=}\" | wc -c; echo oops >&2; env | sort; pwd";
    let (daemon, gid) = script(directory.path(), text, Duration::from_mins(1)).await;
    let path = daemon.client.archive(gid).await.unwrap().path;
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Sent, ""), "{record:?}");
    let expected = ["2", "<$HOME `id`>", &format!("<--file={path}>"), &SEED.len().to_string(), "oops", "LANG=C.UTF-8"];
    assert_eq!(record.report[..6], expected.map(str::to_owned));
    assert!(record.report[6].starts_with("PATH=") && record.report.last().unwrap() == "/", "{record:?}");
    assert!(record.report.contains(&"TOKEN=hunter2".to_owned()), "{record:?}");
    assert_eq!(problem(send(&daemon, gid).await).code, "sent_before");
    let answer = again(&daemon, gid).await.unwrap();
    assert_eq!(answer.sent.unwrap().state, SendState::Sent);
    assert_eq!(answer.address, directory.path().join("import; rm -rf x").display().to_string(), "no argument of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_command_may_be_told_to_create_users() {
    let directory = tempfile::tempdir().unwrap();
    let (daemon, gid) = script(directory.path(), "echo \"$3\"", Duration::from_mins(1)).await;
    let request = SendRequest { create_users: true, ..to_time() };
    let record = daemon.client.send_archive(gid, &request).await.unwrap().sent.unwrap();
    assert_eq!(record.report, ["--create-users"]);
    let replace = SendRequest { replace: true, again: true, ..to_time() };
    assert_eq!(problem(daemon.client.send_archive(gid, &replace).await).code, "unknown_option");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_status_is_kept() {
    let record = run("echo half of it is in; exit 3").await;
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "command_failed"));
    assert!(record.error.unwrap().message.ends_with("ended with exit status: 3"));
    assert_eq!(record.report, ["half of it is in"]);
    let record = run("kill -9 $$").await;
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "command_failed"));
    assert!(record.error.unwrap().message.contains("signal: 9"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_missing_has_done_nothing() {
    let (daemon, gid) = with_command(&["/nonexistent/manage.py", "{file}"], Duration::from_mins(1)).await;
    for _ in 0..2 {
        let record = sent(&daemon, gid).await;
        assert_eq!((record.state, code(&record)), (SendState::Refused, "command_not_started"), "{record:?}");
        assert!(record.error.unwrap().message.contains("/nonexistent/manage.py"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_gigabyte_of_output_the_end_is_kept() {
    let record = run("head -c 1000000000 /dev/zero | tr '\\0' 'x'; printf '\\n\\033[31m\\377the end\\n'").await;
    assert_eq!(record.state, SendState::Sent, "{record:?}");
    let said = record.report.join("\n");
    assert!(said.len() < 64 * 1024 && said.starts_with("… (9999"), "{} bytes", said.len());
    assert_eq!(record.report.last().unwrap(), "\\u{1b}[31m\u{fffd}the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_is_killed_with_all_that_it_started() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let text = format!("echo begun; sleep 1000 & echo $! > {}; wait", file.display());
    let (daemon, gid) = script(directory.path(), &text, Duration::from_millis(500)).await;
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Unknown, "command_timeout"), "{record:?}");
    assert_eq!(record.report, ["begun"]);
    let pid = fs::read_to_string(&file).unwrap();
    let status = format!("/proc/{}/stat", pid.trim());
    // Where nobody reaps what has lost its parent, it stays as a zombie.
    let gone = || fs::read_to_string(&status).map_or(true, |stat| stat.contains(") Z "));
    until("its child is gone", async || gone()).await;
    assert_eq!(problem(send(&daemon, gid).await).code, "sent_before");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_leaves_running_does_not_hold_it_up() {
    let record = run("sleep 30 & echo done").await;
    assert_eq!((record.state, record.report.as_slice()), (SendState::Sent, ["done".to_owned()].as_slice()));
}

/// What the importer's API would refuse, but its command takes.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_api_minds_does_not_keep_a_command_from_it() {
    let directory = tempfile::tempdir().unwrap();
    let (daemon, _) = script(directory.path(), "echo taken", Duration::from_mins(1)).await;
    let large = SEED.replace("\"t\"", &format!("\"t\", \"notes\": \"{}\"", "x".repeat(6 << 20)));
    let archives = &daemon.config.daemon.archive_dir;
    let large = publish(archives, 8, Format::Seed, "trueppm", large.as_bytes());
    let broken = publish(archives, 9, Format::Seed, "trueppm", b"{\"schema_version\":\"9\"}");
    let other = publish(archives, 10, Format::Json, "rytask", b"{}");
    daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!(sent(&daemon, large).await.state, SendState::Sent);
    assert_eq!(problem(send(&daemon, broken).await).code, "not_importable");
    let answer = send(&daemon, other).await.unwrap();
    assert_eq!((answer.preflight, answer.sent.unwrap().state), (None, SendState::Sent));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_product_takes_archives_of_that_product_and_of_no_other() {
    let argv = ["/bin/cat", "{file}"];
    let (daemon, gid) = of_product(&argv, Duration::from_mins(1), Some("trueppm")).await;
    let archives = &daemon.config.daemon.archive_dir;
    let other = publish(archives, 8, Format::Json, "rytask", b"{}");
    let hosted = publish(archives, 9, Format::Seed, "trueppm-api", SEED.as_bytes());
    daemon.client.rebuild_catalog().await.unwrap();
    let refused = problem(send(&daemon, other).await);
    assert_eq!((refused.status, refused.code.as_str()), (422, "wrong_product"));
    assert_eq!(refused.detail, "target time takes archives of trueppm, and archive 8 is of rytask");
    for gid in [gid, hosted] {
        assert_eq!(sent(&daemon, gid).await.state, SendState::Sent, "{gid}");
    }
}
