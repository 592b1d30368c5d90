//! Paths and queries of requests: any text in a segment or a value stays that one segment or
//! value.

use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request's path and query.
#[derive(Debug, Clone)]
pub(super) struct Route {
    path: String,
    query: String,
}

impl Route {
    /// Starts with a path that needs no encoding.
    pub(super) fn new(path: &'static str) -> Self {
        Self { path: path.to_owned(), query: String::new() }
    }

    /// Appends one path segment.
    pub(super) fn segment(mut self, text: impl Display) -> Self {
        let text = text.to_string();
        self.path.push('/');
        if text.bytes().all(|byte| byte == b'.') {
            // `.` and `..` are segments that are resolved away: their dots are encoded.
            self.path.push_str(&text.replace('.', "%2E"));
        } else {
            self.path.extend(utf8_percent_encode(&text, ENCODED));
        }
        self
    }

    /// Appends a query parameter, where it has a value.
    pub(super) fn query(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            self.query.push(if self.query.is_empty() { '?' } else { '&' });
            self.query.push_str(name);
            self.query.push('=');
            self.query.extend(utf8_percent_encode(&value.to_string(), ENCODED));
        }
        self
    }

    /// The request target.
    pub(super) fn finish(self) -> String {
        self.path + &self.query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_any_text_one_segment_and_one_value() {
        let route = Route::new("/v1/organizations/*").segment("a/b?c#d %").segment("..").query("q", Some("x&y=é"));
        assert_eq!(route.finish(), "/v1/organizations/*/a%2Fb%3Fc%23d%20%25/%2E%2E?q=x%26y%3D%C3%A9");
        let route = Route::new("/v1/exports").query("a", None::<u8>).query("b", Some(1)).query("c", Some("d"));
        assert_eq!(route.finish(), "/v1/exports?b=1&c=d");
    }
}
