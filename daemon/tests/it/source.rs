//! Sources against real servers and files.

mod checks;
mod columns;
mod coverage;
mod dialects;
mod faults;
pub(crate) mod fixture;
mod grants;
mod instants;
mod leaving;
mod listing;
mod pooler;
mod privileges;
mod reading;
mod rewrites;
mod schemas;
mod seen;
mod sessions;
pub(crate) mod sqlite;
mod standby;
mod storage_classes;
mod tables;
mod tls;
mod types;
