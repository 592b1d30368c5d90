//! What is stored is looked after: through the real socket, on a made-up SQLite database.

mod fixture;
mod health;
mod retention;
