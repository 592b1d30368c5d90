//! Durations (`"1h30m"`) and sizes (`"10 GiB"`), as the configuration writes them.

use std::time::Duration;

/// How a kind of value is written.
struct Kind {
    what: &'static str,
    example: &'static str,
    /// What a number without a unit most likely means.
    usual: &'static str,
    /// Each unit with its factor.
    units: &'static [(&'static str, u64)],
}

/// In milliseconds, the largest first.
const DURATION: Kind = Kind {
    what: "duration",
    example: "\"90m\" or \"1h30m\"",
    usual: "s",
    units: &[("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)],
};
/// In bytes, first those that sizes are written in, the largest first.
const SIZE: Kind = Kind {
    what: "size",
    example: "\"10 GiB\"",
    usual: " MiB",
    units: &[
        ("TiB", 1 << 40),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("B", 1),
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1000),
    ],
};

/// The text is no duration or no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// It is not made of numbers and units.
    #[error("{text:?} is no {what}: expected {example}")]
    Form {
        /// The text.
        text: String,
        /// `duration` or `size`.
        what: &'static str,
        /// How one is written.
        example: &'static str,
    },
    /// A unit that does not exist.
    #[error("{unit:?} is no unit of a {what}: expected {units}")]
    Unit {
        /// The unit.
        unit: String,
        /// `duration` or `size`.
        what: &'static str,
        /// The units that exist.
        units: String,
    },
    /// A number without a unit.
    #[error("{text:?} has no unit: expected \"{example}\", if that is meant")]
    NoUnit {
        /// The text.
        text: String,
        /// How it is written.
        example: String,
    },
    /// More than 64 bits hold.
    #[error("{text:?} is more than can be counted")]
    TooLarge {
        /// The text.
        text: String,
    },
}

/// Reads a duration: numbers with the units `w`, `d`, `h`, `m`, `s`, `ms`, each unit once and the
/// larger one first, blanks between them or not.
///
/// # Errors
/// When the text is none.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let mut smallest = u64::MAX;
    let mut millis = 0_u64;
    for (number, unit) in DURATION.parts(text)? {
        if unit >= smallest {
            return Err(DURATION.form(text));
        }
        smallest = unit;
        let sum = number.checked_mul(unit).and_then(|part| millis.checked_add(part));
        millis = sum.ok_or_else(|| UnitError::TooLarge { text: text.into() })?;
    }
    Ok(Duration::from_millis(millis))
}

/// Writes a duration as [`parse_duration`] reads it, without what is below a millisecond.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut parts = Vec::new();
    for (unit, millis) in DURATION.units {
        if rest >= *millis {
            parts.push(format!("{}{unit}", rest / millis));
            rest %= millis;
        }
    }
    if parts.is_empty() { "0s".into() } else { parts.concat() }
}

/// Reads a size in bytes: one number with a unit, `B`, `kB`, `MB`, `GB`, `TB` (powers of 1000) or
/// `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024), a blank between them or not.
///
/// # Errors
/// When the text is none.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    match *SIZE.parts(text)? {
        [(number, unit)] => number.checked_mul(unit).ok_or_else(|| UnitError::TooLarge { text: text.into() }),
        _ => Err(SIZE.form(text)),
    }
}

/// Writes a size exactly, as [`parse_size`] reads it, in the largest power of 1024 that divides it.
#[must_use]
pub fn format_size(bytes: u64) -> String {
    let mut units = SIZE.units.iter();
    let (unit, factor) =
        units.find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor)).unwrap_or(&("B", 1));
    format!("{} {unit}", bytes / factor)
}

impl Kind {
    /// Each number with its unit's factor; at least one.
    fn parts(&self, text: &str) -> Result<Vec<(u64, u64)>, UnitError> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (digits, after) = split_where(rest, |character| !character.is_ascii_digit());
            let (unit, after) = split_where(after.trim_start(), |character| !character.is_alphabetic());
            if digits.is_empty() {
                return Err(self.form(text));
            }
            if unit.is_empty() && after.is_empty() {
                return Err(UnitError::NoUnit { text: text.into(), example: format!("{digits}{}", self.usual) });
            }
            let number = digits.parse().ok().ok_or_else(|| UnitError::TooLarge { text: text.into() })?;
            parts.push((number, self.factor(unit, text)?));
            rest = after.trim_start();
        }
        if parts.is_empty() { Err(self.form(text)) } else { Ok(parts) }
    }

    fn factor(&self, unit: &str, text: &str) -> Result<u64, UnitError> {
        if unit.is_empty() {
            return Err(self.form(text));
        }
        self.units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor).ok_or_else(|| UnitError::Unit {
            unit: unit.into(),
            what: self.what,
            units: self.units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
        })
    }

    fn form(&self, text: &str) -> UnitError {
        UnitError::Form { text: text.into(), what: self.what, example: self.example }
    }
}

fn split_where(text: &str, stop: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(stop).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in
            [("90m", 5400), ("1h30m", 5400), ("1h 30m", 5400), (" 2 d ", 172_800), ("0s", 0), ("1w", 604_800)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse_duration("500 ms"), Ok(Duration::from_millis(500)));
        for (text, bytes) in
            [("10 GiB", 10 << 30), ("10GiB", 10 << 30), ("500 MB", 500_000_000), ("0 B", 0), ("7 kB", 7000)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let wrong = [
            "",
            "m",
            "-1s",
            "90",
            "1h30",
            "5 parsecs",
            "30m1h",
            "1m1m",
            "1.5h",
            "99999999999999999999s",
            "9999999999999999w",
        ];
        let mut said: Vec<String> = Vec::new();
        said.extend(wrong.into_iter().map(|text| parse_duration(text).unwrap_err().to_string()));
        let wrong = ["10", "10 gib", "1 GiB 1 MiB", "GiB", "1.5 GiB", "99999999 TiB"];
        said.extend(wrong.into_iter().map(|text| parse_size(text).unwrap_err().to_string()));
        insta::assert_snapshot!(said.join("\n"), @r#"
    "" is no duration: expected "90m" or "1h30m"
    "m" is no duration: expected "90m" or "1h30m"
    "-1s" is no duration: expected "90m" or "1h30m"
    "90" has no unit: expected "90s", if that is meant
    "1h30" has no unit: expected "30s", if that is meant
    "parsecs" is no unit of a duration: expected w, d, h, m, s, ms
    "30m1h" is no duration: expected "90m" or "1h30m"
    "1m1m" is no duration: expected "90m" or "1h30m"
    "1.5h" is no duration: expected "90m" or "1h30m"
    "99999999999999999999s" is more than can be counted
    "9999999999999999w" is more than can be counted
    "10" has no unit: expected "10 MiB", if that is meant
    "gib" is no unit of a size: expected TiB, GiB, MiB, KiB, B, TB, GB, MB, kB
    "1 GiB 1 MiB" is no size: expected "10 GiB"
    "GiB" is no size: expected "10 GiB"
    "1.5 GiB" is no size: expected "10 GiB"
    "99999999 TiB" is more than can be counted
    "#);
    }

    proptest! {
        #[test]
        fn a_duration_that_was_written_is_read_back(millis: u64) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn a_size_that_was_written_is_read_back(mantissa: u32, shift in 0_u32..32) {
            let bytes = u64::from(mantissa) << shift;
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }

        #[test]
        fn any_text_gives_an_answer(text: String) {
            prop_assert_eq!(parse_duration(&text).is_err(), parse_duration(&format!(" {text} ")).is_err());
            prop_assert!(parse_size(&text).is_err() || text.bytes().any(|byte| byte.is_ascii_digit()));
        }
    }
}
