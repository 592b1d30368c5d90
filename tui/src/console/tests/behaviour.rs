//! What keys and news change, with effects as data.

use std::path::PathBuf;

use orgvault_api::{
    Event, Role, State, Status,
    gid::Gid,
    health::{Level, Tally},
};

use super::{
    fixtures::{self, archive, export, finished, gid, organization_key, status},
    stage::{Stage, fault},
};
use crate::console::{
    keys::{self, Action},
    message::{Ask, Effect, Message, News, Reply, RequestFault},
    model::{Dialog, Link},
    screens::{Kind, Screen},
};

const SIZE: (u16, u16) = (80, 24);

fn toasts(stage: &Stage) -> String {
    stage.model.toasts.iter().map(|toast| toast.text.clone()).collect::<Vec<_>>().join("; ")
}

fn asked(ask: Ask) -> Vec<Effect> {
    vec![Effect::Ask(ask)]
}

#[test]
fn q_goes_back_and_at_home_quits_and_ctrl_c_quits_anywhere() {
    let mut stage = Stage::up(SIZE);
    stage.press("<enter>");
    assert_eq!(stage.model.screen.kind(), Kind::Organization);
    assert!(!stage.effects_of("q").contains(&Effect::Quit));
    assert_eq!(stage.effects_of("q"), [Effect::Quit]);
    for keys in ["<ctrl-c>", "/x<ctrl-c>", ":<ctrl-c>", "?<ctrl-c>", "2<ctrl-c>"] {
        assert_eq!(Stage::up(SIZE).effects_of(keys).last(), Some(&Effect::Quit), "{keys}");
    }
    assert_eq!(Stage::up(SIZE).effects_of("<ctrl-z>"), [Effect::Suspend]);
}

#[test]
fn a_filter_works_while_it_is_typed_and_esc_takes_it_back() {
    let mut stage = Stage::up(SIZE);
    let shown = |stage: &Stage| stage.model.screen.list().unwrap().shown.len();
    let all = shown(&stage);
    assert_eq!((shown(stage.press("/umb")), all), (1, 16));
    assert_eq!(shown(stage.press("<esc>")), all);
    assert_eq!(shown(stage.press("/!umbrella<enter>")), all - 1);
    assert_eq!(shown(stage.press("<esc>")), all);
    assert_eq!(shown(stage.press("f")), 7, "never, gone, shrinking, refused, stale, failed, damaged");
}

#[test]
fn home_is_sorted_worst_first_and_by_any_column() {
    let mut stage = Stage::up(SIZE);
    let first = |stage: &Stage| {
        let index = stage.model.screen.list().unwrap().shown[0];
        stage.model.data.organizations.items()[index].key.slug.clone()
    };
    assert_eq!(first(&stage), "umbrella");
    assert_eq!(first(stage.press("s")), "acme");
    assert_eq!(first(stage.press("S")), "zalgo");
    assert_eq!(first(stage.press(":sort age<enter>")), "hooli");
    stage.press(":sort weight<enter>");
    assert!(toasts(&stage).contains("sort takes one of"), "{}", toasts(&stage));
}

#[test]
fn delete_wants_the_gid_typed() {
    let mut stage = Stage::up(SIZE);
    stage.press("/acme<enter><enter>D");
    assert_eq!(stage.effects_of("y<enter>"), []);
    assert_eq!(stage.effects_of("<backspace>79<enter>"), []);
    assert_eq!(stage.effects_of("<ctrl-u>80<enter>"), asked(Ask::Delete(gid(80))));
    stage.press("jjD");
    assert!(toasts(&stage).contains("pinned: unpin it first"), "{}", toasts(&stage));
}

#[test]
fn actions_on_an_archive() {
    let mut stage = Stage::up(SIZE);
    stage.press("/acme<enter><enter>");
    assert_eq!(stage.effects_of("v"), asked(Ask::Verify(gid(80))));
    assert_eq!(stage.effects_of("p"), asked(Ask::Pin(gid(80), true)));
    assert_eq!(stage.effects_of("L"), asked(Ask::Counts(organization_key("acme").tenant())));
    let path = PathBuf::from("20260131T023000Z-80.jsonx");
    assert_eq!(stage.effects_of("wx<enter>"), asked(Ask::Download(gid(80), path)));
    assert_eq!(stage.effects_of("c"), asked(Ask::Compare(gid(79), gid(80))));
    stage.press("q<space>j<space>c");
    assert!(
        matches!(&stage.model.screen, Screen::Compare(screen) if (screen.left, screen.right) == (gid(78), gid(80)))
    );
}

