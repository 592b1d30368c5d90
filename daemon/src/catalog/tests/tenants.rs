//! Two kinds with one id are two organizations in every table.

use orgvault_api::{DayResult, Run, Trigger};

use super::*;
use crate::catalog::{Attempt, OpenRun};

/// Exports of the program and of the project with the id 7, with these gids, in one request each.
fn both(program: u64, project: u64) -> [Export; 2] {
    let of = |kind: &str, number| Export { organization: of_kind(kind, "7"), request: gid(number), ..export(number) };
    [of("program", program), of("project", project)]
}

fn ended(export: &Export, state: State, seconds: i64) -> Export {
    let at = export.created_at + TimeDelta::seconds(seconds);
    Export { state, started_at: Some(export.created_at), finished_at: Some(at), ..export.clone() }
}

/// What the export made.
fn archived(export: &Export) -> Stored {
    let mut archived = archive(export.gid.get(), 5, "a");
    archived.organization = export.organization.clone();
    archived
}

#[tokio::test]
async fn each_has_its_own_newest_archives_exports_durations_and_days() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    let [program, project] = both(1, 2);
    catalog.add_exports(&[program.clone(), project.clone()], None).await.unwrap();
    catalog.finish_export(&ended(&program, State::Finished, 5), &archived(&program)).await.unwrap();
    catalog.update_export(&ended(&project, State::Error, 7)).await.unwrap();
    let (program, project) = (program.organization.tenant(), project.organization.tenant());

    let pairs = catalog.newest_pairs("tracker").await.unwrap();
    assert_eq!((pairs.len(), pairs[&program].len()), (1, 1));
    let last = catalog.last_exports("tracker").await.unwrap();
    assert_eq!([&program, &project].map(|tenant| last[tenant].state), [State::Finished, State::Error]);
    let durations = catalog.last_durations("tracker").await.unwrap();
    assert_eq!((durations.len(), durations[&program]), (1, 5.0));
    let days = catalog.day_results("tracker", DateTime::UNIX_EPOCH).await.unwrap();
    let day = export(1).created_at.timestamp().div_euclid(86_400);
    assert_eq!(
        [(&program, DayResult::Finished), (&project, DayResult::Error)]
            .map(|(tenant, result)| { days[&(tenant.clone(), day)] == result }),
        [true, true]
    );
    for (tenant, number) in [(&program, 1), (&project, 0)] {
        let filter = ArchiveFilter { tenant: Some(tenant.clone()) };
        assert_eq!(catalog.archives(&filter).await.unwrap().len(), number, "{tenant}");
        let of_it = Tenants::only([tenant]);
        assert_eq!(catalog.totals(&of_it).await.unwrap().archives, number as u64, "{tenant}");
    }
}

#[tokio::test]
async fn in_one_run_each_is_tried_waits_and_is_finished_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    let now = export(1).created_at;
    let run = Run {
        gid: gid(9),
        schedule: "nightly".to_owned(),
        trigger: Trigger::Due,
        due_at: now,
        started_at: now,
        finished_at: None,
        organizations: 0,
        open: 0,
        finished: 0,
        failed: 0,
        failures: Vec::new(),
        warnings: Vec::new(),
    };
    let open_run = OpenRun { run, unlisted: Vec::new() };
    assert!(catalog.begin_run(&open_run, None).await.unwrap());
    let attempts = both(1, 2).map(|export| {
        let export = Export { request: gid(9), schedule: Some("nightly".to_owned()), ..export };
        Attempt { export, number: 1, not_before: now }
    });
    catalog.list_source(&open_run, 2, &attempts).await.unwrap();
    let waiting = catalog.waiting(gid(9), now, 10).await.unwrap();
    assert_eq!(waiting.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1], "no snapshot is shared");

    let [program, project] = attempts.map(|attempt| attempt.export);
    catalog.finish_export(&ended(&program, State::Finished, 5), &archived(&program)).await.unwrap();
    assert!(catalog.has_finished(gid(9), &program.organization).await.unwrap());
    assert!(!catalog.has_finished(gid(9), &project.organization).await.unwrap());
    assert_eq!([catalog.is_made(&program).await.unwrap(), catalog.is_made(&project).await.unwrap()], [true, false]);
    catalog.update_export(&ended(&project, State::Error, 6)).await.unwrap();
    let failed = catalog.failed_in(gid(9)).await.unwrap();
    assert_eq!(failed.iter().map(OrganizationKey::tenant).collect::<Vec<_>>(), [project.organization.tenant()]);
    let tried = catalog.attempts(gid(9), &project.organization).await.unwrap();
    assert_eq!(tried.iter().map(|attempt| attempt.export.gid).collect::<Vec<_>>(), [gid(2)]);
    let counted = catalog.run(gid(9)).await.unwrap().unwrap();
    assert_eq!((counted.open, counted.finished, counted.failed), (0, 1, 1));
    // Both finished archives of the run are kept: one of each.
    catalog.finish_export(&ended(&project, State::Finished, 7), &archived(&project)).await.unwrap();
}

#[tokio::test]
async fn the_newest_export_of_each_is_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open(directory.path()).await;
    let [program, project] = both(1, 2);
    catalog.add_exports(&[program.clone(), project.clone()], None).await.unwrap();
    catalog.update_export(&ended(&program, State::Error, 1)).await.unwrap();
    catalog.update_export(&ended(&project, State::Error, 2)).await.unwrap();
    let before = program.created_at + TimeDelta::days(1);
    let forgotten = catalog.forget_exports(before, crate::catalog::Forgotten::default()).await.unwrap();
    assert_eq!(forgotten.map(|forgotten| forgotten.exports), Some(0));
}
