//! Strings inside JSON texts.

use super::TextFault;
use crate::{
    format::text::{write_escape, write_escaped, write_unit},
    product::JsonStyle,
};

/// Prints the string that starts at `at` in the style's one spelling; gives the place behind it, and
/// whether it holds half of a surrogate pair.
pub(super) fn write(json: &[u8], at: usize, style: JsonStyle, out: &mut Vec<u8>) -> Result<(usize, bool), TextFault> {
    out.push(b'"');
    let mut at = at + 1;
    let mut half = false;
    loop {
        let plain = json[at..].iter().take_while(|byte| is_plain(**byte, style)).count();
        out.extend_from_slice(&json[at..at + plain]);
        at += plain;
        match json.get(at) {
            Some(b'"') => {
                out.push(b'"');
                return Ok((at + 1, half));
            }
            Some(b'\\') => at = escape(json, at, style, out, &mut half)?,
            Some(b'/') => {
                out.extend_from_slice(b"\\/");
                at += 1;
            }
            Some(0x80..) => at = beyond_ascii(json, at, out)?,
            _ => return Err(TextFault::Syntax(at)),
        }
    }
}

/// Whether a byte stands for itself in the text and in the output.
#[inline]
fn is_plain(byte: u8, style: JsonStyle) -> bool {
    match style {
        JsonStyle::Javascript => byte >= 0x20 && byte != b'"' && byte != b'\\',
        JsonStyle::Php => (0x20..0x80).contains(&byte) && byte != b'"' && byte != b'\\' && byte != b'/',
    }
}

/// A raw character beyond ASCII, which PHP escapes.
fn beyond_ascii(json: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, TextFault> {
    let length = match json[at] {
        0xF0.. => 4,
        0xE0.. => 3,
        _ => 2,
    };
    let bytes = json.get(at..at + length).ok_or(TextFault::Syntax(at))?;
    let text = std::str::from_utf8(bytes).map_err(|_position| TextFault::Syntax(at))?;
    text.encode_utf16().for_each(|unit| write_unit(unit, out));
    Ok(at + length)
}

/// The escape whose backslash is at `at`.
fn escape(json: &[u8], at: usize, style: JsonStyle, out: &mut Vec<u8>, half: &mut bool) -> Result<usize, TextFault> {
    let byte = match json.get(at + 1) {
        Some(b'u') => return unicode(json, at, style, out, half),
        Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
        Some(b'b') => 0x08,
        Some(b'f') => 0x0C,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        _ => return Err(TextFault::Syntax(at)),
    };
    write_character(byte.into(), style, out);
    Ok(at + 2)
}

/// `\uxxxx`, or two of them for one character. JavaScript keeps a half of a pair as an escape;
/// PHP refuses it.
fn unicode(json: &[u8], at: usize, style: JsonStyle, out: &mut Vec<u8>, half: &mut bool) -> Result<usize, TextFault> {
    let first = unit(json, at)?;
    let pair = if (0xD800..0xDC00).contains(&first) { unit(json, at + 6).ok() } else { None };
    let units = [first, pair.unwrap_or(0)];
    let character = char::decode_utf16(units).next();
    match (character, style) {
        (Some(Ok(character)), _) => {
            write_character(character, style, out);
            Ok(at + 6 * character.len_utf16())
        }
        (_, JsonStyle::Javascript) => {
            *half = true;
            write_unit(first, out);
            Ok(at + 6)
        }
        (_, JsonStyle::Php) => Err(TextFault::Syntax(at)),
    }
}

fn unit(json: &[u8], at: usize) -> Result<u16, TextFault> {
    let digits = json.get(at..at + 6).and_then(|escape| escape.strip_prefix(b"\\u")).ok_or(TextFault::Syntax(at))?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
        Ok(unit << 4 | digit.ok_or(TextFault::Syntax(at))?)
    })
}

fn write_character(character: char, style: JsonStyle, out: &mut Vec<u8>) {
    let mut bytes = [0; 4];
    let text = character.encode_utf8(&mut bytes);
    match (style, character) {
        (JsonStyle::Php, '/') => out.extend_from_slice(b"\\/"),
        (JsonStyle::Php, '\u{80}'..) => text.encode_utf16().for_each(|unit| write_unit(unit, out)),
        (_, '\0'..='\u{7f}') => write_escape(text.as_bytes()[0], out),
        _ => write_escaped(text.as_bytes(), out),
    }
}

/// The text that a string in JavaScript's spelling stands for. A half of a surrogate pair stays
/// an escape: only inside a string of the text can it mean anything, and there it means the same.
pub(super) fn decode(inside: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(inside.len());
    let mut at = 0;
    while let Some(escape) = memchr::memchr(b'\\', &inside[at..]) {
        text.extend_from_slice(&inside[at..at + escape]);
        at += escape;
        let (byte, length) = match inside.get(at + 1) {
            Some(b'b') => (0x08, 2),
            Some(b'f') => (0x0C, 2),
            Some(b'n') => (b'\n', 2),
            Some(b'r') => (b'\r', 2),
            Some(b't') => (b'\t', 2),
            Some(b'u') => match unit(inside, at).map(u8::try_from) {
                Ok(Ok(byte)) => (byte, 6),
                _ => (b'\\', 1),
            },
            Some(byte) => (*byte, 2),
            None => (b'\\', 1),
        };
        text.push(byte);
        at += length;
    }
    text.extend_from_slice(&inside[at..]);
    text
}
