//! The values of some keys of a row, and nothing else of it.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::naming::hex;

/// Names and ids that are longer are not held.
const LONGEST: usize = 1024;

/// Keys whose values are looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    names: Vec<String>,
}

/// The values of [`Keys`], each in the place of its key.
pub(crate) type Picked<'r> = Vec<Option<&'r RawValue>>;

/// Why a row is none, and how far into it that is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) at: usize,
    pub(crate) what: String,
}

impl Keys {
    /// Looks at one key more; gives its place.
    pub(crate) fn add(&mut self, name: &str) -> usize {
        self.place(name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The key in this place.
    pub(crate) fn name(&self, place: usize) -> &str {
        self.names.get(place).map_or("", String::as_str)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The place of a key, where it is one of them.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Where each of them stands among the columns of a table.
    pub(crate) fn places_in(&self, header: &[String]) -> Vec<Option<usize>> {
        self.names.iter().map(|name| header.iter().position(|column| column == name)).collect()
    }

    /// Reads the whole of `row`, which must be one object, and gives what was asked for.
    pub(crate) fn pick<'r>(&self, row: &'r str) -> Result<Picked<'r>, Wrong> {
        let mut found = vec![None; self.names.len()];
        let mut reader = serde_json::Deserializer::from_str(row);
        let read = Pick { names: &self.names, found: &mut found }.deserialize(&mut reader);
        read.and_then(|()| reader.end()).map_err(|error| wrong(row, &error))?;
        Ok(found)
    }
}

/// `serde_json` counts lines and columns from 1.
fn wrong(row: &str, error: &serde_json::Error) -> Wrong {
    let line = match error.line() {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', row.as_bytes()).nth(line - 2).map_or(0, |at| at + 1),
    };
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default().to_owned();
    Wrong { at: (line + error.column()).saturating_sub(1), what }
}

struct Pick<'k, 'p, 'r> {
    names: &'k [String],
    found: &'p mut [Option<&'r RawValue>],
}

impl<'r> DeserializeSeed<'r> for Pick<'_, '_, 'r> {
    type Value = ();

    fn deserialize<D: Deserializer<'r>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'r> Visitor<'r> for Pick<'_, '_, 'r> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'r>>(self, mut row: A) -> Result<(), A::Error> {
        while let Some(place) = row.next_key_seed(Place { names: self.names })? {
            let Some(slot) = place.and_then(|place| self.found.get_mut(place)) else {
                row.next_value::<IgnoredAny>()?;
                continue;
            };
            // Readers do not agree on which of two they take.
            if slot.replace(row.next_value()?).is_some() {
                let name = place.and_then(|place| self.names.get(place)).map_or("", String::as_str);
                return Err(A::Error::custom(format_args!("the key `{name}` comes twice in one row")));
            }
        }
        Ok(())
    }
}

/// The place of a key among those that are looked at.
pub(super) struct Place<'k> {
    names: &'k [String],
}

impl<'k> Place<'k> {
    pub(super) fn among(keys: &'k Keys) -> Self {
        Self { names: &keys.names }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        // As bytes a key may hold half a surrogate pair, which is no text and yet JSON.
        reader.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(self.names.iter().position(|name| name.as_bytes() == key))
    }
}

/// What a number or a text says; nothing of other values.
pub(crate) fn text_of(value: &RawValue) -> Option<Cow<'_, str>> {
    let value = value.get();
    match value.as_bytes().first()? {
        b'"' if value.contains('\\') => serde_json::from_str(value).ok().map(Cow::Owned),
        b'"' => value.get(1..value.len() - 1).map(Cow::Borrowed),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(value)),
        _ => None,
    }
}

/// A text of at most [`LONGEST`] bytes as it is, and of a longer one its beginning and its digest: what is held of many
/// rows is short, and two that are not the same stay so.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let start: String = text.chars().take(64).collect();
    Cow::Owned(format!("{start}… (SHA-256 {})", hex(&Sha256::digest(text.as_bytes()))))
}

/// The values of a list one by one, else the value itself.
pub(crate) fn each<'r>(value: &'r RawValue, mut note: impl FnMut(&'r RawValue)) {
    if value.get().starts_with('[') {
        // It was read before, so that it is a list.
        drop(Each(&mut note).deserialize(&mut serde_json::Deserializer::from_str(value.get())));
    } else {
        note(value);
    }
}

struct Each<'n, F>(&'n mut F);

impl<'r, F: FnMut(&'r RawValue)> DeserializeSeed<'r> for Each<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'r>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'r, F: FnMut(&'r RawValue)> Visitor<'r> for Each<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON array")
    }

    fn visit_seq<A: SeqAccess<'r>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element()? {
            (self.0)(value);
        }
        Ok(())
    }
}

