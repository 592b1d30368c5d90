//! HTTP/1.1 + JSON over the Unix socket: one file for each resource, one table of routes with
//! their roles ([`access`]), one kind of error (RFC 9457 problems).

mod connections;
mod gids;
mod lookup;
mod patience;
mod peer;
mod problem;
mod request;
mod server;
mod socket;

pub use self::{
    gids::Gids,
    peer::Peer,
    server::{Limits, serve},
    socket::{Socket, SocketError},
};
