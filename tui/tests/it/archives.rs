//! Deleting, verifying and cancelling.

use std::{io::Write, process::Stdio};

use orgvault_api::Archives;

use crate::{
    fixtures::{archive, failed, started, verification},
    orgvault::{Ran, command, run},
    stub::{Reply, Stub},
};

fn deletable() -> Stub {
    let (known, gone) = (Reply::json(&archive(7, "acme")), Reply::json(&archive(7, "acme")));
    Stub::start([("GET /v1/archives/7", known), ("DELETE /v1/archives/7", gone)])
}

fn answering(stub: &Stub, answer: &str) -> Ran {
    let mut child = command(&stub.socket(), &["delete", "7"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn delete_asks_for_the_gid_typed_again() {
    let stub = deletable();
    insta::assert_snapshot!(answering(&stub, "7\n").all());
    assert!(stub.asked().contains(&"DELETE /v1/archives/7".to_owned()));
}

#[test]
fn delete_does_nothing_for_any_other_answer() {
    let stub = deletable();
    assert_eq!(answering(&stub, "yes\n").code, Some(2));
    assert_eq!(answering(&stub, "").code, Some(1));
    assert_eq!(run(&stub, &["delete", "7", "--yes", "8"]).code, Some(2));
    assert!(!stub.asked().contains(&"DELETE /v1/archives/7".to_owned()));
}

#[test]
fn delete_in_a_script() {
    let stub = deletable();
    assert_eq!(run(&stub, &["delete", "7", "--yes", "7"]).code, Some(0));
    insta::assert_snapshot!(run(&stub, &["delete", "7", "--yes", "7", "--json"]).ok());
}

#[test]
fn verify_of_a_whole_archive() {
    let stub = Stub::start([("POST /v1/archives/7/verify", Reply::json(&verification(7, &[])))]);
    insta::assert_snapshot!(run(&stub, &["verify", "7"]).ok());
    insta::assert_snapshot!("verify_of_a_whole_archive_json", run(&stub, &["verify", "7", "--json"]).ok());
}

#[test]
fn verify_all_goes_on_after_a_fault_and_is_3() {
    let list = Archives { archives: vec![archive(6, "acme"), archive(7, "acme"), archive(8, "acme")], next: None };
    let stub = Stub::start([
        ("GET /v1/archives", Reply::json(&list)),
        ("POST /v1/archives/6/verify", Reply::json(&verification(6, &["its SHA-256 is a and not b", "byte 7 \u{1b}"]))),
        ("POST /v1/archives/7/verify", Reply::problem(500, "io", "cannot read the file: input/output error", "")),
        ("POST /v1/archives/8/verify", Reply::json(&verification(8, &[]))),
    ]);
    insta::assert_snapshot!(run(&stub, &["verify", "--all"]).all());
}

#[test]
fn verify_all_without_permission_is_5() {
    let list = Archives { archives: vec![archive(6, "acme")], next: None };
    let refusal = Reply::problem(403, "not_allowed", "viewers may not verify", "");
    let stub = Stub::start([("GET /v1/archives", Reply::json(&list)), ("POST /v1/archives/6/verify", refusal)]);
    assert_eq!(run(&stub, &["verify", "--all"]).code, Some(5));
}

#[test]
fn cancel() {
    let stub = Stub::start([
        ("DELETE /v1/exports/7", Reply::json(&started(7, "acme"))),
        ("DELETE /v1/exports/8", Reply::json(&failed(8, "odd", "canceled"))),
    ]);
    assert_eq!(run(&stub, &["cancel", "7"]).ok(), "export 7 of tracker/acme is being cancelled\n");
    assert_eq!(run(&stub, &["cancel", "8"]).ok(), "export 8 of tracker/odd is cancelled\n");
    assert_eq!(run(&stub, &["cancel", "9"]).code, Some(1));
}
