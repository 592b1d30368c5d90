//! The one byte-exact form of a seed: Python's `json.dumps(.., indent=2, sort_keys=True,
//! ensure_ascii=False)` and one newline.

use std::io::{self, Write};

use super::{model::Document, node::Node};

/// Bytes are handed on when this many are there.
const CHUNK: usize = 64 * 1024;

/// Writes `document` in its canonical form.
///
/// # Errors
/// When the bytes cannot be written.
pub fn write<W: Write>(document: &Document, out: W) -> io::Result<W> {
    let mut printer = Printer { out, buffer: Vec::with_capacity(CHUNK + CHUNK / 4), depth: 0, empty: true };
    document.write(&mut printer)?;
    printer.buffer.push(b'\n');
    printer.flush_buffer()?;
    Ok(printer.out)
}

/// The canonical form of `document` as text.
#[must_use]
pub fn to_string(document: &Document) -> String {
    let bytes = write(document, Vec::new()).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// Writes values, indented.
#[derive(Debug)]
pub(super) struct Printer<W> {
    out: W,
    buffer: Vec<u8>,
    depth: usize,
    empty: bool,
}

impl<W: Write> Printer<W> {
    pub(super) fn open(&mut self, bracket: u8) {
        self.buffer.push(bracket);
        self.depth += 1;
        self.empty = true;
    }

    pub(super) fn close(&mut self, bracket: u8) -> io::Result<()> {
        self.depth -= 1;
        if !self.empty {
            self.line();
        }
        self.empty = false;
        self.buffer.push(bracket);
        self.flush_if_full()
    }

    /// Starts an item of an array or a member of an object.
    pub(super) fn item(&mut self) -> io::Result<()> {
        if !self.empty {
            self.buffer.push(b',');
        }
        self.empty = false;
        self.line();
        self.flush_if_full()
    }

    pub(super) fn key(&mut self, key: &str) -> io::Result<()> {
        self.item()?;
        self.string(key)?;
        self.buffer.extend_from_slice(b": ");
        Ok(())
    }

    fn line(&mut self) {
        self.buffer.push(b'\n');
        self.buffer.resize(self.buffer.len() + 2 * self.depth, b' ');
    }

    pub(super) fn word(&mut self, word: &str) -> io::Result<()> {
        self.buffer.extend_from_slice(word.as_bytes());
        self.flush_if_full()
    }

    pub(super) fn int(&mut self, int: i64) -> io::Result<()> {
        write!(self.buffer, "{int}")
    }

    pub(super) fn string(&mut self, text: &str) -> io::Result<()> {
        self.buffer.push(b'"');
        let mut plain = text.as_bytes();
        while let Some(at) = plain.iter().position(|byte| *byte == b'"' || *byte == b'\\' || *byte < 0x20) {
            let (before, rest) = plain.split_at(at);
            self.buffer.extend_from_slice(before);
            let (escaped, after) = rest.split_at(1);
            for byte in escaped {
                escape(*byte, &mut self.buffer)?;
            }
            plain = after;
        }
        self.buffer.extend_from_slice(plain);
        self.buffer.push(b'"');
        self.flush_if_full()
    }

    fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() < CHUNK { Ok(()) } else { self.flush_buffer() }
    }

    fn flush_buffer(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

fn escape(byte: u8, out: &mut Vec<u8>) -> io::Result<()> {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x0C => b'f',
        0x08 => b'b',
        _ => return write!(out, "\\u{byte:04x}"),
    };
    out.extend_from_slice(&[b'\\', letter]);
    Ok(())
}

/// A float as Python's `repr` prints it: the shortest digits that read back as the same number,
/// with an exponent where it is below -4 or at least 16; `NaN` and `Infinity` bare, as
/// `json.dumps` prints them.
pub(super) fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "NaN".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let plain = format!("{float}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_printed_as_python_does() {
        for (float, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (0.5, "0.5"),
            (99.99, "99.99"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (5e-324, "5e-324"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.2e16, "1.2e+16"),
            (1e22, "1e+22"),
            (1e100, "1e+100"),
            (f64::MAX, "1.7976931348623157e+308"),
            (123_456_789.125, "123456789.125"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(float_text(float), text);
        }
    }

    #[test]
    fn only_what_json_demands_is_escaped() {
        let mut printer = Printer { out: Vec::new(), buffer: Vec::new(), depth: 0, empty: true };
        printer.string("a\"\\/\n\r\t\u{c}\u{8}\u{0}\u{1f}\u{7f}\u{2028}\u{feff}<é🏗>").unwrap();
        let text = String::from_utf8(printer.buffer).unwrap();
        assert_eq!(text, "\"a\\\"\\\\/\\n\\r\\t\\f\\b\\u0000\\u001f\u{7f}\u{2028}\u{feff}<é🏗>\"");
    }
}
