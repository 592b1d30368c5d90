//! The real binary against a stand-in for the daemon.

#![expect(clippy::unwrap_used, reason = "a test may unwrap; clippy knows only the functions that are marked as tests")]

mod archives;
mod basics;
mod cancel;
mod codes;
mod console;
mod daemon;
mod demo;
mod dependencies;
mod docs;
mod evidence;
mod export;
mod faces;
mod files;
mod fixtures;
mod health;
mod jobs;
mod keep;
mod lists;
mod orgvault;
mod out;
mod preflight;
mod readers;
mod readme;
mod repository;
mod restore;
mod schedules;
mod screen;
mod seed;
mod send;
mod stub;
mod terminal;
