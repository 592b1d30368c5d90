//! A row that is too large to be held: the same of it that matters, read piece by piece.

use std::{
    cell::Cell,
    fmt,
    io::{self, Read},
    rc::Rc,
};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::pick::{Keys, Place};
use crate::content::{Broken, Window};

/// A larger key, or a larger value of one that is looked at, is not held either.
const LARGEST: usize = 1024 * 1024;

/// What is looked at in one row.
pub(crate) struct Large<'k, 'n> {
    pub(crate) keys: &'k Keys,
    /// The places of keys whose values may be lists, of any length.
    pub(crate) lists: &'k [usize],
    /// Takes the elements of those, with their places.
    pub(crate) note: &'n mut dyn FnMut(usize, &RawValue),
}

impl Large<'_, '_> {
    /// Reads the object that the window begins with, which may be ended by a line feed only where it is a `line`; gives
    /// the values of the keys, but for lists.
    pub(crate) fn read<R: Read>(
        self,
        window: &mut Window<R>,
        line: bool,
    ) -> Result<Vec<Option<Box<RawValue>>>, Broken> {
        let held = Rc::new(Cell::new(0));
        let mut found: Vec<Option<Box<RawValue>>> = vec![None; self.keys.len()];
        let mut pieces =
            Pieces { window, line, ended: false, character: Vec::new(), held: Rc::clone(&held), broken: None };
        let mut reader = serde_json::Deserializer::from_reader(&mut pieces);
        let read = Pick { large: self, found: &mut found, held: &held }.deserialize(&mut reader);
        let read = read.and_then(|()| if line { reader.end() } else { Ok(()) });
        match (read, pieces.broken.take()) {
            (_, Some(broken)) => Err(broken),
            (Ok(()), None) => Ok(found),
            (Err(error), None) => Err(pieces.wrong(&error)),
        }
    }
}

/// The bytes of one row, as far as it goes.
struct Pieces<'w, R> {
    window: &'w mut Window<R>,
    line: bool,
    /// Whether its line feed was met.
    ended: bool,
    /// The bytes of a character that is not whole.
    character: Vec<u8>,
    /// Bytes that may still be read before too much is held.
    held: Rc<Cell<usize>>,
    broken: Option<Broken>,
}

impl<R: Read> Pieces<'_, R> {
    fn wrong(&self, error: &serde_json::Error) -> Broken {
        let at = self.window.offset();
        if error.is_eof() && !self.ended {
            return Broken::Ends { at };
        }
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default().to_owned();
        Broken::Syntax { at: at.saturating_sub(1), what }
    }

    fn next(&mut self) -> Result<Option<u8>, Broken> {
        while self.window.available().is_empty() {
            if self.window.ended() {
                return if self.line { Err(Broken::Ends { at: self.window.offset() }) } else { Ok(None) };
            }
            self.window.refill(usize::MAX)?;
        }
        let Some(&byte) = self.window.available().first() else { return Ok(None) };
        if self.line && byte == b'\n' {
            self.ended = true;
            return Ok(None);
        }
        let at = self.window.offset();
        let left = self.held.get().checked_sub(1).ok_or(Broken::TooLarge { at, limit: LARGEST })?;
        self.held.set(left);
        self.check(byte)?;
        self.window.advance(1);
        Ok(Some(byte))
    }

    /// Each byte must go on with UTF-8.
    fn check(&mut self, byte: u8) -> Result<(), Broken> {
        if byte.is_ascii() && self.character.is_empty() {
            return Ok(());
        }
        self.character.push(byte);
        match std::str::from_utf8(&self.character) {
            Ok(_) => self.character.clear(),
            Err(error) if error.error_len().is_none() => {}
            Err(_) => {
                let at = self.window.offset();
                return Err(Broken::Syntax { at, what: "the text is not UTF-8".to_owned() });
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Pieces<'_, R> {
    /// `serde_json` asks for one byte after the other, and for none that is not the row's.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(place) = buffer.first_mut().filter(|_| !self.ended) else { return Ok(0) };
        match self.next() {
            Ok(Some(byte)) => {
                *place = byte;
                Ok(1)
            }
            Ok(None) => Ok(0),
            Err(broken) => {
                self.broken = Some(broken);
                Err(io::ErrorKind::Other.into())
            }
        }
    }
}

struct Pick<'f, 'k, 'n> {
    large: Large<'k, 'n>,
    found: &'f mut [Option<Box<RawValue>>],
    held: &'f Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Pick<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        self.held.set(LARGEST);
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<(), A::Error> {
        let Self { large: Large { keys, lists, note }, found, held } = self;
        let mut seen = vec![false; keys.len()];
        while let Some(place) = row.next_key_seed(Place::among(keys))? {
            held.set(LARGEST);
            let Some(place) = place else {
                held.set(usize::MAX);
                row.next_value::<IgnoredAny>()?;
                held.set(LARGEST);
                continue;
            };
            if seen.get_mut(place).is_some_and(|seen| std::mem::replace(seen, true)) {
                return Err(A::Error::custom(format_args!("the key `{}` comes twice in one row", keys.name(place))));
            }
            if lists.contains(&place) {
                row.next_value_seed(Elements { held, note: &mut |value| note(place, value) })?;
            } else if let Some(found) = found.get_mut(place) {
                *found = Some(row.next_value()?);
            }
            held.set(LARGEST);
        }
        held.set(usize::MAX);
        Ok(())
    }
}

