//! Exports through the API, from a real database.

use std::{
    io::{BufRead, BufReader, Write},
    process::Child,
};

use orgvault_api::{
    CheckResult, DayResult, Event, Export, ExportRequest, Format, State,
    client::{ArchiveFilter, ExportFilter},
    health::Health,
};
use orgvault_config::SourceConfig;
use orgvault_daemon::{product::Products, source::Source};
use tokio_util::task::TaskTracker;

use super::fixture::{Daemon, problem, problem_in, soon, until};
use crate::source::fixture;
use orgvault_testing::postgres::Database;

/// A daemon whose source `tracker` is a fresh RyTask database.
async fn daemon(prepare: &str) -> Daemon {
    daemon_and_database(prepare).await.0
}

async fn daemon_and_database(prepare: &str) -> (Daemon, Database) {
    let prepare = prepare.to_owned();
    let (source, database) = tokio::task::spawn_blocking(move || {
        let database = Database::rytask();
        let config = fixture::config(&database.url());
        let definition = Products::embedded().unwrap().get("rytask").unwrap().clone();
        database.psql(&Source::new(config.clone(), definition, TaskTracker::new()).unwrap().grants());
        database.psql(&prepare);
        (config, database)
    })
    .await
    .unwrap();
    (Daemon::start_with(|config| config.sources = vec![source]).await, database)
}

/// Holds every export of the database up until it is dropped.
struct Locked(Child);

