//! Text from databases, files and peers, made safe for a terminal.

use std::borrow::Cow;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_control_characters_and_keeps_the_rest() {
        assert_eq!(printable("Ünïcode 🚀"), "Ünïcode 🚀");
        assert_eq!(printable("a\u{1b}[31m\nb\u{9b}c"), "a\\u{1b}[31m\\nb\\u{9b}c");
        assert_eq!(printable("\u{202e}txt"), "\\u{202e}txt");
    }
}
