//! What has ended is forgotten, and nothing that is still told of.

use orgvault_api::{Run, Trigger, clock::Timestamp};

use super::*;
use crate::catalog::{Attempt, Forgotten, OpenRun};

fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// An export of a request of its own that ended then.
fn ended(number: u64, id: &str, state: State, seconds: i64) -> Export {
    let request = gid(1000 + number);
    Export { organization: organization(id), request, state, finished_at: Some(at(seconds)), ..export(number) }
}

async fn add(catalog: &Catalog, exports: &[Export]) {
    for one in exports {
        catalog.add_exports(&[Export { state: State::Pending, ..one.clone() }], None).await.unwrap();
        catalog.update_export(one).await.unwrap();
    }
}

async fn forget(catalog: &Catalog, before: Timestamp) -> u64 {
    let mut forgotten = Forgotten::default();
    while let Some(further) = catalog.forget_exports(before, forgotten).await.unwrap() {
        forgotten = further;
    }
    forgotten.exports
}

async fn left(catalog: &Catalog) -> Vec<u64> {
    catalog.exports(ExportFilter::default()).await.unwrap().iter().map(|export| export.gid.get()).collect()
}

#[tokio::test]
async fn only_what_ended_before_and_is_told_of_nowhere_else_is_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    add(
        &catalog,
        &[
            ended(1, "acme", State::Error, 10),
            ended(2, "acme", State::Finished, 10),
            ended(3, "acme", State::Finished, 100),
            ended(4, "globex", State::Error, 10),
            ended(5, "zeta", State::Finished, 10),
            ended(6, "zeta", State::Finished, 11),
        ],
    )
    .await;
    // Both formats of the newest request of an organization say how it is.
    let both = [7, 8].map(|number| Export { request: gid(77), ..ended(number, "pair", State::Error, 10) });
    add(&catalog, &both).await;
    catalog.add_exports(&[Export { organization: organization("new"), ..export(9) }], None).await.unwrap();
    catalog.put_archive(&archive(2, 10, "a")).await.unwrap();

    assert_eq!(forget(&catalog, at(50)).await, 2);
    assert_eq!(left(&catalog).await, [2, 3, 4, 6, 7, 8, 9]);
    assert_eq!(forget(&catalog, at(50)).await, 0);
    catalog.forget_archive(gid(2)).await.unwrap();
    assert_eq!(forget(&catalog, at(50)).await, 1, "its archive is gone");
}

fn run(number: u64, schedule: &str) -> OpenRun {
    let run = Run {
        gid: gid(number),
        schedule: schedule.to_owned(),
        due_at: at(1),
        started_at: at(1),
        finished_at: None,
        trigger: Trigger::Due,
        organizations: 1,
        open: 0,
        finished: 0,
        failed: 0,
        failures: Vec::new(),
        warnings: Vec::new(),
    };
    OpenRun { run, unlisted: Vec::new() }
}

#[tokio::test]
async fn a_run_keeps_its_exports_and_goes_before_them() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    for (number, schedule, over) in
        [(1, "nightly", Some(20)), (2, "nightly", Some(90)), (3, "weekly", Some(20)), (4, "monthly", None)]
    {
        let open = run(number, schedule);
        assert!(catalog.begin_run(&open, None).await.unwrap());
        let export = Export {
            request: gid(number),
            schedule: Some(schedule.to_owned()),
            ..ended(number + 10, "acme", State::Error, 10)
        };
        let attempt = Attempt { export: export.clone(), number: 1, not_before: at(1) };
        catalog.list_source(&open, 1, &[attempt]).await.unwrap();
        catalog.update_export(&export).await.unwrap();
        if let Some(over) = over {
            catalog.finish_run(gid(number), at(over)).await.unwrap();
        }
    }
    add(&catalog, &[ended(30, "acme", State::Finished, 95)]).await;
    assert_eq!(forget(&catalog, at(50)).await, 0, "each has its run");
    assert_eq!(catalog.forget_runs(at(50)).await.unwrap(), 1, "one is the newest of its schedule, one is open");
    let runs = catalog.runs(None, 10).await.unwrap();
    assert_eq!(runs.iter().map(|run| (run.gid.get(), run.failed)).collect::<Vec<_>>(), [(2, 1), (3, 1), (4, 1)]);
    assert_eq!(forget(&catalog, at(50)).await, 1);
    assert_eq!(left(&catalog).await, [12, 13, 14, 30]);
}

#[tokio::test]
async fn a_long_history_is_forgotten_batch_by_batch() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    let all: Vec<Export> = (1..=1200).map(|number| Export { request: gid(number), ..export(number) }).collect();
    catalog.add_exports(&all, None).await.unwrap();
    sqlx::query("UPDATE exports SET state = 'error', finished_at = 10000000").execute(&catalog.pool).await.unwrap();
    let first = catalog.forget_exports(at(50), Forgotten::default()).await.unwrap().unwrap();
    assert_eq!(first.exports, 500);
    assert_eq!(forget(&catalog, at(50)).await, 699, "the newest stays");
    assert_eq!(left(&catalog).await, [1200]);
}
