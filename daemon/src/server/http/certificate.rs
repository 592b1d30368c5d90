//! The time in which a certificate is valid: as much of X.509 (RFC 5280, section 4.1) as that
//! needs.

use chrono::{DateTime, NaiveDateTime};
use orgvault_api::clock::Timestamp;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;

/// From when and until when a certificate is valid; none where it is no certificate.
pub(super) fn validity(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut fields, _) = element(certificate, SEQUENCE)?;
    // Version (which may be missing), serial number, algorithm and issuer come before it.
    if let Some((_, rest)) = element(fields, VERSION) {
        fields = rest;
    }
    for _ in 0..3 {
        fields = any(fields)?.2;
    }
    let (times, _) = element(fields, SEQUENCE)?;
    let (tag, from, rest) = any(times)?;
    let (other_tag, until, _) = any(rest)?;
    Some((time(tag, from)?, time(other_tag, until)?))
}

/// The content of the first element, which has this tag, and what comes after it.
fn element(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    any(der).filter(|(tag, ..)| *tag == wanted).map(|(_, content, rest)| (content, rest))
}

/// Tag, content and rest.
fn any(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f).min(4))?;
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `UTCTime` has two digits of the year: those of 1950 to 2049.
fn time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match (tag, text.get(..2)?.parse::<u8>().ok()?) {
        (UTC_TIME, 50..) => format!("19{text}"),
        (UTC_TIME, _) => format!("20{text}"),
        _ => text.to_owned(),
    };
    NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ")
        .ok()
        .map(|at| DateTime::from_naive_utc_and_offset(at, chrono::Utc))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn the_times_are_those_of_the_certificate() {
        for (from, until) in [(2026, 2049), (1999, 2051)] {
            let mut params = CertificateParams::new(vec!["vault.example".to_owned()]).unwrap();
            params.not_before = date_time_ymd(from, 2, 3);
            params.not_after = date_time_ymd(until, 4, 5);
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let der = certificate.der();
            let (not_before, not_after) = validity(der).unwrap();
            assert_eq!(not_before.to_rfc3339(), format!("{from}-02-03T00:00:00+00:00"));
            assert_eq!(not_after.to_rfc3339(), format!("{until}-04-05T00:00:00+00:00"));
            for length in 0..der.len() {
                assert_eq!(validity(&der[..length]), None, "{length}");
            }
        }
    }
}
