//! Schedules through the API, with a clock that the test sets and databases of SQLite.

mod failing;
mod fixture;
mod runs;
