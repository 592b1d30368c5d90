//! Schedules: what is due (`due.rs`), what it exports, and its runs, each of which goes on until its
//! last export has ended, across restarts.
//!
//! [`Schedules`] is the handle. One repeated job of tokio-cron-scheduler beats; at each beat the
//! pure `due` is asked, with the time of the daemon's own clock. Nothing else is
//! scheduled inside that library.

mod control;
mod due;
mod plan;
mod retry;
mod run_driver;
mod runner;
mod stale;
mod ticker;
mod turn;
mod uncovered;

pub use control::{ControlError, Upcoming};
pub(crate) use due::{Act, Due, due};
pub(crate) use runner::follow;
pub use runner::{ScheduleParts, Schedules};
