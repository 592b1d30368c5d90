//! `send GID --to TARGET`.

use orgvault_api::{
    ExportError, SendAnswer, SendRecord, SendState,
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
        sent,
    }
}

#[test]
fn what_became_of_it_is_printed() {
    let reply = |sent| Reply::json(&answer(sent));
    let stub = Stub::start([
        (ROUTE, reply(None)),
        (ROUTE, reply(Some(record(SendState::Sent)))),
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
    assert_eq!(
        stub.asked(),
        [
            body(false, false, true, false),
            body(false, false, false, false),
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
