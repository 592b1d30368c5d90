//! The API through its real socket, with the real client.

mod access;
mod archives;
mod audit;
pub(crate) mod binary;
mod events;
mod exports;
mod faces;
mod faults;
pub(crate) mod fixture;
mod http;
mod reply;
mod socket;
mod tokens;
