//! What is stored is looked after: through the real socket, on a made-up SQLite database.

mod coverage;
pub(crate) mod fixture;
mod health;
mod home;
mod metrics;
mod rebuild;
mod reload;
mod retention;
mod watch;
