//! `/`: which rows are shown. `/text` keeps those in which the text occurs, `/!text` the others,
//! `/-f text` those that match it loosely, the best first.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

/// A filter as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter(String);

enum Kind<'f> {
    Everything,
    With(&'f str),
    Without(&'f str),
    Loosely(&'f str),
}

impl Filter {
    /// The filter that `typed` after the slash means.
    pub(crate) fn new(typed: &str) -> Self {
        Self(typed.to_owned())
    }

    /// What was typed.
    pub(crate) fn typed(&self) -> &str {
        &self.0
    }

    /// Whether it lets everything through.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self.kind(), Kind::Everything)
    }

    fn kind(&self) -> Kind<'_> {
        let kind = if let Some(text) = self.0.strip_prefix('!') {
            Kind::Without(text)
        } else if let Some(text) = self.0.strip_prefix("-f") {
            Kind::Loosely(text.trim_start())
        } else {
            Kind::With(&self.0)
        };
        match kind {
            Kind::With("") | Kind::Without("") | Kind::Loosely("") => Kind::Everything,
            kind => kind,
        }
    }

    /// The indices of the rows that it lets through, given the words of each; in the order of the
    /// rows, and a loose filter's best first.
    pub(crate) fn apply<T: AsRef<str>>(&self, rows: &[T]) -> Vec<usize> {
        match self.kind() {
            Kind::Everything => (0..rows.len()).collect(),
            Kind::With(text) => occurring(rows, text, true),
            Kind::Without(text) => occurring(rows, text, false),
            Kind::Loosely(text) => loosely(rows, text),
        }
    }
}

fn occurring<T: AsRef<str>>(rows: &[T], text: &str, wanted: bool) -> Vec<usize> {
    let text = text.to_lowercase();
    let occurs = |row: &T| row.as_ref().to_lowercase().contains(&text);
    rows.iter().enumerate().filter(|(_, row)| occurs(row) == wanted).map(|(index, _)| index).collect()
}

fn loosely<T: AsRef<str>>(rows: &[T], text: &str) -> Vec<usize> {
    let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, usize)> = rows
        .iter()
        .enumerate()
        .filter_map(|(index, row)| {
            Some((pattern.score(Utf32Str::new(row.as_ref(), &mut buffer), &mut matcher)?, index))
        })
        .collect();
    scored.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
    scored.into_iter().map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_inverts_and_matches_loosely() {
        let rows = ["tracker/acme ok", "tracker/globex failed", "time/Acme-North ok"];
        let shown = |typed: &str| Filter::new(typed).apply(&rows);
        assert_eq!(shown(""), [0, 1, 2]);
        assert_eq!(shown("ACME"), [0, 2]);
        assert_eq!(shown("!ok"), [1]);
        assert_eq!(shown("-f glx"), [1]);
        assert_eq!(shown("-f"), [0, 1, 2]);
        assert_eq!(shown("!"), [0, 1, 2]);
        assert_eq!(shown("nothing"), [0; 0]);
    }
}
