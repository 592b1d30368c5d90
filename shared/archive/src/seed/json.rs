//! A document as plain JSON, for a JSON Schema: with the leniency of Python's `json.load`, which
//! TruePPM reads files with.

use serde_json::{Map, Value};

use super::{
    fault::{ReadError, SeedFault},
    read::text_of,
    scan::{MAX_DEPTH, Number, Scanner},
};

/// What stands for a number that JSON does not have: none is whole, the first is in the range
/// of each of TruePPM's number fields (where its own comparison lets `NaN` pass), the others
/// are out of all.
#[derive(Debug, Clone, Copy)]
pub struct Stand;

impl Stand {
    /// For `NaN`.
    pub const NAN: f64 = 1.5;
    /// For `Infinity`; negative for `-Infinity`.
    pub const INFINITY: f64 = 1_000_000_000.5;
}

/// Reads any JSON: the last of equal keys counts, and [`Stand`] takes the place of `NaN` and
/// `Infinity`. The count tells how many numbers were replaced.
///
/// # Errors
/// When the text is no UTF-8, no JSON, cut off or nested too deeply.
pub fn parse_json(bytes: &[u8]) -> Result<(Value, usize), ReadError> {
    let mut parser = Parser { scanner: Scanner::new(text_of(bytes)?), replaced: 0 };
    let value = parser.value(0)?;
    parser.scanner.finish()?;
    Ok((value, parser.replaced))
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    replaced: usize,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, ReadError> {
        if depth > MAX_DEPTH {
            return Err(self.scanner.fault(SeedFault::TooDeep { limit: MAX_DEPTH }));
        }
        Ok(match self.scanner.peek() {
            Some(b'{') => Value::Object(self.object(depth)?),
            Some(b'[') => Value::Array(self.array(depth)?),
            Some(b'"') => Value::String(self.scanner.string()?),
            Some(b't') if self.scanner.take_word("true") => Value::Bool(true),
            Some(b'f') if self.scanner.take_word("false") => Value::Bool(false),
            Some(b'n') if self.scanner.take_word("null") => Value::Null,
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => self.number()?,
            _ => return Err(self.scanner.unexpected("a value")),
        })
    }

    fn number(&mut self) -> Result<Value, ReadError> {
        Ok(match self.scanner.number()? {
            Number::Int(int) => int.into(),
            Number::Float(float) if float.is_finite() => float.into(),
            Number::Float(float) => {
                self.replaced += 1;
                if float.is_nan() { Stand::NAN } else { Stand::INFINITY.copysign(float) }.into()
            }
        })
    }

    fn object(&mut self, depth: usize) -> Result<Map<String, Value>, ReadError> {
        let mut members = Map::new();
        self.scanner.step();
        if self.scanner.take(b'}') {
            return Ok(members);
        }
        loop {
            if self.scanner.peek() != Some(b'"') {
                return Err(self.scanner.unexpected("a key"));
            }
            let key = self.scanner.string()?;
            if !self.scanner.take(b':') {
                return Err(self.scanner.unexpected("a colon"));
            }
            let value = self.value(depth + 1)?;
            members.insert(key, value);
            if self.scanner.take(b'}') {
                return Ok(members);
            }
            if !self.scanner.take(b',') {
                return Err(self.scanner.unexpected("a comma or the end of the object"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value>, ReadError> {
        let mut items = Vec::new();
        self.scanner.step();
        if self.scanner.take(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.scanner.take(b']') {
                return Ok(items);
            }
            if !self.scanner.take(b',') {
                return Err(self.scanner.unexpected("a comma or the end of the array"));
            }
        }
    }
}