/// The elements of a list, or the one value in its place.
struct Elements<'e> {
    held: &'e Cell<usize>,
    note: &'e mut dyn FnMut(&RawValue),
}

impl Elements<'_> {
    fn one(self, text: &impl ToString) {
        if let Ok(value) = RawValue::from_string(text.to_string()) {
            (self.note)(&value);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<Box<RawValue>>()? {
            self.held.set(LARGEST);
            (self.note)(&value);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.held.set(usize::MAX);
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.one(&number);
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.one(&number);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.one(&serde_json::Value::from(text));
        Ok(())
    }

    fn visit_f64<E: Error>(self, _number: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _value: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of `a` and `l`, read through a window of a few bytes, and what is left behind the row.
    fn read(text: &[u8], line: bool) -> Result<(Vec<String>, Vec<u8>), Broken> {
        let mut keys = Keys::default();
        let (_, list) = (keys.add("a"), keys.add("l"));
        let mut window = Window::with_size(text, 4);
        let mut all = Vec::new();
        let large = Large { keys: &keys, lists: &[list], note: &mut |_place, value| all.push(value.get().to_owned()) };
        let found = large.read(&mut window, line)?;
        all.splice(0..0, found.into_iter().flatten().map(|value| value.get().to_owned()));
        while !window.ended() {
            window.refill(usize::MAX).unwrap();
        }
        Ok((all, window.available().to_vec()))
    }

    #[test]
    fn gives_what_matters_and_stops_behind_the_row() {
        let row = r#"{"x":{"a":1},"a":"\u0041","l":[1,18446744073709551616,"b",{"c":[]}],"y":[[2]]}"#;
        let values = [r#""\u0041""#, "1", "18446744073709551616", r#""b""#, r#"{"c":[]}"#].map(str::to_owned).to_vec();
        assert_eq!(read(format!("{row}\n{{}}").as_bytes(), true).unwrap(), (values.clone(), b"\n{}".to_vec()));
        assert_eq!(read(format!("{row},{{}}").as_bytes(), false).unwrap(), (values, b",{}".to_vec()));
        assert_eq!(read(br#"{"l":-7}"#, false).unwrap().0, ["-7"]);
        for (one, values) in [
            ("{\"l\":\"\u{fc}\"}", 1),
            (r#"{"l":null}"#, 0),
            (r#"{"l":true}"#, 0),
            (r#"{"l":{"a":1}}"#, 0),
            (r#"{"l":1.5}"#, 0),
        ] {
            assert_eq!(read(one.as_bytes(), false).unwrap().0.len(), values, "{one}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let told = |text: &[u8], line| match read(text, line) {
            Err(Broken::Ends { at }) => format!("ends at {at}"),
            Err(Broken::Syntax { at, what }) => format!("{at}: {what}"),
            other => panic!("{other:?}"),
        };
        assert_eq!(told(br#"{"a":1"#, true), "ends at 6");
        assert_eq!(told(br#"{"a":1"#, false), "ends at 6");
        assert_eq!(told(br#"{"a":1}"#, true), "ends at 7");
        assert_eq!(told(b"{\"a\":1\n}\n", true), "5: EOF while parsing an object");
        assert_eq!(told(b"{\"a\":1} 2\n", true), "8: trailing characters");
        assert_eq!(told(b"[1]\n", true), "0: invalid type: sequence, expected a JSON object");
        assert_eq!(told(b"{\"a\":1,\"a\":2}\n", true), "10: the key `a` comes twice in one row");
        assert_eq!(told(b"{\"x\":\"\xff\"}\n", true), "6: the text is not UTF-8");
    }

    #[test]
    fn what_is_held_has_a_limit() {
        let long = "x".repeat(LARGEST + 1);
        for (row, held) in [
            (format!("{{\"a\":\"{long}\"}}\n"), false),
            (format!("{{\"l\":[\"{long}\"]}}\n"), false),
            (format!("{{\"{long}\":1}}\n"), false),
            (format!("{{\"x\":\"{long}\",\"l\":[{}1]}}\n", "1,".repeat(LARGEST)), true),
            (format!("{{\"l\":{{\"x\":\"{long}\"}}}}\n"), true),
        ] {
            let read = read(row.as_bytes(), true);
            assert_eq!(!matches!(read, Err(Broken::TooLarge { .. })), held, "{}", row.get(..9).unwrap());
        }
    }
}