#[test]
fn schedules_are_run_after_a_question_and_paused_without() {
    let mut stage = Stage::up(SIZE);
    stage.press("3");
    assert_eq!(stage.effects_of("r"), []);
    assert_eq!(stage.effects_of("y"), asked(Ask::Run("nightly".to_owned())));
    assert_eq!(stage.effects_of("p"), asked(Ask::Pause("nightly".to_owned(), true)));
    assert_eq!(stage.effects_of("jp"), asked(Ask::Pause("weekly".to_owned(), false)));
}

#[test]
fn a_disabled_key_says_why() {
    let mut viewer = Stage::started(SIZE).connect(&status(Role::Viewer));
    viewer.press("e");
    assert!(toasts(&viewer).contains("needs the role admin, and you are viewer: ask an owner"), "{}", toasts(&viewer));
    let mut reader = Stage::up(SIZE);
    reader.model.setup.read_only = true;
    reader.press("e");
    assert!(toasts(&reader).contains("--read-only"), "{}", toasts(&reader));
    let mut early = Stage::started(SIZE);
    assert_eq!(early.effects_of("R"), []);
    assert!(toasts(&early).contains("not connected"), "{}", toasts(&early));
    let mut elsewhere = Stage::up(SIZE);
    elsewhere.press("v");
    assert!(toasts(&elsewhere).contains("does not work on this screen"), "{}", toasts(&elsewhere));
}

#[test]
fn no_key_changes_anything_for_a_viewer_or_read_only() {
    for kind in Kind::ALL {
        for key in keys::on(*kind) {
            let keys::Needs::Changing(_) = key.needs else { continue };
            let mut stage = Stage::started(SIZE).connect(&status(Role::Viewer));
            stage.press(match kind {
                Kind::Organizations => "",
                Kind::Organization => "/acme<enter><enter>",
                Kind::Exports => "2",
                Kind::Export => "2<enter>",
                Kind::Archive => "/acme<enter><enter><enter>",
                Kind::Schedules => "3",
                _ => "3<enter>",
            });
            let name = key.names[0];
            assert_eq!(stage.effects_of(name), [], "{name} on {kind:?}");
            assert!(stage.model.dialog.is_none(), "{name} on {kind:?}");
        }
    }
}

#[test]
fn copying_and_the_mouse_are_effects() {
    let mut stage = Stage::up(SIZE);
    assert_eq!(stage.effects_of("/acme<enter>y"), [Effect::Copy("tracker/acme".to_owned())]);
    assert_eq!(stage.effects_of("m"), [Effect::Mouse(true)]);
    assert_eq!(stage.effects_of("m"), [Effect::Mouse(false)]);
    let copied = stage.press("<enter>").effects_of("@jy");
    assert_eq!(copied, [Effect::Copy("orgvault export tracker/acme --wait".to_owned())]);
    stage.send(Message::Click(2));
    assert_eq!(stage.model.screen.list().unwrap().cursor, 2);
    stage.send(Message::Click(2));
    assert_eq!(stage.model.screen.kind(), Kind::Archive);
    stage.send(Message::Wheel(3));
    assert_eq!(stage.model.screen.list().unwrap().cursor, 3);
}

