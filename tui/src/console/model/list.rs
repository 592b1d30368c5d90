//! A list with a cursor, a filter and marks.

use std::collections::BTreeSet;

use crate::console::filter::Filter;

/// What a list shows of its rows. The cursor stays on its row when rows come and go.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    /// The rows that are shown: indices into the data.
    pub(crate) shown: Vec<usize>,
    /// How many rows there are without filter.
    pub(crate) total: usize,
    /// Which of the shown rows has the cursor.
    pub(crate) cursor: usize,
    /// The ids of the shown rows.
    ids: Vec<String>,
    /// The id of the row with the cursor.
    selected: Option<String>,
    /// `/`.
    pub(crate) filter: Filter,
    /// `f`: only what is wrong.
    pub(crate) faults: bool,
    /// The ids that `space` marked.
    pub(crate) marked: BTreeSet<String>,
    /// Which column it is sorted by.
    pub(crate) sort: usize,
    /// Whether the order is turned round.
    pub(crate) reverse: bool,
}

/// A row as a list sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What tells it apart.
    pub(crate) id: String,
    /// What a filter looks at.
    pub(crate) words: String,
    /// Whether something is wrong with it.
    pub(crate) faulty: bool,
}

impl AsRef<str> for Entry {
    fn as_ref(&self) -> &str {
        &self.words
    }
}

impl List {
    /// Takes in rows that have changed, in the order in which they are to be shown: each with its
    /// index in the data.
    pub(crate) fn arrange(&mut self, rows: Vec<(usize, Entry)>) {
        self.total = rows.len();
        let rows: Vec<(usize, Entry)> = rows.into_iter().filter(|(_, entry)| !self.faults || entry.faulty).collect();
        let words: Vec<&str> = rows.iter().map(|(_, entry)| entry.words.as_str()).collect();
        let passed: Vec<&(usize, Entry)> =
            self.filter.apply(&words).into_iter().filter_map(|at| rows.get(at)).collect();
        self.shown = passed.iter().map(|(index, _)| *index).collect();
        self.ids = passed.iter().map(|(_, entry)| entry.id.clone()).collect();
        let same = self.selected.as_ref().and_then(|selected| self.ids.iter().position(|id| id == selected));
        self.put(same.unwrap_or(self.cursor));
        if !self.marked.is_empty() {
            let known: BTreeSet<&String> = rows.iter().map(|(_, entry)| &entry.id).collect();
            self.marked.retain(|id| known.contains(id));
        }
    }

    /// Which row of the data has the cursor.
    fn index(&self) -> Option<usize> {
        self.shown.get(self.cursor).copied()
    }

    /// What has the cursor, of the data.
    pub(crate) fn of<'d, T>(&self, data: &'d [T]) -> Option<&'d T> {
        data.get(self.index()?)
    }

    /// Moves the cursor by `rows`, as far as there are rows.
    pub(crate) fn step(&mut self, rows: isize) {
        self.put(self.cursor.saturating_add_signed(rows));
    }

    /// Moves the cursor to a row.
    pub(crate) fn put(&mut self, row: usize) {
        self.cursor = row.min(self.shown.len().saturating_sub(1));
        self.selected = self.ids.get(self.cursor).cloned();
    }

    /// Lets the cursor go to whatever row comes first.
    pub(crate) fn release(&mut self) {
        (self.cursor, self.selected) = (0, None);
    }

    /// The id of the row with the cursor.
    pub(crate) fn id(&self) -> Option<&str> {
        self.selected.as_deref()
    }

    /// Marks a row, or not any more.
    pub(crate) fn toggle(&mut self, id: &str) {
        if !self.marked.remove(id) {
            self.marked.insert(id.to_owned());
        }
    }

    /// Which of the shown rows fit into `height` lines, so that the one with the cursor is among
    /// them: the first, and how many.
    pub(crate) fn window(&self, height: usize) -> (usize, usize) {
        let last_first = self.shown.len().saturating_sub(height);
        let first = self.cursor.saturating_sub(height / 2).min(last_first);
        (first, height.min(self.shown.len() - first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ids: &[&str]) -> Vec<(usize, Entry)> {
        let entry = |id: &&str| Entry { id: (*id).to_owned(), words: (*id).to_owned(), faulty: id.starts_with('x') };
        ids.iter().map(entry).enumerate().collect()
    }

    #[test]
    fn the_cursor_stays_on_its_row() {
        let mut list = List::default();
        list.arrange(rows(&["a", "b", "c"]));
        list.step(1);
        list.arrange(rows(&["x", "a", "c", "b"]));
        assert_eq!((list.cursor, list.index()), (3, Some(3)));
        list.arrange(rows(&["x", "a"]));
        assert_eq!(list.index(), Some(1), "the nearest, where it is gone");
        list.faults = true;
        list.arrange(rows(&["a", "x"]));
        assert_eq!((list.shown.as_slice(), list.total), (&[1][..], 2));
    }

    #[test]
    fn the_window_holds_the_cursor_and_no_more_than_fits() {
        let mut list = List::default();
        let ids: Vec<String> = (0..100).map(|id| id.to_string()).collect();
        list.arrange(rows(&ids.iter().map(String::as_str).collect::<Vec<_>>()));
        for cursor in 0..100 {
            list.put(cursor);
            for height in [1, 7, 99, 100, 200] {
                let (first, count) = list.window(height);
                assert!(first <= cursor && cursor < first + count && count <= height, "{cursor} in {height}");
            }
        }
    }
}
