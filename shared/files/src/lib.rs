//! How files are opened that somebody else may have put there, how names are made durable, and how much
//! room a disk has.

pub mod beneath;
pub mod durable;
pub mod open;
pub mod room;