#[test]
fn every_command_line_shown_is_one_that_the_command_line_takes() {
    use clap::Parser;
    for keys in [
        "",
        "/acme<enter><enter>",
        "/acme<enter><enter><enter>",
        "/acme<enter><enter><enter><enter>",
        "2",
        "2<enter>",
        "/acme<enter><enter>c",
        "3",
        "3<enter>",
        "t",
        "4",
    ] {
        let mut stage = Stage::up(SIZE);
        stage.press(keys).press("@");
        let Some(Dialog::Commands(lines, _)) = &stage.model.dialog else { panic!("no dialog") };
        assert!(!lines.is_empty(), "{keys}");
        for (_, line) in lines {
            let words = line.split(' ').map(|word| word.trim_matches('\''));
            crate::args::Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
}

#[test]
fn history_goes_back_and_forward() {
    let mut stage = Stage::up(SIZE);
    stage.press("2<enter>[[");
    assert_eq!(stage.model.screen.kind(), Kind::Organizations);
    stage.press("]]");
    assert_eq!(stage.model.screen.kind(), Kind::Export);
    stage.press("]");
    assert!(toasts(&stage).contains("nothing to go forward to"), "{}", toasts(&stage));
}

#[test]
fn a_lost_daemon_leaves_the_data_and_the_keys() {
    let mut stage = Stage::up(SIZE);
    stage.tell(News::Down(fault("unreachable", "nobody listens", "")));
    stage.wait(30);
    let screen = stage.press("j").screen();
    assert!(screen.contains("no connection for 30 s; what you see is 30 s old: nobody listens"), "{screen}");
    assert!(screen.contains("initech"), "{screen}");
    assert_eq!(stage.effects_of("R"), [], "nothing is asked of nobody");
    let restarted = Status { started_at: fixtures::ago(0), version: "0.9.0".to_owned(), ..status(Role::Owner) };
    stage.tell(News::Up(Box::new(restarted)));
    assert_eq!(stage.model.link, Link::Up);
    let screen = stage.screen();
    assert!(screen.contains("orgvaultd was restarted") && screen.contains("update orgvault here"), "{screen}");
}

/// The exports that are under way as far as the console knows.
fn under_way(stage: &Stage) -> Vec<Gid> {
    stage.model.data.exports.values().filter(|known| !known.state.is_final()).map(|known| known.gid).collect()
}

#[test]
fn what_a_snapshot_lacks_is_asked_for() {
    let mut stage = Stage::up(SIZE);
    assert_eq!(under_way(&stage), [gid(90), gid(91)]);
    stage.effects.clear();
    stage.tell(News::Snapshot(vec![export(91, "initech", State::Pending)]));
    assert_eq!(stage.effects, asked(Ask::Ended(vec![gid(90)])));
    assert_eq!(under_way(&stage), [gid(91)], "what became of them is known");
}

#[test]
fn what_nobody_knows_any_more_does_not_wait_for_ever() {
    let mut stage = Stage::up(SIZE);
    stage.answer = |ask| match ask {
        Ask::Ended(_) => Ok(Reply::Exports(Vec::new(), Vec::new())),
        other => fixtures::answer(other),
    };
    stage.tell(News::Snapshot(Vec::new()));
    assert_eq!(under_way(&stage), []);
}

#[test]
fn thousands_that_ended_unseen_are_asked_for_in_parts() {
    let mut stage = Stage::up(SIZE);
    stage.tell(News::Snapshot((1000..1500).map(|number| export(number, "acme", State::Pending)).collect()));
    stage.effects.clear();
    stage.tell(News::Changes(vec![Event::Snapshot { exports: Vec::new() }]));
    let parts: Vec<usize> = stage
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Ask(Ask::Ended(gids)) => Some(gids.len()),
            _ => None,
        })
        .collect();
    assert_eq!(parts, [200, 200, 100]);
    assert_eq!(under_way(&stage), []);
    assert!(stage.model.data.organizations.stale, "what was missed may have been about archives");
}

fn gone(ask: &Ask) -> Result<Reply, RequestFault> {
    match ask {
        Ask::Archive(_) | Ask::Rows(_) => Err(fault("unknown_archive", "there is no archive 80", "")),
        Ask::Schedules => Ok(Reply::Schedules(Vec::new())),
        other => fixtures::answer(other),
    }
}

#[test]
fn an_archive_that_is_deleted_while_it_is_browsed_is_left_at_once() {
    let mut stage = Stage::up(SIZE);
    stage.press("/acme<enter><enter><enter>j<enter><enter>");
    assert_eq!(stage.model.screen.kind(), Kind::Record);
    stage.answer = gone;
    let organization = Box::new(organization_key("acme"));
    stage.tell(News::Changes(vec![Event::Archive { gid: gid(80), organization }]));
    assert_eq!(stage.model.screen.kind(), Kind::Organization);
    assert!(toasts(&stage).contains("somebody deleted it"), "{}", toasts(&stage));
}

#[test]
fn a_schedule_that_is_removed_is_left_and_told() {
    let mut stage = Stage::up(SIZE);
    stage.press("3<enter>");
    stage.answer = gone;
    stage.wait(11);
    assert_eq!(stage.model.screen.kind(), Kind::Schedules);
    assert!(toasts(&stage).contains("was removed from the configuration"), "{}", toasts(&stage));
}

