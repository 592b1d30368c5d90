//! Download links: a gid, a time until which it may be fetched, and for whom it was made, under an
//! HMAC-SHA256. Nothing is stored for a link; it dies with its time, its holder's rights and the key.

use std::{fmt, str::FromStr};

use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use orgvault_api::{clock::Timestamp, gid::Gid};
use orgvault_archive::naming::hex;
use sha2::Sha256;

use crate::secrets::{SecretError, Secrets};

const FILE: &str = "url-key";
const KEY_BYTES: usize = 32;

/// What is signed begins with it, so that no other use of the key could ever mean a link.
const PURPOSE: &str = "orgvault download 1";

/// For whom a link was made, and whose rights it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A user of this machine, by uid.
    User(u32),
    /// A service account's token, by its id.
    Token(String),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(uid) => write!(f, "user-{uid}"),
            Self::Token(id) => write!(f, "token-{id}"),
        }
    }
}

/// The text names no holder.
#[derive(Debug, thiserror::Error)]
#[error("no holder of a link")]
pub struct InvalidHolder;

impl FromStr for Holder {
    type Err = InvalidHolder;

    fn from_str(text: &str) -> Result<Self, InvalidHolder> {
        match text.split_once('-') {
            Some(("user", uid)) => uid.parse().map(Self::User).or(Err(InvalidHolder)),
            Some(("token", id)) => Ok(Self::Token(id.to_owned())),
            _ => Err(InvalidHolder),
        }
    }
}

/// What a link allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Which archive.
    pub gid: Gid,
    /// Until when; whole seconds count.
    pub expires: Timestamp,
    /// For whom.
    pub holder: Holder,
}

impl Link {
    /// The link that a URL states, as far as it can be one.
    pub(crate) fn stated(gid: Gid, expires: i64, holder: &str) -> Option<Self> {
        Some(Self { gid, expires: DateTime::from_timestamp(expires, 0)?, holder: holder.parse().ok()? })
    }
}

/// The key of all links.
pub struct UrlKey([u8; KEY_BYTES]);

impl UrlKey {
    /// Reads the key, which is made when it is first needed.
    ///
    /// # Errors
    /// When it cannot be read or kept, or is damaged.
    pub fn of(secrets: &Secrets) -> Result<Self, SecretError> {
        if let Some(bytes) = secrets.read(FILE)? {
            let reason = format!("it has {} bytes instead of {KEY_BYTES}; without it, a new one is made", bytes.len());
            let damaged = SecretError::Damaged { path: secrets.path(FILE), reason };
            return <[u8; KEY_BYTES]>::try_from(bytes).map(Self).or(Err(damaged));
        }
        let key = secrets.drawn(FILE)?;
        secrets.write(FILE, &key)?;
        Ok(Self(key))
    }

    /// The link's path and query.
    #[must_use]
    pub fn sign(&self, link: &Link) -> String {
        let Link { gid, expires, holder } = link;
        let signature = hex(&self.mac(link).finalize().into_bytes());
        format!("/v1/downloads/{gid}?expires={}&holder={holder}&signature={signature}", expires.timestamp())
    }

    /// Whether `signature` is that of the link; compared in constant time.
    #[must_use]
    pub fn signed(&self, link: &Link, signature: &str) -> bool {
        from_hex(signature).is_some_and(|signature| self.mac(link).verify_slice(&signature).is_ok())
    }

    fn mac(&self, link: &Link) -> Hmac<Sha256> {
        let Link { gid, expires, holder } = link;
        // A key of 32 bytes is never refused: HMAC takes any length (RFC 2104, section 2).
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{PURPOSE}\n{gid}\n{}\n{holder}", expires.timestamp()).as_bytes());
        mac
    }
}

/// The bytes of hexadecimal digits; lower-case only, so that no two texts are one signature.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> (tempfile::TempDir, UrlKey) {
        let directory = tempfile::tempdir().unwrap();
        let key = UrlKey::of(&Secrets::of(directory.path())).unwrap();
        (directory, key)
    }

    fn link() -> Link {
        let expires = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Link { gid: Gid::try_from(7).unwrap(), expires, holder: Holder::Token("a1".to_owned()) }
    }

    #[test]
    fn a_link_holds_what_was_signed_and_any_other_is_refused() {
        let (_directory, key) = key();
        let url = key.sign(&link());
        let (path, signature) = url.split_once("&signature=").unwrap();
        assert_eq!(path, "/v1/downloads/7?expires=1800000000&holder=token-a1");
        assert!(key.signed(&link(), signature));
        let others = [
            Link { gid: Gid::try_from(8).unwrap(), ..link() },
            Link { expires: link().expires + chrono::TimeDelta::seconds(1), ..link() },
            Link { holder: Holder::Token("a2".to_owned()), ..link() },
            Link { holder: Holder::User(0), ..link() },
        ];
        for other in others {
            assert!(!key.signed(&other, signature), "{other:?}");
        }
        for place in 0..signature.len() {
            let mut broken = signature.to_owned().into_bytes();
            broken[place] = if broken[place] == b'0' { b'1' } else { b'0' };
            assert!(!key.signed(&link(), &String::from_utf8(broken).unwrap()), "{place}");
        }
        let shapes =
            [String::new(), signature.to_uppercase(), signature.chars().skip(1).collect(), format!("{signature}00")];
        for shape in shapes {
            assert!(!key.signed(&link(), &shape), "{shape}");
        }
    }

    #[test]
    fn the_key_outlives_the_daemon_and_is_like_no_other() {
        let (directory, first) = key();
        let again = UrlKey::of(&Secrets::of(directory.path())).unwrap();
        assert_eq!(first.sign(&link()), again.sign(&link()));
        let (_another, other) = key();
        assert_ne!(first.sign(&link()), other.sign(&link()));
        Secrets::of(directory.path()).write(FILE, b"short").unwrap();
        assert!(matches!(UrlKey::of(&Secrets::of(directory.path())), Err(SecretError::Damaged { .. })));
    }

    #[test]
    fn a_holder_is_what_it_was_written_as() {
        for holder in [Holder::User(4_000_123), Holder::Token("0af3".to_owned())] {
            assert_eq!(holder.to_string().parse::<Holder>().unwrap(), holder);
        }
        for text in ["", "user-", "user--1", "root", "user-x"] {
            assert!(text.parse::<Holder>().is_err(), "{text}");
        }
    }
}
