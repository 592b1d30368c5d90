//! The one table of keys: the help screen, the last line, docs/console.md and the tests come
//! from it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use orgvault_api::Role;

use super::screens::Kind;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    Left,
    Right,
    Open,
    Back,
    Quit,
    QuitAnywhere,
    Help,
    Notes,
    Command,
    Filter,
    Faults,
    Mark,
    Sort,
    SortReverse,
    Pane,
    Backward,
    Forward,
    CommandLine,
    Copy,
    Mouse,
    Refresh,
    Redraw,
    Suspend,
    Organizations,
    Exports,
    Schedules,
    Activity,
    Drills,
    Export,
    Cancel,
    Verify,
    Compare,
    Download,
    Pin,
    Delete,
    Live,
    Preflight,
    Retention,
    Run,
    Pause,
    Follow,
}

/// What an action needs of the daemon and of this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing.
    Nothing,
    /// The daemon, and a role.
    Reading(Role),
    /// The same, and that things may be changed.
    Changing(Role),
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Key {
    /// The keys, as [`name`] names them; the first is the one that is shown.
    pub(crate) names: &'static [&'static str],
    /// What it does.
    pub(crate) action: Action,
    /// A word for the last line; empty where it is not shown there.
    pub(crate) word: &'static str,
    /// A sentence for the help.
    pub(crate) help: &'static str,
    /// What it needs.
    pub(crate) needs: Needs,
}

/// What keys do on every screen; each screen names what they do there besides.
#[rustfmt::skip]
const EVERYWHERE: &[Action] = &[
    Action::Notes, Action::Help, Action::Quit, Action::QuitAnywhere, Action::Back, Action::Command, Action::Down, Action::Up,
    Action::PageDown, Action::PageUp, Action::Top, Action::Bottom, Action::Organizations, Action::Exports,
    Action::Schedules, Action::Activity, Action::Drills, Action::Backward, Action::Forward, Action::CommandLine, Action::Copy,
    Action::Mouse, Action::Refresh, Action::Redraw, Action::Suspend,
];

const NOTHING: Needs = Needs::Nothing;
const VIEWER: Needs = Needs::Reading(Role::Viewer);
const ADMIN: Needs = Needs::Reading(Role::Admin);
const ADMIN_CHANGES: Needs = Needs::Changing(Role::Admin);
const OWNER_CHANGES: Needs = Needs::Changing(Role::Owner);

