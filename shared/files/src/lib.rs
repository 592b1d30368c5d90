//! How files are opened that somebody else may have put there, and how names are made durable.

pub mod durable;
pub mod open;
