//! What the tests of several crates share. It knows nothing of the programs.

#![expect(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::new_without_default,
    clippy::return_self_not_must_use,
    clippy::unwrap_used,
    reason = "only tests link it: what goes wrong is their failure"
)]

pub mod apps;
pub mod dice;
pub mod postgres;
pub mod readers;
pub mod schemas;