/// The tokens of a JSON pointer (RFC 6901); none for the whole.
pub(crate) fn tokens(pointer: &str) -> Vec<String> {
    let rest = pointer.strip_prefix('/').unwrap_or(pointer);
    if pointer.is_empty() {
        return Vec::new();
    }
    rest.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

/// The value to which the tokens lead from `value`.
pub(crate) fn at<'r>(value: &'r RawValue, tokens: &[String]) -> Option<&'r RawValue> {
    let Some((token, rest)) = tokens.split_first() else { return Some(value) };
    let next = if value.get().starts_with('[') {
        let mut left: usize = token.parse().ok()?;
        let mut found = None;
        each(value, |value| {
            if left == 0 {
                found.get_or_insert(value);
            }
            left = left.saturating_sub(1);
        });
        found
    } else {
        let mut keys = Keys::default();
        keys.add(token);
        keys.pick(value.get()).ok()?.pop().flatten()
    };
    at(next?, rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn keys(names: &[&str]) -> Keys {
        Keys { names: names.iter().map(|&name| name.to_owned()).collect() }
    }

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn gives_the_values_of_some_keys() {
        let row = r#" {"a":1,"b":{"a":2},"\u0063":"x","d":[]} "#;
        let keys = keys(&["a", "c", "x"]);
        let found = keys.pick(row).unwrap();
        let texts: Vec<_> = found.into_iter().map(|value| value.map(RawValue::get)).collect();
        assert_eq!(texts, [Some("1"), Some("\"x\""), None]);
    }

    #[test]
    fn a_row_that_is_none_is_told_with_its_place() {
        let keys = keys(&["a"]);
        let told = |row: &str| keys.pick(row).map(|_found| ()).unwrap_err();
        let wrong = |at, what: &str| Wrong { at, what: what.to_owned() };
        assert_eq!(told(r#"{"b":01}"#), wrong(6, "invalid number"));
        assert_eq!(told("[1]").what, "invalid type: sequence, expected a JSON object");
        assert_eq!(told("7").what, "invalid type: integer `7`, expected a JSON object");
        assert_eq!(told(r#"{"a":1} {"a":2}"#), wrong(8, "trailing characters"));
        assert_eq!(told(r#"{"a":1,"a":2}"#).what, "the key `a` comes twice in one row");
        assert_eq!(told(r#"{"a":1"#).what, "EOF while parsing an object");
        assert!(keys.pick(r#"{"b":1,"b":2}"#).is_ok(), "what is not looked at is not judged");
        assert!(keys.pick(r#"{"\ud800":1}"#).is_ok(), "half a pair is no text and yet JSON");
    }

    #[test]
    fn a_row_may_be_deep() {
        let row = format!("{{\"a\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(keys(&["a"]).pick(&row).unwrap()[0].unwrap().get().len(), 400_000);
    }

    #[test]
    fn a_text_and_a_number_say_what_they_are() {
        for (value, text) in [
            ("\"a\\u0062\\n\"", Some("ab\n")),
            ("12345678901234567890123", Some("12345678901234567890123")),
            ("\"\"", Some("")),
            ("-1.50", Some("-1.50")),
            ("null", None),
            ("true", None),
            ("{}", None),
            ("\"\\ud800\"", None),
        ] {
            assert_eq!(text_of(&raw(value)).as_deref(), text, "{value}");
        }
    }

    #[test]
    fn a_long_text_is_told_by_its_digest() {
        let long = |last: char| format!("{}{last}", "ü".repeat(512));
        assert_eq!(shortened("a"), "a");
        let (one, other) = (long('a'), long('b'));
        assert!(shortened(&one).len() < 256 && shortened(&one) != shortened(&other));
        assert!(shortened(&one).starts_with("üü"));
    }

    #[test]
    fn a_pointer_leads_to_a_value() {
        let value = raw(r#"{"a":[{"b/c":1},{"d~":[7,8]}],"":{"":2}}"#);
        let found = |pointer: &str| at(&value, &tokens(pointer)).map(|value| value.get().to_owned());
        assert_eq!(found("/a/0/b~1c").as_deref(), Some("1"));
        assert_eq!(found("/a/1/d~0/1").as_deref(), Some("8"));
        assert_eq!(found("//").as_deref(), Some("2"));
        assert_eq!(found("").unwrap().len(), value.get().len());
        for none in ["/a/2", "/a/x", "/b", "/a/0/b~1c/0", "/a/-1"] {
            assert_eq!(found(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"["\[{][\[\]{}:,"\\ u0-9a-ctrue.+-]{0,14}"#) {
            let naive = serde_json::from_str::<Value>(&text).ok().filter(Value::is_object);
            let found = keys(&["a"]).pick(&text);
            if let Some(row) = &naive && let Ok(found) = &found {
                let value = found[0].map(|value| serde_json::from_str::<Value>(value.get()).unwrap());
                prop_assert_eq!(value.as_ref(), row.get("a"));
            }
            let twice = matches!(&found, Err(wrong) if wrong.what.contains("comes twice"));
            // What `serde_json` does not keep it reads less strictly: half a surrogate pair, a number beyond all bounds.
            prop_assert!(naive.is_none() || found.is_ok() || twice, "{:?} {:?}", text, found);
        }
    }
}
