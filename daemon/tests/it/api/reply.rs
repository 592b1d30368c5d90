//! Answers as bytes: what a client that is not ours sees.

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::fixture::{Daemon, soon};

/// One answer on a connection of its own.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    /// A header's value; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// The names of its headers, in lower case as the server writes them.
    pub(crate) fn header_names(&self) -> impl Iterator<Item = &str> {
        self.head.lines().skip(1).filter_map(|line| Some(line.split_once(": ")?.0))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends one request with these header lines and reads the answer to its end.
pub(crate) async fn send(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
    headers: &[&str],
    body: &str,
) -> Reply {
    let length = format!("Content-Length: {}", body.len());
    let about_body = ["Content-Type: application/json", &length];
    let about_body = about_body.iter().filter(|_| !body.is_empty());
    let lines: Vec<&str> =
        ["Host: orgvault.test", "Connection: close"].iter().chain(headers).chain(about_body).copied().collect();
    let head = format!("{request} HTTP/1.1\r\n{}\r\n", lines.join("\r\n"));
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon("an answer", stream.read_to_end(&mut answer)).await.unwrap();
    Reply::parse(&answer)
}

impl Daemon {
    /// Sends one request, such as `GET /v1/status`, over the socket.
    pub(crate) async fn request(&self, request: &str, headers: &[&str]) -> Reply {
        send(self.connect().await, request, headers, "").await
    }

    /// Sends one request with a JSON body over the socket.
    pub(crate) async fn request_with(&self, request: &str, headers: &[&str], body: &str) -> Reply {
        send(self.connect().await, request, headers, body).await
    }
}
