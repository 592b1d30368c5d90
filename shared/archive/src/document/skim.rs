//! Passes over one JSON value (RFC 8259) piece by piece, for values that are too large to be held.

use memchr::memchr2;

/// Deeper values are not passed over; one level takes a byte of memory.
const DEEPEST: usize = 4 * 1024 * 1024;

/// What is not JSON, and how far into the piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// How far into one value the pieces have come.
#[derive(Debug)]
pub(super) struct Skim {
    /// The brackets that are open.
    open: Vec<u8>,
    state: State,
    /// Whether the text that is read is a key.
    key: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value comes; or, at the start of an array, its end.
    Value {
        or_end: bool,
    },
    Key {
        or_end: bool,
    },
    Colon,
    /// A value has ended within an array or object.
    After,
    Text,
    Escape,
    Hex {
        left: u8,
    },
    Word(&'static [u8]),
    Number(Number),
    Done,
}

/// What of a number came last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Skim {
    /// Before the first byte of a value.
    pub(super) fn new() -> Self {
        Self { open: Vec::new(), state: State::Value { or_end: false }, key: false }
    }

    /// Reads one piece; gives how many of its bytes belong to the value, once that has ended.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<Option<usize>, Wrong> {
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            let wrong = |what| Wrong { at, what };
            match self.state {
                State::Done => return Ok(Some(at)),
                State::Text => {
                    let rest = piece.get(at..).unwrap_or_default();
                    at += self.text(rest).map_err(|wrong| Wrong { at: at + wrong.at, ..wrong })?;
                }
                // A number ends before the byte that does not belong to it.
                State::Number(number) => match number.next(byte).map_err(wrong)? {
                    Some(next) => {
                        self.state = State::Number(next);
                        at += 1;
                    }
                    None => self.end_of_value(),
                },
                _ => {
                    self.step(byte).map_err(wrong)?;
                    at += 1;
                }
            }
        }
        Ok((self.state == State::Done).then_some(at))
    }

    /// Whether the value is whole where nothing follows: only a number does not say so itself.
    pub(super) fn may_end(&self) -> bool {
        match self.state {
            State::Number(number) => self.open.is_empty() && number.may_end(),
            state => state == State::Done,
        }
    }

    fn step(&mut self, byte: u8) -> Result<(), &'static str> {
        let blank = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match self.state {
            State::Escape => self.state = escape(byte)?,
            State::Hex { left } if byte.is_ascii_hexdigit() => {
                self.state = if left == 1 { State::Text } else { State::Hex { left: left - 1 } };
            }
            State::Hex { .. } => return Err("invalid escape"),
            State::Word(rest) => match rest.split_first() {
                Some((first, rest)) if *first == byte => self.word(rest),
                _ => return Err("expected ident"),
            },
            _ if blank => {}
            State::Value { or_end: true } if byte == b']' => self.close(),
            State::Value { .. } => self.begin(byte)?,
            State::Key { or_end: true } if byte == b'}' => self.close(),
            State::Key { .. } if byte == b'"' => self.begin_text(true),
            State::Key { .. } => return Err("key must be a string"),
            State::Colon if byte == b':' => self.state = State::Value { or_end: false },
            State::Colon => return Err("expected `:`"),
            State::After => self.after(byte)?,
            State::Text | State::Number(_) | State::Done => {}
        }
        Ok(())
    }

    fn begin(&mut self, byte: u8) -> Result<(), &'static str> {
        match byte {
            b'"' => self.begin_text(false),
            b'[' => self.enter(byte, State::Value { or_end: true })?,
            b'{' => self.enter(byte, State::Key { or_end: true })?,
            b't' => self.state = State::Word(b"rue"),
            b'f' => self.state = State::Word(b"alse"),
            b'n' => self.state = State::Word(b"ull"),
            b'-' => self.state = State::Number(Number::Minus),
            b'0' => self.state = State::Number(Number::Zero),
            b'1'..=b'9' => self.state = State::Number(Number::Whole),
            _ => return Err("expected value"),
        }
        Ok(())
    }

    fn begin_text(&mut self, key: bool) {
        self.key = key;
        self.state = State::Text;
    }

    fn enter(&mut self, bracket: u8, state: State) -> Result<(), &'static str> {
        if self.open.len() == DEEPEST {
            return Err("more than 4194304 levels deep, which is not looked into");
        }
        self.open.push(bracket);
        self.state = state;
        Ok(())
    }

    fn after(&mut self, byte: u8) -> Result<(), &'static str> {
        match (self.open.last(), byte) {
            (Some(b'['), b']') | (Some(b'{'), b'}') => self.close(),
            (Some(b'['), b',') => self.state = State::Value { or_end: false },
            (_, b',') => self.state = State::Key { or_end: false },
            (Some(b'['), _) => return Err("expected `,` or `]`"),
            _ => return Err("expected `,` or `}`"),
        }
        Ok(())
    }

    fn close(&mut self) {
        self.open.pop();
        self.end_of_value();
    }

    fn end_of_value(&mut self) {
        self.state = if self.open.is_empty() { State::Done } else { State::After };
    }

    fn word(&mut self, rest: &'static [u8]) {
        if rest.is_empty() {
            self.end_of_value();
        } else {
            self.state = State::Word(rest);
        }
    }

    /// Takes text up to its closing quote or its next escape; gives how many bytes that are.
    fn text(&mut self, piece: &[u8]) -> Result<usize, Wrong> {
        let stop = memchr2(b'"', b'\\', piece);
        let plain = piece.get(..stop.unwrap_or(piece.len())).unwrap_or_default();
        if let Some(at) = plain.iter().position(|byte| *byte < 0x20) {
            return Err(Wrong { at, what: "a control character that is not escaped" });
        }
        match stop.and_then(|stop| piece.get(stop)) {
            None => return Ok(plain.len()),
            Some(b'\\') => self.state = State::Escape,
            Some(_) if self.key => self.state = State::Colon,
            Some(_) => self.end_of_value(),
        }
        Ok(plain.len() + 1)
    }
}

