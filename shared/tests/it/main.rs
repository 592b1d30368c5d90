//! The shared crate's tests through its public interface.

mod preflight_solidtime;
