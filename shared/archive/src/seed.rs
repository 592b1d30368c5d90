//! TruePPM's canonical JSON seed: a typed model, the writer of its one byte-exact form, and a
//! strict reader of it.
//!
//! The model keeps what a document says, and nothing of how it was laid out: reading any
//! document and writing it again gives the canonical form, and `read(write(m)) == m`. What the
//! canonical form does not have is lost on purpose: empty arrays (other than `projects` and a
//! baseline's `tasks`), the order of keys, `5.0` where a whole number belongs.
//!
//! `NaN`, `Infinity` and `-Infinity` are accepted in the four number fields that TruePPM writes
//! them into bare, although they are not JSON: a reader that refused them could not read what
//! the app exports.

mod block;
mod count;
mod date;
mod fault;
mod json;
mod locate;
mod model;
mod newer;
mod node;
mod read;
mod reference;
mod scan;
mod slug;
mod write;

pub use count::counts;
pub use date::{BadDate, Date, Day, Moment};
pub use fault::{ReadError, SeedFault};
pub use json::{Stand, parse_json};
pub use model::{
    Account, Always, Assignment, Baseline, BaselineTask, Calendar, CalendarException, Dependency, Document, Estimate,
    Event, Float, Forecast, Label, Link, Nullable, Program, Project, Resource, Risk, Sprint, Task, Version,
};
pub use read::{LoadError, MAX_BYTES, load, load_from, parse, read};
pub use reference::{ReferenceFault, References, reference_faults};
pub use slug::{Slugs, slug};
pub use write::{to_string, write};

#[cfg(test)]
mod tests;
