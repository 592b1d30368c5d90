//! Sources against real servers.

pub(crate) mod fixture;
mod reading;
