//! What PHP makes of text: integer casts, timestamps, trimming.

/// `(int) $text`: a numeric prefix, fractions cut, out of range saturated, infinity 0.
pub(super) fn integer(text: &[u8]) -> i64 {
    let start = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    let text = text.get(start..).unwrap_or_default();
    let number = numeric_prefix(text).parse::<f64>().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, reason = "PHP cuts the fraction and saturates, and so does `as`")]
    if number.is_finite() { number as i64 } else { 0 }
}

/// The longest start of `text` that is a number: sign, digits with one point, exponent.
fn numeric_prefix(text: &[u8]) -> &str {
    let digits = |from: usize| text.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let mut end = sign + digits(sign);
    let mut any = end > sign;
    if text.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if any || fraction > 0 {
            end += 1 + fraction;
            any = true;
        }
    }
    if any && matches!(text.get(end), Some(b'e' | b'E')) {
        let exponent_sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + exponent_sign);
        if exponent > 0 {
            end += 1 + exponent_sign + exponent;
        }
    }
    let number = text.get(..end).unwrap_or_default();
    if any { std::str::from_utf8(number).unwrap_or("0") } else { "0" }
}

/// What the importer makes of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timestamp {
    /// As it is written.
    Exact,
    /// PHP takes it and moves or pads it: another text than what is written.
    Moved,
    /// PHP or PostgreSQL refuses it.
    Invalid,
}

/// `DateTime::createFromFormat('Y-m-d\TH:i:s\Z', $text)`, then stored by PostgreSQL: the year has
/// 1 to 4 digits, month, day and hour 1 or 2, minute and second 2; values beyond their range
/// roll over, and PostgreSQL knows no year 0.
pub(super) fn timestamp(text: &[u8]) -> Timestamp {
    parse(text).unwrap_or(Timestamp::Invalid)
}

fn parse(text: &[u8]) -> Option<Timestamp> {
    let mut at = 0;
    let mut number = |least: usize, most: usize, then: u8| -> Option<i64> {
        let rest = text.get(at..)?;
        let digits = rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if digits < least || rest.get(digits) != Some(&then) {
            return None;
        }
        at += digits + 1;
        Some(rest.iter().take(digits).fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    };
    let (year, month, day) = (number(1, 4, b'-')?, number(1, 2, b'-')?, number(1, 2, b'T')?);
    let (hour, minute, second) = (number(1, 2, b':')?, number(2, 2, b':')?, number(2, 2, b'Z')?);
    if at != text.len() {
        return None;
    }
    let months = year * 12 + month - 1;
    let first = days_before(months.div_euclid(12), months.rem_euclid(12));
    let seconds = ((first + day - 1) * 24 + hour) * 3600 + minute * 60 + second;
    if seconds < days_before(1, 0) * 86_400 {
        return None;
    }
    let in_range = (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
    let exact = in_range && day >= 1 && first + day - 1 < days_before(year + month / 12, month % 12);
    Some(if exact && text.len() == 20 { Timestamp::Exact } else { Timestamp::Moved })
}

/// Days from the start of year 0 to the start of a month (0 to 11), Gregorian.
fn days_before(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap_year = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    let before = usize::try_from(month).ok().and_then(|month| BEFORE.get(month)).copied().unwrap_or(0);
    let past = year - 1;
    let leap_days = past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400) + 1;
    year * 365 + leap_days + before + i64::from(leap_year && month > 1)
}

/// Whether Laravel's `required` takes it: something is left after PHP's `trim`.
pub(in crate::solidtime) fn is_filled(text: &[u8]) -> bool {
    text.iter().any(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0 | 0x0b))
}

