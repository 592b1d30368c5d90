//! The TCP listener: bound only where the configuration allows it, with TLS where there is a
//! certificate.

mod certificate;
mod tls;

use std::{io, net::SocketAddr, path::PathBuf};

use orgvault_api::clock::Clock;
use orgvault_config::Http;
use tokio::net::TcpListener;

pub(super) use self::tls::Tls;

/// Why the TCP listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The system refused.
    #[error("cannot listen on {address}: {cause}; correct `listen` in [http]")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("cannot use the certificate {} for TLS: {reason}", path.display())]
    Certificate {
        /// The certificate's or the key's file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A listening TCP socket.
pub struct HttpListener {
    pub(super) listener: TcpListener,
    /// None: plain text.
    pub(super) tls: Option<Tls>,
}

impl HttpListener {
    /// Listens where the configuration says; none where it says nothing.
    ///
    /// # Errors
    /// When the address is taken, or the certificate cannot be used.
    pub async fn open(http: &Http, clock: &Clock) -> Result<Option<Self>, HttpError> {
        let Some(address) = http.listen else { return Ok(None) };
        let tls = match (&http.cert, &http.key) {
            (Some(certificate), Some(key)) => Some(Tls::load(certificate, key, clock.clone())?),
            _ => None,
        };
        let failed = |cause| HttpError::Listen { address, cause };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        tracing::info!(%address, tls = tls.is_some(), "listening for clients with tokens");
        Ok(Some(Self { listener, tls }))
    }
}
