//! `@`: the command lines that do the same, so that people learn them.

use orgvault_api::gid::Gid;

use crate::{
    console::{
        model::{Model, Screen},
        update::go::{focused_archive, focused_export, focused_key, focused_schedule, focused_section},
    },
    names,
};

/// What each does, and the line.
pub(crate) fn command_lines(model: &Model) -> Vec<(String, String)> {
    let mut lines = Lines(Vec::new());
    match &model.screen {
        Screen::Organizations(_) => {
            lines.add("this list", "orgvault orgs");
            organization(&mut lines, model);
        }
        Screen::Organization(_) => {
            organization(&mut lines, model);
            if let Some(archive) = focused_archive(model) {
                of_archive(&mut lines, archive.gid);
            }
            section(&mut lines, model);
        }
        Screen::Exports(_) | Screen::Export(_) => {
            lines.add("this list", "orgvault exports");
            if let Some(export) = focused_export(model) {
                lines.add("this export", format!("orgvault show {}", export.gid));
                if !export.state.is_final() {
                    lines.add("cancel it", format!("orgvault cancel {}", export.gid));
                }
            }
        }
        Screen::Archive(screen) => {
            of_archive(&mut lines, screen.gid);
            section(&mut lines, model);
        }
        Screen::Rows(screen) => rows(&mut lines, screen.ask.gid, &screen.ask),
        Screen::Record(screen) => rows(&mut lines, screen.rows.ask.gid, &screen.rows.ask),
        Screen::Compare(screen) => {
            lines.add("this comparison", format!("orgvault compare {} {}", screen.left, screen.right));
        }
        Screen::Schedules(_) | Screen::Schedule(_) => {
            lines.add("this list", "orgvault schedules");
            if let Some(schedule) = focused_schedule(model) {
                let name = quoted(&schedule.name);
                lines.add("run it now", format!("orgvault schedule run {name}"));
                lines.add("pause it", format!("orgvault schedule pause {name}"));
                lines.add("resume it", format!("orgvault schedule resume {name}"));
            }
        }
        Screen::Retention(..) => lines.add("this preview", "orgvault prune"),
        Screen::Activity(..) => lines.add("the audit trail", "orgvault audit"),
    }
    lines.0
}

struct Lines(Vec<(String, String)>);

impl Lines {
    fn add(&mut self, what: &str, line: impl Into<String>) {
        self.0.push((what.to_owned(), line.into()));
    }
}

fn organization(lines: &mut Lines, model: &Model) {
    let Some(key) = focused_key(model) else { return };
    let name = quoted(&names::organization(key));
    lines.add("its archives", format!("orgvault archives {name}"));
    lines.add("export it", format!("orgvault export {name} --wait"));
    lines.add("live counts", format!("orgvault counts {name}"));
}

fn of_archive(lines: &mut Lines, gid: Gid) {
    lines.add("this archive", format!("orgvault show {gid}"));
    lines.add("verify it", format!("orgvault verify {gid}"));
    lines.add("preflight it", format!("orgvault preflight {gid}"));
    lines.add("keep it", format!("orgvault pin {gid}"));
    lines.add("delete it", format!("orgvault delete {gid}"));
}

fn section(lines: &mut Lines, model: &Model) {
    if let Some((gid, section, _)) = focused_section(model) {
        lines.add("its rows", format!("orgvault rows {gid} {}", quoted(&section)));
    }
}

fn rows(lines: &mut Lines, gid: Gid, ask: &crate::console::message::RowsAsk) {
    let mut line = format!("orgvault rows {gid} {}", quoted(&ask.section));
    if ask.after > 0 {
        line = format!("{line} --after {}", ask.after);
    }
    if !ask.search.is_empty() {
        line = format!("{line} --search {}", quoted(&ask.search));
    }
    lines.add("these rows", line);
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
