//! `orgvault export`, with and without `--wait`.

use std::process::{Child, Stdio};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use orgvault_api::{ExportError, ExportRequest, Exports, SourceFailure};

use crate::{
    fixtures::{archive, change, exports, failed, finished, pending, snapshot, started, warning},
    orgvault::{Ran, command, run},
    stub::{Reply, Stub},
};

const ASK: &str = "POST /v1/exports";
const EVENTS: &str = "GET /v1/events?request=1000";

#[test]
fn without_wait_it_prints_the_gids() {
    let stub = Stub::start([(ASK, Reply::json(&exports([pending(7, "acme"), pending(8, "odd")])).status(202))]);
    let args = ["export", "acme", "tracker/odd", "--format", "json", "--gzip"];
    assert_eq!(run(&stub, &args).ok(), "7\n8\n");
    let body = stub.asked()[0].strip_prefix("POST /v1/exports ").unwrap().to_owned();
    let request: ExportRequest = serde_json::from_str(&body).unwrap();
    assert_eq!((request.organizations, request.gzip), (vec!["acme".to_owned(), "tracker/odd".to_owned()], true));
    insta::assert_snapshot!(run(&stub, &["export", "acme", "--json"]).ok());
}

#[test]
fn with_wait_it_prints_a_result_for_each() {
    let mut warned = finished(7, "odd");
    warned.warnings = vec![warning()];
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "odd")])).status(202)),
        (
            EVENTS,
            Reply::events(&[snapshot([pending(7, "odd")]), change(started(7, "odd")), change(warned)]).then_hang(),
        ),
        ("GET /v1/archives/7", Reply::json(&archive(7, "odd"))),
    ]);
    insta::assert_snapshot!(run(&stub, &["export", "odd", "--wait"]).all());
    let json = run(&stub, &["export", "odd", "--wait", "--json"]);
    insta::assert_snapshot!("with_wait_it_prints_a_result_for_each_json", json.ok());
}

#[test]
fn a_failed_export_is_1() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([failed(7, "acme", "source_lost")])])),
    ]);
    insta::assert_snapshot!(run(&stub, &["export", "acme", "--wait"]).all());
}

#[test]
fn some_of_several_that_failed_are_3() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme"), pending(8, "odd")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([finished(7, "acme"), failed(8, "odd", "source_lost")])])),
        ("GET /v1/archives/7", Reply::json(&archive(7, "acme"))),
    ]);
    insta::assert_snapshot!(run(&stub, &["export", "--all", "--wait"]).all());
}

#[test]
fn exports_that_someone_else_cancelled_are_130() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([failed(7, "acme", "canceled")])])),
    ]);
    assert_eq!(run(&stub, &["export", "acme", "--wait"]).code, Some(130));
}

#[test]
fn a_daemon_that_restarts_is_waited_for() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([started(7, "acme")])]).then_break()),
        (EVENTS, Reply::problem(503, "starting", "orgvaultd is starting", "")),
        (EVENTS, Reply::events(&[snapshot([started(7, "acme")])])),
        (EVENTS, Reply::events(&[snapshot([finished(7, "acme")])])),
        ("GET /v1/archives/7", Reply::json(&archive(7, "acme"))),
    ]);
    let ran = run(&stub, &["export", "acme", "--wait"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert_eq!(stub.asked().iter().filter(|asked| *asked == EVENTS).count(), 4);
}

#[test]
fn a_daemon_that_stays_away_is_an_unknown_outcome() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme"), pending(8, "odd")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([finished(7, "acme"), started(8, "odd")])]).then_quit()),
    ]);
    let ran = run(&stub, &["export", "--all", "--wait", "--patience", "0"]);
    assert_eq!(ran.code, Some(1), "{}", ran.all());
    assert!(ran.err.contains("the outcome of export 8 is unknown"), "{}", ran.all());
}

#[test]
fn a_daemon_that_forgot_the_export_is_an_unknown_outcome() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([])]).then_hang()),
    ]);
    let ran = run(&stub, &["export", "acme", "--wait"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("unknown"), "{}", ran.all());
}

