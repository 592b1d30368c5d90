//! Why a call to the daemon has no answer.

use std::{io, path::PathBuf};

use crate::Problem;

/// Why a call to the daemon has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers on the socket.
    #[error("cannot reach orgvaultd on {}: {source}", socket.display())]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The daemon refused, and says why.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The daemon went away before its answer was whole.
    #[error("orgvaultd ended the connection in the middle of {request}: {source}")]
    Lost {
        /// The request's method and path.
        request: String,
        /// What broke.
        source: hyper::Error,
    },
    /// The answer is not one of this API: another program listens on the socket, or the versions
    /// differ.
    #[error("cannot read the answer to {request}: {fault}")]
    Protocol {
        /// The request's method and path.
        request: String,
        /// What is wrong with the answer.
        #[source]
        fault: ProtocolFault,
    },
    /// What came from the daemon could not be passed on.
    #[error("cannot write what was downloaded: {source}")]
    Write {
        /// What the system says.
        source: io::Error,
    },
}

/// What is wrong with an answer.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolFault {
    /// The request could not be put into words of HTTP.
    #[error("the request is no HTTP: {0}")]
    Request(#[source] hyper::http::Error),
    /// The request could not be written as JSON.
    #[error("the request is no JSON: {0}")]
    Encode(#[source] serde_json::Error),
    /// The body is not the JSON that belongs there.
    #[error("it is not the JSON that belongs there: {0}")]
    Decode(#[source] serde_json::Error),
    /// An error status without a problem document.
    #[error("status {status} without a problem document")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// The body is longer than any answer of this API.
    #[error("it is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body has another length than its header says.
    #[error("it has {got} bytes of {announced}")]
    Length {
        /// What the header says.
        announced: u64,
        /// What came.
        got: u64,
    },
}

impl ClientError {
    /// The stable code: the problem's, or `unreachable`, `connection_lost`, `protocol`, `write`.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Problem(problem) => &problem.code,
            Self::Lost { .. } => "connection_lost",
            Self::Protocol { .. } => "protocol",
            Self::Write { .. } => "write",
        }
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::Unreachable { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "is orgvaultd running, and is this the socket of its configuration?",
                io::ErrorKind::ConnectionRefused => {
                    "orgvaultd is not running: start it with `systemctl start orgvaultd`"
                }
                io::ErrorKind::PermissionDenied => "the socket's mode keeps you out: ask the owner of this machine",
                _ => "",
            },
            Self::Problem(problem) => &problem.hint,
            Self::Lost { .. } => "was orgvaultd stopped? Look at its log and repeat the command",
            Self::Protocol { .. } => "is it orgvaultd that listens there, in the same version as this program?",
            Self::Write { .. } => "",
        }
    }
}
