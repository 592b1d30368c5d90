//! The products' tests through the crate's public interface.

#[cfg(test)]
mod files;
#[cfg(test)]
mod preflight_solidtime;
