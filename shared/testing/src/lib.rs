//! What the tests of several crates share. It knows nothing of the programs.

#![expect(clippy::unwrap_used, reason = "only tests link it, and a test may unwrap")]

pub mod postgres;
