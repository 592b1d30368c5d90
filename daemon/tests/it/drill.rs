//! Drills.

mod scratch;
mod whole;
