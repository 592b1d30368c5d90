//! What the daemon said.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    time::Duration,
};

use orgvault_api::{
    Actor, AuditEntry, Drill, Export, Format, Organization, OrganizationKey, RetentionPlan, Schedule, Source,
    SourceFailure, State, clock::Timestamp, gid::Gid,
};

use super::{Remote, Slot};
use crate::console::message::Ask;

/// Ended exports that are kept; more than a screen of them is history, which the daemon has.
const EXPORTS: usize = 1000;
/// Things that happened that are kept.
const HAPPENINGS: usize = 1000;

/// What the daemon said.
#[derive(Debug, Default)]
pub(crate) struct Data {
    /// The organizations.
    pub(crate) organizations: Remote<Vec<Organization>>,
    /// The sources that could not be asked for theirs.
    pub(crate) failures: Vec<SourceFailure>,
    /// The sources.
    pub(crate) sources: Remote<Vec<Source>>,
    /// When the daemon as a whole was asked for last.
    pub(crate) status_at: Option<Timestamp>,
    /// The newest exports by gid, and how asking for them went.
    pub(crate) exports: BTreeMap<Gid, Export>,
    /// How asking for the exports went.
    pub(crate) exports_asked: Remote<()>,
    /// How fast the running exports are.
    pub(crate) speeds: HashMap<Gid, Speed>,
    /// The log lines of the export that was looked at last.
    pub(crate) logs: HashMap<Gid, Remote<Vec<String>>>,
    /// The schedules.
    pub(crate) schedules: Remote<Vec<Schedule>>,
    /// What retention would do.
    pub(crate) retention: Remote<RetentionPlan>,
    /// The newest drills.
    pub(crate) drills: Remote<Vec<Drill>>,
    /// The audit trail.
    pub(crate) audit: Remote<Vec<AuditEntry>>,
    /// The archives that are being verified.
    pub(crate) verifying: HashSet<Gid>,
    /// What happened since the console was started, the newest last.
    pub(crate) happenings: VecDeque<Happening>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happening {
    /// When.
    pub(crate) at: Timestamp,
    /// Who did it; may be empty.
    pub(crate) who: String,
    /// What, one word: `finished`, `archive.delete`.
    pub(crate) what: String,
    /// To what.
    pub(crate) on: String,
    /// How it ended.
    pub(crate) result: String,
    /// Whether that is bad.
    pub(crate) bad: bool,
    /// The export or archive.
    pub(crate) gid: Option<Gid>,
}

/// How fast an export is, over the last few seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Speed {
    from: (Timestamp, u64, u64),
    to: (Timestamp, u64, u64),
}

impl Speed {
    /// Not known yet.
    pub(crate) fn new(at: Timestamp, rows: u64, bytes: u64) -> Self {
        Self { from: (at, rows, bytes), to: (at, rows, bytes) }
    }

    /// Rows and bytes so far. After five seconds the older half is forgotten.
    pub(crate) fn measure(&mut self, at: Timestamp, rows: u64, bytes: u64) {
        if (at - self.from.0).num_seconds() >= 5 {
            self.from = self.to;
        }
        if rows < self.from.1 {
            *self = Self::new(at, rows, bytes);
        }
        self.to = (at, rows, bytes);
    }

    fn span(&self) -> Duration {
        (self.to.0 - self.from.0).to_std().unwrap_or_default()
    }

    /// Rows in a second.
    pub(crate) fn rows(&self) -> Option<u64> {
        crate::console::words::rate(self.to.1.saturating_sub(self.from.1), self.span())
    }

    /// Bytes in a second.
    pub(crate) fn bytes(&self) -> Option<u64> {
        crate::console::words::rate(self.to.2.saturating_sub(self.from.2), self.span())
    }

    /// How long the rest takes at this speed.
    pub(crate) fn left(&self, expected: u64) -> Option<Duration> {
        let rate = self.rows().filter(|rate| *rate > 0)?;
        Some(Duration::from_secs(expected.saturating_sub(self.to.1).div_ceil(rate)))
    }
}

impl Data {
    /// Where the answer to a question goes that every screen may show.
    pub(crate) fn slot(&mut self, ask: &Ask) -> Option<&mut dyn Slot> {
        Some(match ask {
            Ask::Organizations => &mut self.organizations,
            Ask::Sources => &mut self.sources,
            Ask::Exports => &mut self.exports_asked,
            Ask::Log(gid) => self.logs.entry(*gid).or_default(),
            Ask::Schedules => &mut self.schedules,
            Ask::Retention => &mut self.retention,
            Ask::Drills => &mut self.drills,
            Ask::Audit => &mut self.audit,
            _ => return None,
        })
    }