impl Locked {
    fn new(database: &Database) -> Self {
        let mut session = database.session();
        let input = session.stdin.as_mut().unwrap();
        input.write_all(b"BEGIN; LOCK TABLE time_logs; SELECT 'locked';\n").unwrap();
        let mut line = String::new();
        BufReader::new(session.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        while !line.contains("locked") {
            BufReader::new(session.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        }
        Self(session)
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// An export that has started and is held up.
async fn started(daemon: &Daemon) -> Export {
    let gid = daemon.client.start_exports(&ask_for("acme")).await.unwrap().exports[0].gid;
    until("it has started", async || daemon.client.export(gid).await.unwrap().state == State::Started).await;
    daemon.client.export(gid).await.unwrap()
}

#[tokio::test]
async fn a_started_export_and_one_that_waits_behind_it_are_canceled() {
    let (daemon, database) = daemon_and_database("").await;
    let locked = Locked::new(&database);
    let running = started(&daemon).await;
    let waiting = daemon.client.start_exports(&ask_for("acme")).await.unwrap().exports[0].clone();
    for export in [&waiting, &running] {
        daemon.client.cancel(export.gid).await.unwrap();
        let ended = finished(&daemon, export).await;
        assert_eq!(ended[0].error.as_ref().unwrap().code, "canceled");
    }
    drop(locked);
}

#[tokio::test]
async fn a_canceled_export_is_no_failure_and_what_was_before_still_holds() {
    let (daemon, database) = daemon_and_database("").await;
    let canceled = async || {
        let locked = Locked::new(&database);
        let running = started(&daemon).await;
        daemon.client.cancel(running.gid).await.unwrap();
        assert_eq!(finished(&daemon, &running).await[0].error.as_ref().unwrap().code, "canceled");
        drop(locked);
    };
    let acme = async || {
        let all = daemon.client.organizations_with_history(None, 1).await.unwrap().organizations;
        all.into_iter().find(|one| one.key.slug == "acme").unwrap()
    };
    canceled().await;
    let before = acme().await;
    assert_eq!((before.health, before.last_state, before.history[0]), (Health::Never, None, DayResult::None));
    let whole = daemon.client.start_exports(&ask_for("acme")).await.unwrap().exports[0].clone();
    assert_eq!(finished(&daemon, &whole).await[0].state, State::Finished);
    let exported = acme().await;
    canceled().await;
    let after = acme().await;
    assert_eq!((after.health, after.last_state), (Health::Ok, Some(State::Finished)));
    assert_eq!(after.history, exported.history);
    assert_eq!(daemon.client.status().await.unwrap().failed, 0);
}

#[tokio::test]
async fn the_log_of_an_export_tells_what_happened() {
    let daemon = daemon("").await;
    let asked = daemon.client.start_exports(&ask_for("acme")).await.unwrap().exports[0].clone();
    assert_eq!(finished(&daemon, &asked).await[0].state, State::Finished);
    let log = daemon.client.export_log(asked.gid).await.unwrap().lines;
    let said: Vec<&str> = log.iter().map(|line| line.message.as_str()).collect();
    assert!(said[0].starts_with("asked for by ") && said[1] == "started", "{said:?}");
    assert!(said.iter().any(|line| line.starts_with("published ")), "{said:?}");
    let unknown = problem(daemon.client.export_log(1.try_into().unwrap()).await);
    assert_eq!((unknown.status, unknown.code.as_str()), (404, "unknown_export"));
}

#[tokio::test]
async fn a_soft_stop_lets_running_exports_end_and_answers_until_then() {
    let (daemon, database) = daemon_and_database("").await;
    let locked = Locked::new(&database);
    let running = started(&daemon).await;
    daemon.stop.soft.cancel();
    let refused = problem(daemon.client.start_exports(&ask_for("acme")).await);
    assert_eq!((refused.status, refused.code.as_str()), (503, "stopping"));
    let mut events = daemon.client.events(Some(running.request)).await.unwrap();
    drop(locked);
    let mut last = None;
    while let Some(event) = soon("the end of the events", events.next()).await.unwrap() {
        last = Some(event);
    }
    assert!(matches!(&last, Some(Event::Export { export }) if export.state == State::Finished), "{last:?}");
    let daemon = daemon.restart().await;
    assert_eq!(daemon.client.export(running.gid).await.unwrap().state, State::Finished);
}

#[tokio::test]
async fn at_the_deadline_of_a_stop_running_exports_are_interrupted_and_waiting_ones_kept() {
    let (daemon, database) = daemon_and_database("").await;
    let locked = Locked::new(&database);
    let running = started(&daemon).await;
    let waiting = daemon.client.start_exports(&ask_for("acme")).await.unwrap().exports[0].clone();
    daemon.stop.deadline.cancel();
    let daemon = daemon.restart().await;
    let interrupted = daemon.client.export(running.gid).await.unwrap();
    assert_eq!(interrupted.error.unwrap().code, "interrupted");
    drop(locked);
    assert_eq!(finished(&daemon, &waiting).await[0].state, State::Finished);
}

fn down() -> SourceConfig {
    SourceConfig { name: "down".to_owned(), ..fixture::config("postgres:///x?host=/nowhere&user=x") }
}

fn ask_for(name: &str) -> ExportRequest {
    ExportRequest { organizations: vec![name.to_owned()], ..ExportRequest::default() }
}

/// Follows a request's events until all its exports have ended.
async fn finished(daemon: &Daemon, request: &Export) -> Vec<Export> {
    let mut events = daemon.client.events(Some(request.request)).await.unwrap();
    let mut known = match soon("a snapshot", events.next()).await.unwrap() {
        Some(Event::Snapshot { exports }) => exports,
        other => panic!("{other:?}"),
    };
    while !known.iter().all(|export| export.state.is_final()) {
        match soon("a change", events.next()).await.unwrap() {
            Some(Event::Export { export }) => {
                let old = known.iter_mut().find(|one| one.gid == export.gid).unwrap();
                *old = *export;
            }
            other => panic!("{other:?}"),
        }
    }
    known
}

#[tokio::test]
async fn an_export_is_accepted_followed_and_its_archive_is_there() {
    let daemon = daemon("").await;
    let request = ExportRequest { formats: vec![Format::Json, Format::Json], gzip: true, ..ask_for("acme") };
    let accepted = daemon.client.start_exports(&request).await.unwrap().exports;
    assert_eq!(accepted.len(), 1, "a format that is named twice is written once");
    assert_eq!((accepted[0].format, accepted[0].gzip), (Format::Json, true));
    let ended = finished(&daemon, &accepted[0]).await;
    assert_eq!((ended[0].state, &ended[0].error), (State::Finished, &None));
    let gid = accepted[0].gid;
    let archive = daemon.client.archive(gid).await.unwrap();
    assert_eq!((archive.counts.clone(), Some(archive.bytes)), (ended[0].counts.clone(), ended[0].bytes));
    assert!(daemon.client.verify(gid).await.unwrap().ok);
    let counts = daemon.client.counts("tracker/acme").await.unwrap();
    assert_eq!(counts.counts, archive.counts, "nothing has changed in the database");
    let organization = daemon.client.organization("acme").await.unwrap();
    assert_eq!(organization.last_state, Some(State::Finished));
    assert_eq!(organization.last_archive.unwrap().gid, gid);
    let refused = problem(daemon.client.cancel(gid).await);
    assert_eq!((refused.status, refused.code.as_str()), (409, "export_ended"));
}

#[tokio::test]
async fn csv_without_an_entity_is_one_export_for_each() {
    let daemon = daemon("").await;
    let request = ExportRequest { formats: vec![Format::Csv], ..ask_for("acme") };
    let all = daemon.client.start_exports(&request).await.unwrap().exports;
    assert!(all.len() > 1);
    let entity = all[0].entity.clone().unwrap();
    let one = ExportRequest { entity: Some(entity.clone()), formats: Vec::new(), ..ask_for("acme") };
    let one = daemon.client.start_exports(&one).await.unwrap().exports;
    assert_eq!((one.len(), one[0].format, &one[0].entity), (1, Format::Csv, &Some(entity)));
    for export in finished(&daemon, &all[0]).await {
        assert_eq!((export.state, &export.error), (State::Finished, &None));
    }
    finished(&daemon, &one[0]).await;
    let filter = ExportFilter { request: Some(all[0].request), ..ExportFilter::default() };
    let listed = daemon.client.exports(&filter).await.unwrap().exports;
    assert_eq!(
        listed.iter().map(|export| export.gid).collect::<Vec<_>>(),
        all.iter().map(|export| export.gid).collect::<Vec<_>>()
    );
    let newest = ExportFilter { limit: Some(1), state: Some(State::Finished), ..ExportFilter::default() };
    assert_eq!(daemon.client.exports(&newest).await.unwrap().exports[0].gid, one[0].gid);
}

#[tokio::test]
async fn organizations_are_named_exactly_or_refused_with_help() {
    let daemon = daemon(
        "DROP INDEX organizations_slug_idx;
         INSERT INTO organizations (id, name, slug, deleted_at) VALUES
         ('00000000-0000-7000-8000-0000000000c1', 'Twin', 'twin', NULL),
         ('00000000-0000-7000-8000-0000000000c2', 'Twin', 'twin', NULL),
         ('00000000-0000-7000-8000-0000000000c3', 'Gone', 'gone-by', now())",
    )
    .await;
    let refused = async |name: &str| problem(daemon.client.start_exports(&ask_for(name)).await);
    let ambiguous = refused("twin").await;
    assert_eq!((ambiguous.status, ambiguous.code.as_str()), (409, "ambiguous_organization"));
    assert!(ambiguous.detail.contains("0000000000c1") && ambiguous.detail.contains("0000000000c2"), "{ambiguous:?}");
    let unknown = refused("acmee").await;
    assert_eq!((unknown.status, unknown.code.as_str()), (404, "unknown_organization"));
    assert!(unknown.hint.contains("tracker/acme"), "{unknown:?}");
    assert_eq!(refused("gone-by").await.code, "deleted_organization");
    assert_eq!(refused("'; DROP TABLE organizations; --").await.code, "unknown_organization");
    let by_id = daemon.client.start_exports(&ask_for("00000000-0000-7000-8000-0000000000c3")).await.unwrap().exports;
    assert_eq!(by_id[0].organization.slug, "gone-by");
    let all = ExportRequest { all: true, ..ExportRequest::default() };
    let deleted = ExportRequest { deleted: true, ..all.clone() };
    let all = daemon.client.start_exports(&all).await.unwrap().exports;
    let deleted = daemon.client.start_exports(&deleted).await.unwrap().exports;
    assert_eq!((all.len(), deleted.len()), (4, 6), "soft-deleted ones are only in where they are asked for");
    assert!(all.iter().map(|export| export.gid).is_sorted());
}

#[tokio::test]
async fn what_a_product_does_not_offer_is_refused_with_what_it_does() {
    let daemon = daemon("").await;
    let refused = async |request: ExportRequest| problem(daemon.client.start_exports(&request).await);
    let seed = refused(ExportRequest { formats: vec![Format::Seed], ..ask_for("acme") }).await;
    assert_eq!((seed.status, seed.code.as_str()), (422, "not_offered"));
    assert!(seed.hint.contains("json"), "{seed:?}");
    let entity = refused(ExportRequest { entity: Some("nothing".to_owned()), ..ask_for("acme") }).await;
    assert_eq!((entity.status, entity.code.as_str()), (422, "unknown_entity"));
    assert!(entity.hint.contains("time-logs"), "{entity:?}");
    assert!(daemon.client.exports(&ExportFilter::default()).await.unwrap().exports.is_empty(), "all or none");
}

#[tokio::test]
async fn a_source_that_is_down_is_said_and_delays_no_other() {
    let up = tokio::task::spawn_blocking(|| {
        let database = Database::rytask();
        let config = fixture::config(&database.admin_url());
        (database, config)
    });
    let (_database, up) = up.await.unwrap();
    let daemon = Daemon::start_with(|config| config.sources = vec![down(), up]).await;
    let sources = daemon.client.sources().await.unwrap().sources;
    assert_eq!(sources.iter().map(|source| source.reachable).collect::<Vec<_>>(), [false, true]);
    assert!(sources[0].error.as_ref().unwrap().contains("down"), "{sources:?}");
    let listed = daemon.client.organizations(None).await.unwrap();
    assert_eq!((listed.failures.len(), listed.failures[0].source.as_str()), (1, "down"));
    assert!(!listed.organizations.is_empty());
    let all = ExportRequest { all: true, ..ExportRequest::default() };
    let started = daemon.client.start_exports(&all).await.unwrap();
    assert_eq!((started.failures.len(), started.exports.is_empty()), (1, false));
    let refused = problem(daemon.client.start_exports(&ask_for("down/acme")).await);
    assert_eq!((refused.status, refused.code.as_str()), (502, "source_unreachable"));
    finished(&daemon, &started.exports[0]).await;
}

#[tokio::test]
async fn a_source_that_refuses_the_list_has_answered_all_the_same() {
    let daemon = daemon("ALTER TABLE organizations DROP COLUMN slug").await;
    let source = daemon.client.sources().await.unwrap().sources.remove(0);
    assert!(source.reachable && source.version.is_some() && source.organizations.is_none(), "{source:?}");
    assert!(source.error.unwrap().contains("slug"));
}

#[tokio::test]
async fn names_keep_their_slashes_and_signs_on_the_way() {
    let daemon = daemon(
        "INSERT INTO organizations (id, name, slug) VALUES
         ('00000000-0000-7000-8000-0000000000d1', 'x', 'a/b?c=d&e#f %20ü🚀')",
    )
    .await;
    for name in ["a/b?c=d&e#f %20ü🚀", "tracker/a/b?c=d&e#f %20ü🚀"] {
        let found = daemon.client.organization(name).await.unwrap();
        assert!(found.key.id.ends_with("d1"), "{found:?}");
    }
    let answer = daemon.ask("GET", "/v1/organizations/tracker/acme", "", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = daemon.ask("GET", "/v1/organizations/elsewhere/acme", "", "").await;
    assert_eq!(problem_in(&answer).code, "unknown_source");
    let archives = daemon.client.archives(&ArchiveFilter::default()).await.unwrap();
    assert!(archives.archives.is_empty());
}

#[tokio::test]
async fn a_check_has_a_line_for_each_invariant_and_the_grants() {
    let daemon = daemon("").await;
    let check = daemon.client.check("tracker", false).await.unwrap();
    assert!(check.lines.iter().all(|line| line.result == CheckResult::Ok), "{check:?}");
    for name in ["reachable", "version", "readable"] {
        assert!(check.lines.iter().any(|line| line.name == name), "{name}: {check:?}");
    }
    assert!(check.grants.contains("GRANT SELECT"), "{}", check.grants);
    assert_eq!(problem(daemon.client.check("trackr", false).await).code, "unknown_source");
}
