//! Floating-point numbers as other languages print them: the shortest digits that read back as
//! the same number, in each language's layout.

use std::{fmt::LowerExp, io::Write};

/// The longest shortest text of a double: sign, 17 digits, point, `e-324`.
const TEXT: usize = 32;

/// The shortest digits of a finite number: `0.d₁d₂… × 10^point`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortest {
    negative: bool,
    digits: [u8; TEXT],
    length: usize,
    point: i32,
}

impl Shortest {
    /// Those of a double, which must be finite.
    #[must_use]
    pub fn of(number: f64) -> Self {
        Self::read(&number)
    }

    /// Those of a single, which must be finite: `0.1` and not its neighbour among the doubles.
    #[must_use]
    pub fn of_single(number: f32) -> Self {
        Self::read(&number)
    }

    /// Takes apart what the standard library prints: `-1.25e-7`.
    fn read(number: &impl LowerExp) -> Self {
        let mut text = [0; TEXT];
        let mut rest: &mut [u8] = &mut text;
        rest.write_fmt(format_args!("{number:e}")).unwrap_or_default();
        let free = rest.len();
        let mut shortest = Self { negative: false, digits: [0; TEXT], length: 0, point: 0 };
        let mut bytes = text[..TEXT - free].iter();
        for byte in bytes.by_ref() {
            match byte {
                b'-' => shortest.negative = true,
                b'0'..=b'9' => {
                    shortest.digits[shortest.length] = *byte;
                    shortest.length += 1;
                }
                b'.' => {}
                _ => break,
            }
        }
        shortest.point = exponent(bytes.as_slice()) + 1;
        shortest
    }

    fn digits(&self) -> &[u8] {
        &self.digits[..self.length]
    }

    fn is_zero(&self) -> bool {
        self.digits() == b"0"
    }

    /// Whether the digits are exactly the decimal number that this JSON text spells: whether
    /// nothing is lost when it is written in their place.
    #[must_use]
    pub fn spells(&self, json: &[u8]) -> bool {
        let mantissa = json.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(json.len());
        let exponent = json.get(mantissa + 1..).map_or(0, exponent);
        let whole = json[..mantissa].iter().take_while(|byte| **byte != b'.').filter(|byte| **byte != b'-').count();
        let digits = || json[..mantissa].iter().filter(|byte| byte.is_ascii_digit());
        let zeros = digits().take_while(|byte| **byte == b'0').count();
        let significant = digits().skip(zeros);
        let Some(length) = length_without_zeros(significant.clone()) else { return self.is_zero() };
        let point = i64::try_from(whole).unwrap_or(i64::MAX) - i64::try_from(zeros).unwrap_or(0) + i64::from(exponent);
        !self.is_zero() && point == i64::from(self.point) && significant.take(length).eq(self.digits())
    }
}

/// How many digits there are up to the last that is not 0; none where all are.
fn length_without_zeros<'a>(digits: impl Iterator<Item = &'a u8>) -> Option<usize> {
    digits.enumerate().filter(|(_, digit)| **digit != b'0').map(|(index, _)| index + 1).last()
}

/// A decimal exponent such as `-7`, `+21`; one that is too long for an i32 is its end.
fn exponent(text: &[u8]) -> i32 {
    let negative = text.first() == Some(&b'-');
    let size = text
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .fold(0_i32, |size, digit| size.saturating_mul(10).saturating_add(i32::from(digit - b'0')));
    if negative { -size } else { size }
}

/// Appends a number as ECMAScript's `Number::toString` prints it: `100000000000000000000`,
/// `1e+21`, `0.000001`, `1e-7`; minus zero is `0`.
pub fn write_javascript(number: &Shortest, out: &mut Vec<u8>) {
    if number.is_zero() {
        return out.push(b'0');
    }
    write_sign(number, out);
    if (-5..=21).contains(&number.point) {
        write_positional(number, out);
    } else {
        let digits = number.digits();
        out.push(digits[0]);
        if digits.len() > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        write_exponent(number, out);
    }
}

