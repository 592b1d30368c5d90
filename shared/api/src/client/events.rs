//! The stream of events: server-sent events (WHATWG HTML, section 9.2) with a JSON document each.

use bytes::{Buf, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::task::JoinSet;

use super::{
    connection::Answer,
    error::{ClientError, ProtocolFault},
};
use crate::Event;

/// No event is longer.
const EVENT_LIMIT: usize = 64 * 1024 * 1024;

/// What happens in the daemon, one event after the other: a snapshot first, then changes.
/// Dropping it closes the connection.
#[derive(Debug)]
pub struct Events {
    request: String,
    body: Incoming,
    parser: Parser,
    _driver: JoinSet<()>,
}

impl Events {
    pub(super) fn new(answer: Answer) -> Self {
        let Answer { request, response, driver } = answer;
        Self { request, body: response.into_body(), parser: Parser::default(), _driver: driver }
    }

    /// The next event; none when the daemon ended the stream (it stops, or this reader fell
    /// behind: ask again for a fresh snapshot). Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the connection breaks, or an event is not one of this API.
    pub async fn next(&mut self) -> Result<Option<Event>, ClientError> {
        loop {
            if let Some(data) = self.parser.next() {
                return self.event(&data).map(Some);
            }
            if self.parser.held() > EVENT_LIMIT {
                return Err(self.protocol(ProtocolFault::TooLong { limit: EVENT_LIMIT }));
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            let frame = frame.map_err(|source| ClientError::Lost { request: self.request.clone(), source })?;
            if let Ok(bytes) = frame.into_data() {
                self.parser.push(&bytes);
            }
        }
    }

    fn event(&self, data: &[u8]) -> Result<Event, ClientError> {
        serde_json::from_slice(data).map_err(|source| self.protocol(ProtocolFault::Decode(source)))
    }

    fn protocol(&self, fault: ProtocolFault) -> ClientError {
        ClientError::Protocol { request: self.request.clone(), fault }
    }
}

/// Splits a byte stream into the data of events. Our daemon sends no `id` or `retry`, and the
/// document itself says what type it is.
#[derive(Debug, Default)]
struct Parser {
    bytes: BytesMut,
    /// How much of `bytes` holds no line end.
    searched: usize,
    data: Vec<u8>,
}

impl Parser {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn held(&self) -> usize {
        self.bytes.len() + self.data.len()
    }

    /// The data of the next whole event.
    fn next(&mut self) -> Option<Vec<u8>> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                if !self.data.is_empty() {
                    return Some(std::mem::take(&mut self.data));
                }
            } else if let Some(value) = line.strip_prefix(b"data:") {
                if !self.data.is_empty() {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            }
        }
        None
    }

    fn line(&mut self) -> Option<BytesMut> {
        let Some(found) = memchr::memchr(b'\n', &self.bytes[self.searched..]) else {
            self.searched = self.bytes.len();
            return None;
        };
        let mut line = self.bytes.split_to(self.searched + found);
        self.bytes.advance(1);
        self.searched = 0;
        if line.ends_with(b"\r") {
            line.truncate(line.len() - 1);
        }
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(chunks: &[&[u8]]) -> Vec<String> {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        for chunk in chunks {
            parser.push(chunk);
            while let Some(data) = parser.next() {
                events.push(String::from_utf8(data).unwrap());
            }
        }
        events
    }

    #[test]
    fn joins_data_lines_and_skips_comments_and_other_fields() {
        let stream = b": hello\n\nevent: x\ndata: {\"a\":\r\ndata:1}\nid: 7\n\n:\n\ndata: 2\n\n";
        assert_eq!(parse(&[stream]), ["{\"a\":\n1}", "2"]);
    }

    #[test]
    fn gives_the_same_events_however_the_stream_is_cut() {
        let stream = b":beat\n\ndata: one\n\ndata: two\r\n\r\ndata: thr";
        for at in 0..stream.len() {
            let (left, right) = stream.split_at(at);
            assert_eq!(parse(&[left, right]), ["one", "two"], "cut at {at}");
        }
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(parse(&single), ["one", "two"]);
    }
}
