//! Exports: the queue of what waits, the jobs that run, and the pipeline that turns a snapshot
//! into a published archive.

mod again;
mod check_deep;
mod engine;
mod export_log;
mod failure;
mod job;
mod once;
mod pipeline;
mod preflight_warnings;
mod queue;
mod receive;

pub use again::write_again;
pub use check_deep::representable;
pub use engine::{CancelError, Engine, EngineParts, SubmitError};
pub use failure::Failure;
pub use job::archive_of;
pub use pipeline::{Deadline, Piped, write_archive};
