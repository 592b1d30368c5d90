//! `@`: the command lines that do the same, so that people learn them.

use super::{message::RowsAsk, model::Model};
use crate::names;

/// What each does, and the line: first that of the screen, then those of what the cursor is on.
pub(crate) fn command_lines(model: &Model) -> Vec<(&'static str, String)> {
    let mut lines: Vec<(&str, String)> = model.screen.command_line().into_iter().collect();
    let mut add = |what, line| lines.push((what, line));
    let focus = model.focus();
    if let Some(key) = focus.organization {
        let name = quoted(&names::organization(key));
        add("its archives", format!("orgvault archives {name}"));
        add("export it", format!("orgvault export {name} --wait"));
        add("live counts", format!("orgvault counts {name}"));
    }
    if let Some(gid) = focus.archive.map(|archive| archive.gid) {
        add("this archive", format!("orgvault show {gid}"));
        add("verify it", format!("orgvault verify {gid}"));
        add("preflight it", format!("orgvault preflight {gid}"));
        add("keep it", format!("orgvault pin {gid}"));
        add("delete it", format!("orgvault delete {gid}"));
        if let Some(section) = focus.section {
            add("its rows", format!("orgvault rows {gid} {}", quoted(&section.name)));
        }
    }
    if let Some(export) = focus.export {
        add("this export", format!("orgvault show {}", export.gid));
        if !export.state.is_final() {
            add("cancel it", format!("orgvault cancel {}", export.gid));
        }
    }
    if let Some(name) = focus.schedule.map(|schedule| quoted(&schedule.name)) {
        add("run it now", format!("orgvault schedule run {name}"));
        add("pause it", format!("orgvault schedule pause {name}"));
        add("resume it", format!("orgvault schedule resume {name}"));
    }
    lines
}

/// The command line that reads the same rows.
pub(crate) fn of_rows(ask: &RowsAsk) -> (&'static str, String) {
    let mut line = format!("orgvault rows {} {}", ask.gid, quoted(&ask.section));
    if ask.after > 0 {
        line = format!("{line} --after {}", ask.after);
    }
    if !ask.search.is_empty() {
        line = format!("{line} --search {}", quoted(&ask.search));
    }
    ("these rows", line)
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
