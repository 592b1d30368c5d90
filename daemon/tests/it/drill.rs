//! Drills.

mod changed;
mod evidence;
mod fixture;
mod inconclusive;
mod products;
mod scratch;
mod sqlite;
mod told;
mod whole;
