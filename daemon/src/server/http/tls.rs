//! TLS with a certificate that may be replaced while the daemon runs. The old one stays until the
//! new one can be used.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use chrono::TimeDelta;
use orgvault_api::clock::{Clock, Timestamp};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{HttpError, certificate::validity};

/// How often the files are looked at.
const LOOK: TimeDelta = TimeDelta::seconds(1);

/// A connection that has shaken hands.
pub(in super::super) type Secured = TlsStream<TcpStream>;

/// The certificate's files, and what was made of them.
pub(in super::super) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    clock: Clock,
    config: ArcSwap<ServerConfig>,
    looked: Mutex<Looked>,
}

struct Looked {
    at: Timestamp,
    files: [Option<Identity>; 2],
}

/// What changes when a file does: device, inode, size and time.
type Identity = (u64, u64, u64, i64, i64);

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When they cannot be used now.
    pub(super) fn load(certificate: &Path, key: &Path, clock: Clock) -> Result<Self, HttpError> {
        let now = clock.now();
        let files = [certificate, key].map(identity);
        let config = ArcSwap::from(config(certificate, key, now)?);
        let looked = Mutex::new(Looked { at: now, files });
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), clock, config, looked })
    }

    /// Shakes hands with the newest certificate that can be used.
    ///
    /// # Errors
    /// When the client does not.
    pub(in super::super) async fn accept(&self, stream: TcpStream) -> io::Result<Secured> {
        self.look();
        TlsAcceptor::from(self.config.load_full()).accept(stream).await
    }

    fn look(&self) {
        let now = self.clock.now();
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= looked.at && now < looked.at + LOOK {
            return;
        }
        looked.at = now;
        let files = [&self.certificate, &self.key].map(|path| identity(path));
        if files == looked.files {
            return;
        }
        looked.files = files;
        match config(&self.certificate, &self.key, now) {
            Ok(config) => {
                self.config.store(config);
                tracing::info!(certificate = %self.certificate.display(), "the new certificate is in use");
            }
            Err(error) => tracing::error!("the old certificate stays in use: {error}"),
        }
    }
}

fn identity(path: &Path) -> Option<Identity> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.size(), metadata.mtime(), metadata.mtime_nsec()))
}

fn config(certificate: &Path, key: &Path, now: Timestamp) -> Result<Arc<ServerConfig>, HttpError> {
    let refused = |path: &Path, reason: String| HttpError::Certificate { path: path.to_owned(), reason };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| refused(certificate, error.to_string()))?;
    let Some(first) = chain.first() else {
        return Err(refused(certificate, "there is no certificate in it: it has to be PEM".to_owned()));
    };
    match validity(first) {
        None => return Err(refused(certificate, "its first certificate cannot be read".to_owned())),
        Some((from, _)) if now < from => return Err(refused(certificate, format!("it is valid from {from} on"))),
        Some((_, until)) if until < now => return Err(refused(certificate, format!("it has expired at {until}"))),
        Some(_) => {}
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| refused(key, error.to_string()))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions();
    let config = builder.and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut config = config.map_err(|error| refused(certificate, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
