//! Sending: a finished archive is handed to a target, a running instance of an app.
//!
//! An importer may well double what it is given twice. So the intent is on disk before the first
//! byte goes out, and whatever is not known to have been refused counts as sent until somebody
//! says "again". How one kind of target takes archives is one file: see `target::Target`.

pub(crate) mod answer;
pub(crate) mod checked_archive;
mod command;
mod error;
pub(crate) mod http;
mod looking;
pub(crate) mod outcome;
mod record;
mod sender;
pub(crate) mod target;

pub use error::SendError;
pub use sender::{Asker, Sender};
pub(crate) use target::AppTarget;
