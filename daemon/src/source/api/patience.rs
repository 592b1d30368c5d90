//! How long is waited for an API, and which certificates it may prove itself with.

use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use orgvault_files::open;
use reqwest::{Certificate, ClientBuilder};
use rustls::crypto::{CryptoProvider, ring};

use crate::source::SourceFault;

/// Nobody waits longer for a server because it asks to.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// A server that asks to be asked again at once is given a moment.
pub(super) const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// The first wait for a job.
const FIRST_POLL: Duration = Duration::from_secs(1);
/// A bundle of certificates is smaller.
const LARGEST_PEM: u64 = 1024 * 1024;

/// The wait after so many tries that a server failed, and did not say how long.
pub(crate) fn after(tries: u32) -> Duration {
    Duration::from_secs(1 << tries.min(6)).min(Duration::from_mins(1))
}

/// The wait before a job is asked for the `count`th time (from 0) how far it is: short first, because small ones are
/// ready at once, then longer, and never more than `every`.
pub(crate) fn before_poll(count: u32, every: Duration) -> Duration {
    let grown = FIRST_POLL.as_secs_f64() * 1.5_f64.powi(i32::try_from(count.min(64)).unwrap_or(64));
    every.min(Duration::try_from_secs_f64(grown).unwrap_or(every))
}

/// What kind of fault an error on the way is.
pub(super) fn fault_of(error: &reqwest::Error) -> SourceFault {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.is::<rustls::Error>() {
            return SourceFault::Tls;
        }
        // What an error of I/O holds is not its source, which is the source of that.
        let held = one.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = held.map(|held| held as &(dyn Error + 'static)).or_else(|| one.source());
    }
    if error.is_connect() { SourceFault::Unreachable } else { SourceFault::Lost }
}

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum TrustError {
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
pub(super) fn trusting(builder: ClientBuilder, ca_file: Option<&Path>, tls: bool) -> Result<ClientBuilder, TrustError> {
    if CryptoProvider::get_default().is_none() && ring::default_provider().install_default().is_err() {
        tracing::debug!("another thread chose the arithmetic of TLS first");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_asked_soon_and_then_ever_less_often() {
        let every = Duration::from_mins(1);
        let waits: Vec<u128> = (0..14).map(|count| before_poll(count, every).as_millis()).collect();
        assert_eq!(waits[..4], [1000, 1500, 2250, 3375]);
        assert_eq!(waits[13], 60_000);
        assert_eq!(before_poll(u32::MAX, every), every);
        assert_eq!(before_poll(0, Duration::from_millis(10)), Duration::from_millis(10));
    }
}
