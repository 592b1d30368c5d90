//! What a target answered, made fit to be kept and shown: bounded, without control characters.

use std::time::Duration;

use chrono::DateTime;
use orgvault_api::text::printable;
use reqwest::StatusCode;
use serde_json::Value;

use super::outcome::Outcome;

/// Lines of an answer that are kept, and characters of each.
const MOST_LINES: usize = 100;
const LONGEST_LINE: usize = 500;

/// Before a busy server is asked once more, where it does not say how long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// A server's answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Where a redirect leads, which is not followed.
    pub(crate) location: Option<String>,
    /// When to come back, in the server's words.
    pub(crate) retry_after: Option<String>,
    /// What time it is, by the server's clock.
    pub(crate) date: Option<String>,
    /// The body, as far as it is read.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, where it is that.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        match self.json() {
            Some(value) => leaves(&value),
            None => lines(&self.body),
        }
    }

    /// How long to wait before it is asked once more, where it was busy and has done nothing. One that says
    /// no time is left alone for twice as long with each try.
    pub(crate) fn pause(&self, tries: u32) -> Option<Duration> {
        if self.status != StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        let pause = match self.retry_after.as_deref().map(str::trim) {
            Some(text) => text.parse().map_or_else(|_| self.until(text), |seconds| Some(Duration::from_secs(seconds))),
            None => None,
        };
        // One that says "at once" is not to be asked without a pause for ever.
        let least = FIRST_PAUSE.saturating_mul(1 << tries.min(10));
        Some(pause.map_or(least, |pause| pause.max(FIRST_PAUSE)))
    }

    /// The time from now until a date, both by the server's clock.
    fn until(&self, text: &str) -> Option<Duration> {
        let date = |text: &str| DateTime::parse_from_rfc2822(text.trim()).ok();
        Some((date(text)? - date(self.date.as_deref()?)?).to_std().unwrap_or_default())
    }

    /// Nothing where the server says that it has done what it was asked, else how that ends.
    pub(crate) fn refusal(&self, address: &str) -> Option<Outcome> {
        if self.status.is_success() {
            return None;
        }
        let (code, hint) = meaning(self.status);
        let mut message = format!("{address} answered {}", self.status);
        if let Some(location) = &self.location {
            message.push_str(", to ");
            message.push_str(&shortened(location));
        }
        if let Some(after) = &self.retry_after {
            message.push_str("; it may be asked again after ");
            message.push_str(&shortened(after));
            message.push_str(" (seconds, or a date)");
        }
        // An error of the server may have come after its importer had done its work, and one of
        // a proxy says nothing of the server behind it.
        let outcome = if self.status.is_server_error() || self.status.as_u16() >= 600 {
            Outcome::unknown(code, message)
        } else {
            Outcome::refused(code, message).hint(hint)
        };
        Some(outcome.report(self.lines()))
    }
}

/// A stable code and what to do about it.
fn meaning(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        300..=399 => {
            ("target_redirect", "write the address that it names into the target's url; the token goes nowhere else")
        }
        401 => ("target_unauthorized", "is the token in the target's token_file still valid?"),
        403 => ("target_forbidden", "the holder of the token may not import there"),
        404 => (
            "target_not_found",
            "are the url and the organization of the target right, and may the token's holder see it?",
        ),
        409 => ("target_conflict", ""),
        413 => ("target_too_large", "raise the upload limit of the app's server, or of the proxy before it"),
        400 | 422 => ("target_invalid", "the app's own importer says why"),
        429 => ("target_busy", "nothing was imported: send it later"),
        500.. => ("target_error", ""),
        _ => ("target_refused", ""),
    }
}

/// Text for people: lines that a terminal can show.
pub(crate) fn lines(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.take(MOST_LINES).map(shortened).collect()
}

/// The same, of which the last lines count.
pub(crate) fn last_lines(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    all.iter().skip(all.len().saturating_sub(MOST_LINES)).map(|line| shortened(line)).collect()
}

/// `report.clients.created: 3`: one line for each value of a document.
fn leaves(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect("", value, &mut found);
    found
}

