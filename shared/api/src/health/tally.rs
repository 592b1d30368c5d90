//! How many organizations are how: the same numbers wherever they are told.

use std::collections::BTreeMap;

use super::{Health, Level};
use crate::Organization;

/// The organizations that are judged, by their health.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Health, u64>);

impl Tally {
    /// Counts those that are judged.
    #[must_use]
    pub fn of<'a>(organizations: impl IntoIterator<Item = &'a Organization>) -> Self {
        let mut tally = BTreeMap::new();
        for one in organizations.into_iter().filter(|one| one.is_judged()) {
            *tally.entry(one.health).or_default() += 1;
        }
        Self(tally)
    }

    /// How many are of this health.
    #[must_use]
    pub fn count(&self, health: Health) -> u64 {
        self.0.get(&health).copied().unwrap_or_default()
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Those that there are, the worst first.
    pub fn worst_first(&self) -> impl Iterator<Item = (Health, u64)> {
        self.0.iter().rev().map(|(health, count)| (*health, *count))
    }

    /// How bad the worst of them is.
    #[must_use]
    pub fn level(&self) -> Level {
        self.0.keys().map(|health| health.level()).max().unwrap_or(Level::Ok)
    }
}
