//! What could not be taken in at the last look, by the directory in which it is: a look at some
//! directories says nothing of the others.

use std::collections::{BTreeMap, HashSet};

use crate::store::Prefix;

/// Where something was not taken in, and what, in one sentence.
pub(super) type Skip = (Prefix, String);

/// All that is not taken in now.
#[derive(Debug, Default)]
pub struct Skips(BTreeMap<Prefix, Vec<String>>);

impl Skips {
    /// Takes in what a look at `places` found; without them it was a look at everything.
    pub(super) fn update(&mut self, places: Option<&HashSet<Prefix>>, found: Vec<Skip>) {
        self.0.retain(|place, _| places.is_some_and(|places| !places.contains(place)));
        for (place, sentence) in found {
            let sentences = self.0.entry(place).or_default();
            // What concerns all directories is found at each look.
            if !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        }
    }

    /// The warning of the daemon; none where all is taken in.
    pub(super) fn message(&self) -> Option<String> {
        let first = self.0.values().flatten().next()?;
        let rest = self.0.values().map(Vec::len).sum::<usize>() - 1;
        let more = if rest == 0 {
            String::new()
        } else {
            format!(" (and {rest} more; `orgvault catalog rebuild` lists them)")
        };
        Some(format!("not taken in: {first}{more}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_settles_what_is_in_the_directories_that_it_looked_at() {
        let prefix = |text: &str| Prefix::parse(text).unwrap();
        let skip = |place: &str, what: &str| (prefix(place), what.to_owned());
        let places = |place: &str| HashSet::from([prefix(place)]);
        let mut skips = Skips::default();
        skips.update(None, vec![skip("a", "one"), skip("b", "two")]);
        assert!(skips.message().unwrap().starts_with("not taken in: one (and 1 more; "));
        skips.update(Some(&places("c")), Vec::new());
        assert!(skips.message().unwrap().contains("and 1 more"));
        skips.update(Some(&places("a")), Vec::new());
        assert_eq!(skips.message().as_deref(), Some("not taken in: two"));
        skips.update(Some(&places("b")), vec![skip("b", "three")]);
        assert_eq!(skips.message().as_deref(), Some("not taken in: three"));
        skips.update(None, Vec::new());
        assert_eq!(skips.message(), None);
    }
}
