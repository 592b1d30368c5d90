//! What `schedules`, `schedule` and `run-due` print, and how they end.

use orgvault_api::{ExportError, Format, Run, Runs, Schedule, Schedules, SourceFailure, Trigger, Warning};

use crate::{
    fixtures::{at, gid},
    orgvault::run,
    stub::{Reply, Stub},
};

fn ended(finished: u64, failed: u64) -> Run {
    Run {
        gid: gid(2000),
        schedule: "nightly".to_owned(),
        due_at: at(0),
        started_at: at(1),
        finished_at: Some(at(9)),
        trigger: Trigger::Missed,
        organizations: 1_000,
        open: 0,
        finished,
        failed,
        failures: Vec::new(),
        warnings: Vec::new(),
    }
}

fn going(finished: u64) -> Run {
    Run { finished_at: None, open: 1_000 - finished, ..ended(finished, 0) }
}

fn schedule(name: &str) -> Schedule {
    Schedule {
        name: name.to_owned(),
        cron: "0 2 * * *".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        formats: vec![Format::Json],
        enabled: true,
        paused: false,
        next: vec![at(30), at(40)],
        last_run: None,
    }
}

#[test]
fn schedules_with_their_newest_runs() {
    let error = ExportError {
        code: "source_unreachable".to_owned(),
        message: "source old: cannot connect: \u{1b}[2J refused".to_owned(),
        hint: "check that the database runs".to_owned(),
    };
    let warning = Warning { code: "not_offered".to_owned(), message: "not as seed".to_owned(), ids: Vec::new() };
    let failures = vec![SourceFailure { source: "old".to_owned(), organization: None, error }];
    let schedules = vec![
        Schedule { last_run: Some(Run { failures, warnings: vec![warning], ..ended(998, 2) }), ..schedule("nightly") },
        Schedule { last_run: Some(going(12)), ..schedule("hourly") },
        Schedule { paused: true, next: Vec::new(), ..schedule("weekly") },
        Schedule { enabled: false, next: Vec::new(), ..schedule("off") },
    ];
    let stub = Stub::start([("GET /v1/schedules?next=2", Reply::json(&Schedules { schedules }))]);
    insta::assert_snapshot!(run(&stub, &["schedules", "--next", "2"]).ok());
    insta::assert_snapshot!(run(&stub, &["schedules", "--next", "2", "--json"]).ok());
    let none = Stub::start([("GET /v1/schedules?next=1", Reply::json(&Schedules::default()))]);
    assert!(run(&none, &["schedules"]).ok().contains("no schedules"));
}

#[test]
fn run_due_follows_the_runs_and_its_exit_code_tells_how_they_ended() {
    for (last, code) in [(ended(1_000, 0), 0), (ended(998, 2), 3), (ended(0, 1_000), 1)] {
        let stub = Stub::start([
            ("POST /v1/run-due", Reply::json(&Runs { runs: vec![going(0)] })),
            ("GET /v1/runs/2000", Reply::json(&going(500))),
            ("GET /v1/runs/2000", Reply::json(&last)),
        ]);
        let ran = run(&stub, &["run-due"]);
        assert_eq!(ran.code, Some(code), "{}", ran.all());
        assert!(ran.err.contains("nightly: 1,000 organizations, 500 finished, 0 failed, 500 to go"), "{}", ran.all());
        assert!(ran.out.starts_with("nightly: 1,000 organizations, "), "{}", ran.all());
    }
}

#[test]
fn a_run_that_is_not_waited_for_is_named() {
    let stub = Stub::start([("POST /v1/schedules/nightly/run", Reply::json(&going(0)).status(202))]);
    assert_eq!(run(&stub, &["schedule", "run", "nightly"]).ok(), "2000  nightly\n");
    let open = Reply::problem(409, "run_open", "run 2000 of schedule nightly is not over", "wait for its end");
    let stub = Stub::start([("POST /v1/schedules/nightly/run", open)]);
    assert_eq!(run(&stub, &["schedule", "run", "nightly"]).code, Some(1));
}