/// Appends a number as PHP's `json_encode` prints it with `serialize_precision = -1`
/// (`php_gcvt` with 17 digits): `1`, `0.0001`, `1.0e-5`, `1.0e+17`, `1.5e+25`.
pub fn write_php(number: &Shortest, out: &mut Vec<u8>) {
    write_sign(number, out);
    if number.is_zero() {
        return out.push(b'0');
    }
    if (-3..=17).contains(&number.point) {
        write_positional(number, out);
    } else {
        let digits = number.digits();
        out.extend_from_slice(&[digits[0], b'.']);
        out.extend_from_slice(if digits.len() > 1 { &digits[1..] } else { b"0" });
        write_exponent(number, out);
    }
}

fn write_sign(number: &Shortest, out: &mut Vec<u8>) {
    if number.negative {
        out.push(b'-');
    }
}

fn write_positional(number: &Shortest, out: &mut Vec<u8>) {
    let digits = number.digits();
    let whole = usize::try_from(number.point).unwrap_or(0);
    let zeros = |out: &mut Vec<u8>, count: usize| out.resize(out.len() + count, b'0');
    if whole == 0 {
        out.extend_from_slice(b"0.");
        zeros(out, usize::try_from(-number.point).unwrap_or(0));
        out.extend_from_slice(digits);
    } else if whole >= digits.len() {
        out.extend_from_slice(digits);
        zeros(out, whole - digits.len());
    } else {
        out.extend_from_slice(&digits[..whole]);
        out.push(b'.');
        out.extend_from_slice(&digits[whole..]);
    }
}

fn write_exponent(number: &Shortest, out: &mut Vec<u8>) {
    out.write_fmt(format_args!("e{:+}", number.point - 1)).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn javascript(number: f64) -> String {
        let mut out = Vec::new();
        write_javascript(&Shortest::of(number), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn php(number: f64) -> String {
        let mut out = Vec::new();
        write_php(&Shortest::of(number), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn prints_as_javascript_does() {
        // `String(number)` of V8.
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (-1.5, "-1.5"),
            (100.0, "100"),
            (1e20, "100000000000000000000"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (999_999_999_999_999_900_000.0, "999999999999999900000"),
            (1e21, "1e+21"),
            (-1e21, "-1e+21"),
            (1.5e300, "1.5e+300"),
            (0.000_001, "0.000001"),
            (0.000_001_234, "0.000001234"),
            (1e-7, "1e-7"),
            (-1.25e-7, "-1.25e-7"),
            (0.1 + 0.2, "0.30000000000000004"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(javascript(number), text);
        }
        let mut single = Vec::new();
        write_javascript(&Shortest::of_single(0.1), &mut single);
        assert_eq!(single, b"0.1", "and not 0.10000000149011612");
    }

    #[test]
    fn prints_as_php_does() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (0.0001, "0.0001"),
            (0.000_123, "0.000123"),
            (0.000_01, "1.0e-5"),
            (0.000_012_5, "1.25e-5"),
            (1e16, "10000000000000000"),
            (1e17, "1.0e+17"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (9_223_372_036_854_775_808.0, "9.223372036854776e+18"),
            (1.5e25, "1.5e+25"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-1e-10, "-1.0e-10"),
        ] {
            assert_eq!(php(number), text);
        }
    }

    #[test]
    fn tells_whether_digits_are_lost() {
        let spells = |json: &str| Shortest::of(json.parse().unwrap()).spells(json.as_bytes());
        for json in ["0", "-0", "0.0", "0e9", "1.0", "0.1", "0.10", "1e20", "100e18", "-1.25E-7", "1e+2", "0.00120"] {
            assert!(spells(json), "{json}");
        }
        for json in
            ["12345678901234567890", "9007199254740993", "0.1000000000000000055", "1e-400", "3.14159265358979323846"]
        {
            assert!(!spells(json), "{json}");
        }
        assert!(!spells("1e-99999999999999999999"));
    }

    proptest! {
        #[test]
        fn reads_back_as_the_same_number(number in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL) {
            for text in [javascript(number), php(number)] {
                prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), number.to_bits());
                prop_assert!(Shortest::of(number).spells(text.as_bytes()));
            }
        }
    }
}
