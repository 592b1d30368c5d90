//! Coverage is looked at, kept and told: when somebody asks, and by itself.

use std::{fs, path::Path, time::Duration};

use orgvault_api::CheckResult;
use orgvault_config::{HookAction, HookConfig, HookEvent, HookScope, Variables, patterns::Patterns};

use super::fixture::App;
use crate::api::fixture::{Daemon, parts, problem_in, until};

const ORPHAN: &str = "UPDATE time_logs SET organization_id = 'nobody' WHERE id = (SELECT min(id) FROM time_logs)";
const MENDED: &str = "DELETE FROM time_logs WHERE organization_id = 'nobody'";

/// What `status` says of coverage.
async fn told(daemon: &Daemon) -> Option<String> {
    let warnings = daemon.client.status().await.unwrap().warnings;
    warnings.into_iter().find(|warning| warning.code == "coverage_failed").map(|warning| warning.message)
}

async fn metric(daemon: &Daemon, name: &str) -> Option<f64> {
    let answer = daemon.ask("GET", "/metrics", "", "").await;
    let begin = format!("orgvault_{name}{{source=\"tracker\"}} ");
    parts(&answer).1.lines().find_map(|line| line.strip_prefix(&begin)?.parse().ok())
}

#[tokio::test]
async fn what_a_look_found_is_told_until_another_finds_otherwise() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| config.sources = vec![app.source()]).await;
    let found = daemon.client.coverage("tracker").await.unwrap();
    assert!(found.sections.iter().all(|section| section.result == CheckResult::Ok), "{found:#?}");
    assert_eq!((told(&daemon).await, metric(&daemon, "coverage_failed").await), (None, Some(0.0)));
    app.run(ORPHAN).await;
    assert_eq!(daemon.client.coverage("tracker").await.unwrap().failed().count(), 1);
    let message = told(&daemon).await.unwrap();
    let expected = "coverage of tracker: 1 of 9 sections is not as meant: timeLogs: in no organization: 1 of ";
    assert!(message.starts_with(expected), "{message}");
    assert_eq!(metric(&daemon, "coverage_failed").await, Some(1.0));
    assert!(metric(&daemon, "coverage_timestamp_seconds").await.unwrap() > 0.0);
    let daemon = daemon.restart().await;
    until("it is known after a restart", async || told(&daemon).await.as_ref() == Some(&message)).await;
    app.run(MENDED).await;
    assert_eq!(daemon.client.coverage("tracker").await.unwrap().failed().count(), 0);
    assert_eq!(told(&daemon).await, None);
}

/// A hook for this that writes down what it is told.
fn note(name: &str, scope: HookScope, file: &Path) -> HookConfig {
    let line = format!(
        "echo \"{name} $ORGVAULT_EVENT $ORGVAULT_SOURCE $ORGVAULT_CODE $ORGVAULT_MESSAGE\" >> {}",
        file.display()
    );
    HookConfig {
        name: name.to_owned(),
        on: vec![HookEvent::Coverage],
        scope,
        schedules: Patterns::all(),
        action: HookAction::Command { argv: vec![line], shell: true, environment: Variables::default() },
        timeout: Duration::from_secs(20),
    }
}

#[tokio::test]
async fn hooks_are_told_of_a_source_whose_rows_are_in_no_archive() {
    let app = App::new().await;
    app.run(ORPHAN).await;
    let files = tempfile::tempdir().unwrap();
    let told = files.path().join("told");
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.hooks = vec![note("run", HookScope::Run, &told), note("each", HookScope::Organization, &told)];
    })
    .await;
    daemon.client.coverage("tracker").await.unwrap();
    let notes = || {
        let told = fs::read_to_string(&told).unwrap_or_default();
        let mut notes: Vec<String> = told.lines().map(str::to_owned).collect();
        notes.sort();
        notes
    };
    until("both hooks are told", async || notes().len() == 2).await;
    let of = |name| {
        format!(
            "{name} coverage tracker coverage_failed coverage of tracker: 1 of 9 sections is not as meant: timeLogs: in no organization: 1 of "
        )
    };
    assert!(notes().iter().zip(["each", "run"]).all(|(note, name)| note.starts_with(&of(name))), "{:#?}", notes());
}

#[tokio::test]
async fn every_source_is_looked_at_by_itself() {
    let app = App::new().await;
    app.run(ORPHAN).await;
    let mut gone = app.source();
    gone.name = "gone".to_owned();
    gone.url = orgvault_config::SecretUrl::new("sqlite:///nowhere/app.db".to_owned());
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![gone, app.source()];
        config.coverage.every = Duration::from_millis(50);
    })
    .await;
    let says = async |words: &str| told(&daemon).await.is_some_and(|message| message.contains(words));
    until("the orphan is told", async || says("coverage of tracker: 1 of 9 sections is not as meant").await).await;
    until("the other source is told", async || says("coverage of gone: it could not be looked at: ").await).await;
    app.run(MENDED).await;
    until("the orphan is settled", async || !says("tracker").await).await;
}

#[tokio::test]
async fn a_source_that_is_not_there_is_a_problem_of_the_source() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| config.sources = vec![app.source()]).await;
    std::fs::remove_file(app.file()).unwrap();
    let answer = daemon.ask("GET", "/v1/sources/tracker/coverage", "", "").await;
    let problem = problem_in(&answer);
    assert_eq!((problem.status, problem.code.as_str()), (502, "source_unreachable"));
    assert_eq!(told(&daemon).await, None);
}
