//! Files in a bucket of S3, or of a server that speaks as it does.

mod content;

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use object_store::{
    ClientOptions, Error, ObjectStore as _, ObjectStoreExt as _, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey},
    path::Path,
};
use orgvault_config::Bucket;
use rustls::crypto::{CryptoProvider, ring};
use tokio::{runtime::Handle, time::timeout};
use tokio_util::sync::CancellationToken;

use self::content::ObjectContent;
use super::{FilePath, NoFile, OpenUploads, Upload, Uploads, UploadsError, UploadsFault};

/// For a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// A server that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_mins(1);
/// What may be gone at once is asked for so often again, within [`SILENCE`].
const RETRIES: usize = 4;
/// So much of a server's words is kept, in characters.
const MAX_WORDS: usize = 500;

/// The bucket of a source.
#[derive(Debug)]
pub(super) struct BucketUploads {
    bucket: Bucket,
}

impl BucketUploads {
    pub(super) fn new(bucket: Bucket) -> Self {
        Self { bucket }
    }

    fn connect(&self) -> Result<AmazonS3, UploadsError> {
        if CryptoProvider::get_default().is_none() && ring::default_provider().install_default().is_err() {
            tracing::debug!("another provider of TLS was installed meanwhile");
        }
        let mut builder = AmazonS3Builder::from_env();
        for (name, value) in self.bucket.variables.reveal() {
            if let Ok(key) = name.to_ascii_lowercase().parse() {
                builder = builder.with_config(key, value);
            }
        }
        let endpoints = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint];
        let refused = endpoints.iter().filter_map(|key| builder.get_config_value(key));
        if let Some(endpoint) = refused.into_iter().find(|endpoint| !self.bucket.may_ask(endpoint)) {
            return Err(self.failed(UploadsFault::Tls, format!("{endpoint} is plain http beyond this machine")));
        }
        let options = ClientOptions::new().with_allow_http(true).with_timeout_disabled().with_connect_timeout(CONNECT);
        let retries = RetryConfig { max_retries: RETRIES, retry_timeout: SILENCE, ..RetryConfig::default() };
        let builder = builder.with_bucket_name(&self.bucket.name).with_client_options(options).with_retry(retries);
        builder.build().map_err(|error| self.failed(UploadsFault::Denied, words(&error)))
    }

    fn failed(&self, fault: UploadsFault, words: String) -> UploadsError {
        UploadsError { place: self.shown(), fault, words }
    }
}

impl Uploads for BucketUploads {
    fn shown(&self) -> String {
        self.bucket.to_string()
    }

    fn open(&self, stop: &CancellationToken) -> Result<Arc<dyn OpenUploads>, UploadsError> {
        let waiting = Waiting { runtime: Handle::current(), stop: stop.clone(), place: self.shown() };
        let open = OpenBucket { store: self.connect()?, prefix: self.bucket.prefix.clone(), waiting };
        open.look()?;
        Ok(Arc::new(open))
    }
}

/// A bucket that answered.
#[derive(Debug)]
struct OpenBucket {
    store: AmazonS3,
    prefix: String,
    waiting: Waiting,
}

/// How what is asked of a server is waited for, on a thread that may.
#[derive(Debug, Clone)]
struct Waiting {
    runtime: Handle,
    stop: CancellationToken,
    place: String,
}

/// Why nothing came.
enum Failed {
    /// The server refused, or could not be asked.
    Said(Error),
    /// It does not answer, or nobody waits any more.
    Gone(UploadsError),
}

impl OpenBucket {
    /// Whether there is such a bucket, and it may be listed: where it may not, a server calls a key that is missing
    /// forbidden.
    fn look(&self) -> Result<(), UploadsError> {
        let prefix = (!self.prefix.is_empty()).then(|| Path::from(self.prefix.as_str()));
        let first = async { self.store.list(prefix.as_ref()).next().await.transpose() };
        match self.waiting.until(first) {
            Ok(_) => Ok(()),
            Err(Failed::Gone(error)) => Err(error),
            Err(Failed::Said(error)) => Err(self.waiting.refused(&error)),
        }
    }

