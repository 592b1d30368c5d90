//! What an API says in place of what it was asked for: each has its own code, the server's sentence and
//! a hint, and no job is asked for twice where one may have been heard.

use std::time::Duration;

use chrono::TimeDelta;
use orgvault_api::{CheckResult, Export, State, clock::Clock};
use serde_json::json;

use super::{
    asana::{CREATE, file, job, job_created, poll, polled, script},
    content::{asana, asana_rows, gzip, ndjson},
    fixture::{Api, archives, begin, code, export, open_jobs},
    gate::Gate,
    reply::Reply,
};
use crate::{
    api::fixture::{Daemon, until},
    keep::fixture::ended,
};

/// A job `77` of organization 1331 with its file.
async fn with_file() -> (Api, Daemon) {
    let api = Api::start().await;
    script(&api, "1331", "77", &[]);
    api.storage.on(&file("77"), [Reply::file(gzip(asana(1331, 5).as_bytes()))]);
    let daemon = api.daemon(&api.asana(&["1331"])).await;
    (api, daemon)
}

/// A refusal in Asana's words.
fn refusal(status: u16, sentence: &str) -> Reply {
    Reply::json(status, &json!({"errors": [{"message": sentence, "help": "For more information …"}]}))
}

fn created() -> Reply {
    Reply::json(201, &job("77", "1331", "pending", None))
}

