//! Clients that are slow, idle or many: each is held to its limits, and the others go on.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use axum::Router;
use orgvault_api::clock::Clock;
use orgvault_config::{Config, Http};
use orgvault_daemon::server::{HttpListener, Limits, serve};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream, UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    binary::Running,
    fixture::{organization, publish, soon, until},
    http::{certificate, free_address},
    reply::send,
};

const MANY: usize = 5000;

/// The server of the daemon with a limit that a test can wait for.
struct Impatient {
    directory: TempDir,
    address: SocketAddr,
    _running: JoinSet<()>,
}

impl Impatient {
    async fn start(tls: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let address = free_address();
        let mut http = Http { listen: Some(address), ..Http::default() };
        if tls {
            let (cert, key) = certificate(directory.path(), 2100);
            (http.cert, http.key) = (Some(cert), Some(key));
        }
        let http = HttpListener::open(&http, &Clock::system()).await.unwrap();
        let socket = UnixListener::bind(socket(directory.path())).unwrap();
        let limits = Limits { head: Duration::from_millis(500), ..Limits::new(&Config::default()) };
        let mut running = JoinSet::new();
        running.spawn(async move {
            let (_configure, configured) = watch::channel(Config::default().into());
            let router = Router::new().fallback(async || "answered");
            serve(&socket, http, router.into(), configured, limits, CancellationToken::new()).await;
        });
        Self { directory, address, _running: running }
    }

