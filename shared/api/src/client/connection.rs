//! One request on its own connection.

use std::path::Path;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1,
    header::{ACCEPT, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::UnixStream, task::JoinSet};

use super::error::{ClientError, ProtocolFault};
use crate::Problem;

/// No document of this API is longer; downloads and events are not documents.
const DOCUMENT_LIMIT: usize = 512 * 1024 * 1024;

/// The head of a successful answer, and a body that is still to be read.
#[derive(Debug)]
pub(super) struct Answer {
    /// The request's method and path, for errors.
    pub(super) request: String,
    /// The answer.
    pub(super) response: Response<Incoming>,
    /// Drives the connection; dropped with the answer, it closes it.
    pub(super) driver: JoinSet<()>,
}

/// Sends one request and gives its successful answer; a problem document becomes an error.
pub(super) async fn send(
    socket: &Path,
    method: &'static str,
    target: &str,
    body: Option<&impl Serialize>,
) -> Result<Answer, ClientError> {
    let name = format!("{method} {target}");
    let request = match request(method, target, body) {
        Ok(request) => request,
        Err(fault) => return Err(ClientError::Protocol { request: name, fault }),
    };
    let unreachable = |source| ClientError::Unreachable { socket: socket.to_owned(), source };
    let stream = UnixStream::connect(socket).await.map_err(unreachable)?;
    let lost = |source| ClientError::Lost { request: name.clone(), source };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
    let mut driver = JoinSet::new();
    // What ends the connection early also ends the request or the body, which report it.
    driver.spawn(async move { drop(connection.await) });
    let response = sender.send_request(request).await.map_err(lost)?;
    let answer = Answer { request: name, response, driver };
    if answer.response.status().is_success() { Ok(answer) } else { Err(answer.problem().await) }
}

fn request(
    method: &'static str,
    target: &str,
    body: Option<&impl Serialize>,
) -> Result<Request<Full<Bytes>>, ProtocolFault> {
    let mut builder = Request::builder().method(method).uri(target).header(HOST, "orgvault");
    builder = builder.header(ACCEPT, "application/json, application/problem+json, text/event-stream, */*");
    let body = match body {
        None => Bytes::new(),
        Some(body) => {
            builder = builder.header(CONTENT_TYPE, "application/json");
            serde_json::to_vec(body).map_err(ProtocolFault::Encode)?.into()
        }
    };
    builder.body(Full::new(body)).map_err(ProtocolFault::Request)
}

impl Answer {
    /// Reads the whole body as a document.
    pub(super) async fn json<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        let Self { request, response, driver } = self;
        let body = document(&request, response).await?;
        drop(driver);
        serde_json::from_slice(&body)
            .map_err(|source| ClientError::Protocol { request, fault: ProtocolFault::Decode(source) })
    }

    async fn problem(self) -> ClientError {
        let status = self.response.status().as_u16();
        let request = self.request.clone();
        match self.json::<Problem>().await {
            Ok(problem) => ClientError::Problem(problem),
            Err(ClientError::Protocol { fault: ProtocolFault::Decode(_), .. }) => {
                ClientError::Protocol { request, fault: ProtocolFault::Status { status } }
            }
            Err(error) => error,
        }
    }
}

async fn document(request: &str, response: Response<Incoming>) -> Result<Bytes, ClientError> {
    let request = request.to_owned();
    match Limited::new(response.into_body(), DOCUMENT_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => Err(match error.downcast::<hyper::Error>() {
            Ok(source) => ClientError::Lost { request, source: *source },
            Err(other) => {
                debug_assert!(other.is::<LengthLimitError>(), "the limit is the only other error: {other}");
                ClientError::Protocol { request, fault: ProtocolFault::TooLong { limit: DOCUMENT_LIMIT } }
            }
        }),
    }
}