/// Every key, the more important ones of a screen first.
#[rustfmt::skip]
pub(crate) static KEYS: &[Key] = &[
    Key { names: &["enter"], action: Action::Open, word: "open", help: "open what the cursor is on", needs: NOTHING },
    Key { names: &["e"], action: Action::Export, word: "export", help: "export now: the marked organizations, or this one", needs: ADMIN_CHANGES },
    Key { names: &["x"], action: Action::Cancel, word: "cancel", help: "cancel the marked exports, or this one", needs: ADMIN_CHANGES },
    Key { names: &["v"], action: Action::Verify, word: "verify", help: "read the archive again and compare it with its manifest", needs: ADMIN_CHANGES },
    Key { names: &["c"], action: Action::Compare, word: "compare", help: "compare two marked archives, or this one with the one before", needs: VIEWER },
    Key { names: &["tab"], action: Action::Pane, word: "counts", help: "go to the other part of the screen", needs: NOTHING },
    Key { names: &["w"], action: Action::Download, word: "copy to", help: "copy the archive to a path on this machine", needs: ADMIN },
    Key { names: &["p"], action: Action::Pin, word: "pin", help: "pin the archive, so that nothing deletes it, or unpin it", needs: ADMIN_CHANGES },
    Key { names: &["i"], action: Action::Preflight, word: "preflight", help: "say what the app's own importer would refuse or change", needs: ADMIN },
    Key { names: &["L"], action: Action::Live, word: "live", help: "count the rows of the live database", needs: ADMIN },
    Key { names: &["D"], action: Action::Delete, word: "delete", help: "delete the archive, after its gid was typed", needs: OWNER_CHANGES },
    Key { names: &["r"], action: Action::Run, word: "run", help: "run the schedule now", needs: ADMIN_CHANGES },
    Key { names: &["p"], action: Action::Pause, word: "pause", help: "pause the schedule, or resume it", needs: ADMIN_CHANGES },
    Key { names: &["F"], action: Action::Follow, word: "follow", help: "keep the cursor on the newest line, or not", needs: NOTHING },
    Key { names: &["/"], action: Action::Filter, word: "filter", help: "filter: /text, /!without, /-f loosely; in rows, search", needs: NOTHING },
    Key { names: &["f"], action: Action::Faults, word: "faults", help: "show only what is wrong, or all", needs: NOTHING },
    Key { names: &["space"], action: Action::Mark, word: "mark", help: "mark for an action on several", needs: NOTHING },
    Key { names: &["s"], action: Action::Sort, word: "sort", help: "sort by the next column", needs: NOTHING },
    Key { names: &["S"], action: Action::SortReverse, word: "", help: "turn the order round", needs: NOTHING },
    Key { names: &["t"], action: Action::Retention, word: "retention", help: "preview what retention keeps and drops, and why", needs: VIEWER },
    Key { names: &["n"], action: Action::Notes, word: "notes", help: "read in full: what is wrong and why, and what is cut off here", needs: NOTHING },
    Key { names: &["?"], action: Action::Help, word: "help", help: "show the keys that work here", needs: NOTHING },
    Key { names: &["q"], action: Action::Quit, word: "quit", help: "go back, and at home quit", needs: NOTHING },
    Key { names: &["esc"], action: Action::Back, word: "", help: "drop the filter, or go back", needs: NOTHING },
    Key { names: &[":"], action: Action::Command, word: "", help: "type a command; tab completes it", needs: NOTHING },
    Key { names: &["j", "down"], action: Action::Down, word: "", help: "go down", needs: NOTHING },
    Key { names: &["k", "up"], action: Action::Up, word: "", help: "go up", needs: NOTHING },
    Key { names: &["pgdn", "ctrl-d", "ctrl-f"], action: Action::PageDown, word: "", help: "go a page down", needs: NOTHING },
    Key { names: &["pgup", "ctrl-u", "ctrl-b"], action: Action::PageUp, word: "", help: "go a page up", needs: NOTHING },
    Key { names: &["g", "home"], action: Action::Top, word: "", help: "go to the top", needs: NOTHING },
    Key { names: &["G", "end"], action: Action::Bottom, word: "", help: "go to the bottom", needs: NOTHING },
    Key { names: &["l", "right"], action: Action::Right, word: "columns", help: "columns to the right; in a record, the next row", needs: NOTHING },
    Key { names: &["h", "left"], action: Action::Left, word: "", help: "columns to the left; in a record, the row before", needs: NOTHING },
    Key { names: &["1"], action: Action::Organizations, word: "", help: "show the organizations", needs: NOTHING },
    Key { names: &["2"], action: Action::Exports, word: "", help: "show the exports", needs: NOTHING },
    Key { names: &["3"], action: Action::Schedules, word: "", help: "show the schedules", needs: NOTHING },
    Key { names: &["4"], action: Action::Activity, word: "", help: "show what happened", needs: NOTHING },
    Key { names: &["5"], action: Action::Drills, word: "", help: "show the drills", needs: NOTHING },
    Key { names: &["["], action: Action::Backward, word: "", help: "go to the screen before", needs: NOTHING },
    Key { names: &["]"], action: Action::Forward, word: "", help: "go forward again", needs: NOTHING },
    Key { names: &["@"], action: Action::CommandLine, word: "", help: "show the command lines that do the same", needs: NOTHING },
    Key { names: &["y"], action: Action::Copy, word: "", help: "copy what the cursor is on to the clipboard (OSC 52)", needs: NOTHING },
    Key { names: &["m"], action: Action::Mouse, word: "", help: "take the mouse, or give it back to the terminal", needs: NOTHING },
    Key { names: &["R", "f5"], action: Action::Refresh, word: "", help: "ask the daemon again", needs: VIEWER },
    Key { names: &["ctrl-l"], action: Action::Redraw, word: "", help: "draw the screen anew", needs: NOTHING },
    Key { names: &["ctrl-z"], action: Action::Suspend, word: "", help: "suspend; `fg` in the shell brings it back", needs: NOTHING },
    Key { names: &["ctrl-c"], action: Action::QuitAnywhere, word: "", help: "quit, from anywhere", needs: NOTHING },
];

/// The key of this name on a screen.
pub(crate) fn find(kind: Kind, name: &str) -> Option<&'static Key> {
    on(kind).find(|key| key.names.contains(&name))
}

/// The keys of a screen, in the order of the table.
pub(crate) fn on(kind: Kind) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| EVERYWHERE.contains(&key.action) || kind.keys().contains(&key.action))
}

/// The first key that does `action`.
pub(crate) fn of(action: Action) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.action == action)
}

/// What a key is called: `j`, `G`, `space`, `ctrl-d`, `pgdn`, …
pub(crate) fn name(key: &KeyEvent) -> String {
    let name = match key.code {
        KeyCode::Char(' ') => "space".to_owned(),
        KeyCode::Char(character) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            character.to_ascii_lowercase().to_string()
        }
        KeyCode::Char(character) => character.to_string(),
        KeyCode::PageUp => "pgup".to_owned(),
        KeyCode::PageDown => "pgdn".to_owned(),
        KeyCode::BackTab => "shift-tab".to_owned(),
        KeyCode::F(number) => format!("f{number}"),
        other => format!("{other:?}").to_lowercase(),
    };
    if key.modifiers.contains(KeyModifiers::CONTROL) { format!("ctrl-{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_does_one_thing_on_a_screen() {
        for kind in Kind::ALL {
            let mut seen = HashSet::new();
            for key in on(*kind) {
                for name in key.names {
                    assert!(seen.insert(*name), "{name} does two things on {kind:?}");
                }
            }
        }
    }

    #[test]
    fn docs_tell_every_key_and_what_it_does() {
        let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/console.md")).unwrap();
        for key in KEYS {
            let names: Vec<String> = key.names.iter().map(|name| format!("`{name}`")).collect();
            let line = format!("| {} | {} |", names.join(" "), key.help);
            assert!(document.contains(&line), "docs/console.md lacks: {line}");
        }
    }

    #[test]
    fn keys_are_named_as_people_name_them() {
        let named = |code, modifiers| name(&KeyEvent::new(code, modifiers));
        assert_eq!(named(KeyCode::Char('C'), KeyModifiers::CONTROL), "ctrl-c");
        assert_eq!(named(KeyCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(named(KeyCode::Esc, KeyModifiers::NONE), "esc");
        assert_eq!(named(KeyCode::Down, KeyModifiers::NONE), "down");
    }
}