/// What an export that failed says, with the server's sentence in it.
fn assert_failed(failed: &Export, expected: &str, sentence: &str) {
    assert_eq!(code(failed), expected, "{failed:?}");
    let error = failed.error.as_ref().unwrap();
    assert!(error.message.contains(sentence) && !error.hint.is_empty(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_its_code_the_servers_sentence_and_a_hint() {
    for (status, sentence, expected) in [
        (400, "organization: Not a Long: x", "api_error"),
        (401, "Not Authorized", "unauthorized"),
        (402, "Payment Required", "api_error"),
        (403, "Only service accounts may export", "forbidden"),
        (404, "organization: Unknown object: 1331", "api_error"),
    ] {
        let (api, daemon) = with_file().await;
        api.base.on(CREATE, [refusal(status, sentence)]);
        assert_failed(&export(&daemon.client, "work/1331").await, expected, sentence);
        assert_eq!(api.base.count(CREATE), 1, "{status}");
        // What was refused made no job: the next try asks for one.
        api.base.on(CREATE, [created()]);
        assert_eq!(code(&export(&daemon.client, "work/1331").await), "", "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_job_was_made_is_unknown_where_the_answer_is_lost_and_none_is_asked_for_again() {
    for reply in [
        Reply::lost(),
        created().cut(10).abrupt(),
        refusal(500, "Sorry"),
        Reply::html(502, "<html>Bad Gateway</html>"),
        Reply::new(503, ""),
        Reply::html(504, "<html>Gateway Timeout</html>"),
        Reply::json(201, &json!({"data": {}})),
    ] {
        let (api, daemon) = with_file().await;
        api.base.on(CREATE, [reply]);
        let failed = export(&daemon.client, "work/1331").await;
        assert_failed(&failed, "unknown_job", "");
        assert_eq!(api.base.count(CREATE), 1);
        assert!(api.storage.heard().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_leaves_the_job_unknown() {
    let api = Api::start().await;
    api.base.on(CREATE, [Reply::never()]);
    let daemon = api.daemon(&api.source("asana", "/api/1.0", &["1331"], "stall_timeout = \"1s\"")).await;
    assert_failed(&export(&daemon.client, "work/1331").await, "unknown_job", "");
    assert_eq!(api.base.count(CREATE), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_cannot_be_reached_was_not_asked_for_a_job() {
    let (api, daemon) = with_file().await;
    let Api { base, storage, .. } = api;
    let port = base.port();
    drop(base);
    until("it is gone", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err()).await;
    let failed = export(&daemon.client, "work/1331").await;
    assert_failed(&failed, "source_unreachable", "");
    assert!(open_jobs(&daemon.config.daemon.state_dir).await.is_empty(), "nothing was heard");
    assert!(storage.heard().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_that_fail_for_a_while_are_asked_again() {
    let (api, daemon) = with_file().await;
    let link = super::asana::link(&api, "77", 0);
    let finished = Reply::json(200, &job("77", "1331", "finished", Some(&link)));
    api.base.on(&poll("77"), [refusal(500, "Sorry"), Reply::lost(), Reply::html(502, "<html>"), finished]);
    let done = export(&daemon.client, "work/1331").await;
    assert_eq!(code(&done), "", "{done:?}");
    assert_eq!((api.base.count(CREATE), api.base.count(&poll("77"))), (1, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_nobody_knows_is_an_error_that_names_it_and_the_job_stays() {
    let (api, daemon) = with_file().await;
    api.base.on(&poll("77"), [Reply::json(200, &job("77", "1331", "half_done", None))]);
    assert_failed(&export(&daemon.client, "work/1331").await, "unknown_state", "half_done");
    // A definition that knows it goes on with the same job; so does one after the app was mended.
    polled(&api, "1331", "77", &[]);
    let done = export(&daemon.client, "work/1331").await;
    assert_eq!((code(&done), api.base.count(CREATE)), ("", 1), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_failed_over_there_is_an_error_and_the_next_export_asks_for_another() {
    let (api, daemon) = with_file().await;
    api.base.on(&poll("77"), [Reply::json(200, &job("77", "1331", "error", None))]);
    assert_failed(&export(&daemon.client, "work/1331").await, "job_failed", "");
    next_job(&api);
    assert_eq!(code(&export(&daemon.client, "work/1331").await), "");
    assert_eq!(api.base.count(CREATE), 2);
}

/// From now on a job `78` is made, and its file is there.
fn next_job(api: &Api) {
    script(api, "1331", "78", &[]);
    api.storage.on(&file("78"), [Reply::file(gzip(asana(1331, 6).as_bytes()))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_gone_over_there_is_not_waited_for() {
    let (api, daemon) = with_file().await;
    api.base.on(&poll("77"), [refusal(404, "organization_export: Unknown object: 77")]);
    let failed = export(&daemon.client, "work/1331").await;
    assert_failed(&failed, "job_failed", "does not know the job any more");
    next_job(&api);
    assert_eq!(code(&export(&daemon.client, "work/1331").await), "", "and the next one is not stuck with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_takes_too_long_is_adopted_by_the_next_export() {
    let api = Api::start().await;
    script(&api, "1331", "77", &["started"; 100]);
    api.storage.on(&file("77"), [Reply::file(gzip(asana(1331, 5).as_bytes()))]);
    let daemon = api.daemon(&api.source("asana", "/api/1.0", &["1331"], "at_most = \"2s\"")).await;
    assert_failed(&export(&daemon.client, "work/1331").await, "job_too_slow", "started");
    let open = open_jobs(&daemon.config.daemon.state_dir).await;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((open[0].remote_id.as_deref(), open[0].remote_state.as_deref()), (Some("77"), Some("started")));
    polled(&api, "1331", "77", &[]);
    let daemon = daemon.restart().await;
    let done = export(&daemon.client, "work/1331").await;
    assert_eq!((code(&done), api.base.count(CREATE)), ("", 1), "{done:?}");
    assert!(open_jobs(&daemon.config.daemon.state_dir).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_waited_for_as_long_as_the_server_says() {
    let date = |skew: TimeDelta| {
        let at = Clock::system().now() + skew + TimeDelta::seconds(3);
        let value = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        refusal(429, "slow down").header("Retry-After", &value).skewed(skew)
    };
    for (name, reply) in [
        ("seconds", Box::new(|| refusal(429, "slow down").header("Retry-After", "2")) as Box<dyn Fn() -> Reply>),
        ("no time", Box::new(|| refusal(429, "slow down").header("Retry-After", "0"))),
        ("a date", Box::new(move || date(TimeDelta::zero()))),
        // Of clocks that differ, the server's own says how long its date is away.
        ("a date of a fast clock", Box::new(move || date(TimeDelta::minutes(10)))),
        ("a date of a slow clock", Box::new(move || date(TimeDelta::minutes(-10)))),
        ("nothing", Box::new(|| refusal(429, "slow down"))),
        ("no number", Box::new(|| refusal(429, "slow down").header("Retry-After", "soon"))),
    ] {
        let (api, daemon) = with_file().await;
        api.base.on(CREATE, [reply(), created()]);
        let done = export(&daemon.client, "work/1331").await;
        assert_eq!(code(&done), "", "{name}: {done:?}");
        let asked = api.base.heard_on(CREATE);
        assert_eq!(asked.len(), 2, "{name}");
        // It asks for some seconds, and who asks for none is given one.
        let waited = asked[1].at - asked[0].at;
        assert!(waited >= Duration::from_millis(900), "{name}: {waited:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_of_eleven_days_is_said_and_not_waited_for() {
    for on_poll in [false, true] {
        let (api, daemon) = with_file().await;
        let reply = refusal(429, "You have made too many requests").header("Retry-After", "999999");
        api.base.on(if on_poll { poll("77") } else { CREATE.to_owned() }.as_str(), [reply]);
        let failed = export(&daemon.client, "work/1331").await;
        assert_failed(&failed, "rate_limited", "too many requests");
        assert_eq!(api.base.count(CREATE), 1);
        assert_eq!(
            api.base.count(&poll("77")),
            usize::from(on_poll),
            "each further request counts against the limit too"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_waited_for_is_shown_and_can_be_canceled() {
    let (api, daemon) = with_file().await;
    api.base.on(&poll("77"), [refusal(429, "slow down").header("Retry-After", "60")]);
    let gid = begin(&daemon.client, "work/1331").await.gid;
    let shown = async || {
        let job = daemon.client.export(gid).await.unwrap().progress?.job?;
        Some((job.remote_id?, job.waits?))
    };
    until("it is said why it waits", async || shown().await.is_some_and(|(_, waits)| !waits.is_empty())).await;
    assert_eq!(shown().await.unwrap().0, "77");
    daemon.client.cancel(gid).await.unwrap();
    assert_eq!(code(&ended(&daemon.client, gid).await), "canceled");
    // The job goes on over there, and the next export adopts it.
    polled(&api, "1331", "77", &[]);
    let daemon = daemon.restart().await;
    let done = export(&daemon.client, "work/1331").await;
    assert_eq!((code(&done), api.base.count(CREATE)), ("", 1), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_in_mid_download_leaves_no_file() {
    let (api, daemon) = with_file().await;
    let gate = Gate::closed();
    let bytes = gzip(asana(1331, 2000).as_bytes());
    api.storage.on(&file("77"), [Reply::file(bytes.clone()).held_at(bytes.len() / 2, &gate)]);
    let gid = begin(&daemon.client, "work/1331").await.gid;
    let directory = &daemon.config.daemon.archive_dir;
    until("a part is there", async || archives(directory).len() == 1).await;
    daemon.client.cancel(gid).await.unwrap();
    assert_eq!(code(&ended(&daemon.client, gid).await), "canceled");
    assert_eq!(archives(directory), [""; 0]);
    api.storage.on(&file("77"), [Reply::file(bytes)]);
    let done = export(&daemon.client, "work/1331").await;
    assert_eq!((code(&done), api.base.count(CREATE)), ("", 1), "its file is still there: {done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ten_minutes_off_is_said_and_harms_nothing() {
    for skew in [TimeDelta::minutes(10), TimeDelta::minutes(-10)] {
        let (api, daemon) = with_file().await;
        let bytes = gzip(asana(1331, 5).as_bytes());
        let link = super::asana::link(&api, "77", 0);
        let told =
            |status, state, link| Reply::json(status, &job_created(skew, "77", "1331", state, link)).skewed(skew);
        api.base.on(CREATE, [told(201, "pending", None)]);
        api.base.on(&poll("77"), [told(200, "finished", Some(&link))]);
        let me = Reply::json(200, &json!({"data": {"gid": "9", "name": "Backup"}})).skewed(skew);
        api.base.on("GET /api/1.0/users/me", [me]);
        api.storage.on(&file("77"), [Reply::file(bytes).skewed(skew)]);
        let done = export(&daemon.client, "work/1331").await;
        assert_eq!(done.state, State::Finished, "{done:?}");
        let check = daemon.client.check("work", false).await.unwrap();
        let clock = check.lines.iter().find(|line| line.name == "clock").unwrap();
        assert!(clock.result == CheckResult::Warning && !clock.hint.is_empty(), "{check:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_another_organization_is_refused() {
    let without = asana_rows(1331, 5).into_iter().filter(|row| row["__type"] != "Domain").collect::<Vec<_>>();
    let without = ndjson(&without);
    let twice = [asana(1331, 5), ndjson(&asana_rows(99, 1)[1..2])].concat();
    for text in [asana(99, 5), without, twice] {
        let (api, daemon) = with_file().await;
        api.storage.on(&file("77"), [Reply::file(gzip(text.as_bytes()))]);
        assert_failed(&export(&daemon.client, "work/1331").await, "wrong_organization", "");
        assert_eq!(archives(&daemon.config.daemon.archive_dir), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_job_that_an_api_returns_is_no_new_export() {
    let (api, daemon) = with_file().await;
    assert_eq!(code(&export(&daemon.client, "work/1331").await), "");
    assert_failed(&export(&daemon.client, "work/1331").await, "stale_export", "77");
    assert_eq!(api.base.count(CREATE), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sources_that_ask_one_organization_wait_for_each_other_or_say_busy() {
    let api = Api::start().await;
    let gate = Gate::closed();
    script(&api, "1331", "77", &[]);
    api.base.on_each(CREATE, move |_, number| {
        let gid = ["77", "78"][number.min(1)];
        Reply::json(201, &job(gid, "1331", "pending", None))
    });
    polled(&api, "1331", "78", &[]);
    let bytes = gzip(asana(1331, 5).as_bytes());
    api.storage.on(&file("77"), [Reply::file(bytes.clone()).held_at(20, &gate)]);
    api.storage.on(&file("78"), [Reply::file(bytes)]);
    let schedules =
        "[[schedule]]\nname = \"one\"\ncron = \"0 0 29 2 *\"\n[[schedule]]\nname = \"two\"\ncron = \"0 0 29 2 *\"\n";
    let daemon = api.daemon(&format!("{}{schedules}", api.asana(&["1331"]))).await;
    let [one, two] = ["one", "two"].map(|name| daemon.client.run_schedule(name));
    let (one, two) = (one.await.unwrap().gid, two.await.unwrap().gid);
    api.storage.wait_for(&file("77"), 1).await;
    assert_eq!(api.base.count(CREATE), 1, "the second waits for the first");
    gate.open();
    for run in [one, two] {
        until("the run ends", async || daemon.client.run(run).await.unwrap().finished_at.is_some()).await;
        let run = daemon.client.run(run).await.unwrap();
        assert_eq!((run.finished, run.failed), (1, 0), "{run:?}");
    }
    api.assert_no_strays();
}
