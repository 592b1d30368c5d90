//! The JSON grammar of a seed: a cursor over the text that reads one token at a time and knows
//! where it stands.

use super::fault::{ReadError, SeedFault, Step, path_text, position, quoted};

/// How deep any value may be nested; a seed needs seven levels.
pub(super) const MAX_DEPTH: usize = 64;

/// A number as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

/// A cursor over a document.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    path: Vec<Step>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, path: Vec::new() }
    }

    /// The byte offset of the next token.
    pub(super) fn offset(&mut self) -> usize {
        self.skip_blanks();
        self.at
    }

    pub(super) fn enter(&mut self, step: Step) {
        self.path.push(step);
    }

    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    pub(super) fn depth(&self) -> usize {
        self.path.len()
    }

    /// A fault at the next token.
    pub(super) fn fault(&mut self, fault: SeedFault) -> ReadError {
        let at = self.offset();
        self.fault_at(at, fault)
    }

    pub(super) fn fault_at(&self, at: usize, fault: SeedFault) -> ReadError {
        let (line, column) = position(self.text.as_bytes(), at);
        ReadError { path: path_text(&self.path), line, column, fault }
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The first byte of the next token.
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.byte()
    }

    /// Takes `byte` if it is next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    /// Passes over one byte of punctuation.
    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    /// What the next token is not.
    pub(super) fn unexpected(&mut self, expected: &'static str) -> ReadError {
        let found = match self.rest_of_token() {
            Some(found) => quoted(found),
            None => return self.fault(SeedFault::Ends { expected }),
        };
        self.fault(SeedFault::Syntax { expected, found })
    }

    fn rest_of_token(&mut self) -> Option<&'a str> {
        self.skip_blanks();
        let rest = self.rest();
        let first = rest.chars().next()?;
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
        let end = if word(first) { rest.find(|c| !word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        rest.get(..end)
    }

    /// The type of the next value, or a fault where there is none.
    pub(super) fn kind(&mut self) -> Result<&'static str, ReadError> {
        Ok(match self.peek() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a text",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => "a number",
            _ => return Err(self.unexpected("a value")),
        })
    }

    pub(super) fn wrong_type(&mut self, expected: &'static str) -> ReadError {
        match self.kind() {
            Ok(found) => self.fault(SeedFault::WrongType { expected, found }),
            Err(error) => error,
        }
    }

    /// Takes a word such as `null`; it must not go on.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let next = self.rest_of_token() == Some(word);
        self.at += if next { word.len() } else { 0 };
        next
    }

    /// A text and its quotes.
    pub(super) fn string(&mut self) -> Result<String, ReadError> {
        if self.peek() != Some(b'"') {
            return Err(self.wrong_type("a text"));
        }
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let stop = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20).unwrap_or(rest.len());
            text.push_str(rest.get(..stop).unwrap_or_default());
            self.at += stop;
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.control_character()),
                None => return Err(self.fault_at(self.at, SeedFault::Ends { expected: "the end of a text" })),
            }
        }
    }

    fn control_character(&self) -> ReadError {
        let found = self.rest().chars().next().map(String::from).unwrap_or_default();
        self.fault_at(
            self.at,
            SeedFault::Syntax { expected: "an escape for a control character", found: quoted(&found) },
        )
    }

    fn escape(&mut self) -> Result<char, ReadError> {
        let start = self.at;
        let bad = |scanner: &Self| {
            let found = scanner.text.get(start..).unwrap_or_default().chars().take(6).collect::<String>();
            scanner.fault_at(
                start,
                SeedFault::Syntax { expected: "an escape of a whole character", found: quoted(&found) },
            )
        };
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        self.at += 2;
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'f') => '\u{c}',
            Some(b'b') => '\u{8}',
            Some(b'u') => self.unicode_escape().ok_or_else(|| bad(self))?,
            Some(_) => return Err(bad(self)),
            None => return Err(self.fault_at(start, SeedFault::Ends { expected: "the end of a text" })),
        })
    }

    /// The digits after `\u`, and where they are a high surrogate the low one after it.
    fn unicode_escape(&mut self) -> Option<char> {
        let high = self.hex4()?;
        if !(0xD800..0xDC00).contains(&high) {
            return char::from_u32(high);
        }
        let pair = self.rest().starts_with("\\u");
        self.at += if pair { 2 } else { 0 };
        let low = if pair { self.hex4()? } else { return None };
        let low = (0xDC00..0xE000).contains(&low).then(|| low - 0xDC00)?;
        char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + low)
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// A number, or one of the bare words that Python writes for those that JSON has not.
    pub(super) fn number(&mut self) -> Result<Number, ReadError> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9' | b'N' | b'I')) {
            return Err(self.wrong_type("a number"));
        }
        let Some(token) = self.rest_of_token() else { return Err(self.unexpected("a number")) };
        let number = match token {
            "NaN" => Number::Float(f64::NAN),
            "Infinity" => Number::Float(f64::INFINITY),
            "-Infinity" => Number::Float(f64::NEG_INFINITY),
            _ if !is_json_number(token) => return Err(self.unexpected("a number")),
            _ => match parse_number(token) {
                Some(number) => number,
                None => {
                    return Err(self.fault(SeedFault::BadValue { expected: "number in range", found: quoted(token) }));
                }
            },
        };
        self.at += token.len();
        Ok(number)
    }

    /// Takes the end of the text.
    pub(super) fn finish(&mut self) -> Result<(), ReadError> {
        if self.peek().is_some() { Err(self.unexpected("the end of the text")) } else { Ok(()) }
    }
}

fn parse_number(token: &str) -> Option<Number> {
    if let Ok(int) = token.parse() {
        return Some(Number::Int(int));
    }
    token.parse().ok().filter(|float: &f64| float.is_finite()).map(Number::Float)
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
fn is_json_number(token: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let token = token.strip_prefix('-').unwrap_or(token);
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (token, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}
