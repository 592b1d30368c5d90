//! A stand-in for the daemon: answers from a table, on a Unix socket of its own.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use orgvault_api::Problem;
use serde::Serialize;
use tempfile::TempDir;
use tokio::{net::UnixListener, sync::Notify, task::JoinSet};

/// No test waits longer for something that has to happen.
const DEADLINE: Duration = Duration::from_secs(20);

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What happens after the bytes of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    End,
    Hang,
    Break,
    /// The whole stand-in goes away.
    Quit,
}

/// One answer.
#[derive(Clone)]
pub(crate) struct Reply {
    status: u16,
    kind: &'static str,
    bytes: Vec<u8>,
    after: After,
}

impl Reply {
    /// A JSON document.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        Self { status: 200, kind: "application/json", bytes: serde_json::to_vec(value).unwrap(), after: After::End }
    }

    /// A problem document.
    pub(crate) fn problem(status: u16, code: &str, detail: &str, hint: &str) -> Self {
        let [title, code, detail, hint] = ["No", code, detail, hint].map(str::to_owned);
        let problem = Problem { status, title, code, detail, hint };
        Self { status, kind: "application/problem+json", ..Self::json(&problem) }
    }

    /// Bytes as they are.
    pub(crate) fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, kind: "application/octet-stream", bytes: bytes.into(), after: After::End }
    }

    /// Events, one after the other; then the stream ends.
    pub(crate) fn events<T: Serialize>(events: &[T]) -> Self {
        let data = |event| format!(": beat\n\ndata: {}\n\n", serde_json::to_string(event).unwrap());
        let bytes = events.iter().map(data).collect::<String>().into_bytes();
        Self { status: 200, kind: "text/event-stream", bytes, after: After::End }
    }

    /// The same with another status.
    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same, and then nothing more for ever.
    pub(crate) fn then_hang(self) -> Self {
        Self { after: After::Hang, ..self }
    }

    /// The same, and then the connection breaks.
    pub(crate) fn then_break(self) -> Self {
        Self { after: After::Break, ..self }
    }

    /// The same, and then the socket goes away with everything on it.
    pub(crate) fn then_quit(self) -> Self {
        Self { after: After::Quit, ..self }
    }

    fn response(self, quit: &Arc<Notify>) -> Response<Body> {
        let quit = Arc::clone(quit);
        let after = self.after;
        let last = stream::once(async move {
            match after {
                After::End => None,
                After::Hang => std::future::pending().await,
                After::Break => Some(Err(io::Error::other("broken"))),
                After::Quit => {
                    quit.notify_one();
                    std::future::pending().await
                }
            }
        });
        let first = stream::iter([Some(Ok(Frame::data(Bytes::from(self.bytes))))]);
        let body = StreamBody::new(first.chain(last).filter_map(std::future::ready));
        let response = Response::builder().status(self.status).header("content-type", self.kind);
        response.body(UnsyncBoxBody::new(body)).unwrap()
    }
}

#[derive(Default)]
struct Table {
    /// By `GET /v1/status`; of several answers each is given once, and the last for ever.
    replies: HashMap<String, Vec<Reply>>,
    /// What was asked, with the body where there was one.
    asked: Vec<String>,
}

#[derive(Default)]
struct Shared {
    table: Mutex<Table>,
    news: Condvar,
}

impl Shared {
    fn take(&self, route: &str, body: &str) -> Reply {
        let mut table = self.table.lock().unwrap();
        table.asked.push(if body.is_empty() { route.to_owned() } else { format!("{route} {body}") });
        self.news.notify_all();
        match table.replies.get_mut(route) {
            Some(replies) if replies.len() > 1 => replies.remove(0),
            Some(replies) => replies[0].clone(),
            None => Reply::problem(404, "not_found", &format!("nothing is known of {route}"), ""),
        }
    }
}

/// A running stand-in; dropped, it is gone.
pub(crate) struct Stub {
    folder: TempDir,
    shared: Arc<Shared>,
    quit: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Stub {
    /// Listens, with answers by `GET /v1/status`.
    pub(crate) fn start<const N: usize>(replies: [(&str, Reply); N]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shared = Arc::new(Shared::default());
        for (route, reply) in replies {
            shared.table.lock().unwrap().replies.entry(route.to_owned()).or_default().push(reply);
        }
        let quit = Arc::new(Notify::new());
        let listener = std::os::unix::net::UnixListener::bind(folder.path().join("sock")).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (serving, stop, path) = (Arc::clone(&shared), Arc::clone(&quit), folder.path().join("sock"));
        let thread = Some(std::thread::spawn(move || serve(listener, &path, &serving, &stop)));
        Self { folder, shared, quit, thread }
    }

    /// The socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("sock")
    }

    /// A directory for the test's files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything that was asked so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.table.lock().unwrap().asked.clone()
    }

    /// Waits until something that starts with `route` was asked.
    pub(crate) fn wait_for(&self, route: &str) {
        let table = self.shared.table.lock().unwrap();
        let missing = |table: &mut Table| !table.asked.iter().any(|asked| asked.starts_with(route));
        let (table, waited) = self.shared.news.wait_timeout_while(table, DEADLINE, missing).unwrap();
        assert!(!waited.timed_out(), "nobody asked for {route}, but for {:?}", table.asked);
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.quit.notify_one();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn serve(listener: std::os::unix::net::UnixListener, path: &Path, shared: &Arc<Shared>, quit: &Arc<Notify>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = UnixListener::from_std(listener).unwrap();
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted.unwrap();
                    let (shared, quit) = (Arc::clone(shared), Arc::clone(quit));
                    let service = service_fn(move |request| answer(request, Arc::clone(&shared), Arc::clone(&quit)));
                    // A client that goes away is part of several tests.
                    connections.spawn(async move { drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await) });
                }
                () = quit.notified() => break,
            }
        }
        std::fs::remove_file(path).unwrap();
    });
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    quit: Arc<Notify>,
) -> Result<Response<Body>, Infallible> {
    let route = format!("{} {}", request.method(), request.uri());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Ok(shared.take(&route, &String::from_utf8_lossy(&body)).response(&quit))
}
