//! The console without a terminal and without a daemon.

pub(crate) mod fixtures;
