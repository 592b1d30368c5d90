//! The console without a terminal and without a daemon: driven by key strings, looked at as
//! whole screens.

mod behaviour;
mod bounds;
mod exports;
pub(crate) mod fixtures;
mod formats;
mod recording;
mod registry;
mod rows;
mod screens;
mod stage;
mod tenants;
mod terminal;
