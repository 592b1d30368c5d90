//! Sources against real servers.

mod fixture;
mod reading;
