//! Exports: watched, cancelled, opened.

use orgvault_api::{Event, Export, JobProgress, Progress};

use super::{
    fixtures::{self, failed, finished, gid},
    stage::Stage,
};
use crate::console::{
    message::{Ask, Effect, News},
    model::Dialog,
    screens::{Kind, Screen},
};

const SIZE: (u16, u16) = (80, 24);

fn toasts(stage: &Stage) -> String {
    stage.model.toasts.iter().map(|toast| toast.text.clone()).collect::<Vec<_>>().join("; ")
}

#[test]
fn cancel_is_confirmed_and_names_the_thing() {
    let mut stage = Stage::up(SIZE);
    stage.press("2x");
    let Some(Dialog::Confirm { question, details, .. }) = &stage.model.dialog else { panic!("no dialog") };
    assert_eq!(question, "Cancel 1 export?");
    assert_eq!(details, &["90 tracker/globex json"]);
    assert_eq!(stage.effects_of("y"), [Effect::Ask(Ask::Cancel(gid(90)))]);
    stage.press("Gx");
    assert!(toasts(&stage).contains("ended already"), "{}", toasts(&stage));
}

#[test]
fn an_export_that_somebody_else_cancels_is_left_and_told() {
    let mut stage = Stage::up(SIZE);
    stage.press("2<enter>");
    let canceled = Event::Export { export: Box::new(failed(90, "globex", "canceled")) };
    stage.tell(News::Changes(vec![canceled]));
    assert_eq!(stage.model.screen.kind(), Kind::Exports);
    assert!(toasts(&stage).contains("was canceled by somebody else"), "{}", toasts(&stage));
}

#[test]
fn an_export_that_ends_refreshes_its_schedule() {
    let mut stage = Stage::up(SIZE);
    stage.press("3");
    stage.wait(2);
    stage.effects.clear();
    let ended = Export { schedule: Some("nightly".to_owned()), ..finished(90, "globex") };
    stage.tell(News::Changes(vec![Event::Export { export: Box::new(ended) }]));
    stage.wait(1);
    assert!(stage.effects.contains(&Effect::Ask(Ask::Schedules)), "{:?}", stage.effects);
}

#[test]
fn a_finished_export_opens_its_archive_and_a_failed_one_its_log() {
    let mut stage = Stage::up(SIZE);
    stage.press("2jj<enter>");
    assert_eq!(stage.model.screen.kind(), Kind::Export);
    assert!(stage.screen().contains("hint: look at the database's log"), "{}", stage.screen());
    assert!(stage.screen().contains("writing workItems after 12 rows"), "{}", stage.screen());
    stage.press("qj<enter>");
    assert!(matches!(&stage.model.screen, Screen::Archive(screen) if screen.gid == gid(80)));
}

#[test]
fn progress_gives_speed_and_time_left() {
    let mut stage = Stage::up(SIZE);
    stage.press("2<enter>");
    for rows in [13_400, 14_400] {
        stage.now += chrono::TimeDelta::seconds(1);
        let export = Box::new(fixtures::running(90, "globex", rows));
        stage.tell(News::Changes(vec![Event::Export { export }]));
    }
    let screen = stage.screen();
    assert!(screen.contains("1,000 rows/s") && screen.contains("ETA 27 s"), "{screen}");
    stage.tell(News::Changes(vec![Event::Export { export: Box::new(finished(90, "globex")) }]));
    assert!(toasts(&stage).contains("tracker/globex json finished: 40,641 rows"), "{}", toasts(&stage));
}

#[test]
fn a_running_export_has_no_archive_to_open() {
    let mut stage = Stage::up(SIZE);
    assert_eq!(stage.press("2<enter>").effects_of("<enter>"), []);
    assert!(toasts(&stage).contains("enter open: this export has no archive"), "{}", toasts(&stage));
}

#[test]
fn of_an_app_that_makes_the_file_its_job_is_told() {
    let mut stage = Stage::up(SIZE);
    let mut export = fixtures::running(90, "globex", 0);
    let job = JobProgress {
        remote_id: Some("1203".to_owned()),
        state: "exporting".to_owned(),
        requested_at: stage.now - chrono::TimeDelta::minutes(12),
        waits: Some("the app".to_owned()),
        bytes_expected: Some(4 << 20),
    };
    export.progress = Some(Progress { job: Some(job), ..Progress::default() });
    stage.press("2").tell(News::Changes(vec![Event::Export { export: Box::new(export.clone()) }]));
    let list = stage.screen();
    assert!(list.contains(" exporting") && list.contains("the app says exporting (its job 1203)"), "{list}");
    let screen = stage.press("<enter>").screen();
    assert!(screen.contains("the app says exporting (its job 1203), asked 12m 00s ago, waits for the app"), "{screen}");
    assert!(!screen.contains("rows/s"), "{screen}");
    export.progress.as_mut().unwrap().bytes = 1 << 20;
    stage.tell(News::Changes(vec![Event::Export { export: Box::new(export) }]));
    assert!(stage.screen().contains("1.0 MiB of 4.0 MiB, 25 % are here"), "{}", stage.screen());
}
