//! Building text line by line.

use std::fmt::Display;

/// Text that grows by lines.
pub(crate) trait Lines {
    /// Appends `line` and a line end.
    fn line(&mut self, line: impl Display);
    /// Appends a part of a line.
    fn part(&mut self, part: impl Display);
}

impl Lines for String {
    fn line(&mut self, line: impl Display) {
        self.push_str(&line.to_string());
        self.push('\n');
    }

    fn part(&mut self, part: impl Display) {
        self.push_str(&part.to_string());
    }
}

/// Every item as one line.
pub(crate) fn each<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    for item in items {
        text.line(item);
    }
    text
}
