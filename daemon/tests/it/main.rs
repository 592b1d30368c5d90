//! The daemon's integration tests: one binary, one module for each part.

#![expect(clippy::unwrap_used, reason = "a test may unwrap; clippy knows only the functions that are marked as tests")]

mod api;
mod export;
mod postgres;
mod solidtime;
mod source;
