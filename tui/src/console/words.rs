//! Text from anywhere, made to fit a number of columns; ages and rates in words.

use std::{borrow::Cow, time::Duration};

use orgvault_api::{clock::Timestamp, text::printable};
use unicode_width::UnicodeWidthChar;

/// More marks than this on one letter are left out: some terminals let them run into other rows.
const MARKS: usize = 3;

/// Text that is shown as it is on every terminal: control characters as escapes, and nothing
/// that glues characters together, because terminals differ in how wide the result is. At most
/// `width` columns, with `…` at the end of what was cut; looks only at what it shows.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let mut shown = String::new();
    let (mut used, mut marks) = (0, 0);
    let mut buffer = [0; 4];
    for character in text.chars() {
        let one: &str = character.encode_utf8(&mut buffer);
        match printable(one) {
            Cow::Owned(escape) => {
                if !push(&mut shown, &mut used, &escape, escape.len(), width) {
                    return shown;
                }
            }
            Cow::Borrowed(_) if is_glue(character) => {}
            Cow::Borrowed(one) => match character.width().unwrap_or(0) {
                0 if marks < MARKS && used > 0 => {
                    marks += 1;
                    shown.push(character);
                }
                0 => {}
                columns => {
                    marks = 0;
                    if !push(&mut shown, &mut used, one, columns, width) {
                        return shown;
                    }
                }
            },
        }
    }
    shown
}

/// Joiners and selectors: an emoji made of several is as wide as its parts.
fn is_glue(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

/// Appends what is `columns` wide; where it does not fit, `…` takes the last column instead.
fn push(shown: &mut String, used: &mut usize, part: &str, columns: usize, width: usize) -> bool {
    if *used + columns <= width {
        shown.push_str(part);
        *used += columns;
        return true;
    }
    while *used >= width {
        let Some(last) = shown.pop() else { return false };
        *used -= last.width().unwrap_or(0);
    }
    shown.push('…');
    false
}

/// The columns that `text` takes as [`fit`] leaves it.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// `text` in lines of at most `columns`, of which the first `skip` are left out and at most
/// `limit` are given.
pub(crate) fn wrap(text: &str, columns: usize, skip: usize, limit: usize) -> Vec<String> {
    let columns = columns.max(4);
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    let mut buffer = [0; 4];
    for character in text.chars() {
        let shown = fit(character.encode_utf8(&mut buffer), 16);
        let wide = width(&shown);
        if used + wide > columns {
            lines.push(std::mem::take(&mut line));
            used = 0;
            if lines.len() >= skip.saturating_add(limit) {
                break;
            }
        }
        line.push_str(&shown);
        used += wide;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines.into_iter().skip(skip).take(limit).collect()
}

/// `text` in lines of at most `columns`, broken between words where that is possible: nothing of it
/// is left out.
pub(crate) fn paragraph(text: &str, columns: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace().flat_map(|word| wrap(word, columns, 0, usize::MAX)) {
        if !line.is_empty() && width(&line) + 1 + width(&word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// `12 s`, `5 min`, `3 h`, `2 d`: how long ago, in the largest whole unit.
pub(crate) fn age(from: Timestamp, now: Timestamp) -> String {
    let seconds = (now - from).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `in 5 min`, `3 h ago`.
pub(crate) fn when(at: Timestamp, now: Timestamp) -> String {
    if at > now { format!("in {}", age(now, at)) } else { format!("{} ago", age(at, now)) }
}

/// How much there is of something in a second; none where no time passed.
pub(crate) fn rate(amount: u64, span: Duration) -> Option<u64> {
    let millis = span.as_millis();
    if millis == 0 {
        return None;
    }
    u64::try_from(u128::from(amount) * 1000 / millis).ok()
}

/// `part` of `whole` in percent, at most 100.
pub(crate) fn percent(part: u64, whole: u64) -> u16 {
    if whole == 0 {
        return 0;
    }
    u16::try_from((u128::from(part) * 100 / u128::from(whole)).min(100)).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_fits_its_columns() {
        let zalgo = format!("Z{}algo", "\u{301}".repeat(200));
        let long = "x".repeat(10_000);
        for text in [
            "Acme",
            "日本語日本語",
            "a\u{1b}[31m\u{7}b",
            "👨‍👩‍👧 family",
            "שלום עולם",
            "\u{202e}gnp.exe",
            &zalgo,
            &long,
            "",
        ] {
            for columns in 0..20 {
                let shown = fit(text, columns);
                assert!(width(&shown) <= columns.max(1), "{text:?} in {columns}: {shown:?}");
                assert!(!shown.chars().any(char::is_control), "{shown:?}");
            }
        }
        assert_eq!(fit("日本語日本語", 7), "日本語…");
        assert_eq!(fit("a\u{1b}[31m", 40), "a\\u{1b}[31m");
        assert_eq!(fit("👨\u{200d}👩", 4), "👨👩");
        assert_eq!(fit(&zalgo, 10).chars().filter(|mark| *mark == '\u{301}').count(), MARKS);
    }

    #[test]
    fn wrapping_shows_all_and_looks_only_as_far_as_needed() {
        assert_eq!(wrap("abcdefghij", 4, 0, 9), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("abcdefghij", 4, 1, 1), ["efgh"]);
        assert_eq!(wrap("日本語日本語", 5, 0, 9), ["日本", "語日", "本語"]);
        assert_eq!(wrap("a\nb", 8, 0, 9), ["a\\nb"]);
        assert_eq!(paragraph("one two three", 7), ["one two", "three"]);
        assert_eq!(paragraph("in /a/long/path now", 6), ["in", "/a/lon", "g/path", "now"]);
    }

    #[test]
    fn ages_and_rates() {
        let now: Timestamp = "2026-01-31T09:30:00Z".parse().unwrap();
        let ago = |seconds| age(now - chrono::TimeDelta::seconds(seconds), now);
        assert_eq!([5, 65, 7200, 200_000].map(ago), ["5 s", "1 min", "2 h", "2 d"]);
        assert_eq!(when(now + chrono::TimeDelta::minutes(5), now), "in 5 min");
        assert_eq!((rate(500, Duration::from_millis(250)), rate(1, Duration::ZERO)), (Some(2000), None));
        assert_eq!((percent(1, 3), percent(5, 0), percent(9, 3)), (33, 0, 100));
    }
}
