//! Sending archives to targets: a stand-in for the app's server on loopback, commands, and what
//! is on disk in between.

mod command;
mod fixture;
mod once;
mod refusals;
mod solidtime;
mod stub;
mod tls;
mod trueppm;
