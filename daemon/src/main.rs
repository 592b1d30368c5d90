//! `orgvaultd`, the daemon.
fn main() {}
