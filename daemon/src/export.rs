//! Exports: the queue of what waits, the jobs that run, and the pipeline that turns a snapshot
//! into a published archive.

mod deep;
mod engine;
mod failure;
mod forecast;
mod job;
mod logbook;
mod pipeline;
mod queue;

pub use deep::representable;
pub use engine::{CancelError, Engine, Parts, SubmitError};
pub use failure::Failure;
pub use pipeline::{Deadline, Piped, write_archive};
