//! Whom HTTP clients trust: the system's certificates, or those of one file and no others.

use std::{
    io,
    path::{Path, PathBuf},
};

use orgvault_files::open;
use reqwest::{Certificate, ClientBuilder};
use rustls::crypto::{CryptoProvider, ring};

/// Every authority that a system trusts has a tenth of it.
const LARGEST_PEM: u64 = 4 * 1024 * 1024;

/// rustls wants to be told once for the whole process whose arithmetic it uses.
pub(crate) fn use_ring() {
    if CryptoProvider::get_default().is_none() && ring::default_provider().install_default().is_err() {
        tracing::debug!("another thread chose the arithmetic of TLS first");
    }
}

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrustError {
    /// The file cannot be read.
    #[error("cannot read the certificates in {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// There is none in it.
    #[error("there is no certificate in {}", path.display())]
    None {
        /// The file.
        path: PathBuf,
    },
    /// They are none.
    #[error("cannot use the certificates in {}: {cause}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: reqwest::Error,
    },
}

/// The system's certificates, or those of `ca_file` and no others; none where nothing is asked by TLS.
pub(crate) fn trusting(builder: ClientBuilder, ca_file: Option<&Path>, tls: bool) -> Result<ClientBuilder, TrustError> {
    use_ring();
    let Some(path) = ca_file else {
        return Ok(if tls { builder } else { builder.tls_certs_only([]) });
    };
    let path = path.to_owned();
    let read = open::behind_links(&path).and_then(|file| open::read_whole(file, LARGEST_PEM));
    let pem = match read {
        Ok(pem) => pem,
        Err(cause) => return Err(TrustError::Read { path, cause }),
    };
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if certificates.is_empty() => Err(TrustError::None { path }),
        Ok(certificates) => Ok(builder.tls_certs_only(certificates)),
        Err(cause) => Err(TrustError::Parse { path, cause }),
    }
}
