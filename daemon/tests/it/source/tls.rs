//! TLS: only what is verified is used, and no plain text without a word.

use std::{path::Path, process::Command};

use super::fixture::{ACME, config, refused, rytask, source_with};
use orgvault_testing::postgres::{PASSWORD, Server};

fn openssl(directory: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, and a server's certificate of it for a name.
fn certificates(directory: &Path, name: &str) {
    openssl(
        directory,
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-subj",
            "/CN=orgvault test",
            "-days",
            "2",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
        ],
    );
    openssl(
        directory,
        &["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server"],
    );
    std::fs::write(directory.join("names"), format!("subjectAltName={name}\nbasicConstraints=CA:FALSE\n")).unwrap();
    openssl(
        directory,
        &[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            "server.pem",
            "-days",
            "2",
            "-extfile",
            "names",
        ],
    );
}

#[tokio::test]
async fn a_certificate_is_verified_with_its_name() {
    let server = Server::start();
    let database = server.database();
    let files = tempfile::tempdir().unwrap();
    certificates(files.path(), "DNS:localhost");
    for file in ["server.key", "server.pem"] {
        let copy = server.directory().join("data").join(file);
        std::fs::copy(files.path().join(file), &copy).unwrap();
        Server::own(&copy);
    }
    server.configure("ssl = on\nssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'\n");
    server.allow("hostnossl all all 127.0.0.1/32 reject");
    server.restart();

    assert_eq!(PASSWORD, "pa:ss/w@rd");
    let authority = files.path().join("ca.pem");
    let url = |host: &str, rest: &str| {
        let url = database.tcp_url().replacen('@', ":pa%3Ass%2Fw%40rd@", 1).replace("127.0.0.1", host);
        source_with(config(&format!("{url}?{rest}")), rytask())
    };
    let rooted = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    url("localhost", &rooted).version().await.unwrap();
    // The certificate is for another name; then for an unknown authority; then no TLS at all.
    for (host, rest, code) in [
        ("127.0.0.1", rooted.as_str(), "source_tls"),
        ("localhost", "sslmode=verify-full", "source_tls"),
        ("localhost", "sslmode=disable", "source_login"),
    ] {
        let error = refused(url(host, rest).snapshot(ACME).await);
        assert_eq!(error.code(), code, "{host} {rest}: {error}");
    }
}

#[tokio::test]
async fn peer_authentication_needs_no_password() {
    let server = Server::start();
    let database = server.database();
    let me = Command::new("id").arg("-un").output().unwrap().stdout;
    let me = String::from_utf8(me).unwrap().trim().to_owned();
    database.psql(&format!("CREATE ROLE peer_nobody LOGIN; CREATE ROLE \"{me}\" LOGIN"));
    server.allow(&format!("local all \"{me}\" peer\nlocal all peer_nobody peer"));
    server.restart();
    let source = |role: &str| source_with(config(&database.url_as(role)), rytask());
    source(&me).version().await.unwrap();
    let error = refused(source("peer_nobody").version().await);
    assert_eq!(error.code(), "source_login", "{error}");
    assert!(error.to_string().to_lowercase().contains("peer authentication failed"), "{error}");
}
