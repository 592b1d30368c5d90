//! The accept loops: connections of the socket, limited for each user, and of the TCP listener,
//! limited for each address, each served until it ends, idles, stalls, or the daemon stops.

use std::{io, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::Method,
    response::{IntoResponse, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use orgvault_config::Config;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{
        TcpStream, UnixListener, UnixStream,
        unix::{SocketAddr, UCred},
    },
    sync::{Semaphore, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::{
    connections::{Admission, Connections},
    error::ApiError,
    http::{HttpListener, Tls},
    peer::Peer,
    rates::network,
    write_timeout::WriteTimeout,
};

/// What one connection may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open connections of one uid.
    pub connections_per_user: usize,
    /// Open connections of one address of the TCP listener.
    pub connections_per_address: usize,
    /// Open connections of the TCP listener.
    pub connections_over_tcp: usize,
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
    pub fn new(config: &Config) -> Self {
        Self {
            connections_per_user: config.daemon.connections_per_user,
            connections_per_address: config.http.connections_per_address,
            connections_over_tcp: config.http.connections,
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
pub(crate) struct Session {
    /// Ends endless answers: the daemon stops.
    pub(crate) stop: CancellationToken,
    /// Where tasks are counted that outlive the handler.
    pub(crate) tracker: TaskTracker,
    /// Ends the connection at once.
    pub(crate) hang_up: CancellationToken,
}

/// What is served.
#[derive(Clone)]
pub struct Service {
    /// Answers requests.
    pub router: Router,
    /// Says an answer that was given before the router in the words that are spoken at a path.
    pub reword: fn(Response, &Method, &str, &Config) -> Response,
}

impl From<Router> for Service {
    fn from(router: Router) -> Self {
        Self { router, reword: |response, _method, _path, _config| response }
    }
}

/// What all connections share.
struct Server {
    service: Service,
    configured: watch::Receiver<Arc<Config>>,
    limits: Limits,
    users: Arc<Connections<u32>>,
    addresses: Arc<Connections<IpAddr>>,
    over_tcp: Arc<Semaphore>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

/// Serves `service` on the socket, and on the TCP listener where there is one, until `stop`, then
/// until the last connection has ended (which takes at most [`Limits::drain`]). Each request
/// carries its [`Peer`].
pub async fn serve(
    listener: &UnixListener,
    http: Option<HttpListener>,
    service: Service,
    configured: watch::Receiver<Arc<Config>>,
    limits: Limits,
    stop: CancellationToken,
) {
    let (_never, rebound) = watch::channel(None);
    serve_rebound(listener, rebound, http, service, configured, limits, stop).await;
}

/// The socket that took the place of one whose file is gone.
pub type Rebound = watch::Receiver<Option<Arc<UnixListener>>>;

/// As [`serve`], and on whatever socket takes the place of the first.
pub async fn serve_rebound(
    listener: &UnixListener,
    rebound: Rebound,
    http: Option<HttpListener>,
    service: Service,
    configured: watch::Receiver<Arc<Config>>,
    limits: Limits,
    stop: CancellationToken,
) {
    let tracker = TaskTracker::new();
    let shared = Arc::new(Server {
        service,
        configured,
        limits,
        users: Connections::new(limits.connections_per_user),
        addresses: Connections::new(limits.connections_per_address),
        over_tcp: Arc::new(Semaphore::new(limits.connections_over_tcp)),
        tracker: tracker.clone(),
        stop: stop.clone(),
    });
    tokio::join!(shared.accept_users(listener, rebound), shared.accept_remotes(http));
    tracker.close();
    tracker.wait().await;
}

/// Accepts on a listener that there may be.
async fn accept(listener: Option<&UnixListener>) -> io::Result<(UnixStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

impl Server {
    async fn accept_users(self: &Arc<Self>, listener: &UnixListener, mut rebound: Rebound) {
        loop {
            let newer = rebound.borrow_and_update().clone();
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                accepted = accept(newer.as_deref()) => accepted,
                Ok(()) = rebound.changed() => continue,
                () = self.stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, _unnamed)) => self.admit_user(stream),
                Err(error) => self.pause(&error).await,
            }
        }
    }

    async fn accept_remotes(self: &Arc<Self>, http: Option<HttpListener>) {
        let Some(HttpListener { listener, tls }) = http else { return };
        let tls = tls.map(Arc::new);
        while let Some(accepted) = self.stop.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, address)) => self.admit_remote(stream, tls.clone(), address.ip()),
                Err(error) => self.pause(&error).await,
            }
        }
    }

    async fn pause(&self, error: &io::Error) {
        tracing::warn!("cannot accept a connection: {error}");
        self.stop.run_until_cancelled(tokio::time::sleep(ACCEPT_PAUSE)).await;
    }

    fn admit_user(self: &Arc<Self>, stream: UnixStream) {
        let credentials = match stream.peer_cred() {
            Ok(credentials) => credentials,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "cannot tell who connects");
                return;
            }
        };
        let this = Arc::clone(self);
        match Connections::admit(&self.users, credentials.uid()) {
            Admission::Welcome(slot) => self.tracker.spawn(async move {
                if let Some(peer) = this.resolve(credentials).await {
                    this.converse(stream, peer).await;
                }
                drop(slot);
            }),
            Admission::Busy(slot) => self.tracker.spawn(async move {
                let limit = this.limits.connections_per_user;
                this.turn_away(stream, "this user", limit, "connections_per_user").await;
                drop(slot);
            }),
            Admission::Flood => return,
        };
    }

    fn admit_remote(self: &Arc<Self>, stream: TcpStream, tls: Option<Arc<Tls>>, address: IpAddr) {
        let Ok(place) = Arc::clone(&self.over_tcp).try_acquire_owned() else { return };
        let this = Arc::clone(self);
        match Connections::admit(&self.addresses, network(address)) {
            Admission::Welcome(slot) => self.tracker.spawn(async move {
                let peer = Peer::Remote { address: address.to_canonical() };
                match tls {
                    None => this.converse(stream, peer).await,
                    Some(tls) => {
                        let shaken = tokio::time::timeout(this.limits.head, tls.accept(stream));
                        match this.stop.run_until_cancelled(shaken).await {
                            Some(Ok(Ok(stream))) => this.converse(stream, peer).await,
                            Some(Ok(Err(error))) => tracing::debug!(%address, "no TLS: {error}"),
                            Some(Err(_)) | None => tracing::debug!(%address, "no TLS in time"),
                        }
                    }
                }
                drop((slot, place));
            }),
            // With TLS it would take a handshake to say so.
            Admission::Busy(slot) if tls.is_none() => self.tracker.spawn(async move {
                let limit = this.limits.connections_per_address;
                this.turn_away(stream, "this address", limit, "connections_per_address").await;
                drop((slot, place));
            }),
            Admission::Busy(_) | Admission::Flood => return,
        };
    }

    /// Asks the machine who it is, where blocking is allowed.
    async fn resolve(self: &Arc<Self>, credentials: UCred) -> Option<Peer> {
        let (uid, pid) = (credentials.uid(), credentials.pid());
        let config = Arc::clone(&self.configured.borrow());
        match tokio::task::spawn_blocking(move || Peer::resolve(uid, pid, &config.access)).await {
            Ok(peer) => Some(peer),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(uid, error, "cannot look up who connects");
                None
            }
        }
    }

    /// Serves one connection until it ends, hangs up or the daemon stops.
    async fn converse(&self, stream: impl AsyncRead + AsyncWrite + Unpin, peer: Peer) {
        let hang_up = CancellationToken::new();
        let (stop, tracker) = (self.stop.clone(), self.tracker.clone());
        let session = Session { stop, tracker, hang_up: hang_up.clone() };
        let asked = CancellationToken::new();
        let service = service_fn(|request: Request<Incoming>| {
            asked.cancel();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer.clone());
            request.extensions_mut().insert(session.clone());
            self.service.router.clone().oneshot(request)
        });
        let io = TokioIo::new(WriteTimeout::new(stream, self.limits.stall));
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
    async fn turn_away(&self, stream: impl AsyncRead + AsyncWrite + Unpin, who: &str, limit: usize, key: &str) {
        let config = Arc::clone(&self.configured.borrow());
        let service = service_fn(async |request: Request<Incoming>| {
            let detail = format!("{who} has {limit} connections open already, which is the limit");
            let refusal = ApiError::new(hyper::StatusCode::TOO_MANY_REQUESTS, "too_many_connections", detail)
                .hint(format!("close some, or raise `{key}` in the configuration"));
            Ok::<_, std::convert::Infallible>((self.service.reword)(
                refusal.into_response(),
                request.method(),
                request.uri().path(),
                &config,
            ))
        });
        let io = TokioIo::new(WriteTimeout::new(stream, self.limits.drain));
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
