//! The daemon's integration tests: one binary, one module for each part.

#[cfg(test)]
mod api;
#[cfg(test)]
mod apis;
#[cfg(test)]
mod apps;
#[cfg(test)]
mod archive;
#[cfg(test)]
mod define;
#[cfg(test)]
mod drill;
#[cfg(test)]
mod encode;
#[cfg(test)]
mod export;
#[cfg(test)]
mod files;
#[cfg(test)]
mod format;
#[cfg(test)]
mod full;
#[cfg(test)]
mod keep;
#[cfg(test)]
mod panics;
#[cfg(test)]
mod preflight;
#[cfg(test)]
mod products;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod releases;
#[cfg(test)]
mod restore;
#[cfg(test)]
mod restorer;
#[cfg(test)]
mod rooms;
#[cfg(test)]
mod schedule;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod sections;
#[cfg(test)]
mod send;
#[cfg(test)]
mod service;
#[cfg(test)]
mod solidtime;
#[cfg(test)]
mod source;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod trueppm;