#[test]
fn an_export_that_ended_unseen_is_asked_for() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([pending(7, "acme")]), snapshot([])]).then_hang()),
        ("GET /v1/exports/7", Reply::json(&finished(7, "acme"))),
        ("GET /v1/archives/7", Reply::json(&archive(7, "acme"))),
    ]);
    let ran = run(&stub, &["export", "acme", "--wait"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
}

#[test]
fn two_thousand_exports_are_told_of_in_few_lines() {
    let all: Vec<_> = (1..=2000).map(|number| pending(number, "acme")).collect();
    let asked = Exports { exports: all, ..Exports::default() };
    let mut events = vec![snapshot([])];
    events.extend(
        (1..=2000).flat_map(|number| [change(started(number, "acme")), change(failed(number, "acme", "source_lost"))]),
    );
    events[0] = orgvault_api::Event::Snapshot { exports: asked.exports.clone() };
    let stub = Stub::start([(ASK, Reply::json(&asked).status(202)), (EVENTS, Reply::events(&events).then_hang())]);
    let ran = run(&stub, &["export", "--all", "--wait"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.lines().count() < 20, "{}", ran.err);
    assert!(ran.err.ends_with("2,000 of 2,000 exports are over, 2,000 of them failed\n"), "{}", ran.err);
}

#[test]
fn refusals_and_garbage_while_waiting_end_it() {
    for (reply, code) in
        [(Reply::problem(403, "not_allowed", "no", ""), 5), (Reply::bytes("data: {\"type\":\"party\"}\n\n"), 1)]
    {
        let asked = Reply::json(&exports([pending(7, "acme")])).status(202);
        let ran = run(&Stub::start([(ASK, asked), (EVENTS, reply)]), &["export", "acme", "--wait"]);
        assert_eq!(ran.code, Some(code), "{}", ran.all());
    }
}

fn spawn(stub: &Stub, args: &[&str]) -> Child {
    command(&stub.socket(), args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

#[test]
fn ctrl_c_cancels_what_was_asked_for_and_is_130() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme"), pending(8, "acme")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([started(7, "acme"), pending(8, "acme")])]).then_hang()),
        ("DELETE /v1/exports/7", Reply::json(&failed(7, "acme", "canceled"))),
        ("DELETE /v1/exports/8", Reply::json(&failed(8, "acme", "canceled"))),
    ]);
    let child = spawn(&stub, &["export", "--all", "--wait"]);
    stub.wait_for(EVENTS);
    signal(&child, Signal::SIGINT);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.out.as_str()), (Some(130), ""), "{}", ran.all());
    let canceled: Vec<String> = stub.asked().into_iter().filter(|asked| asked.starts_with("DELETE")).collect();
    assert_eq!(canceled, ["DELETE /v1/exports/8", "DELETE /v1/exports/7"]);
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_the_daemon() {
    let stub = Stub::start([
        (ASK, Reply::json(&exports([pending(7, "acme")])).status(202)),
        (EVENTS, Reply::events(&[snapshot([started(7, "acme")])]).then_hang()),
        ("DELETE /v1/exports/7", Reply::bytes("{").then_hang()),
    ]);
    let child = spawn(&stub, &["export", "acme", "--wait"]);
    stub.wait_for(EVENTS);
    signal(&child, Signal::SIGINT);
    stub.wait_for("DELETE /v1/exports/7");
    signal(&child, Signal::SIGTERM);
    assert_eq!(Ran::from(child.wait_with_output().unwrap()).code, Some(130));
}

#[test]
fn nothing_to_export_is_no_failure() {
    let stub = Stub::start([(ASK, Reply::json(&exports([])).status(202))]);
    assert_eq!(run(&stub, &["export", "--all", "--wait"]).ok(), "0 archives, 0 failed\n");
}

#[test]
fn a_source_that_could_not_be_asked_makes_all_incomplete() {
    let error = ExportError { code: "source_lost".to_owned(), message: "it is down".to_owned(), hint: String::new() };
    let failures = vec![SourceFailure { source: "old".to_owned(), organization: None, error }];
    let asked = Exports { failures, ..exports([pending(7, "acme")]) };
    let stub = Stub::start([
        (ASK, Reply::json(&asked).status(202)),
        (EVENTS, Reply::events(&[snapshot([finished(7, "acme")])])),
        ("GET /v1/archives/7", Reply::json(&archive(7, "acme"))),
    ]);
    insta::assert_snapshot!(run(&stub, &["export", "--all", "--wait"]).all());
    let ran = run(&stub, &["export", "--all"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (Some(3), "7\n", "source old does not answer: it is down\n")
    );
}