fn escape(byte: u8) -> Result<State, &'static str> {
    match byte {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(State::Text),
        b'u' => Ok(State::Hex { left: 4 }),
        _ => Err("invalid escape"),
    }
}

impl Number {
    /// With one byte more; none where that does not belong to the number.
    fn next(self, byte: u8) -> Result<Option<Self>, &'static str> {
        Ok(Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Whole, b'0'..=b'9') => Self::Whole,
            (Self::Zero | Self::Whole, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::Sign,
            (Self::Exponent | Self::Sign | Self::Power, b'0'..=b'9') => Self::Power,
            (Self::Zero, b'0'..=b'9') => return Err("invalid number"),
            _ if self.may_end() => return Ok(None),
            _ => return Err("invalid number"),
        }))
    }

    fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Whole | Self::Fraction | Self::Power)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    /// Whether `text` begins with a whole value, and where that ends, told in pieces.
    fn skim(text: &[u8], size: usize) -> Option<usize> {
        let mut skim = Skim::new();
        for (index, piece) in text.chunks(size).enumerate() {
            match skim.feed(piece) {
                Ok(Some(end)) => return Some(index * size + end),
                Ok(None) => {}
                Err(_wrong) => return None,
            }
        }
        skim.may_end().then_some(text.len())
    }

    fn by_serde(text: &[u8]) -> Option<usize> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
        values.next().filter(Result::is_ok).map(|_| values.byte_offset())
    }

    #[test]
    fn says_where_a_value_ends() {
        let all = r#" [1,-2.5e+3,"a\"\u00e9\n",true,false,null,{"k":[]}]"#;
        for text in [all, "{}", "0", "-0.5", "12", r#""]""#, "null"] {
            for size in [1, 2, 3, 100] {
                let more = format!("{text} , x");
                assert_eq!(skim(text.as_bytes(), size), Some(text.len()), "{text} by {size}");
                assert_eq!(skim(more.as_bytes(), size), Some(text.len()), "{more} by {size}");
            }
        }
    }

    #[test]
    fn takes_what_serde_json_takes_and_nothing_else() {
        for text in [
            "01",
            "-",
            "1.",
            "1e",
            "[1,]",
            "[,]",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            "{1:2}",
            "[1 2]",
            "tru",
            "nul]",
            r#""\x""#,
            r#""\u12g4""#,
            "\"\u{1}\"",
            "[}",
            "{]",
            "]",
            "",
        ] {
            assert_eq!((by_serde(text.as_bytes()), skim(text.as_bytes(), 1)), (None, None), "{text}");
        }
    }

    #[test]
    fn has_a_limit_of_depth() {
        let deep = vec![b'['; DEEPEST];
        let mut skim = Skim::new();
        assert_eq!(skim.feed(&deep), Ok(None));
        assert!(skim.feed(b"[").is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"["\[{][\[\]{}:,"\\ u0-9eE.+tru\-nlas]{0,12}"#, size in 1usize..5) {
            // Behind a number or a word `serde_json` looks at the next byte, which is not part of it.
            prop_assert_eq!(skim(text.as_bytes(), size), by_serde(text.as_bytes()));
        }
    }
}
