//! The real binary against a stand-in for the daemon.

mod archives;
mod basics;
mod codes;
mod export;
mod fixtures;
mod lists;
mod orgvault;
mod out;
mod stub;
