//! How requests come in: the Unix socket and the TCP listener, TLS, who is at the other end, and how
//! many connections, requests and seconds one may take. It knows no resource: what it serves is a
//! router, and each request carries its [`Peer`].

mod accept;
mod connections;
pub(crate) mod error;
mod http;
mod peer;
pub(crate) mod rates;
mod socket;
mod write_timeout;

pub(crate) use self::accept::Session;
pub use self::{
    accept::{Limits, Rebound, Service, serve, serve_rebound},
    http::{HttpError, HttpListener},
    peer::Peer,
    socket::{Socket, SocketError, SocketFile, SocketState, inherited},
};
