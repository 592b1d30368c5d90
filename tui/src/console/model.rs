//! What the console knows and shows. Changed by `update` alone.

mod data;
mod dialog;
mod list;
mod remote;

use std::collections::{HashSet, VecDeque};

use chrono_tz::Tz;
use orgvault_api::{Role, Status, clock::Timestamp, gid::Gid};

use super::{
    message::RequestFault,
    screens::{Focus, Screen},
    theme::Theme,
};

pub(crate) use self::{
    data::{Data, Happening, Speed},
    dialog::{Challenge, Dialog, Formats, Prompt, PromptKind},
    list::{Entry, List},
    remote::{Remote, Slot},
};

/// Screens that `[` remembers.
const REMEMBERED: usize = 50;
/// Complaints that are kept to be read again.
const REMARKS: usize = 20;
/// How long a remark stays, in seconds.
pub(crate) const TOAST_SECONDS: i64 = 6;

/// How the console was started.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// This program's version.
    pub(crate) version: String,
    /// The machine that the daemon runs on, where that is another one.
    pub(crate) host: Option<String>,
    /// Nothing may be changed.
    pub(crate) read_only: bool,
    /// The admin's own time zone.
    pub(crate) zone: Tz,
    /// Colours and symbols.
    pub(crate) theme: Theme,
}

/// How things stand with the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// Nothing was heard yet.
    Connecting,
    /// It answers.
    Up,
    /// It does not answer.
    Down {
        /// Since when.
        since: Timestamp,
        /// Why.
        fault: RequestFault,
    },
}

/// A remark that goes away by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    /// One sentence.
    pub(crate) text: String,
    /// Whether something went wrong.
    pub(crate) bad: bool,
    /// When it was made.
    pub(crate) at: Timestamp,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Model {
    /// The time of the last message.
    pub(crate) now: Timestamp,
    /// The time that the screen shows: it goes on with what is shown.
    pub(crate) shown_at: Timestamp,
    /// Columns and rows of the terminal.
    pub(crate) size: (u16, u16),
    /// How the console was started.
    pub(crate) setup: Setup,
    /// How things stand with the daemon.
    pub(crate) link: Link,
    /// What the daemon said of itself.
    pub(crate) status: Option<Status>,
    /// What the daemon said of everything else.
    pub(crate) data: Data,
    /// The screen.
    pub(crate) screen: Screen,
    /// The screens before it, the newest last.
    pub(crate) past: Vec<Screen>,
    /// The screens that one went back from, the nearest last.
    pub(crate) future: Vec<Screen>,
    /// What lies over the screen.
    pub(crate) dialog: Option<Dialog>,
    /// What is being typed in the last line.
    pub(crate) prompt: Option<Prompt>,
    /// Remarks, the newest last.
    pub(crate) toasts: VecDeque<Toast>,
    /// What was complained of, the newest last.
    pub(crate) remarks: VecDeque<Toast>,
    /// Whether the mouse is the console's.
    pub(crate) mouse: bool,
    /// Exports that this console asked for.
    pub(crate) mine: HashSet<Gid>,
    /// Exports that this console canceled.
    pub(crate) canceled: HashSet<Gid>,
    /// Whether the screen differs from what was drawn.
    pub(crate) dirty: bool,
}

impl Model {
    /// The console before it has heard anything.
    pub(crate) fn new(setup: Setup, size: (u16, u16), now: Timestamp) -> Self {
        Self {
            now,
            shown_at: now,
            size,
            setup,
            link: Link::Connecting,
            status: None,
            data: Data::default(),
            screen: Screen::home(),
            past: Vec::new(),
            future: Vec::new(),
            dialog: None,
            prompt: None,
            toasts: VecDeque::new(),
            remarks: VecDeque::new(),
            mouse: false,
            mine: HashSet::new(),
            canceled: HashSet::new(),
            dirty: true,
        }
    }

    /// What this user may do, as far as it is known.
    pub(crate) fn role(&self) -> Option<Role> {
        self.status.as_ref().map(|status| status.role)
    }

    /// Whether this user has no role at all.
    pub(crate) fn refused(&self) -> Option<&RequestFault> {
        match &self.link {
            Link::Down { fault, .. } if fault.is_not_allowed() => Some(fault),
            _ => None,
        }
    }

    /// What the cursor or the screen is on.
    pub(crate) fn focus(&self) -> Focus<'_> {
        self.screen.focus(&self.data)
    }

    /// Makes a remark.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.remark(text.into(), false);
    }

    /// Remarks that something went wrong.
    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.remark(text.into(), true);
    }

    fn remark(&mut self, text: String, bad: bool) {
        if bad {
            self.remarks.push_back(Toast { text: text.clone(), bad, at: self.now });
            while self.remarks.len() > REMARKS {
                self.remarks.pop_front();
            }
        }
        self.toasts.push_back(Toast { text, bad, at: self.now });
        while self.toasts.len() > 3 {
            self.toasts.pop_front();
        }
    }

    /// Goes to another screen; the one before is remembered.
    pub(crate) fn go(&mut self, screen: Screen) {
        let before = std::mem::replace(&mut self.screen, screen);
        self.past.push(before);
        if self.past.len() > REMEMBERED {
            self.past.remove(0);
        }
        self.future.clear();
    }

    /// Goes back to the screen before; false where there is none.
    pub(crate) fn back(&mut self) -> bool {
        let Some(before) = self.past.pop() else { return false };
        self.future.push(std::mem::replace(&mut self.screen, before));
        true
    }

    /// Goes forward again; false where one did not go back.
    pub(crate) fn forward(&mut self) -> bool {
        let Some(next) = self.future.pop() else { return false };
        self.past.push(std::mem::replace(&mut self.screen, next));
        true
    }
}
