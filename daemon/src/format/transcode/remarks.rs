//! What is noticed about a JSON text while it is printed.

/// At most this many places are named.
pub(crate) const NAMED: usize = 100;

/// Places, the first of them by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    names: Vec<String>,
    total: u64,
}

impl Named {
    /// The first places, at most 100.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whether one more would be named.
    pub(crate) fn is_named(&self) -> bool {
        self.names.len() < NAMED
    }

    /// Counts one more.
    pub(crate) fn add(&mut self, name: Option<String>) {
        self.total += 1;
        self.names.extend(name);
    }

    /// Counts those of a part, each under another name.
    pub(crate) fn extend(&mut self, part: &Self, name: impl Fn(&str) -> String) {
        self.total += part.total;
        let free = NAMED - self.names.len();
        self.names.extend(part.names.iter().take(free).map(|part| name(part)));
    }
}

/// What the admin ought to know of a JSON text, by its paths (`.limits[0]`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Numbers that lost digits.
    pub imprecise: Named,
    /// Strings and keys with half of a surrogate pair.
    pub halves: Named,
    depth: usize,
}

impl Remarks {
    pub(super) fn clear(&mut self) {
        if *self != Self::default() {
            *self = Self::default();
        }
    }

    pub(super) fn reach(&mut self, depth: usize) {
        self.depth = self.depth.max(depth);
    }

    /// How many levels jq needs to read it: an array is one, an object around something two.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }
}
