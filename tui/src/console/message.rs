//! What reaches the console, and what it wants done: all as data.

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use orgvault_api::{
    Archive, AuditEntry, Comparison, Counts, Drill, Event, Export, ExportRequest, Organization, RetentionPlan, Row,
    Schedule, Source, SourceFailure, Status, Tenant, Verification, gid::Gid, preflight::Preflight,
};

/// Something happened.
#[derive(Debug)]
pub(crate) enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// A row of the list was clicked, counted from the first of the list.
    Click(usize),
    /// The wheel was turned, down where it is positive.
    Wheel(isize),
    /// The terminal has another size.
    Resize(u16, u16),
    /// Time passed.
    Tick,
    /// The daemon's side has something to say.
    News(News),
    /// A request could not be handed over: too many wait.
    Busy(Ask),
}

/// What the daemon's side has to say.
#[derive(Debug)]
pub(crate) enum News {
    /// The daemon answers.
    Up(Box<Status>),
    /// It does not, or refuses this user altogether.
    Down(RequestFault),
    /// Everything that is being exported now; what is missing has ended.
    Snapshot(Vec<Export>),
    /// What changed since the last batch, the newest state of each export.
    Changes(Vec<Event>),
    /// A request was answered.
    Answer(Ask, Result<Reply, RequestFault>),
}

/// A request to the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The daemon as a whole.
    Status,
    /// Every organization.
    Organizations,
    /// The sources, for what they can be exported as.
    Sources,
    /// The newest exports.
    Exports,
    /// What became of these exports.
    Ended(Vec<Gid>),
    /// The archives of one organization.
    Archives(Tenant),
    /// One archive.
    Archive(Gid),
    /// Rows of an archive's section.
    Rows(RowsAsk),
    /// The live database's counts.
    Counts(Tenant),
    /// Two archives beside each other.
    Compare(Gid, Gid),
    /// The log lines of an export.
    Log(Gid),
    /// The schedules.
    Schedules,
    /// What retention would do.
    Retention,
    /// The newest drills.
    Drills,
    /// The audit trail.
    Audit,
    /// Start exports.
    Export(ExportRequest),
    /// Cancel an export.
    Cancel(Gid),
    /// Read an archive again.
    Verify(Gid),
    /// Ask what the app's importer would say.
    Preflight(Gid),
    /// Delete an archive.
    Delete(Gid),
    /// Pin an archive, or not any more.
    Pin(Gid, bool),
    /// Copy an archive to a file.
    Download(Gid, PathBuf),
    /// Run a schedule now.
    Run(String),
    /// Pause a schedule, or not any more.
    Pause(String, bool),
}

impl Ask {
    /// The archive that it is about.
    pub(crate) fn archive(&self) -> Option<Gid> {
        match self {
            Self::Archive(gid) | Self::Verify(gid) | Self::Preflight(gid) | Self::Pin(gid, _) => Some(*gid),
            Self::Rows(rows) => Some(rows.gid),
            _ => None,
        }
    }

    /// What it is, for people: follows "cannot".
    pub(crate) fn act(&self) -> String {
        match self {
            Self::Status => "ask for the status".into(),
            Self::Organizations => "list the organizations".into(),
            Self::Sources => "list the sources".into(),
            Self::Exports => "list the exports".into(),
            Self::Ended(_) => "ask what became of exports".into(),
            Self::Archives(tenant) => format!("list the archives of {tenant}"),
            Self::Archive(gid) => format!("show archive {gid}"),
            Self::Rows(rows) => format!("read rows of {}", rows.section),
            Self::Counts(tenant) => format!("count the rows of {tenant}"),
            Self::Compare(left, right) => format!("compare {left} with {right}"),
            Self::Log(gid) => format!("read the log of export {gid}"),
            Self::Schedules => "list the schedules".into(),
            Self::Retention => "preview retention".into(),
            Self::Drills => "list the drills".into(),
            Self::Audit => "read the audit trail".into(),
            Self::Export(_) => "export".into(),
            Self::Cancel(gid) => format!("cancel export {gid}"),
            Self::Verify(gid) => format!("verify archive {gid}"),
            Self::Preflight(gid) => format!("preflight archive {gid}"),
            Self::Delete(gid) => format!("delete archive {gid}"),
            Self::Pin(gid, true) => format!("pin archive {gid}"),
            Self::Pin(gid, false) => format!("unpin archive {gid}"),
            Self::Download(_, path) => format!("write {}", path.display()),
            Self::Run(name) => format!("run schedule {name}"),
            Self::Pause(name, true) => format!("pause schedule {name}"),
            Self::Pause(name, false) => format!("resume schedule {name}"),
        }
    }
}

