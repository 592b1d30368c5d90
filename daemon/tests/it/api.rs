//! The API through its real socket, with the real client.

mod access;
mod archives;
pub(crate) mod binary;
mod events;
mod exports;
mod faults;
pub(crate) mod fixture;
mod socket;