/// What PostgreSQL gets of a text: all before the first NUL.
pub(super) fn stored(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Laravel's `Str::isUuid`.
pub(in crate::solidtime) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The pattern `/^#[0-9a-f]{6}$/`, whose `$` lets one LF at the end through.
pub(in crate::solidtime) fn is_color(text: &[u8]) -> bool {
    let digits = text.strip_suffix(b"\n").unwrap_or(text).strip_prefix(b"#");
    digits
        .is_some_and(|digits| digits.len() == 6 && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_to_integers_as_php_does() {
        let cases: [(&[u8], i64); 27] = [
            (b"9999999999999999999", i64::MAX),
            (b"-9999999999999999999", i64::MIN),
            (b"1e3", 1000),
            (b" 5", 5),
            (b"\xa05", 0),
            (b"\t\n\r\x0b\x0c7", 7),
            (b"0x1A", 0),
            (b"1e", 1),
            (b".5", 0),
            (b".", 0),
            (b"-.5e1", -5),
            (b"+5", 5),
            (b"+ 5", 0),
            (b"1_000", 1),
            (b"12.7", 12),
            (b"-12.7", -12),
            (b"1e1000", 0),
            (b"1e30", i64::MAX),
            (b"5 ", 5),
            (b"1e+3", 1000),
            (b"1e-3", 0),
            (b"--5", 0),
            (b"007", 7),
            (b"1.e3", 1000),
            (b".e3", 0),
            (b"2147483647.9", 2_147_483_647),
            (b"", 0),
        ];
        for (text, number) in cases {
            assert_eq!(integer(text), number, "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn takes_the_timestamps_that_php_and_postgresql_take() {
        use Timestamp::{Exact, Invalid, Moved};
        let cases = [
            ("2024-02-29T23:59:59Z", Exact),
            ("2000-12-31T00:00:00Z", Exact),
            ("0001-01-01T00:00:00Z", Exact),
            ("9999-12-31T23:59:59Z", Exact),
            ("2023-02-29T00:00:00Z", Moved),
            ("1900-02-29T00:00:00Z", Moved),
            ("2024-04-31T00:00:00Z", Moved),
            ("2024-13-01T00:00:00Z", Moved),
            ("2024-00-00T00:00:00Z", Moved),
            ("2024-01-01T24:00:00Z", Moved),
            ("2024-01-01T00:60:00Z", Moved),
            ("2024-01-01T00:00:60Z", Moved),
            ("2024-1-1T0:00:00Z", Moved),
            ("5-1-1T0:00:00Z", Moved),
            ("0000-12-31T24:00:00Z", Moved),
            ("9999-99-99T99:99:99Z", Moved),
            ("0000-12-31T23:59:59Z", Invalid),
            ("0001-00-00T00:00:00Z", Invalid),
            ("0001-01-00T00:00:00Z", Invalid),
            ("0001-01-00T24:00:00Z", Moved),
            ("10000-01-01T00:00:00Z", Invalid),
            ("-2024-01-01T00:00:00Z", Invalid),
            ("2024-01-01T0:0:0Z", Invalid),
            ("2024-001-01T00:00:00Z", Invalid),
            ("2024-01-01T00:00:00", Invalid),
            ("2024-01-01T00:00:00z", Invalid),
            ("2024-01-01t00:00:00Z", Invalid),
            (" 2024-01-01T00:00:00Z", Invalid),
            ("2024-01-01T00:00:00Z ", Invalid),
            ("2024-01-01T00:00:00Z\n", Invalid),
            ("2024-01-01T00:00:00Z\0", Invalid),
            ("2024-01-01T00:00:00.000Z", Invalid),
            ("2024-01-01T00:00:00+00:00", Invalid),
            ("2024-01-01", Invalid),
            ("infinity", Invalid),
            ("", Invalid),
        ];
        for (text, expected) in cases {
            assert_eq!(timestamp(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn knows_names_colors_and_uuids() {
        assert!(
            !is_filled(b" \t\r\n\0\x0b") && is_filled(b"0") && is_filled("\u{a0}".as_bytes()) && is_filled(b"\x0c")
        );
        assert!(is_color(b"#ef5350") && is_color(b"#ef5350\n"));
        for color in [&b"#EF5350"[..], b"#ef535", b"#ef53500", b"ef5350", b"red", b"", b"#ef5350\n\n", b"#ef5350\r"] {
            assert!(!is_color(color), "{color:?}");
        }
        assert!(is_uuid("D1111111-1111-4111-8111-111111111111") && !is_uuid("D1111111-1111-4111-8111-11111111111g"));
        assert_eq!(stored(b"a\0b"), b"a");
    }
}
