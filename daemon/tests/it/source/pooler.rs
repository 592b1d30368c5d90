//! A pooler that gives each transaction another connection is refused. This one has the essence
//! of PgBouncer in transaction mode: one server connection for all clients, held from a client's
//! first message until the server says that no transaction is open.

use std::{
    io::Write as _,
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    sync::{Arc, Condvar, Mutex},
    thread,
};

use orgvault_api::CheckResult;

use super::fixture::{rytask, source};
use orgvault_testing::postgres::{Database, Server};

/// The server connections that no transaction uses, and what the first one said at its start.
struct Pooler {
    free: Mutex<Vec<UnixStream>>,
    freed: Condvar,
    greeting: Vec<u8>,
}

/// One message with its type; the startup message has none.
fn message(stream: &mut impl std::io::Read, has_type: bool) -> std::io::Result<Vec<u8>> {
    let head = if has_type { 5 } else { 4 };
    let mut bytes = vec![0; head];
    stream.read_exact(&mut bytes)?;
    let length = u32::from_be_bytes(bytes[head - 4..].try_into().unwrap()) as usize;
    bytes.resize(head + length - 4, 0);
    stream.read_exact(&mut bytes[head..])?;
    Ok(bytes)
}

fn is_ready(message: &[u8]) -> bool {
    message[0] == b'Z'
}

fn connect(database: &Database, server: &Server) -> (UnixStream, Vec<u8>) {
    let mut stream = UnixStream::connect(server.directory().join(format!(".s.PGSQL.{}", server.port()))).unwrap();
    let mut startup = vec![0, 0, 0, 0, 0, 3, 0, 0];
    for word in ["user", "postgres", "database", database.name(), ""] {
        startup.extend(word.as_bytes());
        startup.push(0);
    }
    let length = u32::try_from(startup.len()).unwrap();
    startup[..4].copy_from_slice(&length.to_be_bytes());
    stream.write_all(&startup).unwrap();
    let mut greeting = Vec::new();
    loop {
        let message = message(&mut stream, true).unwrap();
        greeting.extend(&message);
        if is_ready(&message) {
            return (stream, greeting);
        }
    }
}

/// Serves one client until it leaves.
fn serve(pooler: &Pooler, mut client: TcpStream) -> std::io::Result<()> {
    message(&mut client, false)?;
    client.write_all(&pooler.greeting)?;
    loop {
        let mut request = message(&mut client, true)?;
        let mut server = {
            let free = pooler.free.lock().unwrap();
            pooler.freed.wait_while(free, |free| free.is_empty()).unwrap().pop().unwrap()
        };
        loop {
            server.write_all(&request)?;
            // `Query` and `Sync` are what the server answers with `ReadyForQuery`.
            if matches!(request[0], b'Q' | b'S') {
                let last = loop {
                    let answer = message(&mut server, true)?;
                    client.write_all(&answer)?;
                    if is_ready(&answer) {
                        break answer;
                    }
                };
                if last.ends_with(b"I") {
                    break;
                }
            }
            request = message(&mut client, true)?;
        }
        pooler.free.lock().unwrap().push(server);
        pooler.freed.notify_one();
    }
}

/// The port of a pooler with this many server connections.
fn start(database: &Database, connections: usize) -> u16 {
    let server = Server::shared();
    let (free, mut greetings): (Vec<_>, Vec<_>) = (0..connections).map(|_| connect(database, server)).unzip();
    let greeting = greetings.pop().unwrap();
    let pooler = Arc::new(Pooler { free: Mutex::new(free), freed: Condvar::new(), greeting });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let pooler = Arc::clone(&pooler);
            // A client that leaves ends its thread.
            thread::spawn(move || serve(&pooler, client.unwrap()).unwrap_err());
        }
    });
    port
}

#[tokio::test]
async fn transaction_pooling_is_refused_by_check() {
    let database = Database::rytask();
    for connections in [1, 3] {
        let port = start(&database, connections);
        let url = format!("postgres://postgres@127.0.0.1:{port}/{}?sslmode=disable", database.name());
        let source = source(&url, rytask());
        let lines = source.check().await.lines;
        let line = lines.iter().find(|line| line.name == "pooler").unwrap();
        assert_eq!(line.result, CheckResult::Failed, "{lines:?}");
        assert!(line.hint.contains("pool_mode=session"), "{line:?}");
        assert!(lines[3..].iter().all(|line| line.result == CheckResult::Skipped), "{lines:?}");
    }
}
