//! The console without a terminal and without a daemon: driven by key strings, looked at as
//! whole screens.

mod behaviour;
mod bounds;
pub(crate) mod fixtures;
mod recording;
mod screens;
mod stage;
mod terminal;
