//! Tells hooks of sources whose coverage is not as meant.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use orgvault_config::{Config, HookEvent};

use super::{runner::Schedules, turn::Turn};
use crate::{
    catalog::{CatalogError, LastCoverage},
    hook::Notice,
};

/// How often it is looked whether there is something to tell, and only if a hook wants to know.
const EVERY: TimeDelta = TimeDelta::minutes(1);

/// What was told of each source; the same is told again when it was as meant in between.
#[derive(Debug, Default)]
pub(super) struct Uncovered {
    turn: Turn,
    told: BTreeMap<String, String>,
}

impl Uncovered {
    /// Tells what the last look at each source found, if the time has come.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub(super) async fn look(&mut self, schedules: &Schedules) -> Result<(), CatalogError> {
        let config = schedules.0.config.borrow().clone();
        if !self.turn.has_come(HookEvent::Coverage, EVERY, &config, schedules.now()) {
            return Ok(());
        }
        let found = found(&schedules.catalog().coverages().await?, &config);
        for (source, told) in self.news(found) {
            schedules.0.hooks.fire(Notice::coverage(&source, told));
        }
        Ok(())
    }

    /// What of this was not told yet. From now on it is.
    fn news(&mut self, found: BTreeMap<String, String>) -> Vec<(String, String)> {
        let is_told = |source: &str, message: &str| self.told.get(source).is_some_and(|told| told == message);
        let news = found.iter().filter(|(source, message)| !is_told(source, message));
        let news = news.map(|(source, message)| (source.clone(), message.clone())).collect();
        self.told = found;
        news
    }
}

/// What is not as meant, by source.
fn found(last: &[LastCoverage], config: &Config) -> BTreeMap<String, String> {
    let known = last.iter().filter(|last| config.has_source(&last.source));
    known.filter_map(|last| Some((last.source.clone(), last.told()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_told_once_and_again_after_it_was_as_meant() {
        let found = |text: &str| text.split(", ").filter_map(|one| one.split_once(": ")).map(owned).collect();
        let mut uncovered = Uncovered::default();
        for (now, expected) in [
            ("a: 8 of 4, b: 1 of 3", "a b"),
            ("a: 8 of 4, b: 1 of 3", ""),
            ("a: 8 of 4, b: 2 of 3", "b"),
            ("a: 8 of 4", ""),
            ("a: 8 of 4, b: 2 of 3", "b"),
            ("", ""),
        ] {
            let told: Vec<String> = uncovered.news(found(now)).into_iter().map(|(source, _)| source).collect();
            assert_eq!(told.join(" "), expected, "{now}");
        }
    }

    fn owned((source, message): (&str, &str)) -> (String, String) {
        (source.to_owned(), message.to_owned())
    }
}