#[test]
fn what_the_daemon_refuses_is_told_with_its_hint() {
    let mut stage = Stage::up(SIZE);
    stage.answer = |ask| match ask {
        Ask::Export(_) => Err(fault("unknown_format", "rytask has no seed", "it has json and csv")),
        Ask::Pin(..) => Err(fault("unknown_route", "there is nothing at /v1/archives/80/pin", "")),
        other => fixtures::answer(other),
    };
    stage.press("e<enter>");
    assert!(toasts(&stage).contains("cannot export: rytask has no seed (it has json and csv)"), "{}", toasts(&stage));
    stage.press("/acme<enter><enter>p");
    assert!(toasts(&stage).contains("this daemon does not offer that yet"), "{}", toasts(&stage));
}

#[test]
fn pasted_text_is_never_taken_for_keys() {
    let mut stage = Stage::up(SIZE);
    stage.send(Message::Paste("qqq".to_owned()));
    assert!(!stage.effects.contains(&Effect::Quit));
    stage.press("/");
    stage.send(Message::Paste("ac\u{1b}me\n".to_owned()));
    assert_eq!(stage.model.screen.list().unwrap().shown.len(), 1);
}

#[test]
fn nothing_is_drawn_anew_when_nothing_changed() {
    let mut stage = Stage::up(SIZE);
    stage.answer = |_| Err(fault("not_now", "", ""));
    stage.model.data.take(finished(90, "globex"), stage.now);
    stage.wait(10);
    stage.model.dirty = false;
    let mut drawn = 0;
    for _ in 0..60 {
        stage.now += chrono::TimeDelta::seconds(1);
        let effects = crate::console::update::update(&mut stage.model, Message::Tick, stage.now);
        drop(effects);
        drawn += usize::from(std::mem::take(&mut stage.model.dirty));
    }
    assert_eq!(drawn, 6, "the clock alone, every ten seconds");
}

#[test]
fn who_looks_at_the_newest_archive_goes_on_to() {
    let newer: fn(&Ask) -> Result<Reply, RequestFault> = |ask| match ask {
        Ask::Archives(_) => Ok(Reply::Archives(vec![archive(80, 7, 0), archive(81, 0, 0), archive(79, 30, 0)])),
        other => fixtures::answer(other),
    };
    let told = || vec![Event::Archive { gid: gid(81), organization: Box::new(organization_key("acme")) }];
    for (keys, compared) in [("", Some((gid(80), gid(81)))), ("j", None)] {
        let mut stage = Stage::up(SIZE);
        stage.press("/acme<enter><enter>").press(keys);
        stage.answer = newer;
        stage.tell(News::Changes(told()));
        stage.press("c");
        let shown =
            if let Screen::Compare(screen) = &stage.model.screen { Some((screen.left, screen.right)) } else { None };
        assert_eq!(shown, compared, "after {keys:?}");
        assert_eq!(
            compared.is_none(),
            toasts(&stage).contains("no json archive before this one"),
            "{}",
            toasts(&stage)
        );
    }
}

#[test]
fn changes_elsewhere_refresh_what_is_shown() {
    let mut stage = Stage::up(SIZE);
    stage.press("/acme<enter><enter>");
    stage.effects.clear();
    let organization = Box::new(organization_key("acme"));
    stage.tell(News::Changes(vec![Event::Archive { gid: gid(81), organization }]));
    assert_eq!(stage.effects, asked(Ask::Archives(organization_key("acme").tenant())));
    stage.wait(2);
    assert!(stage.effects.contains(&Effect::Ask(Ask::Organizations)), "{:?}", stage.effects);
}

#[test]
fn a_gid_or_a_name_as_a_command_opens_it() {
    let mut stage = Stage::up(SIZE);
    stage.press(":85<enter>");
    assert_eq!(stage.model.screen.kind(), Kind::Export);
    stage.press(":80<enter>");
    assert!(stage.model.screen.gid().is_some_and(|found: Gid| found == gid(80)));
    stage.press(":org tracker/wayne<enter>");
    assert!(matches!(&stage.model.screen, Screen::Organization(screen) if screen.key.slug == "wayne"));
    stage.press(":nonsense<enter>");
    assert!(toasts(&stage).contains("is no command"), "{}", toasts(&stage));
    assert_eq!(keys::of(Action::Quit).unwrap().names, ["q"]);
    assert_eq!(archive(80, 7, 0).gid, gid(80));
}

