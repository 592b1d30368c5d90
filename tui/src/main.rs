//! `orgvault`, the console of `orgvaultd`.
fn main() {}