    async fn over_tcp(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn over_socket(&self) -> UnixStream {
        UnixStream::connect(socket(self.directory.path())).await.unwrap()
    }
}

fn socket(directory: &Path) -> PathBuf {
    directory.join("socket")
}

/// Sends `begin`, and then a byte now and then, never silent for as long as the limit, until the
/// connection is closed; what came back.
async fn drip(stream: impl AsyncRead + AsyncWrite + Unpin, begin: &str) -> String {
    let (mut answers, mut requests) = tokio::io::split(stream);
    let dripping = async {
        let mut sent = requests.write_all(begin.as_bytes()).await;
        while sent.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            sent = requests.write_all(b"x").await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        // A connection that is closed while it is written to is reset.
        _ended_or_reset = soon("the connection is closed", answers.read_to_end(&mut answer)) => {}
        () = dripping => {}
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_head_that_drips_in_is_cut_off_and_others_are_answered() {
    assert!(Limits::new(&Config::default()).head <= Duration::from_secs(30));
    let server = Impatient::start(false).await;
    for begin in ["", "G", "GET / HTTP/1.1\r\nHost: x\r\nX: "] {
        let both =
            async { tokio::join!(drip(server.over_tcp().await, begin), drip(server.over_socket().await, begin)) };
        let others = async {
            let over_tcp = send(server.over_tcp().await, "GET /", &[], "").await;
            (over_tcp.text(), send(server.over_socket().await, "GET /", &[], "").await.text())
        };
        let ((over_tcp, over_socket), others) = tokio::join!(both, others);
        for answer in [over_tcp, over_socket] {
            assert!(!answer.contains("answered"), "{begin:?}: {answer}");
        }
        assert_eq!(others, ("answered".to_owned(), "answered".to_owned()));
    }
}

#[tokio::test]
async fn a_connection_that_idles_after_its_answer_is_closed() {
    let server = Impatient::start(false).await;
    let mut stream = server.over_tcp().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    soon("the connection is closed", stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.ends_with("answered"), "{answer}");
}

#[tokio::test]
async fn a_tls_handshake_that_drips_in_is_cut_off() {
    let server = Impatient::start(true).await;
    // A client's hello that is announced with 16 KiB (RFC 8446, section 5.1).
    for begin in ["", "\u{16}\u{3}\u{1}\u{40}\0"] {
        drip(server.over_tcp().await, begin).await;
    }
}

/// A daemon in a process of its own, whose memory is its own.
async fn listening(more: &str) -> (Running, SocketAddr) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let address = free_address();
    (Running::start(&format!("[http]\nlisten = \"{address}\"\n{more}")).await, address)
}

/// As many as this process may have open, beside what other tests need.
fn many() -> usize {
    let allowed = getrlimit(Resource::Nofile).maximum.and_then(|maximum| usize::try_from(maximum).ok());
    allowed.map_or(MANY, |allowed| MANY.min(allowed / 2))
}

/// A connection from an address of this machine; none where it is refused or reset.
async fn connect_from(from: Ipv4Addr, to: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(to).await.ok()
}

/// Whether the daemon has not closed it.
fn is_open(stream: &TcpStream) -> bool {
    matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

/// The status of an answer; none where the connection is closed without one.
async fn status_from(from: Ipv4Addr, to: SocketAddr) -> Option<u16> {
    let mut stream = connect_from(from, to).await?;
    stream.write_all(b"GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.ok()?;
    let mut answer = String::new();
    soon("an answer, or the end", stream.read_to_string(&mut answer)).await.ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

const ONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const ANOTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Connections from one address on which nothing is asked; another address is answered all the
/// while.
async fn idle(to: SocketAddr) -> Vec<TcpStream> {
    let (mut idle, many) = (Vec::new(), many());
    while idle.len() < many {
        // Fewer than the listener queues: a client that meets a full queue waits for a second.
        for _ in 0..100 {
            idle.extend(connect_from(ONE, to).await);
        }
        assert_eq!(status_from(ANOTHER, to).await, Some(401));
    }
    idle
}

#[tokio::test]
async fn idle_connections_of_one_address_are_limited_and_others_go_on() {
    let (running, address) = listening("").await;
    let client = running.client();
    assert_eq!(status_from(ONE, address).await, Some(401));
    let before = running.peak();
    let idle = idle(address).await;
    let limit = Http::default().connections_per_address;
    until("all but the allowed ones are closed", async || {
        // Those beyond the limit that are told so are closed a little later.
        idle.iter().filter(|stream| is_open(stream)).count() <= limit
    })
    .await;
    client.status().await.unwrap();
    let grown = running.peak() - before;
    assert!(grown < 16 * 1024, "it grew by {grown} KiB");
    drop(idle);
    until("there is a place again", async || status_from(ONE, address).await == Some(401)).await;
}

#[tokio::test]
async fn thousands_of_idle_connections_hold_little_memory_and_hinder_nobody() {
    let (running, address) = listening("connections = 100000\nconnections_per_address = 100000").await;
    let client = running.client();
    assert_eq!(status_from(ONE, address).await, Some(401));
    let before = running.peak();
    let idle = idle(address).await;
    assert_eq!(status_from(ONE, address).await, Some(401));
    client.status().await.unwrap();
    let grown = running.peak() - before;
    let each = grown * 1024 / idle.len() as u64;
    assert!(each < 32 * 1024, "each of {} holds {each} bytes", idle.len());
}

#[tokio::test]
async fn all_addresses_together_have_so_many_connections_and_no_more() {
    let (running, address) = listening("connections = 100").await;
    let mut idle = Vec::new();
    until("nobody else gets in", async || {
        // Again and again: places of connections that idled for too long are free again.
        for from in 10..20 {
            for _ in 0..10 {
                idle.extend(connect_from(Ipv4Addr::new(127, 0, 0, from), address).await);
            }
        }
        status_from(ONE, address).await.is_none()
    })
    .await;
    running.client().status().await.unwrap();
    drop(idle);
    until("there is a place again", async || status_from(ONE, address).await == Some(401)).await;
}

const HUGE: u64 = 10 * 1024 * 1024 * 1024;

#[tokio::test]
async fn slow_readers_of_a_huge_file_hold_no_memory_and_may_leave_in_the_middle() {
    // The daemon is not to read it by itself when it changes.
    let running = Running::start("watch = false").await;
    let client = running.client();
    let archives = running.directory.path().join("archives");
    let gid = publish(&archives, 1, &organization("acme"), 0, "{\"items\":[]}");
    client.rebuild_catalog().await.unwrap();
    let path = client.archive(gid).await.unwrap().path;
    let size = fs::metadata(&path).unwrap().len();
    let resize = |to| fs::File::options().write(true).open(&path).unwrap().set_len(to).unwrap();
    resize(HUGE);

    let before = running.peak();
    let request = format!("GET /v1/archives/{gid}/download HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut readers = Vec::new();
    for _ in 0..50 {
        let mut stream = UnixStream::connect(running.socket()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        readers.push(stream);
    }
    for _ in 0..3 {
        for stream in &mut readers {
            soon("a part of it", stream.read_exact(&mut [0; 1024])).await.unwrap();
        }
        // 1 kB a second.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let grown = running.peak() - before;
    assert!(grown < 32 * 1024, "it grew by {grown} KiB");

    let ask = async |headers: &[&str]| {
        let stream = UnixStream::connect(running.socket()).await.unwrap();
        send(stream, &format!("GET /v1/archives/{gid}/download"), headers, "").await
    };
    let part = ask(&[&format!("Range: bytes={}-", HUGE - 10)]).await;
    assert_eq!((part.status, part.body), (206, vec![0; 10]));
    let beyond = ask(&[&format!("Range: bytes={HUGE}-")]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, format!("bytes */{HUGE}").as_str()));

    assert!(running.open_files().contains(&path.clone().into()), "it is being read");
    drop(readers);
    until("it is read no more", async || !running.open_files().contains(&path.clone().into())).await;
    resize(size);
    assert!(client.verify(gid).await.unwrap().ok, "the export is untouched");
}
