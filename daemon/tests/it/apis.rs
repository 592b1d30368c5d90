//! Sources that are export APIs: servers with TLS on loopback that answer byte for byte as a test
//! says, and a daemon that asks them.

mod answers;
mod asana;
mod authority;
mod busy;
mod collecting;
mod content;
mod cuts;
mod definitions;
mod direct;
mod downloads;
mod finding;
mod fixture;
mod gate;
mod jobs;
mod kills;
mod nights;
mod reply;
mod request;
mod room;
mod scripted;
mod secrets;
mod server;
mod transcript;
