//! What a token is made of: `orgvault_`, 30 random characters, and 6 that check them, so that
//! secret scanners find one and know a real one: `orgvault_[0-9A-Za-z]{36}`.

use orgvault_archive::naming::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::signature::from_hex;

const PREFIX: &str = "orgvault_";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 178 bits: what is kept of it needs no slow hash.
const RANDOM: usize = 30;
const CHECK: usize = 6;

/// A fresh secret.
///
/// # Errors
/// When the system gives no random bytes.
pub(super) fn draw() -> Result<String, getrandom::Error> {
    let mut body = String::with_capacity(RANDOM);
    while body.len() < RANDOM {
        let mut bytes = [0; RANDOM];
        getrandom::fill(&mut bytes)?;
        // Only whole turns of the alphabet, so that no character is likelier than another.
        let fair = bytes.into_iter().filter(|byte| *byte < 248).map(|byte| letter(u32::from(byte)));
        body.extend(fair.take(RANDOM - body.len()));
    }
    Ok(format!("{PREFIX}{body}{}", check(&body)))
}

/// Random hex digits, two for each byte.
///
/// # Errors
/// When the system gives no random bytes.
pub(super) fn hex_id<const BYTES: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// The first 32 bits of the body's SHA-256, in base 62.
fn check(body: &str) -> String {
    let sha256 = Sha256::digest(body.as_bytes());
    let mut number = sha256.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    let mut digits = [0; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = number % 62;
        number /= 62;
    }
    digits.into_iter().map(letter).collect()
}

fn letter(number: u32) -> char {
    char::from(ALPHABET[(number % 62) as usize])
}

/// What is kept of a secret: its SHA-256, in the file in lower-case hex. Two are compared by
/// [`Digest::is`] and in no other way: both have 32 bytes, whatever the client sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Digest([u8; DIGEST]);

/// Bytes of a SHA-256.
const DIGEST: usize = 32;

/// The text is no digest.
#[derive(Debug, thiserror::Error)]
#[error("a token's sha256 is not {DIGEST} bytes in lower-case hex")]
pub(super) struct InvalidDigest;

impl Digest {
    pub(super) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Compares in constant time.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        hex(&digest.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        from_hex(&text).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(InvalidDigest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_scanners_and_checks_itself() {
        let secrets: Vec<String> = (0..100).map(|_| draw().unwrap()).collect();
        for secret in &secrets {
            let rest = secret.strip_prefix("orgvault_").unwrap();
            assert!(rest.len() == 36 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{secret}");
            let (body, checked) = rest.split_at(30);
            assert_eq!(check(body), checked);
        }
        let distinct: std::collections::HashSet<&String> = secrets.iter().collect();
        assert_eq!(distinct.len(), 100);
        assert_eq!(check("000000000000000000000000000000").len(), 6);
    }

    /// Compiles only while digests have no `==`, which would end at the first byte that differs.
    #[test]
    fn digests_are_compared_in_constant_time_only() {
        trait Compared<Marker> {
            fn has_no_other_way() {}
        }
        struct ByOperator;
        impl<T> Compared<()> for T {}
        impl<T: PartialEq> Compared<ByOperator> for T {}
        <Digest as Compared<_>>::has_no_other_way();

        let [one, same, other] = ["one", "one", "other"].map(Digest::of);
        assert!(one.is(&same) && !one.is(&other));
        for place in 0..DIGEST {
            let mut near = one.clone();
            near.0[place] ^= 1;
            assert!(!one.is(&near), "{place}");
        }
    }

    #[test]
    fn a_digest_is_read_as_it_was_written_and_nothing_else_is() {
        let text = serde_json::to_string(&Digest::of("one")).unwrap();
        assert!(serde_json::from_str::<Digest>(&text).unwrap().is(&Digest::of("one")));
        for wrong in [text.to_uppercase(), text.replacen('"', "\"0", 1), "\"\"".to_owned(), "\"7692\"".to_owned()] {
            assert!(serde_json::from_str::<Digest>(&wrong).is_err(), "{wrong}");
        }
    }
}
