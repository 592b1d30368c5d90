//! The daemon's integration tests: one binary, one module for each part.

mod api;
mod format;
mod postgres;
mod solidtime;
mod source;
