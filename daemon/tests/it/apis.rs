//! Sources that are export APIs: servers with TLS on loopback that answer byte for byte as a test
//! says, and a daemon that asks them.

mod asana;
mod authority;
mod collecting;
mod content;
mod definitions;
mod fixture;
mod gate;
mod jobs;
mod reply;
mod request;
mod scripted;
mod server;
mod transcript;
