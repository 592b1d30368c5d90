//! A target with TLS: only a server that proves its name is given anything.

use std::{fs, path::PathBuf};

use orgvault_api::SendState;
use orgvault_config::{TargetConfig, TargetKind};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};

use super::{
    fixture::{IMPORT, REPORT, code, sent, solidtime, with_zip},
    stub::{Stub, json},
};

/// An authority's certificate in a file, and a server for `localhost` that it vouches for.
fn authority(file: &PathBuf) -> ServerConfig {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    fs::write(file, issuer.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap()
}

fn target(url: &str, ca_file: Option<PathBuf>) -> TargetConfig {
    let target = solidtime(url);
    let TargetKind::App(mut instance) = target.kind else { unreachable!() };
    instance.server.ca_file = ca_file;
    TargetConfig { kind: TargetKind::App(instance), ..target }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_that_proves_its_name_is_given_anything() {
    let directory = tempfile::tempdir().unwrap();
    let [ours, other, empty] = ["ca.pem", "other.pem", "empty.pem"].map(|name| directory.path().join(name));
    let config = authority(&ours);
    authority(&other);
    fs::write(&empty, "nothing\n").unwrap();
    let stub = Stub::start_with(Some(config), [(IMPORT, json(200, REPORT))]).await;
    let by = |host: &str| format!("https://{host}:{}", stub.port());
    for (url, ca_file, expected) in [
        (by("localhost"), Some(other), "target_unreachable"),
        (by("127.0.0.1"), Some(ours.clone()), "target_unreachable"),
        (by("localhost"), Some(empty), "target_unusable"),
        (by("localhost"), Some(directory.path().join("missing.pem")), "target_unusable"),
        (by("localhost"), None, "target_unreachable"),
    ] {
        let (daemon, gid) = with_zip(target(&url, ca_file.clone())).await;
        let record = sent(&daemon, gid).await;
        // A system without any certificates cannot even begin.
        let expected =
            if ca_file.is_none() && code(&record) == "target_unusable" { "target_unusable" } else { expected };
        assert_eq!((record.state, code(&record)), (SendState::Refused, expected), "{url}: {record:?}");
        assert!(stub.seen().is_empty(), "{url} {ca_file:?}");
    }
    let (daemon, gid) = with_zip(target(&by("localhost"), Some(ours))).await;
    let record = sent(&daemon, gid).await;
    assert_eq!((record.state, code(&record)), (SendState::Sent, ""), "{record:?}");
    assert_eq!(stub.seen().len(), 1);
}
