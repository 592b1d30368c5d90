//! Text from databases, files and peers: read as what it is, and made safe for a terminal.

use std::{borrow::Cow, error::Error, string::FromUtf8Error};

/// What some editors put before a text to say that it is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Why a file holds no text that can be used.
#[derive(Debug, thiserror::Error)]
pub enum NotText {
    /// It begins with the byte order mark of UTF-16.
    #[error("it is UTF-16 and not UTF-8")]
    Utf16,
    /// Bytes that are in no text.
    #[error(transparent)]
    NotUtf8(#[from] FromUtf8Error),
}

/// The text of a file that people edit: UTF-8, without the byte order mark that it may begin with.
///
/// # Errors
/// When it is something else.
pub fn decode(bytes: Vec<u8>) -> Result<String, NotText> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(NotText::Utf16);
    }
    let mut text = String::from_utf8(bytes)?;
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(text)
}

/// `text` with every control character, line break and bidirectional override shown as an
/// escape (`\u{1b}`), so that a terminal shows it and obeys nothing.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The error and its sources, from the outermost to the cause, without repeating one that the
/// text before already ends with.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let text = |bytes: &[u8]| decode(bytes.to_vec()).map_err(|error| error.to_string());
        assert_eq!(text(b"\xEF\xBB\xBFa").unwrap(), "a");
        assert_eq!(text("a\u{feff}".as_bytes()).unwrap(), "a\u{feff}");
        assert_eq!(text(b"\xFF\xFEa\0").unwrap_err(), "it is UTF-16 and not UTF-8");
        assert!(text(b"\xFF").unwrap_err().contains("utf-8"));
    }

    #[test]
    fn shows_control_characters_and_keeps_the_rest() {
        assert_eq!(printable("Ünïcode 🚀"), "Ünïcode 🚀");
        assert_eq!(printable("a\u{1b}[31m\nb\u{9b}c"), "a\\u{1b}[31m\\nb\\u{9b}c");
        assert_eq!(printable("\u{202e}txt"), "\\u{202e}txt");
    }

    #[test]
    fn a_chain_tells_each_cause_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read a.json: {0}")]
        struct Outer(#[source] std::io::Error);
        assert_eq!(chain(&Outer(std::io::Error::other("disk on fire"))), "cannot read a.json: disk on fire");
    }
}
