//! A server that does what a test says, and keeps what it was asked.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::{authority::Authority, reply::Reply, request::Request};
use crate::api::fixture::until;

/// What a route answers to the request with this number, from 0.
type Answer = Arc<dyn Fn(&Request, usize) -> Reply + Send + Sync>;

/// What any route that is not named answers; none where the test did not expect it.
type Otherwise = Arc<dyn Fn(&Request) -> Option<Reply> + Send + Sync>;

#[derive(Default)]
struct Shared {
    routes: Mutex<HashMap<String, (Answer, usize)>>,
    otherwise: Mutex<Option<Otherwise>>,
    heard: Mutex<Vec<Request>>,
    strays: Mutex<Vec<String>>,
}

impl Shared {
    fn hear(&self, request: &Request) -> Reply {
        self.heard.lock().unwrap().push(request.clone());
        if let Some((answer, count)) = self.routes.lock().unwrap().get_mut(&request.route()) {
            *count += 1;
            return answer(request, *count - 1);
        }
        let otherwise = self.otherwise.lock().unwrap().clone();
        otherwise.and_then(|answer| answer(request)).unwrap_or_else(|| {
            self.strays.lock().unwrap().push(format!("{} {}", request.method, request.target));
            Reply::json(404, &json!({"errors": [{"message": "no such route"}]}))
        })
    }
}

/// A running server; dropped, it is gone.
pub(crate) struct Server {
    host: String,
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// A server with TLS that is asked for by this name or address.
    pub(crate) async fn tls(authority: &Authority, host: &str) -> Self {
        Self::start(host, Some(TlsAcceptor::from(Arc::new(authority.server(host))))).await
    }

    /// A server without TLS.
    pub(crate) async fn plain(host: &str) -> Self {
        Self::start(host, None).await
    }

    async fn start(host: &str, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared::default());
        let mut tasks = JoinSet::new();
        let serving = Arc::clone(&shared);
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
        Self { host: host.to_owned(), address, scheme, shared, _tasks: tasks }
    }

    /// Its origin, by the name that its certificate has.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.address.port())
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on the answers to `GET /path`: each once, and the last one for ever.
    pub(crate) fn on(&self, route: &str, replies: impl Into<Vec<Reply>>) {
        let replies: Vec<Reply> = replies.into();
        self.on_each(route, move |_, number| replies[number.min(replies.len() - 1)].clone());
    }

    /// From now on each answer to `GET /path`, by the request and its number from 0.
    pub(crate) fn on_each(&self, route: &str, answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) {
        self.shared.routes.lock().unwrap().insert(route.to_owned(), (Arc::new(answer), 0));
    }

    /// The answers to what is not named; without one it is a fault of the test.
    pub(crate) fn otherwise(&self, answer: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) {
        *self.shared.otherwise.lock().unwrap() = Some(Arc::new(answer));
    }

    /// Every request, in the order in which they came.
    pub(crate) fn heard(&self) -> Vec<Request> {
        self.shared.heard.lock().unwrap().clone()
    }

    /// The requests of one route.
    pub(crate) fn heard_on(&self, route: &str) -> Vec<Request> {
        self.heard().into_iter().filter(|request| request.route() == route).collect()
    }

    /// How often a route was asked.
    pub(crate) fn count(&self, route: &str) -> usize {
        self.heard_on(route).len()
    }

    /// Waits until a route was asked so often.
    pub(crate) async fn wait_for(&self, route: &str, number: usize) {
        until(&format!("{route} is asked {number} times"), async || self.count(route) >= number).await;
    }

    /// What was asked and is not in the script.
    pub(crate) fn strays(&self) -> Vec<String> {
        self.shared.strays.lock().unwrap().clone()
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) {
    let mut received = Vec::new();
    while let Some(request) = Request::read(&mut stream, &mut received).await {
        let reply = shared.hear(&request);
        let last = request.header("connection") == Some("close");
        if !reply.send(&mut stream, &request).await {
            return;
        }
        if last {
            drop(stream.shutdown().await);
            return;
        }
    }
}
