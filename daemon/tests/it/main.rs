//! The daemon's integration tests: one binary, one module for each part.

mod api;
mod export;
mod postgres;
mod solidtime;
mod source;
