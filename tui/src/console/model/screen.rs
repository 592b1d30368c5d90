//! Where one is: each screen with what it alone knows.

use orgvault_api::{Archive, Comparison, Counts, OrganizationKey, gid::Gid, preflight::Preflight};

use super::{List, Remote};
use crate::console::message::{Page, RowsAsk};

/// Which screen, without what is on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Every organization.
    Organizations,
    /// One organization.
    Organization,
    /// Every export.
    Exports,
    /// One export.
    Export,
    /// One archive.
    Archive,
    /// Rows of a section.
    Rows,
    /// One row.
    Record,
    /// Two archives.
    Compare,
    /// Every schedule.
    Schedules,
    /// One schedule.
    Schedule,
    /// What retention would do.
    Retention,
    /// What happened.
    Activity,
}

/// Which part of the organization screen has the cursor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Pane {
    /// Its archives.
    #[default]
    Archives,
    /// The counts.
    Counts,
}

/// A screen.
#[derive(Debug, Clone)]
pub(crate) enum Screen {
    /// Home.
    Organizations(List),
    /// One organization.
    Organization(Box<OrganizationScreen>),
    /// Every export.
    Exports(List),
    /// One export.
    Export(ExportScreen),
    /// One archive.
    Archive(Box<ArchiveScreen>),
    /// Rows of a section.
    Rows(Box<RowsScreen>),
    /// One row.
    Record(Box<RecordScreen>),
    /// Two archives.
    Compare(Box<CompareScreen>),
    /// Every schedule.
    Schedules(List),
    /// One schedule.
    Schedule(ScheduleScreen),
    /// What retention would do; of one organization, or of all.
    Retention(List, Option<OrganizationKey>),
    /// What happened; whether it follows.
    Activity(List, bool),
}

/// One organization.
#[derive(Debug, Clone)]
pub(crate) struct OrganizationScreen {
    /// Which one.
    pub(crate) key: OrganizationKey,
    /// Its archives, newest first.
    pub(crate) archives: Remote<Vec<Archive>>,
    /// The archives' list.
    pub(crate) list: List,
    /// The counts' list.
    pub(crate) counts: List,
    /// The live database's counts.
    pub(crate) live: Remote<Counts>,
    /// Which part has the cursor.
    pub(crate) pane: Pane,
}

/// One export.
#[derive(Debug, Clone)]
pub(crate) struct ExportScreen {
    /// Which one.
    pub(crate) gid: Gid,
    /// Lines of the text that are scrolled away.
    pub(crate) scroll: usize,
}

/// One archive.
#[derive(Debug, Clone)]
pub(crate) struct ArchiveScreen {
    /// Which one.
    pub(crate) gid: Gid,
    /// It.
    pub(crate) archive: Remote<Archive>,
    /// What the app's importer would say.
    pub(crate) preflight: Remote<Preflight>,
    /// Whether it is being verified.
    pub(crate) verifying: bool,
    /// Its sections.
    pub(crate) list: List,
}

/// Rows of a section.
#[derive(Debug, Clone)]
pub(crate) struct RowsScreen {
    /// What the page was asked for by.
    pub(crate) ask: RowsAsk,
    /// How many rows the section has.
    pub(crate) total: Option<u64>,
    /// Where the pages before this one begin.
    pub(crate) before: Vec<u64>,
    /// The page.
    pub(crate) page: Remote<Page>,
    /// Which of its rows has the cursor.
    pub(crate) list: List,
    /// The first column that is shown.
    pub(crate) column: usize,
    /// Which row of the page that is waited for gets the cursor; the last one, where it has fewer.
    pub(crate) lands: usize,
}

/// One row, with the page that it is on.
#[derive(Debug, Clone)]
pub(crate) struct RecordScreen {
    /// The page.
    pub(crate) rows: RowsScreen,
    /// Lines that are scrolled away.
    pub(crate) scroll: usize,
}