/// What is seen of something that is scrolled to its end, a line at a time.
fn read_through(stage: &mut Stage) -> String {
    let mut seen = stage.screen();
    for _ in 0..400 {
        let before = stage.screen();
        let now = stage.press("<down>").screen();
        if now == before {
            break;
        }
        seen.push_str(&now);
    }
    seen
}

#[test]
fn all_that_is_too_long_for_the_smallest_screen_can_be_read() {
    let small = (60, 15);
    let mut stage = Stage::up(small);
    stage.tell(News::Up(Box::new(fixtures::warning_status())));
    let seen = read_through(stage.press("/initech<enter>n"));
    let words = ["no such key", "remove it", "nobody-breaks", "unexpected end", "then export again", "tracker/initech"];
    for words in words {
        assert!(seen.contains(words), "{words} is not in {seen}");
    }
    let mut stage = Stage::up(small);
    let seen = read_through(stage.press("?"));
    assert!(seen.contains("ctrl-z") && seen.contains("quit, from anywhere"), "{seen}");
    let mut stage = Stage::up(small);
    let many = (100..130).map(|number| Event::Export { export: Box::new(export(number, "acme", State::Pending)) });
    stage.tell(News::Changes(many.collect()));
    stage.press("2<space>").press(&"<space>".repeat(31));
    let seen = read_through(stage.press("x"));
    assert!(seen.contains("129") && seen.contains("y does it"), "{seen}");
    let mut stage = Stage::up(small);
    stage.press("/acme<enter><enter><enter>");
    assert!(
        !stage.screen().contains("00000003-0000001B-1") && stage.screen().contains("n shows"),
        "{}",
        stage.screen()
    );
    let seen = read_through(stage.press("n"));
    assert!(seen.contains("00000003-0000001B-1") && seen.contains("80.json"), "{seen}");
}

#[test]
fn the_way_back_from_the_end_of_a_text_is_as_long_as_the_way_there() {
    for keys in ["?", "2jj<enter>", "/acme<enter><enter><enter>j<enter>jj<enter>"] {
        let mut stage = Stage::up((60, 15));
        let begin = stage.press(keys).screen();
        stage.press("G");
        let end = stage.screen();
        stage.press("jjjG");
        assert_eq!(stage.screen(), end, "no further than the end, after {keys}");
        if begin != end {
            stage.press("k");
            assert_ne!(stage.screen(), end, "one line back, after {keys}");
        }
        assert_eq!(stage.press("g").screen(), begin, "{keys}");
    }
}

#[test]
fn what_went_wrong_can_be_read_after_its_remark_is_gone() {
    let mut stage = Stage::up(SIZE);
    stage.answer = |ask| match ask {
        Ask::Export(_) => Err(fault("unknown_format", "rytask has no seed", "it has json and csv")),
        other => fixtures::answer(other),
    };
    stage.press("e<enter>").wait(20);
    assert!(!stage.screen().contains("rytask has no seed"));
    assert!(stage.press("n").screen().contains("cannot export: rytask has no seed (it has json and csv)"));
}

#[test]
fn home_counts_what_health_counts() {
    let mut stage = Stage::up((300, 40));
    let all = fixtures::organizations();
    let tally = Tally::of(&all);
    assert_eq!(tally.total(), all.len() as u64 - 2, "one is deleted and one is excluded");
    for (health, count) in tally.worst_first() {
        assert!(stage.screen().contains(&format!(" {count} {} ", health.name())), "{}", stage.screen());
    }
    stage.press("f");
    let faulty = all.iter().filter(|one| one.is_judged() && one.health.level() > Level::Ok).count();
    assert_eq!(stage.model.screen.list().unwrap().shown.len(), faulty);
}

#[test]
fn an_organization_that_is_gone_is_neither_exported_nor_counted() {
    let mut stage = Stage::up(SIZE);
    for key in ["e", "<enter>L"] {
        stage.press("/vandelay<enter>").press(key);
        assert!(toasts(&stage).contains("its source does not list it any more"), "{}", toasts(&stage));
    }
}
