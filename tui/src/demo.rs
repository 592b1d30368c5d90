//! What `orgvault demo` runs: the `orgvaultd` beside this program, on a database that it makes up.

pub(crate) mod daemon;
mod program;