/// Which rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowsAsk {
    /// The archive.
    pub(crate) gid: Gid,
    /// The section.
    pub(crate) section: String,
    /// How many rows to leave out before.
    pub(crate) after: u64,
    /// Only rows in which this occurs; may be empty.
    pub(crate) search: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) enum Reply {
    /// To [`Ask::Status`].
    Status(Box<Status>),
    /// To [`Ask::Organizations`].
    Organizations(Vec<Organization>, Vec<SourceFailure>),
    /// To [`Ask::Sources`].
    Sources(Vec<Source>),
    /// To [`Ask::Exports`], [`Ask::Ended`] (without those that nobody knows any more),
    /// [`Ask::Export`] and [`Ask::Cancel`].
    Exports(Vec<Export>, Vec<SourceFailure>),
    /// To [`Ask::Archives`].
    Archives(Vec<Archive>),
    /// To [`Ask::Archive`], [`Ask::Delete`] and [`Ask::Pin`].
    Archive(Box<Archive>),
    /// To [`Ask::Rows`].
    Rows(Page),
    /// To [`Ask::Counts`].
    Counts(Counts),
    /// To [`Ask::Compare`].
    Comparison(Box<Comparison>),
    /// To [`Ask::Log`].
    Log(Vec<String>),
    /// To [`Ask::Schedules`].
    Schedules(Vec<Schedule>),
    /// To [`Ask::Retention`].
    Retention(RetentionPlan),
    /// To [`Ask::Drills`].
    Drills(Vec<Drill>),
    /// To [`Ask::Audit`].
    Audit(Vec<AuditEntry>),
    /// To [`Ask::Verify`].
    Verified(Box<Verification>),
    /// To [`Ask::Preflight`].
    Preflight(Box<Preflight>),
    /// To [`Ask::Download`]: where the file is.
    Written(PathBuf),
    /// To [`Ask::Run`] and [`Ask::Pause`].
    Done,
}

/// What a reply holds.
pub(crate) trait FromReply: Sized {
    /// It; none of a reply to something else.
    fn from_reply(reply: Reply) -> Option<Self>;
}

macro_rules! from_reply {
    ($($held:ty: $reply:pat => $value:expr;)*) => {
        $(impl FromReply for $held {
            fn from_reply(reply: Reply) -> Option<Self> {
                match reply {
                    $reply => Some($value),
                    _ => None,
                }
            }
        })*
    };
}

from_reply! {
    Vec<Organization>: Reply::Organizations(organizations, _) => organizations;
    Vec<Source>: Reply::Sources(sources) => sources;
    (): Reply::Exports(..) => ();
    Vec<Archive>: Reply::Archives(archives) => archives;
    Archive: Reply::Archive(archive) => *archive;
    Page: Reply::Rows(page) => page;
    Counts: Reply::Counts(counts) => counts;
    Comparison: Reply::Comparison(comparison) => *comparison;
    Vec<String>: Reply::Log(lines) => lines;
    Vec<Schedule>: Reply::Schedules(schedules) => schedules;
    RetentionPlan: Reply::Retention(plan) => plan;
    Vec<Drill>: Reply::Drills(drills) => drills;
    Vec<AuditEntry>: Reply::Audit(entries) => entries;
    Preflight: Reply::Preflight(preflight) => *preflight;
}

/// Rows of one page, also cut to what a table shows of each cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Column names.
    pub(crate) columns: Vec<String>,
    /// The beginnings of the cells, by row, then by column.
    pub(crate) cells: Vec<Vec<String>>,
    /// The rows, whole.
    pub(crate) rows: Vec<Row>,
    /// Where the next page begins; none at the end.
    pub(crate) next: Option<u64>,
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestFault {
    /// Stable, as on the wire.
    pub(crate) code: String,
    /// One sentence.
    pub(crate) message: String,
    /// What to do about it; may be empty.
    pub(crate) hint: String,
}

impl RequestFault {
    /// Whether the daemon does not know the route: it is older than this console.
    pub(crate) fn is_not_offered(&self) -> bool {
        matches!(self.code.as_str(), "unknown_route" | "method_not_allowed")
    }

    /// Whether an archive is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.code == "unknown_archive"
    }

    /// Whether this user may not.
    pub(crate) fn is_not_allowed(&self) -> bool {
        self.code == "not_allowed"
    }
}

/// What the runtime is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Ask the daemon.
    Ask(Ask),
    /// Put text on the clipboard of the admin's own machine (OSC 52).
    Copy(String),
    /// Take the mouse from the terminal, or give it back.
    Mouse(bool),
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back and stop until the shell continues this process.
    Suspend,
    /// End with status 0.
    Quit,
}
