//! One test for each exit code that comes from the daemon or its absence.

use std::os::unix::net::UnixListener;

use crate::{
    orgvault::{alone, command, run},
    stub::{Reply, Stub},
};

#[test]
fn an_unreachable_daemon_is_4_and_says_how_to_start_it() {
    let ran = alone(&["status"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(4), ""));
    insta::assert_snapshot!(ran.err);
}

#[test]
fn a_socket_that_nobody_listens_on_is_4() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("sock");
    drop(UnixListener::bind(&socket).unwrap());
    let ran = command(&socket, &["orgs"]).output().unwrap();
    assert_eq!(ran.status.code(), Some(4), "{ran:?}");
}

#[test]
fn the_option_wins_over_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let ran = command(folder.path(), &["status", "--socket", "/other/sock"]).output().unwrap();
    assert!(String::from_utf8(ran.stderr).unwrap().contains("/other/sock"));
    let ran = command(folder.path(), &["status"]).env_remove("ORGVAULT_SOCKET").output().unwrap();
    let words = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success() || words.contains("/run/orgvault/orgvaultd.sock"), "{words}");
}

#[test]
fn a_refusal_is_5() {
    let refusal = Reply::problem(403, "not_allowed", "uid 1000 (eve) may not see this", "ask an owner");
    let stub = Stub::start([("GET /v1/status", refusal)]);
    let ran = run(&stub, &["status"]);
    assert_eq!(
        ran.all(),
        "exit code: 5\n--- standard output\n--- standard error\norgvault: uid 1000 (eve) may not see this\n  hint: ask an owner\n"
    );
}

#[test]
fn an_unknown_organization_is_1_and_one_that_is_not_unique_is_2() {
    let route = "GET /v1/organizations/*/acme/counts";
    let unknown = Reply::problem(404, "unknown_organization", "no organization is called acme", "did you mean acne?");
    assert_eq!(run(&Stub::start([(route, unknown)]), &["counts", "acme"]).code, Some(1));
    let several = Reply::problem(409, "ambiguous_organization", "two are called acme: 1, 2", "");
    assert_eq!(run(&Stub::start([(route, several)]), &["counts", "acme"]).code, Some(2));
    let conflict = Reply::problem(409, "already_final", "export 7 has finished", "");
    assert_eq!(run(&Stub::start([("DELETE /v1/exports/7", conflict)]), &["cancel", "7"]).code, Some(1));
}

#[test]
fn garbage_is_1_and_no_panic() {
    for reply in [
        Reply::bytes("<html>\u{1b}[2J"),
        Reply::bytes(""),
        Reply::bytes("{}"),
        Reply::bytes(vec![0xff; 4000]),
        Reply::bytes("nope").status(500),
        Reply::bytes("{\"vers").then_break(),
    ] {
        let ran = run(&Stub::start([("GET /v1/status", reply)]), &["status"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{}", ran.all());
        assert!(ran.err.starts_with("orgvault: ") && !ran.err.contains('\u{1b}'), "{}", ran.all());
    }
}

#[test]
fn an_error_in_json_is_one_line() {
    let ran = alone(&["status", "--json"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.lines().count()), (Some(4), "", 1));
    let error: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["exit"]), (&"unreachable".into(), &4.into()));
}