    /// The questions were lost with the connection.
    pub(crate) fn forget(&mut self) {
        for ask in
            [Ask::Organizations, Ask::Sources, Ask::Exports, Ask::Schedules, Ask::Retention, Ask::Drills, Ask::Audit]
        {
            self.slot(&ask).into_iter().for_each(Slot::forget);
        }
    }

    /// The organization of this key, as it was listed last.
    pub(crate) fn listed(&self, key: &OrganizationKey) -> Option<&Organization> {
        let tenant = key.tenant();
        self.organizations.items().iter().find(|one| one.key.is(&tenant))
    }

    /// Takes in the newest state of an export; gives the one before. A final one stays as it is.
    pub(crate) fn take(&mut self, export: Export, now: Timestamp) -> Option<Export> {
        let gid = export.gid;
        if self.exports.get(&gid).is_some_and(|known| known.state.is_final() && !export.state.is_final()) {
            return self.exports.get(&gid).cloned();
        }
        match &export.progress {
            Some(progress) if export.state == State::Started => {
                let speed = self.speeds.entry(gid).or_insert_with(|| Speed::new(now, progress.rows, progress.bytes));
                speed.measure(now, progress.rows, progress.bytes);
            }
            _ => drop(self.speeds.remove(&gid)),
        }
        let before = self.exports.insert(gid, export);
        if self.exports.len() > EXPORTS {
            self.drop_oldest();
        }
        before
    }

    fn drop_oldest(&mut self) {
        if let Some(gid) = self.exports.values().find(|export| export.state.is_final()).map(|export| export.gid) {
            self.exports.remove(&gid);
            self.logs.remove(&gid);
        }
    }

    /// Notes something that happened.
    pub(crate) fn note(&mut self, happening: Happening) {
        self.happenings.push_back(happening);
        while self.happenings.len() > HAPPENINGS {
            self.happenings.pop_front();
        }
    }

    /// The formats that organizations of all these sources are exported in: every format, where a
    /// source did not tell; and the one of an export that names none, where that is the same.
    pub(crate) fn formats<'s>(&self, sources: impl Iterator<Item = &'s str>) -> (Vec<Format>, Option<Format>) {
        let of = |name: &str| self.sources.items().iter().find(|source| source.name == name);
        let told: Vec<&[Format]> = sources.map(|name| of(name).map_or(&[][..], |source| &source.formats)).collect();
        let common = |format: &Format| told.iter().all(|formats| formats.is_empty() || formats.contains(format));
        let usual = told.first().and_then(|formats| formats.first()).copied();
        let usual = usual.filter(|usual| told.iter().all(|formats| formats.first() == Some(usual)));
        (Format::ALL.into_iter().filter(common).collect(), usual)
    }

    /// How many exports wait and how many run.
    pub(crate) fn load(&self) -> (usize, usize) {
        let of = |state| self.exports.values().filter(|export| export.state == state).count();
        (of(State::Pending), of(State::Started))
    }

    /// The exports as the screen lists them: running ones first, then those that wait, then the
    /// ended ones, newest first.
    pub(crate) fn exports_in_order(&self) -> Vec<&Export> {
        let of = |state| self.exports.values().filter(move |export| export.state == state);
        let ended = self.exports.values().rev().filter(|export| export.state.is_final());
        of(State::Started).chain(of(State::Pending)).chain(ended).collect()
    }
}

impl Data {
    /// What happened, the newest first: the audit trail, and what this console has seen.
    pub(crate) fn activity(&self) -> Vec<Happening> {
        let told = self.audit.items().iter().map(Happening::of);
        let mut all: Vec<Happening> = told.chain(self.happenings.iter().cloned()).collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.at));
        all
    }
}

impl Happening {
    fn of(entry: &AuditEntry) -> Self {
        let organization = entry.organization.as_ref().map(crate::names::organization);
        let gid = entry.gid.map(|gid| gid.to_string());
        let on: Vec<String> =
            [organization, gid, Some(entry.on.clone())].into_iter().flatten().filter(|part| !part.is_empty()).collect();
        Self {
            at: entry.at,
            who: who(&entry.actor),
            what: entry.act.clone(),
            on: on.join(" "),
            result: entry.result.clone(),
            bad: entry.result != "ok",
            gid: entry.gid,
        }
    }
}

fn who(actor: &Actor) -> String {
    match actor {
        Actor::User { user, .. } => user.clone(),
        Actor::Token { name } => format!("token {name}"),
        Actor::Daemon { part } => format!("daemon/{part}"),
        Actor::Nobody => "nobody".to_owned(),
    }
}
