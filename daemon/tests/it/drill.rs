//! Drills.

mod changed;
mod fixture;
mod products;
mod scratch;
mod sqlite;
mod whole;
