//! The shared crate's tests through its public interface.

#[cfg(test)]
mod preflight_solidtime;