/// Two archives.
#[derive(Debug, Clone)]
pub(crate) struct CompareScreen {
    /// The older one.
    pub(crate) left: Gid,
    /// The newer one.
    pub(crate) right: Gid,
    /// The sections beside each other.
    pub(crate) comparison: Remote<Comparison>,
    /// The sections' list.
    pub(crate) list: List,
}

/// One schedule.
#[derive(Debug, Clone)]
pub(crate) struct ScheduleScreen {
    /// Its name.
    pub(crate) name: String,
}

impl Screen {
    /// The first screen.
    pub(crate) fn home() -> Self {
        Self::Organizations(List::default())
    }

    /// An organization of which nothing is known yet.
    pub(crate) fn organization(key: OrganizationKey) -> Self {
        Self::Organization(Box::new(OrganizationScreen {
            key,
            archives: Remote::default(),
            list: List::default(),
            counts: List::default(),
            live: Remote::default(),
            pane: Pane::default(),
        }))
    }

    /// An archive of which nothing is known yet.
    pub(crate) fn archive(gid: Gid) -> Self {
        Self::Archive(Box::new(ArchiveScreen {
            gid,
            archive: Remote::default(),
            preflight: Remote::default(),
            verifying: false,
            list: List::default(),
        }))
    }

    /// The first page of a section.
    pub(crate) fn rows(gid: Gid, section: String, total: Option<u64>) -> Self {
        Self::Rows(Box::new(RowsScreen {
            ask: RowsAsk { gid, section, after: 0, search: String::new() },
            total,
            before: Vec::new(),
            page: Remote::default(),
            list: List::default(),
            column: 0,
            lands: 0,
        }))
    }

    /// Which screen it is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Organizations(_) => Kind::Organizations,
            Self::Organization(_) => Kind::Organization,
            Self::Exports(_) => Kind::Exports,
            Self::Export(_) => Kind::Export,
            Self::Archive(_) => Kind::Archive,
            Self::Rows(_) => Kind::Rows,
            Self::Record(_) => Kind::Record,
            Self::Compare(_) => Kind::Compare,
            Self::Schedules(_) => Kind::Schedules,
            Self::Schedule(_) => Kind::Schedule,
            Self::Retention(..) => Kind::Retention,
            Self::Activity(..) => Kind::Activity,
        }
    }

    /// The list that has the cursor.
    pub(crate) fn list(&self) -> Option<&List> {
        match self {
            Self::Organizations(list)
            | Self::Exports(list)
            | Self::Schedules(list)
            | Self::Retention(list, _)
            | Self::Activity(list, _) => Some(list),
            Self::Organization(screen) => Some(match screen.pane {
                Pane::Archives => &screen.list,
                Pane::Counts => &screen.counts,
            }),
            Self::Archive(screen) => Some(&screen.list),
            Self::Rows(screen) => Some(&screen.list),
            Self::Compare(screen) => Some(&screen.list),
            Self::Export(_) | Self::Record(_) | Self::Schedule(_) => None,
        }
    }

    /// The list that has the cursor, to be changed.
    pub(crate) fn list_mut(&mut self) -> Option<&mut List> {
        match self {
            Self::Organizations(list)
            | Self::Exports(list)
            | Self::Schedules(list)
            | Self::Retention(list, _)
            | Self::Activity(list, _) => Some(list),
            Self::Organization(screen) => Some(match screen.pane {
                Pane::Archives => &mut screen.list,
                Pane::Counts => &mut screen.counts,
            }),
            Self::Archive(screen) => Some(&mut screen.list),
            Self::Rows(screen) => Some(&mut screen.list),
            Self::Compare(screen) => Some(&mut screen.list),
            Self::Export(_) | Self::Record(_) | Self::Schedule(_) => None,
        }
    }

    /// The archive that it shows.
    pub(crate) fn gid(&self) -> Option<Gid> {
        match self {
            Self::Archive(screen) => Some(screen.gid),
            Self::Rows(screen) => Some(screen.ask.gid),
            Self::Record(screen) => Some(screen.rows.ask.gid),
            _ => None,
        }
    }
}
