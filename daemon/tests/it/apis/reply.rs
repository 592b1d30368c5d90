//! What a server answers, byte for byte.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use orgvault_api::clock::Clock;
use serde_json::Value;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::{gate::Gate, request::Request};

/// How a client learns where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length,
    Chunked,
    /// By the end of the connection.
    Close,
}

/// How a connection is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// As the framing asks for: open, or closed as TLS wants it.
    Usual,
    /// Closed as TLS wants it.
    Close,
    /// Closed without the TLS alert that proves the end.
    Abrupt,
    /// Open, and nothing comes any more.
    Hang,
}

/// One answer.
#[derive(Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Arc<[u8]>,
    framing: Framing,
    /// Bytes of the body that go out.
    sent: usize,
    end: End,
    /// Where it waits: before anything, or after so many bytes of the body.
    gate: Option<(Option<usize>, Gate)>,
    /// Between two bytes of the body.
    drip: Option<Duration>,
    skew: TimeDelta,
    /// What the body is, for ranges of it.
    etag: Option<String>,
    /// Whether anything goes out at all.
    silent: bool,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body: Arc<[u8]> = body.into().into();
        Self {
            status,
            headers: Vec::new(),
            sent: body.len(),
            body,
            framing: Framing::Length,
            end: End::Usual,
            gate: None,
            drip: None,
            skew: TimeDelta::zero(),
            etag: None,
            silent: false,
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).header("Content-Type", "application/json; charset=UTF-8")
    }

    pub(crate) fn html(status: u16, body: &str) -> Self {
        Self::new(status, body).header("Content-Type", "text/html; charset=utf-8")
    }

    /// A file to download.
    pub(crate) fn file(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(200, bytes).header("Content-Type", "application/octet-stream")
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::new(status, "").header("Location", location)
    }

    /// The request is heard, and the connection ends without an answer.
    pub(crate) fn lost() -> Self {
        Self { silent: true, end: End::Abrupt, ..Self::new(200, "") }
    }

    /// The request is heard, and nothing comes.
    pub(crate) fn never() -> Self {
        Self { silent: true, end: End::Hang, ..Self::new(200, "") }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn framed(self, framing: Framing) -> Self {
        Self { framing, ..self }
    }

    /// Only so many bytes of the body go out; then the connection ends as TLS wants it.
    pub(crate) fn cut(self, sent: usize) -> Self {
        Self { sent, end: End::Close, ..self }
    }

    /// The connection ends without the TLS alert that says so.
    pub(crate) fn abrupt(self) -> Self {
        Self { end: End::Abrupt, ..self }
    }

    /// Only so many bytes of the body go out, and then nothing comes.
    pub(crate) fn stalled(self, sent: usize) -> Self {
        Self { sent, end: End::Hang, ..self }
    }

    /// A byte of the body, a while, the next one.
    pub(crate) fn dripping(self, pause: Duration) -> Self {
        Self { drip: Some(pause), ..self }
    }

    /// Nothing goes out until the gate is open.
    pub(crate) fn held(self, gate: &Gate) -> Self {
        Self { gate: Some((None, gate.clone())), ..self }
    }

    /// What follows so many bytes of the body waits for the gate.
    pub(crate) fn held_at(self, bytes: usize, gate: &Gate) -> Self {
        Self { gate: Some((Some(bytes), gate.clone())), ..self }
    }

    /// The server's clock is so far ahead.
    pub(crate) fn skewed(self, skew: TimeDelta) -> Self {
        Self { skew, ..self }
    }

    /// Has this `ETag`, and gives a range of the body to who asks for what is still so.
    pub(crate) fn tagged(self, etag: &str) -> Self {
        Self { etag: Some(etag.to_owned()), ..self }.header("ETag", etag)
    }

    /// Sends it; whether another request may follow on the connection. A client that does not read
    /// all of it is part of a test.
    pub(super) async fn send(self, stream: &mut (impl AsyncWrite + Unpin), request: &Request) -> bool {
        let reply = self.part_for(request);
        if let Some((None, gate)) = &reply.gate {
            gate.pass().await;
        }
        if !reply.silent && reply.write(stream).await.is_err() {
            return false;
        }
        match reply.end {
            End::Usual if reply.framing != Framing::Close => return true,
            End::Usual | End::Close => drop(stream.shutdown().await),
            End::Abrupt => {}
            End::Hang => std::future::pending().await,
        }
        false
    }

    /// The part of the body that a range asks for, or all of it.
    fn part_for(self, request: &Request) -> Self {
        let from =
            request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let (Some(from), Some(etag)) = (from, &self.etag) else { return self };
        let whole = self.body.len();
        if from >= whole || request.header("if-range").is_some_and(|known| known != etag) {
            return self;
        }
        let range = format!("bytes {from}-{}/{whole}", whole - 1);
        let body: Arc<[u8]> = self.body[from..].into();
        let sent = self.sent.saturating_sub(from);
        Self { status: 206, body, sent, ..self }.header("Content-Range", &range)
    }

    async fn write(&self, stream: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
        stream.write_all(self.head().as_bytes()).await?;
        let held = match &self.gate {
            Some((Some(bytes), gate)) => Some((*bytes, gate)),
            _ => None,
        };
        let mut at = 0;
        for next in held.iter().map(|(bytes, _)| *bytes).chain([self.sent]) {
            self.write_body(stream, at, next.min(self.sent)).await?;
            stream.flush().await?;
            at = next.min(self.sent);
            if let Some((bytes, gate)) = held
                && bytes == at
            {
                gate.pass().await;
            }
        }
        if self.framing == Framing::Chunked && self.sent == self.body.len() {
            stream.write_all(b"0\r\n\r\n").await?;
        }
        stream.flush().await
    }

    async fn write_body(&self, stream: &mut (impl AsyncWrite + Unpin), from: usize, to: usize) -> std::io::Result<()> {
        let Some(pause) = self.drip else { return stream.write_all(&self.framed_bytes(from, to)).await };
        for at in from..to {
            stream.write_all(&self.framed_bytes(at, at + 1)).await?;
            stream.flush().await?;
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    /// Bytes of the body with what the framing puts around them. A chunk of which only a part goes
    /// out was announced whole.
    fn framed_bytes(&self, from: usize, to: usize) -> Vec<u8> {
        const CHUNK: usize = 1000;
        if self.framing != Framing::Chunked {
            return self.body[from..to].to_vec();
        }
        let mut bytes = Vec::new();
        for at in from..to {
            let start = at - at % CHUNK;
            let end = (start + CHUNK).min(self.body.len());
            if at == start {
                bytes.extend_from_slice(format!("{:x}\r\n", end - start).as_bytes());
            }
            bytes.push(self.body[at]);
            if at + 1 == end {
                bytes.extend_from_slice(b"\r\n");
            }
        }
        bytes
    }

    fn head(&self) -> String {
        let framing = match self.framing {
            _ if self.status == 204 => String::new(),
            Framing::Length => format!("Content-Length: {}\r\n", self.body.len()),
            Framing::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
            Framing::Close => "Connection: close\r\n".to_owned(),
        };
        let date = (Clock::system().now() + self.skew).format("%a, %d %b %Y %H:%M:%S GMT");
        let headers: Vec<String> = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let headers = headers.concat();
        format!("HTTP/1.1 {} Said\r\nDate: {date}\r\n{framing}{headers}\r\n", self.status)
    }
}
