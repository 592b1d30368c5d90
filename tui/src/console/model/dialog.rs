//! What lies over the screen, and what is typed into its last line.

use orgvault_api::Format;

use crate::console::message::Ask;

/// What lies over the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dialog {
    /// The keys that work here, with the lines that are scrolled away.
    Help(usize),
    /// What the screen has no room for, with the lines that are scrolled away.
    Notes(usize),
    /// Whether something is to be done.
    Confirm {
        /// The question, naming the thing.
        question: String,
        /// What follows from a yes.
        details: Vec<String>,
        /// What is done.
        asks: Vec<Ask>,
        /// What has to be typed first.
        typed: Option<Challenge>,
        /// Lines that are scrolled away.
        scroll: usize,
    },
    /// In which formats organizations are exported.
    Formats(Formats),
    /// Where an archive is copied to.
    Path {
        /// The archive.
        gid: orgvault_api::gid::Gid,
        /// What is typed.
        path: String,
    },
    /// The command lines that do the same: what each does, and the line.
    Commands(Vec<(&'static str, String)>, usize),
    /// Something to read.
    Text {
        /// Its title.
        title: String,
        /// Its lines.
        lines: Vec<String>,
        /// Lines that are scrolled away.
        scroll: usize,
    },
}

impl Dialog {
    /// Where one is in it: how many lines are scrolled away, or which has the cursor.
    pub(crate) fn place(&mut self) -> Option<&mut usize> {
        match self {
            Self::Help(place) | Self::Notes(place) | Self::Commands(_, place) => Some(place),
            Self::Confirm { scroll, .. } | Self::Text { scroll, .. } => Some(scroll),
            Self::Formats(formats) => Some(&mut formats.cursor),
            Self::Path { .. } => None,
        }
    }
}

/// A text that has to be typed exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// What has to be typed.
    pub(crate) wanted: String,
    /// What is typed.
    pub(crate) so_far: String,
}

/// The choice of formats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Formats {
    /// Whom it is about, for people.
    pub(crate) whom: String,
    /// The organizations, as a request names them.
    pub(crate) organizations: Vec<String>,
    /// The formats that there are to choose from.
    pub(crate) offered: Vec<Format>,
    /// The product's default, where it is known and the same for all.
    pub(crate) usual: Option<Format>,
    /// The chosen formats; none means the product's default.
    pub(crate) chosen: Vec<Format>,
    /// Whether to compress.
    pub(crate) gzip: bool,
    /// Which line has the cursor: the default, the formats, gzip.
    pub(crate) cursor: usize,
}

/// What is being typed in the last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// What it is for.
    pub(crate) kind: PromptKind,
    /// What is typed.
    pub(crate) text: String,
    /// What was there before, for `esc`.
    pub(crate) before: String,
    /// Which completion `tab` shows.
    pub(crate) completion: Option<(String, usize)>,
}

/// What is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PromptKind {
    /// `:`
    Command,
    /// `/`
    Filter,
}
