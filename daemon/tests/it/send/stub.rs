//! A stand-in for a target's HTTP server: answers by path, and keeps what it was sent.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::api::fixture::until;

/// What happens to one request.
#[derive(Clone)]
pub(super) enum Reply {
    /// The body is read, then this goes out and the connection ends.
    Answer(Vec<u8>),
    /// This goes out before the body was read.
    Early(Vec<u8>),
    /// Nothing of the body is read, nothing goes out.
    HangBefore,
    /// The body is read, nothing goes out.
    HangAfter,
    /// The body is read, and the connection ends.
    Lose,
}

/// An answer with a status and a JSON body.
pub(super) fn json(status: u16, body: &str) -> Reply {
    raw(status, "Content-Type: application/json\r\n", body.as_bytes())
}

/// An answer with a status, further headers and any body.
pub(super) fn raw(status: u16, headers: &str, body: &[u8]) -> Reply {
    let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("HTTP/1.1 {status} Said\r\n{length}Connection: close\r\n{headers}\r\n");
    Reply::Answer([head.as_bytes(), body].concat())
}

/// One request as it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Seen {
    /// The request's header of this name, in any case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// `POST /path`.
    pub(super) fn route(&self) -> String {
        self.head.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Default)]
struct Shared {
    replies: Mutex<HashMap<String, Vec<Reply>>>,
    seen: Mutex<Vec<Seen>>,
}

/// A running stand-in; dropped, it is gone.
pub(super) struct Stub {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Stub {
    /// Answers by `POST /path`; of several answers each is given once, and the last for ever.
    pub(super) async fn start<const N: usize>(replies: [(&str, Reply); N]) -> Self {
        Self::start_with(None, replies).await
    }

    pub(super) async fn start_with<const N: usize>(tls: Option<ServerConfig>, replies: [(&str, Reply); N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        for (route, reply) in replies {
            shared.replies.lock().unwrap().entry(route.to_owned()).or_default().push(reply);
        }
        let mut tasks = JoinSet::new();
        let serving = Arc::clone(&shared);
        let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (shared, acceptor) = (Arc::clone(&serving), acceptor.clone());
                connections.spawn(async move {
                    match acceptor {
                        // A client that refuses the certificate is part of a test.
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, &shared).await;
                            }
                        }
                        None => serve(stream, &shared).await,
                    }
                });
            }
        });
        Self { address, shared, _tasks: tasks }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on the answer to this route.
    pub(super) fn reply(&self, route: &str, reply: Reply) {
        self.shared.replies.lock().unwrap().insert(route.to_owned(), vec![reply]);
    }

    /// Every request whose body was read as far as its reply says.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Waits until so many requests were seen.
    pub(super) async fn wait_for(&self, number: usize) {
        until("the target is asked", async || self.shared.seen.lock().unwrap().len() >= number).await;
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) {
    let mut received = Vec::new();
    let end = loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read_buf(&mut received).await {
            Ok(1..) => {}
            _ => return,
        }
    };
    let mut seen = Seen { head: String::from_utf8(received[..end].to_vec()).unwrap(), body: received[end..].to_vec() };
    let reply = {
        let mut replies = shared.replies.lock().unwrap();
        match replies.get_mut(&seen.route()) {
            Some(replies) if replies.len() > 1 => replies.remove(0),
            Some(replies) => replies[0].clone(),
            None => json(404, "{\"message\":\"no such route\"}"),
        }
    };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    let all = !matches!(reply, Reply::Early(_) | Reply::HangBefore);
    while all && seen.body.len() < length {
        match stream.read_buf(&mut seen.body).await {
            Ok(1..) => {}
            _ => return,
        }
    }
    shared.seen.lock().unwrap().push(seen);
    match reply {
        Reply::Answer(bytes) => {
            // A client need not read all of it.
            drop(stream.write_all(&bytes).await);
            drop(stream.shutdown().await);
        }
        Reply::Early(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            // As servers do: what still comes is read, so that the answer is not lost.
            while matches!(stream.read(&mut [0; 4096]).await, Ok(1..)) {}
        }
        Reply::Lose => {}
        Reply::HangBefore | Reply::HangAfter => std::future::pending().await,
    }
}
