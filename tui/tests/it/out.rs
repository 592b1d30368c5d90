//! `orgvault export --out`.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    process::Stdio,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    fixtures::{BYTES, archive, exports, failed, finished, pending, snapshot},
    orgvault::{command, run},
    stub::{Reply, Stub},
};

const ASK: &str = "POST /v1/exports";
const EVENTS: &str = "GET /v1/events?request=1000";
const DOWNLOAD: &str = "GET /v1/archives/7/download";

fn stub(download: Reply) -> Stub {
    Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([finished(7, "acme")])])),
        ("GET /v1/archives/7", Reply::json(&archive(7, "acme"))),
        (DOWNLOAD, download),
    ])
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.filter(|name| name != "sock").collect();
    names.sort();
    names
}

#[test]
fn the_archive_comes_whole_under_its_name() {
    let stub = stub(Reply::bytes(BYTES));
    let path = stub.folder().join("acme.json");
    fs::write(&path, "an older one").unwrap();
    let ran = run(&stub, &["export", "acme", "--out", path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(ran.out.starts_with("ok ") && ran.out.trim_end().ends_with("acme.json"), "{}", ran.all());
    assert_eq!(fs::read(&path).unwrap(), BYTES);
    assert_eq!(names(stub.folder()), ["acme.json"]);
}

#[test]
fn a_link_stays_a_link_and_what_it_points_at_is_replaced() {
    let stub = stub(Reply::bytes(BYTES));
    let (real, link) = (stub.folder().join("real.json"), stub.folder().join("link.json"));
    fs::write(&real, "an older one").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    assert_eq!(run(&stub, &["export", "acme", "--out", link.to_str().unwrap()]).code, Some(0));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&real).unwrap(), BYTES);
}

#[test]
fn what_did_not_come_whole_leaves_the_older_file() {
    for (reply, code) in [
        (Reply::bytes(&BYTES[..9]), 3),
        (Reply::bytes(&BYTES[..9]).then_break(), 1),
        (Reply::bytes(b"{\"format\":\"made UP\"}"), 3),
        (Reply::problem(404, "unknown_archive", "it is gone", ""), 1),
        (Reply::problem(403, "not_allowed", "no", ""), 5),
    ] {
        let stub = stub(reply);
        let path = stub.folder().join("acme.json");
        fs::write(&path, "an older one").unwrap();
        let ran = run(&stub, &["export", "acme", "--out", path.to_str().unwrap()]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{}", ran.all());
        assert_eq!(fs::read(&path).unwrap(), b"an older one");
        assert_eq!(names(stub.folder()), ["acme.json"]);
    }
}

#[test]
fn a_failed_export_leaves_no_file() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([failed(7, "acme", "source_lost")])])),
    ]);
    let path = stub.folder().join("acme.json");
    let ran = run(&stub, &["export", "acme", "--out", path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1), "{}", ran.all());
    assert_eq!(names(stub.folder()), [""; 0]);
}

#[test]
fn ctrl_c_in_the_download_leaves_no_file() {
    let stub = stub(Reply::bytes(&BYTES[..9]).then_hang());
    let path = stub.folder().join("acme.json");
    let args = ["export", "acme", "--out", path.to_str().unwrap()];
    let child = command(&stub.socket(), &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    stub.wait_for(DOWNLOAD);
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(names(stub.folder()), [""; 0]);
}

#[test]
fn a_dash_sends_the_archive_and_nothing_else_to_standard_output() {
    for json in [&[][..], &["--json"]] {
        let stub = stub(Reply::bytes(BYTES));
        let args = [&["export", "acme", "--out", "-"], json].concat();
        let ran = run(&stub, &args);
        assert_eq!((ran.code, ran.out.as_bytes()), (Some(0), BYTES), "{}", ran.all());
        assert!(ran.err.contains("tracker"), "{}", ran.all());
    }
}

#[test]
fn a_damaged_download_to_standard_output_is_3() {
    let ran = run(&stub(Reply::bytes("other")), &["export", "acme", "--out", "-"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), "other"), "{}", ran.all());
}

#[test]
fn a_reader_that_goes_away_is_a_failure_and_no_panic() {
    let stub = stub(Reply::bytes(vec![b'x'; 4 << 20]));
    let mut child = command(&stub.socket(), &["export", "acme", "--out", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("Broken pipe") && !words.contains("panicked"), "{words}");
}

#[test]
fn a_full_disk_behind_standard_output_is_a_failure() {
    let stub = stub(Reply::bytes(BYTES));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = command(&stub.socket(), &["export", "acme", "--out", "-"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn more_than_one_archive_is_usage_and_is_cancelled() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme"), pending(8, "acme")])).status(202)),
        ("DELETE /v1/exports/7", Reply::json(&failed(7, "acme", "canceled"))),
        ("DELETE /v1/exports/8", Reply::json(&failed(8, "acme", "canceled"))),
    ]);
    let path = stub.folder().join("x");
    let ran = run(&stub, &["export", "acme", "--out", path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    assert_eq!(stub.asked().iter().filter(|asked| asked.starts_with("DELETE")).count(), 2);
}
