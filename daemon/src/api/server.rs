//! The accept loop: connections of the socket, limited for each user, each served until it ends,
//! idles, stalls, or the daemon stops.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request, response::IntoResponse};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use orgvault_shared::config::Access;
use tokio::net::{UnixListener, UnixStream, unix::UCred};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::{
    connections::{Admission, Connections, Slot},
    patience::Patient,
    peer::Peer,
    problem::Refusal,
};

/// What one connection may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open connections of one uid.
    pub connections_per_user: usize,
    /// How long a request's head may take to arrive, and a connection may idle.
    pub head: Duration,
    /// How long a reader may take no byte of an answer.
    pub stall: Duration,
    /// How long answers may go on after the stop.
    pub drain: Duration,
}

impl Limits {
    /// The limits of the daemon.
    #[must_use]
    pub fn new(connections_per_user: usize) -> Self {
        Self {
            connections_per_user,
            head: Duration::from_secs(30),
            // A download may be piped into a program that waits for a person.
            stall: Duration::from_mins(10),
            drain: Duration::from_secs(5),
        }
    }
}

/// Bytes of a request's head, and the most that an unread answer holds in memory.
const BUFFER: usize = 64 * 1024;

/// Header fields of a request.
const HEADERS: usize = 64;

/// How long to wait after a failed accept: without it, a lack of descriptors would be a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a request learns of the connection that it came on.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// Ends endless answers: the daemon stops.
    pub(super) stop: CancellationToken,
    /// Where tasks are counted that outlive the handler.
    pub(super) tracker: TaskTracker,
    /// Ends the connection at once.
    pub(super) hang_up: CancellationToken,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    router: Router,
    access: Access,
    limits: Limits,
    connections: Arc<Connections>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

/// Serves `router` until `stop`, then until the last connection has ended (which takes at most
/// [`Limits::drain`]). Each request carries its [`Peer`].
pub async fn serve(listener: &UnixListener, router: Router, access: Access, limits: Limits, stop: CancellationToken) {
    let connections = Connections::new(limits.connections_per_user);
    let tracker = TaskTracker::new();
    let shared = Arc::new(Shared { router, access, limits, connections, tracker: tracker.clone(), stop: stop.clone() });
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _unnamed)) => {
                admit(&shared, stream);
            }
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                stop.run_until_cancelled(tokio::time::sleep(ACCEPT_PAUSE)).await;
            }
        }
    }
    tracker.close();
    tracker.wait().await;
}

fn admit(shared: &Arc<Shared>, stream: UnixStream) {
    let credentials = match stream.peer_cred() {
        Ok(credentials) => credentials,
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "cannot tell who connects");
            return;
        }
    };
    match Connections::admit(&shared.connections, credentials.uid()) {
        Admission::Welcome(slot) => shared.tracker.spawn(shared.clone().converse(stream, credentials, slot)),
        Admission::Busy(slot) => shared.tracker.spawn(shared.clone().turn_away(stream, slot)),
        Admission::Flood => return,
    };
}

impl Shared {
    /// Serves one connection until it ends, hangs up or the daemon stops.
    async fn converse(self: Arc<Self>, stream: UnixStream, credentials: UCred, _slot: Slot) {
        let (uid, pid) = (credentials.uid(), credentials.pid());
        let this = self.clone();
        let peer = match tokio::task::spawn_blocking(move || Peer::resolve(uid, pid, &this.access)).await {
            Ok(peer) => peer,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(uid, error, "cannot look up who connects");
                return;
            }
        };
        let hang_up = CancellationToken::new();
        let (stop, tracker) = (self.stop.clone(), self.tracker.clone());
        let session = Session { stop, tracker, hang_up: hang_up.clone() };
        let asked = CancellationToken::new();
        let service = service_fn(|request: Request<Incoming>| {
            asked.cancel();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer.clone());
            request.extensions_mut().insert(session.clone());
            self.router.clone().oneshot(request)
        });
        let io = TokioIo::new(Patient::new(stream, self.limits.stall));
        let mut connection = pin!(self.http().serve_connection(io, service));
        tokio::select! {
            ended = connection.as_mut() => return log_end(ended),
            () = hang_up.cancelled() => return,
            () = self.stop.cancelled() => {}
        }
        // A connection on which nothing was asked yet could wait for a request for long.
        if asked.is_cancelled() {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(self.limits.drain, connection).await {
                Ok(ended) => log_end(ended),
                Err(_elapsed) => tracing::info!("an answer was cut off by the stop"),
            }
        }
    }

    /// Answers one request with a problem document that says that there are too many connections.
    async fn turn_away(self: Arc<Self>, stream: UnixStream, _slot: Slot) {
        let limit = self.limits.connections_per_user;
        let service = service_fn(async |_request: Request<Incoming>| {
            let detail = format!("this user has {limit} connections open already, which is the limit");
            let refusal = Refusal::new(hyper::StatusCode::TOO_MANY_REQUESTS, "too_many_connections", detail)
                .hint("close some, or raise `connections_per_user` in the configuration");
            Ok::<_, std::convert::Infallible>(refusal.into_response())
        });
        let io = TokioIo::new(Patient::new(stream, self.limits.drain));
        let connection = self.http().keep_alive(false).serve_connection(io, service);
        let answered = tokio::time::timeout(self.limits.drain, connection);
        tokio::select! {
            answered = answered => match answered {
                Ok(ended) => log_end(ended),
                Err(_elapsed) => tracing::debug!("a connection over the limit sent no request"),
            },
            () = self.stop.cancelled() => {}
        }
    }

    fn http(&self) -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head)
            .max_headers(HEADERS)
            .max_buf_size(BUFFER);
        builder
    }
}

/// A client that goes away, idles or sends garbage is no fault of the daemon.
fn log_end(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        let error: &dyn std::error::Error = &error;
        tracing::debug!(error, "a connection ended early");
    }
}
