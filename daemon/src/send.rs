//! Sending: a finished archive is handed to a target, a running instance of an app.
//!
//! An importer may well double what it is given twice. So the intent is on disk before the first
//! byte goes out, and whatever is not known to have been refused counts as sent until somebody
//! says "again". How one kind of target takes archives is one file: see `carrier::Carrier`.

mod answer;
mod carrier;
mod command;
mod courier;
mod error;
mod http;
mod outcome;
mod parcel;
mod record;
mod solidtime;
mod trueppm;

pub use courier::{Asker, Courier};
pub use error::SendError;
pub(crate) use http::use_ring;