fn collect(path: &str, value: &Value, found: &mut Vec<String>) {
    if found.len() >= MOST_LINES {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(&path, value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(path, item, found)),
        Value::Null => {}
        Value::String(text) => found.push(leaf(path, text)),
        other => found.push(leaf(path, &other.to_string())),
    }
}

fn leaf(path: &str, text: &str) -> String {
    if path.is_empty() { shortened(text) } else { shortened(&format!("{path}: {text}")) }
}

/// A text of a bounded length without control characters.
pub(crate) fn shortened(text: &str) -> String {
    let head: String = text.chars().take(LONGEST_LINE).collect();
    let more = if head.len() < text.len() { " …" } else { "" };
    format!("{}{more}", printable(&head))
}

#[cfg(test)]
mod tests {
    use orgvault_api::{SendRecord, SendState, clock::Timestamp};

    use super::*;

    fn answer(status: u16, body: &[u8]) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, location: None, retry_after: None, date: None, body: body.to_vec() }
    }

    fn state(status: u16) -> Option<SendState> {
        let mut record = SendRecord {
            target: String::new(),
            state: SendState::Sending,
            by: String::new(),
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            error: None,
            report: Vec::new(),
            job: None,
            parts: None,
        };
        answer(status, b"").refusal("x")?.end(&mut record, Timestamp::UNIX_EPOCH);
        Some(record.state)
    }

    #[test]
    fn only_a_definite_answer_is_a_refusal() {
        for status in 100..=999 {
            let expected = match status {
                200..=299 => None,
                500.. => Some(SendState::Unknown),
                _ => Some(SendState::Refused),
            };
            assert_eq!(state(status), expected, "{status}");
        }
    }

    #[test]
    fn only_a_busy_server_is_asked_once_more_and_when_it_says() {
        let busy = |retry_after: Option<&str>, date: Option<&str>, tries| {
            let [retry_after, date] = [retry_after, date].map(|text| text.map(str::to_owned));
            Answer { retry_after, date, ..answer(429, b"") }.pause(tries).map(|pause| pause.as_secs())
        };
        assert_eq!(answer(503, b"").pause(0), None);
        assert_eq!(answer(200, b"").pause(0), None);
        assert_eq!([0, 1, 2, 5].map(|tries| busy(None, None, tries)), [1, 2, 4, 32].map(Some));
        assert_eq!(busy(Some(" 17 "), None, 0), Some(17));
        assert_eq!(busy(Some("0"), None, 3), Some(1));
        let (date, later) = ("Thu, 01 Jan 2026 00:10:00 GMT", "Thu, 01 Jan 2026 00:10:20 GMT");
        assert_eq!(busy(Some(later), Some(date), 0), Some(20));
        assert_eq!(busy(Some(date), Some(later), 0), Some(1), "a date that is over");
        assert_eq!(busy(Some(later), None, 2), Some(4));
        assert_eq!(busy(Some("soon"), Some(date), 2), Some(4));
        assert_eq!(busy(None, None, u32::MAX), Some(1024));
    }

    #[test]
    fn an_answer_is_bounded_and_holds_no_control_characters() {
        let long = format!("a\0\u{1b}[31m\n\n{}\n", "x".repeat(10_000));
        let shown = lines(long.as_bytes());
        assert_eq!(shown.len(), 2);
        assert_eq!(shown[0], "a\\u{0}\\u{1b}[31m");
        assert_eq!(shown[1].chars().count(), LONGEST_LINE + 2);
        assert_eq!(lines(b"\xff\xfe"), ["\u{fffd}\u{fffd}"]);
        assert_eq!(lines(&b"x\n".repeat(1000)).len(), MOST_LINES);
    }

    #[test]
    fn a_document_is_one_line_for_each_value() {
        let body = br#"{"message":"no\u0000","errors":{"data":["a","b"]},"n":{"m":3},"none":null}"#;
        assert_eq!(answer(422, body).lines(), ["message: no\\u{0}", "errors.data: a", "errors.data: b", "n.m: 3"]);
        let many = serde_json::to_vec(&vec![1; 100_000]).unwrap();
        assert_eq!(answer(200, &many).lines().len(), MOST_LINES);
        let deep = [b"[".repeat(100), b"]".repeat(100)].concat();
        assert!(answer(200, &deep).lines().is_empty());
    }
}
