//! What a server was asked.

use std::time::Instant;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) at: Instant,
}

impl Request {
    /// The next one of a connection; none where that has ended.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin), received: &mut Vec<u8>) -> Option<Self> {
        let end = loop {
            if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            // A client that refuses the certificate, or has gone, is part of a test.
            if !matches!(stream.read_buf(received).await, Ok(1..)) {
                return None;
            }
        };
        let mut request = Self::of_head(std::str::from_utf8(&received[..end]).unwrap());
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        assert_eq!(request.header("transfer-encoding"), None, "these servers read bodies with a length");
        while received.len() < end + length {
            if !matches!(stream.read_buf(received).await, Ok(1..)) {
                return None;
            }
        }
        request.body = received[end..end + length].to_vec();
        received.drain(..end + length);
        Some(request)
    }

    fn of_head(head: &str) -> Self {
        let (first, headers) = head.trim_end().split_once("\r\n").unwrap_or((head.trim_end(), ""));
        let mut words = first.split(' ');
        let mut word = || words.next().unwrap().to_owned();
        let pair = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        Self {
            method: word(),
            target: word(),
            headers: headers.lines().map(pair).collect(),
            body: Vec::new(),
            at: Instant::now(),
        }
    }

    /// The path without its query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// `POST /path`, without the query.
    pub(crate) fn route(&self) -> String {
        format!("{} {}", self.method, self.path())
    }

    /// The header of this name, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
