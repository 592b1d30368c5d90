//! JSON strings.

use std::io::Write;

/// What stands for each byte in a JSON string: 0 itself, 1 `\u00xx`, else the letter after the
/// backslash (ECMAScript's `QuoteJSONString`).
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = 1;
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0A] = b'n';
    table[0x0C] = b'f';
    table[0x0D] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Appends `text` as a JSON string, exactly as `JSON.stringify` does: only `"`, `\` and
/// U+0000 to U+001F are escaped, all else is raw UTF-8.
#[inline]
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    write_escaped(text.as_bytes(), out);
    out.push(b'"');
}

/// Appends the inside of a JSON string.
#[inline]
pub(super) fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(plain) = position_of_escaped(rest) {
        out.extend_from_slice(&rest[..plain]);
        write_escape(rest[plain], out);
        rest = &rest[plain + 1..];
    }
    out.extend_from_slice(rest);
}

/// Appends what stands for a byte that is not itself.
pub(super) fn write_escape(byte: u8, out: &mut Vec<u8>) {
    match ESCAPES[usize::from(byte)] {
        0 => out.push(byte),
        1 => write_unit(byte.into(), out),
        letter => out.extend_from_slice(&[b'\\', letter]),
    }
}

/// Appends a UTF-16 code unit as `\uxxxx`, in lower case.
pub(super) fn write_unit(unit: u16, out: &mut Vec<u8>) {
    // A Vec takes every byte: there is no error to pass on.
    out.write_fmt(format_args!("\\u{unit:04x}")).unwrap_or_default();
}

#[inline]
fn position_of_escaped(bytes: &[u8]) -> Option<usize> {
    let (chunks, _) = bytes.as_chunks::<16>();
    // Whole chunks without a branch in them: the compiler makes vector code of it.
    let clean =
        chunks.iter().take_while(|chunk| !chunk.iter().fold(false, |hit, byte| hit | is_escaped(*byte))).count();
    let start = clean * 16;
    bytes[start..].iter().position(|byte| is_escaped(*byte)).map(|at| start + at)
}

#[inline]
fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}
