//! Drills.

mod scratch;
