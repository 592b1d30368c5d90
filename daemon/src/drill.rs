//! Drills: an archive is put back into a scratch database, compared, and thrown away.
//!
//! ```text
//! choose    of each organization the newest archive that can be put back
//! clock     what is due by the configuration
//! drills    what waits, and the one that goes on
//! attempt   one drill: scratch database, put back, compare, remove
//! put_back  the schema and the rows
//! compare   exports of what was put back against the archives; rows of now against it
//! scratch   a server of our own, or a database on a given one
//! ```

pub mod scratch;

mod attempt;
mod choose;
mod clock;
mod compare;
mod drills;
mod fault;
mod put_back;
mod written;

pub use self::{
    choose::{can_be, newest, no_archive, on_day},
    drills::{DrillParts, Drills, DrillsError},
};
