//! The bytes of an archive on their way to the caller.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{Response, body::Incoming, header};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    task::JoinSet,
};

use super::{
    connection::Answer,
    error::{ClientError, ProtocolFault},
};

/// An archive's file that is being downloaded. Dropping it closes the connection.
#[derive(Debug)]
pub struct Download {
    request: String,
    response: Response<Incoming>,
    announced: Option<u64>,
    got: u64,
    _driver: JoinSet<()>,
}

impl Download {
    pub(super) fn new(answer: Answer) -> Self {
        let Answer { request, response, driver } = answer;
        let length = response.headers().get(header::CONTENT_LENGTH);
        let announced = length.and_then(|length| length.to_str().ok()).and_then(|length| length.parse().ok());
        Self { request, response, announced, got: 0, _driver: driver }
    }

    /// The file's size in bytes, where the daemon announced it.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.announced
    }

    /// The file's name in the archive directory, where the daemon announced it: digits, letters,
    /// `.` and `-`, never a path.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        let disposition = self.response.headers().get(header::CONTENT_DISPOSITION)?.to_str().ok()?;
        let name = disposition.strip_prefix("attachment; filename=\"")?.strip_suffix('"')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        (name.bytes().all(plain) && !name.starts_with('.')).then_some(name)
    }

    /// The next bytes of the file; none at its end.
    ///
    /// # Errors
    /// When the connection breaks, or ends before or after the announced size.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ClientError> {
        while let Some(frame) = self.response.body_mut().frame().await {
            let frame = frame.map_err(|source| ClientError::Lost { request: self.request.clone(), source })?;
            if let Ok(bytes) = frame.into_data() {
                self.got += bytes.len() as u64;
                return Ok(Some(bytes));
            }
        }
        match self.announced {
            Some(announced) if announced != self.got => Err(ClientError::Protocol {
                request: self.request.clone(),
                fault: ProtocolFault::Length { announced, got: self.got },
            }),
            _ => Ok(None),
        }
    }

    /// Writes the whole file to `output` and flushes it; gives its size in bytes.
    ///
    /// # Errors
    /// As [`Download::chunk`], or when `output` cannot be written.
    pub async fn copy_to(&mut self, output: &mut (impl AsyncWrite + Unpin)) -> Result<u64, ClientError> {
        let failed = |source| ClientError::Write { source };
        while let Some(bytes) = self.chunk().await? {
            output.write_all(&bytes).await.map_err(failed)?;
        }
        output.flush().await.map_err(failed)?;
        Ok(self.got)
    }
}
