//! Slugs as TruePPM makes them.

use std::collections::{HashMap, HashSet};

const MAX: usize = 40;

/// The slug of a text: lower case, runs of anything but `a-z0-9` become one `-`, at most 40
/// characters, and `x` where nothing is left.
#[must_use]
pub fn slug(text: &str) -> String {
    slug_of(text, MAX)
}

fn slug_of(text: &str, max: usize) -> String {
    let mut slug = String::new();
    for character in text.to_lowercase().chars() {
        if character.is_ascii_lowercase() || character.is_ascii_digit() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(max);
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() { "x".to_owned() } else { slug }
}

/// Hands out slugs, each once.
#[derive(Debug)]
pub struct Slugs {
    /// How long each may be.
    max: usize,
    taken: HashSet<String>,
    /// Where the search for a free number of a base goes on: the numbers below are taken.
    next: HashMap<String, u32>,
}

impl Default for Slugs {
    fn default() -> Self {
        Self { max: MAX, taken: HashSet::new(), next: HashMap::new() }
    }
}

impl Slugs {
    /// As TruePPM before 0.4 makes them: as long as the text.
    #[must_use]
    pub fn of_any_length() -> Self {
        Self { max: usize::MAX, ..Self::default() }
    }

    /// The slug of a text; where it is taken, the first free one of `-2`, `-3`, ….
    pub fn take(&mut self, text: &str) -> String {
        let base = slug_of(text, self.max);
        if self.taken.insert(base.clone()) {
            return base;
        }
        let number = self.next.entry(base.clone()).or_insert(2);
        loop {
            let suffix = format!("-{number}");
            *number += 1;
            let cut = base.get(..self.max.saturating_sub(suffix.len())).unwrap_or(&base);
            let candidate = cut.trim_matches('-').to_owned() + &suffix;
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_lower_case_and_short() {
        for (text, expected) in [
            ("Atlas Platform Launch", "atlas-platform-launch"),
            ("  --Weird__Name!! ", "weird-name"),
            ("\u{212a}elvin \u{130}zmir ÅNGSTRÖM", "kelvin-i-zmir-ngstr-m"),
            ("🚀🎯", "x"),
            ("", "x"),
            ("The quick brown fox jumps over the lazy dog", "the-quick-brown-fox-jumps-over-the-lazy"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bcd", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ] {
            assert_eq!(slug(text), expected);
        }
    }

    #[test]
    fn collisions_take_the_first_free_number() {
        let mut slugs = Slugs::default();
        assert_eq!(slugs.take("Jo Smith"), "jo-smith");
        assert_eq!(slugs.take("jo.smith"), "jo-smith-2");
        assert_eq!(slugs.take("jo-smith-2"), "jo-smith-2-2");
        assert_eq!(slugs.take("jo-smith-3"), "jo-smith-3");
        assert_eq!(slugs.take("jo smith"), "jo-smith-4");
    }

    #[test]
    fn before_0_4_slugs_were_as_long_as_the_text() {
        let mut slugs = Slugs::of_any_length();
        let long = "The quick brown fox jumps over the lazy dog's back";
        assert_eq!(slugs.take(long), "the-quick-brown-fox-jumps-over-the-lazy-dog-s-back");
        assert_eq!(slugs.take(long), "the-quick-brown-fox-jumps-over-the-lazy-dog-s-back-2");
    }

    #[test]
    fn hundreds_of_long_names_stay_apart_and_short() {
        let mut slugs = Slugs::default();
        let name = "a".repeat(38) + "-b";
        let taken: Vec<String> = (0..1200).map(|_| slugs.take(&name)).collect();
        assert_eq!(taken[0], name);
        assert_eq!(taken[1], "a".repeat(38) + "-2");
        assert_eq!(taken[8], "a".repeat(38) + "-9");
        assert_eq!(taken[9], "a".repeat(37) + "-10");
        assert_eq!(taken[1199], "a".repeat(35) + "-1200");
        assert_eq!(taken.iter().collect::<HashSet<_>>().len(), 1200);
        assert!(taken.iter().all(|slug| slug.len() <= 40));
    }
}
