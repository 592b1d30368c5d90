//! What holds for every screen of the registry, so that none is added by half.

use std::{fs, path::Path};

use super::stage::Stage;
use crate::console::{keys, message::Effect, model::Dialog, screens::Kind};

/// The keys that lead there from home. A screen without a way is no screen.
fn way(kind: Kind) -> &'static str {
    match kind {
        Kind::Organizations => "",
        Kind::Organization => "/acme<enter><enter>",
        Kind::Exports => "2",
        Kind::Export => "2<enter>",
        Kind::Archive => "/acme<enter><enter><enter>",
        Kind::Rows => "/acme<enter><enter><enter>j<enter>",
        Kind::Record => "/acme<enter><enter><enter>j<enter><enter>",
        Kind::Compare => "/acme<enter><enter>c",
        Kind::Schedules => "3",
        Kind::Schedule => "3<enter>",
        Kind::Retention => "t",
        Kind::Drills => "5",
        Kind::Activity => "4",
    }
}

fn at(kind: Kind, size: (u16, u16)) -> Stage {
    let mut stage = Stage::up(size);
    stage.press(way(kind));
    assert_eq!(stage.model.screen.kind(), kind);
    stage
}

#[test]
fn every_screen_asks_its_question_and_takes_the_answer() {
    for kind in Kind::ALL {
        let mut stage = at(*kind, (120, 40));
        let question = stage.model.screen.question();
        assert!(stage.effects.contains(&Effect::Ask(question.clone())), "{kind:?} never asks {question:?}");
        let (screen, data) = (&mut stage.model.screen, &mut stage.model.data);
        let slot = screen.slot(&question).or_else(|| data.slot(&question));
        assert!(slot.is_some_and(|slot| slot.is_fresh()), "{kind:?} has no place for the answer to {question:?}");
        assert!(stage.effects_of("R").contains(&Effect::Ask(question)), "R asks nothing on {kind:?}");
    }
}

#[test]
fn every_screen_has_its_keys_in_the_help() {
    for kind in Kind::ALL {
        let mut stage = at(*kind, (120, 200));
        let help = stage.press("?").screen();
        for action in kind.keys() {
            let key = keys::on(*kind).find(|key| key.action == *action);
            let key = key.unwrap_or_else(|| panic!("no key does {action:?} on {kind:?}"));
            let begins = key.help.split(' ').take(3).collect::<Vec<_>>().join(" ");
            assert!(help.contains(&key.names.join(" ")) && help.contains(&begins), "{begins} on {kind:?}: {help}");
        }
    }
}

#[test]
fn every_screen_has_a_snapshot() {
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console/tests/snapshots");
    let names: Vec<String> =
        fs::read_dir(snapshots).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    for kind in Kind::ALL {
        let name = format!("orgvault__console__tests__screens__{}", format!("{kind:?}").to_lowercase());
        let of_it = |file: &&String| file.strip_prefix(&name).is_some_and(|rest| rest.starts_with(['.', '_']));
        assert!(names.iter().any(|file| of_it(&file)), "{kind:?} has no snapshot");
    }
}

#[test]
fn every_screen_has_a_title_and_a_command_line() {
    for kind in Kind::ALL {
        let mut stage = at(*kind, (200, 40));
        for part in stage.model.screen.title() {
            assert!(stage.screen().contains(&part), "{part} is not in the title of {kind:?}: {}", stage.screen());
        }
        stage.press("@");
        assert!(matches!(&stage.model.dialog, Some(Dialog::Commands(lines, _)) if !lines.is_empty()), "{kind:?}");
    }
}
