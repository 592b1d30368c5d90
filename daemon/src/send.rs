//! Sending: a finished archive is handed to a target, a running instance of an app.
//!
//! An importer may well double what it is given twice. So the intent is on disk before the first
//! byte goes out, and whatever is not known to have been refused counts as sent until somebody
//! says "again". How one kind of target takes archives is one file: see `target::Target`.

pub(crate) mod answer;
mod command;
mod courier;
mod error;
pub(crate) mod http;
pub(crate) mod outcome;
pub(crate) mod parcel;
mod record;
pub(crate) mod target;

pub use courier::{Asker, Courier};
pub use error::SendError;
pub(crate) use http::use_ring;
pub(crate) use target::AppTarget;
