//! The TCP listener: who gets in, over what, and what floods and slow clients can do.

use std::{fs, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use orgvault_api::{Role, clock::Clock};
use orgvault_config::Config;
use orgvault_daemon::{RunError, lifecycle::Stop, product::Products, run, server::HttpError};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    fixture::{Daemon, config, soon, until},
    reply::{Reply, send},
    tokens::bearer,
};

/// A port that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn listening(change: impl FnOnce(&mut Config)) -> (Daemon, SocketAddr) {
    let address = free_address();
    let daemon = Daemon::start_with(|config| {
        config.http.listen = Some(address);
        change(config);
    })
    .await;
    (daemon, address)
}

async fn ask(address: SocketAddr, request: &str, headers: &[&str]) -> Reply {
    send(TcpStream::connect(address).await.unwrap(), request, headers, "").await
}

#[tokio::test]
async fn only_a_token_gets_in_and_it_is_recorded_from_where() {
    let (daemon, address) = listening(|_config| {}).await;
    for path in ["/v1/status", "/nothing", "/v1/archives/1"] {
        let refused = ask(address, &format!("GET {path}"), &[]).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (401, Some("no_token")), "{path}");
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
    }
    let token = bearer(&daemon, "remote", Role::Viewer).await;
    assert_eq!(ask(address, "GET /v1/status", &[&token]).await.json()["role"], "viewer");
    let entries = daemon.client.audit(None, None).await.unwrap().entries;
    assert!(entries.iter().any(|entry| entry.act == "refused" && entry.from == "127.0.0.1"), "{entries:?}");
}

#[tokio::test]
async fn so_many_requests_a_minute_and_then_429() {
    let (daemon, address) = listening(|config| config.http.requests_per_minute = 5).await;
    let token = bearer(&daemon, "remote", Role::Viewer).await;
    let mut last = ask(address, "GET /v1/status", &[&token]).await;
    assert_eq!(last.status, 200);
    for _ in 0..5 {
        last = ask(address, "GET /v1/status", &[&token]).await;
    }
    assert_eq!(last.status, 429);
    assert!((1..=60).contains(&last.header("retry-after").parse::<u64>().unwrap()));
    assert!(daemon.client.status().await.is_ok(), "users of this machine are not limited");
}

/// Writes a certificate of a year that ends in `until` and its key.
pub(crate) fn certificate(directory: &Path, until: i32) -> (std::path::PathBuf, std::path::PathBuf) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    let paths = (directory.join("cert.pem"), directory.join("key.pem"));
    for (path, text) in [(&paths.1, key.serialize_pem()), (&paths.0, certificate.pem())] {
        let partial = path.with_extension("new");
        fs::write(&partial, text).unwrap();
        fs::rename(partial, path).unwrap();
    }
    paths
}

async fn connect_tls(address: SocketAddr, trusted: &Path) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config =
        builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

#[tokio::test]
async fn tls_is_spoken_and_a_replaced_certificate_taken_up_when_it_can_be_used() {
    let directory = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(directory.path(), 2100);
    let (_daemon, address) = listening(|config| {
        config.http.cert = Some(cert.clone());
        config.http.key = Some(key.clone());
    })
    .await;
    let first = directory.path().join("first.pem");
    fs::copy(&cert, &first).unwrap();
    let reply = send(connect_tls(address, &first).await.unwrap(), "GET /v1/status", &[], "").await;
    assert_eq!(reply.status, 401);
    fs::write(&cert, "garbage").unwrap();
    // Longer than the daemon waits between two looks at the files.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(connect_tls(address, &first).await.is_ok(), "the old certificate stays");
    certificate(directory.path(), 2021);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(connect_tls(address, &first).await.is_ok(), "an expired one is not taken up");
    certificate(directory.path(), 2100);
    until("the new one is in use", async || connect_tls(address, &cert).await.is_ok()).await;
    assert!(connect_tls(address, &first).await.is_err());
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_stops_the_start_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let refused = async |cert: &Path, key: &Path| {
        let mut config = config(directory.path());
        config.http.listen = Some(free_address());
        (config.http.cert, config.http.key) = (Some(cert.to_owned()), Some(key.to_owned()));
        let ran = run(config, Products::embedded().unwrap(), Clock::system(), Stop::default()).await;
        match ran.unwrap_err() {
            RunError::Http(error @ HttpError::Certificate { .. }) => error.to_string(),
            other => panic!("{other}"),
        }
    };
    let (cert, key) = certificate(directory.path(), 2021);
    assert!(refused(&cert, &key).await.contains("expired"));
    let nowhere = directory.path().join("nowhere.pem");
    assert!(refused(&nowhere, &key).await.contains("nowhere.pem"));
    certificate(directory.path(), 2100);
    assert!(refused(&cert, &nowhere).await.contains("nowhere.pem"));
    let other = directory.path().join("other");
    fs::create_dir(&other).unwrap();
    let (_, other_key) = certificate(&other, 2100);
    let said = refused(&cert, &other_key).await;
    assert!(said.contains("KeyMismatch") || said.to_lowercase().contains("key"), "{said}");
}

#[tokio::test]
async fn shapes_of_smuggling_and_endless_heads_are_closed() {
    let (daemon, address) = listening(|_config| {}).await;
    let long = format!("GET /v1/status HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(1024 * 1024));
    let shapes = [
        "POST /v1/exports HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/status HTTP/1.1\r\n\r\n",
        "POST /v1/exports HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "POST /v1/exports HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\nzz\r\n",
        "POST /v1/exports HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        "GET /v1/status HTTP/1.1\nHost : x\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n",
        &long,
    ];
    for shape in shapes {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // It may be closed while it is written to.
        drop(stream.write_all(shape.as_bytes()).await);
        drop(stream.shutdown().await);
        let mut answer = Vec::new();
        drop(soon("the connection is closed", stream.read_to_end(&mut answer)).await);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(!answer.contains("HTTP/1.1 2") && answer.matches("HTTP/1.1 ").count() <= 1, "{shape:.60}: {answer}");
    }
    assert!(daemon.client.status().await.is_ok());
}
