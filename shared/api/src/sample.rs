//! A part of the organizations for each day, so that as many days take all of them.

use std::{fmt, num::NonZeroU32, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::Tenant;

/// The most days that all organizations may take.
const MOST: u32 = 366;

/// `1/7`: each day another seventh of the organizations; an organization is always in the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ToSchema)]
#[schema(value_type = String, pattern = "^1/[1-9][0-9]{0,2}$")]
pub struct Sample(NonZeroU32);

/// The text is no sample.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no part: expected 1/1 to 1/{MOST}")]
pub struct InvalidSample(String);

impl Sample {
    /// All of them each day.
    pub const ALL: Self = Self(NonZeroU32::MIN);

    /// Whether the organization's turn is on this day, counted from any day on.
    #[must_use]
    pub fn takes(self, tenant: &Tenant, day: i64) -> bool {
        let parts = i64::from(self.0.get());
        i64::from(hash(tenant) % self.0) == day.rem_euclid(parts)
    }
}

/// FNV-1a: it has to be the same for ever, and on every machine.
fn hash(tenant: &Tenant) -> u32 {
    let Tenant { source, kind, id } = tenant;
    let bytes = [source, "/", kind, "/", id].map(str::as_bytes).concat();
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    // Its low bits alone depend on few of the bytes' bits.
    u32::try_from((hash >> 32) ^ (hash & u64::from(u32::MAX))).unwrap_or_default()
}

impl FromStr for Sample {
    type Err = InvalidSample;

    fn from_str(text: &str) -> Result<Self, InvalidSample> {
        let parts = text.strip_prefix("1/").filter(|parts| !parts.starts_with(['0', '+']));
        let parts = parts.and_then(|parts| parts.parse().ok()).filter(|parts: &NonZeroU32| parts.get() <= MOST);
        parts.map(Self).ok_or_else(|| InvalidSample(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1/{}", self.0)
    }
}

impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tenant(id: u32) -> Tenant {
        Tenant { source: "tracker".to_owned(), kind: "organization".to_owned(), id: id.to_string() }
    }

    #[test]
    fn the_parts_are_about_equal_and_stay_as_they_are() {
        let seventh: Sample = "1/7".parse().unwrap();
        for day in 0..7 {
            let many = (0..700).filter(|id| seventh.takes(&tenant(*id), day)).count();
            assert!((70..=130).contains(&many), "{many} on day {day}");
        }
        let days: Vec<i64> = (1..=6).map(|id| (0..7).find(|day| seventh.takes(&tenant(id), *day)).unwrap()).collect();
        insta::assert_compact_debug_snapshot!(days, @"[5, 4, 2, 4, 6, 1]");
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["", "1", "7", "1/0", "2/7", "1/367", "1/07", "1/+7", "1/7 ", "1/-7"] {
            assert!(text.parse::<Sample>().is_err(), "{text:?}");
        }
        assert_eq!("1/366".parse::<Sample>().unwrap().to_string(), "1/366");
    }

    proptest! {
        #[test]
        fn each_organization_has_one_day_of_as_many_as_there_are_parts(parts in 1..=MOST, id in any::<u32>(), first in -9_999..9_999_i64) {
            let sample: Sample = format!("1/{parts}").parse().unwrap();
            let days = (first..first + i64::from(parts)).filter(|day| sample.takes(&tenant(id), *day));
            prop_assert_eq!(days.count(), 1);
        }
    }
}
