//! Text that is searched for in the values of a row, in whatever case.

use memchr::memchr2_iter;

use orgvault_api::Row;

/// What is searched for.
pub(super) struct Search {
    /// In lower case.
    text: String,
    /// Whether JSON writes it as it is: then a row of ASCII can be ruled out by its bytes alone.
    plain: bool,
}

impl Search {
    pub(super) fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" -_.:@+".contains(&byte));
        Self { text, plain }
    }

    /// Whether it may occur in a row of this text: quick, and never wrongly `false`.
    pub(super) fn may_be_in(&self, row: &str) -> bool {
        // `\u0041` is an `A`, and some letters beyond ASCII have an ASCII lower case.
        !self.plain || !row.is_ascii() || row.contains('\\') || self.occurs(row.as_bytes())
    }

    /// Whether it occurs in one of the row's values.
    pub(super) fn is_in(&self, row: &Row) -> bool {
        let cells = row.cells();
        if cells.is_empty() {
            return row.text().to_lowercase().contains(&self.text);
        }
        cells.iter().any(|(_, cell)| Row::shown(cell).to_lowercase().contains(&self.text))
    }

    fn occurs(&self, row: &[u8]) -> bool {
        let search = self.text.as_bytes();
        let Some(first) = search.first() else { return true };
        memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), row)
            .any(|at| row.get(at..at + search.len()).is_some_and(|found| found.eq_ignore_ascii_case(search)))
    }
}
