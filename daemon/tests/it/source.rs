//! Sources against real servers and files.

mod checks;
mod faults;
pub(crate) mod fixture;
mod instants;
mod leaving;
mod pooler;
mod reading;
mod schemas;
mod sqlite;
mod standby;
mod tls;
