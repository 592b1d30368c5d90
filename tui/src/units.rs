//! Sizes, durations, numbers and times in words.

use std::time::Duration;

use orgvault_api::{SectionCount, clock::Timestamp};

/// `12.3 MiB`; whole bytes below one KiB.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut scale, mut unit) = (1024, 0);
    while u128::from(bytes) >= scale * 1024 && unit + 1 < UNITS.len() {
        scale *= 1024;
        unit += 1;
    }
    let tenths = u128::from(bytes) * 10 / scale;
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS.get(unit).unwrap_or(&"TiB"))
}

/// `41,203`.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 row`, `2 rows`.
pub(crate) fn plural(value: u64, word: &str) -> String {
    format!("{} {word}{}", number(value), if value == 1 { "" } else { "s" })
}

/// `340 ms`, `1.2 s`, `3m 20s`, `2h 05m`.
pub(crate) fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{} ms", span.subsec_millis()),
        1..60 => format!("{seconds}.{} s", span.subsec_millis() / 100),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The time from `start` to `end`; nothing where the clock went back.
pub(crate) fn between(start: Timestamp, end: Timestamp) -> Duration {
    (end - start).to_std().unwrap_or_default()
}

/// `2026-01-31 09:30:00Z`: UTC, whole seconds.
pub(crate) fn time(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Rows over all sections.
pub(crate) fn rows(counts: &[SectionCount]) -> u64 {
    counts.iter().map(|count| count.rows).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (12_897_485, "12.3 MiB"),
            (1024 * 1024 - 1, "1023.9 KiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "16777215.9 TiB"),
        ];
        for (bytes, words) in cases {
            assert_eq!(size(bytes), words);
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([1, 2].map(|count| plural(count, "row")), ["1 row", "2 rows"]);
    }

    #[test]
    fn durations() {
        let shown = [0, 340, 1_250, 59_999, 200_000, 7_500_000].map(|millis| duration(Duration::from_millis(millis)));
        assert_eq!(shown, ["0 ms", "340 ms", "1.2 s", "59.9 s", "3m 20s", "2h 05m"]);
    }
}
