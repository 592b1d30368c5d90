//! The archive format from outside: files on a real disk; and preflight.
#![cfg(test)]

mod archives;
mod formats;
mod preflight_solidtime;
mod rows;
mod verify;
mod verify_zip;
