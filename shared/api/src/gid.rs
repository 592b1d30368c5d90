//! Global ids of exports and archives: decimal digits, time-ordered with a random part, below
//! 2^53 (so that a JavaScript number holds one), never a sequence.

use std::{fmt, hash::BuildHasher, hash::RandomState, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::clock::Timestamp;

const RANDOM_BITS: u32 = 12;
/// 2026-01-01T00:00:00Z in milliseconds; 41 bits of milliseconds last until the year 2095.
const EPOCH: i64 = 1_767_225_600_000;
const LIMIT: u64 = 1 << 53;

/// The id of an export and of the archive it makes; on the wire a string of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = r"^[1-9][0-9]{0,15}$")]
pub struct Gid(u64);

/// The text or number is not a gid.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no gid: expected decimal digits of a number between 1 and 2^53")]
pub struct InvalidGid(String);

impl Gid {
    /// A fresh id: 41 bits of milliseconds since 2026 and 12 random bits. Two of one
    /// millisecond may collide, so whoever stores it checks and draws again.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let millis = u64::try_from(now.timestamp_millis() - EPOCH).unwrap_or(0);
        let random = RandomState::new().hash_one(now.timestamp_subsec_nanos()) & ((1 << RANDOM_BITS) - 1);
        Self(((millis << RANDOM_BITS) | random).clamp(1, LIMIT - 1))
    }

    /// The id as the number it is.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Gid {
    type Error = InvalidGid;

    fn try_from(number: u64) -> Result<Self, InvalidGid> {
        if (1..LIMIT).contains(&number) { Ok(Self(number)) } else { Err(InvalidGid(number.to_string())) }
    }
}

impl FromStr for Gid {
    type Err = InvalidGid;

    fn from_str(text: &str) -> Result<Self, InvalidGid> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        match text.parse::<u64>() {
            Ok(number) if plain => Self::try_from(number),
            _ => Err(InvalidGid(text.chars().take(40).collect())),
        }
    }
}

impl fmt::Display for Gid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Gid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Gid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn is_ordered_by_time_and_fits_a_javascript_number() {
        let early = Gid::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let late = Gid::new(DateTime::from_timestamp(1_800_000_000, 1_000_000).unwrap());
        assert!(early < late);
        let last = Gid::new(DateTime::from_timestamp(EPOCH / 1000 + (1 << 31), 0).unwrap());
        assert!(last.get() < LIMIT);
    }

    #[test]
    fn two_of_one_instant_differ() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let distinct: std::collections::HashSet<Gid> = (0..50).map(|_| Gid::new(now)).collect();
        assert!(distinct.len() > 40, "12 random bits collide rarely: {distinct:?}");
    }

    #[test]
    fn refuses_what_is_no_gid() {
        for text in ["", "0", "-1", "+1", "01", "1e3", "9007199254740992", "١", " 1"] {
            assert!(text.parse::<Gid>().is_err(), "{text:?}");
        }
        assert_eq!("9007199254740991".parse::<Gid>().unwrap().get(), LIMIT - 1);
    }
}
