//! Schedules through the API, with a clock that the test sets and databases of SQLite; the real
//! binary where it is killed and where its log counts.

mod binary;
mod failing;
pub(crate) mod fixture;
mod formats;
mod hooks;
mod orphans;
mod refused;
mod runs;
