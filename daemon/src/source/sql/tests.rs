//! URLs, and what they name.

use super::*;

fn read(url: &str, tls: Tls) -> Result<Box<dyn Location>, SourceError> {
    locate(&"tracker".into(), &SecretUrl::new(url.to_owned()), tls).map(|(_, location)| location)
}

#[test]
fn every_dialect_has_its_driver_and_no_two_share_a_scheme() {
    assert_eq!(DRIVERS.map(|driver| driver.dialect), Dialect::ALL);
    let schemes: Vec<&str> = DRIVERS.iter().flat_map(|driver| driver.schemes.iter().copied()).collect();
    let once: std::collections::HashSet<&str> = schemes.iter().copied().collect();
    assert_eq!(schemes.len(), once.len(), "{schemes:?}");
    let unknown = read("mysql://127.0.0.1/x", Tls::VerifyFull).err().unwrap();
    assert!(unknown.to_string().ends_with("it has to start with postgres:// or sqlite://"), "{unknown}");
}

#[test]
fn beyond_loopback_only_verified_tls_is_used() {
    for url in [
        "postgres://db.example/x",
        "postgres://db.example/x?sslmode=require",
        "postgres://10.0.0.1/x?sslmode=verify-ca",
        "postgres://localhost/x?host=db.example",
        "postgres://localhost.evil.example/x",
        "postgres://127.0.0.1/x?hostaddr=10.0.0.1",
    ] {
        let error = read(url, Tls::VerifyFull).err().unwrap();
        assert_eq!(error.code(), "source_tls", "{url}");
        assert!(error.hint().contains("sslmode=verify-full"));
        assert!(read(url, Tls::AsUrl).is_ok(), "{url}");
    }
    for url in [
        "postgres://db.example/x?sslmode=verify-full",
        "postgres://127.0.0.1:5433/x",
        "postgres://[::1]/x",
        "postgres://localhost/x",
        "postgres:///x?host=/run/postgresql&user=y",
    ] {
        assert!(read(url, Tls::VerifyFull).is_ok(), "{url}");
    }
}

#[test]
fn shows_where_it_is_and_no_secret() {
    for (url, shown) in [
        ("postgres://u:s3cret@127.0.0.1/x?sslmode=prefer", "postgres://127.0.0.1/x"),
        ("postgres://u:s3cret@[::1]:5433/x", "postgres://[::1]:5433/x"),
        ("postgres:///x?host=/run/postgresql&user=y&password=s3cret", "postgres:///x?host=/run/postgresql"),
        ("postgres:///x?host=/run/postgresql&port=5433", "postgres:///x?host=/run/postgresql&port=5433"),
        ("sqlite:///var/lib/a%20b.db?mode=ro", "sqlite:///var/lib/a b.db"),
    ] {
        assert_eq!(read(url, Tls::VerifyFull).unwrap().shown(), shown);
    }
}

#[test]
fn a_refusal_quotes_no_secret() {
    for url in [
        "postgres://u:s3cret@127.0.0.1:port/x",
        "postgres://u:s3cret@[::/x",
        "postgres://u:s3cret@127.0.0.1/x?sslmode=s3cret",
        "postgres://127.0.0.1/x?passwd=s3cret",
        "postgres://u:s3cret@db.example/x",
        "mysql://u:s3cret@127.0.0.1/x",
        "u:s3cret@127.0.0.1/x",
        "sqlite://x.db?key=s3cret",
    ] {
        let error = read(url, Tls::VerifyFull).err().unwrap();
        let shown = format!("{error} {error:?} {}", error.hint());
        assert!(!shown.contains("s3cret"), "{url}: {shown}");
    }
}

#[test]
fn sqlite_is_only_ever_a_file_read_only() {
    for url in [
        "sqlite::memory:",
        "sqlite://x.db?immutable=1",
        "sqlite://file:x.db?immutable=1",
        "sqlite:file:x.db%3Fimmutable=1",
        "sqlite://",
        "sqlite://x.db?mode=rwc",
        "sqlite://a%00b",
    ] {
        assert_eq!(read(url, Tls::VerifyFull).err().unwrap().code(), "source_url", "{url}");
    }
}
