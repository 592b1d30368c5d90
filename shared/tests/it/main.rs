//! The archive format from outside: files on a real disk.

mod archives;
mod formats;
mod rows;
mod verify;
