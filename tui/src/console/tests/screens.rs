//! Every screen and dialog as a whole, at each size.

use orgvault_api::Role;

use super::{
    fixtures::{older, source_failure, status},
    stage::{SIZES, Stage, fault},
};
use crate::console::{
    message::{Ask, News, Reply, RequestFault},
    theme::{Choice, Theme},
};

/// What the keys lead to, at each size.
fn at_each_size(keys: &str, prepare: impl Fn(&mut Stage)) -> String {
    let shown = SIZES.map(|size| {
        let mut stage = Stage::up(size);
        prepare(&mut stage);
        stage.press(keys);
        format!("{}x{} {keys}\n{}", size.0, size.1, stage.screen())
    });
    shown.join("\n")
}

macro_rules! screens {
    ($($name:ident: $keys:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(at_each_size($keys, |_| {}));
        })*
    };
}

screens! {
    organizations: "";
    organizations_filtered: "/-f umb";
    organizations_faults_sorted: "fs";
    organizations_marked: "<space><space>";
    organization: "/acme<enter><enter>L";
    organization_counts: "/acme<enter><enter><tab>j";
    exports: "2";
    exports_failed: "2jj";
    export_running: "2<enter>";
    export_failed: "2jj<enter>";
    archive: "/acme<enter><enter><enter>i";
    rows: "/acme<enter><enter><enter>j<enter>jjl";
    record: "/acme<enter><enter><enter>j<enter>jj<enter>";
    compare: "/acme<enter><enter>c";
    schedules: "3";
    schedule: "3<enter>";
    retention: "t";
    drills: "5";
    activity: "4";
    notes: "/initech<enter>n";
    help: "/acme<enter><enter>?";
    formats: "<space><space>ej<space>j<space>";
    confirm_cancel: "2x";
    confirm_delete: "/acme<enter><enter>D8";
    download: "/acme<enter><enter>w";
    command_lines: "/acme<enter><enter>@";
    command_completed: ":ex<tab><tab>";
}

#[test]
fn damaged_archive() {
    let damaged: fn(&Ask) -> Result<Reply, RequestFault> = |ask| match ask {
        Ask::Verify(_) => Ok(Reply::Verified(Box::new(super::fixtures::verification(false)))),
        other => super::fixtures::answer(other),
    };
    insta::assert_snapshot!(at_each_size("/acme<enter><enter>v", |stage| stage.answer = damaged));
}

#[test]
fn connecting() {
    insta::assert_snapshot!(SIZES.map(|size| Stage::started(size).screen()).join("\n"));
}

#[test]
fn lost_daemon() {
    let lose = |stage: &mut Stage| {
        stage.tell(News::Down(fault("unreachable", "cannot reach orgvaultd on /run/x.sock: Connection refused", "")));
        stage.wait(45);
    };
    insta::assert_snapshot!(at_each_size("je", lose));
}

#[test]
fn source_that_did_not_answer() {
    let failing: fn(&Ask) -> Result<Reply, RequestFault> = |ask| match ask {
        Ask::Organizations => {
            let mut organizations = super::fixtures::organizations();
            for one in &mut organizations {
                one.key.source = source_failure().source;
                one.listed_at = Some(super::fixtures::ago(200));
            }
            Ok(Reply::Organizations(organizations, vec![source_failure()]))
        }
        other => super::fixtures::answer(other),
    };
    let fail = |stage: &mut Stage| stage.answer = failing;
    insta::assert_snapshot!(at_each_size("R", fail));
}

#[test]
fn daemon_that_warns() {
    let warn = |stage: &mut Stage| stage.tell(News::Up(Box::new(super::fixtures::warning_status())));
    insta::assert_snapshot!(at_each_size("n", warn));
    insta::assert_snapshot!("daemon_that_warns_home", at_each_size("", warn));
}

#[test]
fn user_without_a_role() {
    let screens = SIZES.map(|size| {
        let mut stage = Stage::started(size);
        stage.tell(News::Down(fault(
            "not_allowed",
            "this needs a role, and eve (uid 1007) has no role",
            "ask an owner (root) to add you to `viewers` in [access] of the daemon's configuration",
        )));
        stage.screen()
    });
    insta::assert_snapshot!(screens.join("\n"));
}

#[test]
fn viewer() {
    let screens = SIZES.map(|size| {
        let mut stage = Stage::started(size).connect(&status(Role::Viewer));
        stage.press("/acme<enter><enter>D");
        stage.screen()
    });
    insta::assert_snapshot!(screens.join("\n"));
}

#[test]
fn viewer_help() {
    let mut stage = Stage::started((120, 40)).connect(&status(Role::Viewer));
    stage.press("/acme<enter><enter>?");
    insta::assert_snapshot!(stage.screen());
}

#[test]
fn older_daemon() {
    let old = |stage: &mut Stage| {
        stage.answer = older;
        let status = orgvault_api::Status { version: "0.0.9".to_owned(), ..status(Role::Owner) };
        stage.tell(News::Up(Box::new(status)));
    };
    insta::assert_snapshot!(at_each_size("3", old));
}

#[test]
fn ascii() {
    let ascii = |stage: &mut Stage| stage.model.setup.theme = Theme::load(&Choice::Mono, true).unwrap();
    let shown = at_each_size("/acme<enter><enter>", ascii);
    insta::assert_snapshot!(shown);
    let home = Theme::load(&Choice::Mono, true).unwrap();
    let mut stage = Stage::up((80, 24));
    stage.model.setup.theme = home;
    assert!(stage.press("2<enter>").screen().is_ascii(), "{}", stage.screen());
    stage.model.size = (60, 15);
    assert!(stage.press("q/!kana<enter>").screen().contains('~'), "what is cut says so in ASCII");
}

#[test]
fn wide_and_too_small() {
    let mut shown = vec![Stage::up((300, 12 + 4)).screen()];
    shown.extend([(20, 5), (59, 40), (200, 14), (1, 1)].map(|size| Stage::up(size).screen()));
    insta::assert_snapshot!(shown.join("\n"));
}
