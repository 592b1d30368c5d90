//! The API through its real socket, with the real client.

mod access;
mod archives;
mod audit;
pub(crate) mod binary;
mod events;
pub(crate) mod evidence;
mod exports;
pub(crate) mod faces;
mod faults;
pub(crate) mod fixture;
mod floods;
pub(crate) mod http;
mod pages;
mod repeats;
mod reply;
mod restricted;
mod socket;
pub(crate) mod tokens;