    fn key(&self, path: &FilePath) -> Result<Path, NoFile> {
        let key = if self.prefix.is_empty() { path.to_string() } else { format!("{}/{path}", self.prefix) };
        Path::parse(key).map_err(|error| NoFile::Refused { why: words(&error) })
    }
}

impl OpenUploads for OpenBucket {
    fn file(&self, path: &FilePath) -> Result<Box<dyn Upload>, NoFile> {
        let key = self.key(path)?;
        match self.waiting.until(self.store.get(&key)) {
            Ok(object) => Ok(Box::new(ObjectContent::new(object, self.waiting.clone()))),
            Err(Failed::Gone(error)) => Err(NoFile::Gone(error)),
            Err(Failed::Said(Error::NotFound { .. })) => Err(NoFile::Missing),
            // The bucket as a whole was listed.
            Err(Failed::Said(error @ (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }))) => {
                Err(NoFile::Unreadable { why: words(&error) })
            }
            Err(Failed::Said(error)) => Err(NoFile::Gone(self.waiting.refused(&error))),
        }
    }
}

impl Waiting {
    fn until<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Failed> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => Err(Failed::Gone(self.failed(UploadsFault::Unreachable, "told to stop".to_owned()))),
                done = timeout(SILENCE, work) => match done {
                    Ok(done) => done.map_err(Failed::Said),
                    Err(_elapsed) => Err(Failed::Gone(UploadsError::silent(self.place.clone(), SILENCE))),
                },
            }
        })
    }

    /// What a server said of the bucket as a whole.
    fn refused(&self, error: &Error) -> UploadsError {
        let fault = if is_denied(error) { UploadsFault::Denied } else { UploadsFault::Unreachable };
        self.failed(fault, words(error))
    }

    fn failed(&self, fault: UploadsFault, words: String) -> UploadsError {
        UploadsError { place: self.place.clone(), fault, words }
    }
}

/// Whether the server knows us and does not let us. Of a refused listing the library has a text alone.
fn is_denied(error: &Error) -> bool {
    let is_said = |status: u16| chain(error).contains(&format!("status code: {status}"));
    matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. }) || is_said(401) || is_said(403)
}

/// An error with its causes, as far as they do not repeat each other.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        cause = next.source();
    }
    words
}

/// What the server says, or else the error with its causes.
fn words(error: &dyn std::error::Error) -> String {
    let words = chain(error);
    let mut words = answer(&words).unwrap_or(words);
    if let Some((end, _)) = words.char_indices().nth(MAX_WORDS) {
        words.truncate(end);
        words.push('…');
    }
    words
}

/// Code and message of a server's answer, which is a short text of XML.
fn answer(words: &str) -> Option<String> {
    let element = |name: &str| {
        let (_, rest) = words.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text.trim()).filter(|text| !text.is_empty())
    };
    let code = element("Code")?;
    Some(element("Message").map_or_else(|| code.to_owned(), |message| format!("{code}: {message}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_told_of_in_its_own_words() {
        let refused =
            "status code: 403: <?xml?><Error><Code>AccessDenied</Code><Message>Access denied.</Message></Error>";
        assert_eq!(answer(refused).as_deref(), Some("AccessDenied: Access denied."));
        assert_eq!(answer("<Error><Code>NoSuchBucket</Code></Error>").as_deref(), Some("NoSuchBucket"));
        assert_eq!(answer("connection refused"), None);
    }

    #[test]
    fn a_server_beyond_this_machine_is_not_asked_without_tls() {
        let bucket = |is_network_trusted| {
            let variables = [("AWS_ENDPOINT_URL", "http://minio.invalid:9000")];
            let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let (name, prefix) = ("files".to_owned(), String::new());
            BucketUploads::new(Bucket { name, prefix, variables, is_network_trusted })
        };
        let refused = bucket(false).connect().unwrap_err();
        assert_eq!((refused.code(), bucket(true).connect().is_ok()), ("files_tls", true));
        assert!(refused.to_string().contains("minio.invalid:9000 is plain http beyond this machine"), "{refused}");
    }
}
