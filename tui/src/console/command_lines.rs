//! `@`: the command lines that do the same, so that people learn them.

use orgvault_api::{OrganizationKey, gid::Gid};

use super::message::RowsAsk;
use crate::names;

/// What each does, and the line.
#[derive(Debug, Default)]
pub(crate) struct CommandLines(pub(crate) Vec<(String, String)>);

impl CommandLines {
    /// One more.
    pub(crate) fn add(&mut self, what: &str, line: impl Into<String>) {
        self.0.push((what.to_owned(), line.into()));
    }

    /// Those of an organization.
    pub(crate) fn organization(&mut self, key: &OrganizationKey) {
        let name = quoted(&names::organization(key));
        self.add("its archives", format!("orgvault archives {name}"));
        self.add("export it", format!("orgvault export {name} --wait"));
        self.add("live counts", format!("orgvault counts {name}"));
    }

    /// Those of an archive.
    pub(crate) fn archive(&mut self, gid: Gid) {
        self.add("this archive", format!("orgvault show {gid}"));
        self.add("verify it", format!("orgvault verify {gid}"));
        self.add("preflight it", format!("orgvault preflight {gid}"));
        self.add("keep it", format!("orgvault pin {gid}"));
        self.add("delete it", format!("orgvault delete {gid}"));
    }

    /// That of a section of an archive.
    pub(crate) fn section(&mut self, gid: Gid, section: &str) {
        self.add("its rows", format!("orgvault rows {gid} {}", quoted(section)));
    }

    /// That of rows.
    pub(crate) fn rows(&mut self, ask: &RowsAsk) {
        let mut line = format!("orgvault rows {} {}", ask.gid, quoted(&ask.section));
        if ask.after > 0 {
            line = format!("{line} --after {}", ask.after);
        }
        if !ask.search.is_empty() {
            line = format!("{line} --search {}", quoted(&ask.search));
        }
        self.add("these rows", line);
    }

    /// Those of a schedule.
    pub(crate) fn schedule(&mut self, name: &str) {
        let name = quoted(name);
        self.add("run it now", format!("orgvault schedule run {name}"));
        self.add("pause it", format!("orgvault schedule pause {name}"));
        self.add("resume it", format!("orgvault schedule resume {name}"));
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
