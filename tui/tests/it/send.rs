//! `send GID --to TARGET`.

use orgvault_api::{
    ExportError, Replaced, SendAnswer, SendLoss, SendRecord, SendState, SendTrial,
    preflight::{Preflight, Severity, Total, Verdict},
};

use crate::{
    fixtures::at,
    orgvault::{alone, run},
    stub::{Reply, Stub},
};

const ROUTE: &str = "POST /v1/archives/7/send";

fn record(state: SendState) -> SendRecord {
    let error = ExportError {
        code: "target_lost".to_owned(),
        message: "no answer from https://time.example: it did nothing for 10m\u{1b}".to_owned(),
        hint: "look at the target".to_owned(),
    };
    SendRecord {
        target: "time-new".to_owned(),
        state,
        by: "ada".to_owned(),
        started_at: at(0),
        ended_at: Some(at(7)),
        error: (state != SendState::Sent).then_some(error),
        report: vec!["report.clients.created: 3".to_owned(), "evil \u{1b}[31m".to_owned()],
        job: None,
        parts: None,
    }
}

fn answer(sent: Option<SendRecord>) -> SendAnswer {
    let total = Total { code: "rate_zero".to_owned(), severity: Severity::Changes, count: 1234 };
    SendAnswer {
        gid: 7.try_into().unwrap(),
        target: "time-new".to_owned(),
        kind: "solidtime".to_owned(),
        address: "https://time.example/api/v1/organizations/1/import".to_owned(),
        upload_bytes: 104_857_600,
        preflight: Some(Preflight {
            product: "solidtime".to_owned(),
            verdict: Verdict::Accepted,
            findings: Vec::new(),
            totals: vec![total],
        }),
        loses: [("ids", "every id is new"), ("roles", "everybody becomes a placeholder\u{1b}")]
            .map(|(code, message)| SendLoss { code: code.to_owned(), message: message.to_owned() })
            .into(),
        parts: Some(2),
        trial: None,
        sent,
    }
}

#[test]
fn what_became_of_it_is_printed() {
    let reply = |sent| Reply::json(&answer(sent));
    let stub = Stub::start([
        (ROUTE, reply(None)),
        (ROUTE, reply(None)),
        (ROUTE, reply(Some(record(SendState::Sent)))),
        (ROUTE, reply(None)),
        (ROUTE, reply(Some(record(SendState::Unknown)))),
        (ROUTE, reply(Some(record(SendState::Unknown)))),
    ]);
    insta::assert_snapshot!("dry_run", run(&stub, &["send", "7", "--to", "time-new", "--dry-run"]).all());
    insta::assert_snapshot!("sent", run(&stub, &["send", "7", "--to", "time-new"]).all());
    insta::assert_snapshot!("unknown", run(&stub, &["send", "7", "--to", "time-new", "--again", "--replace"]).all());
    insta::assert_snapshot!(
        "unknown_json",
        run(&stub, &["send", "7", "--to", "time-new", "--create-users", "--json"]).all()
    );
    let body = |again, replace, dry_run, create_users| {
        format!(
            "{ROUTE} {{\"to\":\"time-new\",\"again\":{again},\"replace\":{replace},\"dry_run\":{dry_run},\"create_users\":{create_users}}}"
        )
    };
    // People are told what is lost before it goes out; a script is not asked for twice.
    assert_eq!(
        stub.asked(),
        [
            body(false, false, true, false),
            body(false, false, true, false),
            body(false, false, false, false),
            body(true, true, true, false),
            body(true, true, false, false),
            body(false, false, false, true)
        ]
    );
}

#[test]
fn each_refusal_has_its_exit_code() {
    let codes = [
        (409, "sent_before", 1),
        (409, "send_running", 1),
        (409, "not_importable", 3),
        (409, "archive_damaged", 3),
        (404, "unknown_target", 1),
        (410, "archive_missing", 1),
        (422, "wrong_format", 2),
        (403, "not_allowed", 5),
    ];
    for (status, code, exit) in codes {
        let stub = Stub::start([(ROUTE, Reply::problem(status, code, "so it is", ""))]);
        let ran = run(&stub, &["send", "7", "--to", "time-new"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(exit), ""), "{code}");
    }
    assert_eq!(alone(&["send", "7", "--to", "x"]).code, Some(4));
    assert_eq!(alone(&["send", "7"]).code, Some(2));
}

#[test]
fn a_dry_run_tells_what_the_target_said() {
    let trial = SendTrial {
        accepted: true,
        replaces: Some(Replaced {
            id: "9c2d".to_owned(),
            name: "Plan X".to_owned(),
            code: "plan-x".to_owned(),
            projects: 1,
            tasks: 2140,
        }),
        error: None,
        report: Vec::new(),
    };
    let of = |trial| SendAnswer { trial: Some(trial), parts: None, ..answer(None) };
    let error = ExportError { code: "target_invalid".to_owned(), message: "no".to_owned(), hint: "mend it".to_owned() };
    let refused =
        SendTrial { accepted: false, replaces: None, error: Some(error), report: vec!["errors: $.a: no".to_owned()] };
    let stub = Stub::start([(ROUTE, Reply::json(&of(trial))), (ROUTE, Reply::json(&of(refused)))]);
    let args = ["send", "7", "--to", "time-new", "--dry-run"];
    insta::assert_snapshot!("dry_run_accepted", run(&stub, &args).all());
    insta::assert_snapshot!("dry_run_refused", run(&stub, &args).all());
}

#[test]
fn several_go_out_one_after_the_other_and_one_that_does_not_holds_up_no_other() {
    let other = "POST /v1/archives/8/send";
    let last = SendAnswer { gid: 9.try_into().unwrap(), ..answer(Some(record(SendState::Sent))) };
    let stub = Stub::start([
        (ROUTE, Reply::json(&answer(Some(record(SendState::Sent))))),
        (other, Reply::problem(409, "sent_before", "it was", "say --again")),
        ("POST /v1/archives/9/send", Reply::json(&last)),
    ]);
    let args = ["send", "7", "8", "9", "--to", "time-new", "--json"];
    let ran = run(&stub, &args);
    assert_eq!(ran.code, Some(3), "{}", ran.all());
    let said: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let gids: Vec<&str> = said["sends"].as_array().unwrap().iter().map(|sent| sent["gid"].as_str().unwrap()).collect();
    assert_eq!(gids, ["7", "9"]);
    assert!(ran.err.contains("\"code\":\"sent_before\""), "{}", ran.err);
    insta::assert_snapshot!("several", run(&stub, &["send", "7", "8", "9", "--to", "time-new"]).all());
    let none = Stub::start([(ROUTE, Reply::json(&answer(Some(record(SendState::Unknown)))))]);
    assert_eq!(run(&none, &["send", "7", "7", "--to", "time-new"]).code, Some(1));
    let refused = Stub::start([(ROUTE, Reply::problem(403, "not_allowed", "no", ""))]);
    assert_eq!(run(&refused, &["send", "7", "8", "--to", "time-new"]).code, Some(5));
    assert_eq!(refused.asked().len(), 1, "the next would fare no better");
}
