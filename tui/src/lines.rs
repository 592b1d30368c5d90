//! Building text line by line.

use std::fmt::Display;

use orgvault_api::text::printable;

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

/// What a program said, for people: its lines as lines, each after the first behind `indent` blanks,
/// and nothing in them that a terminal would obey.
pub(crate) fn paragraph(text: &str, indent: usize) -> String {
    said(text).join(&format!("\n{}", " ".repeat(indent)))
}

/// The same where one line is all there is room for.
pub(crate) fn sentence(text: &str) -> String {
    let parts: Vec<String> = said(text).iter().map(|line| line.trim_start().to_owned()).collect();
    parts.join("; ")
}

fn said(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.map(|line| printable(line).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines_and_obey_nothing() {
        let said = "2 problems:\r\n  a.toml:3: b\u{1b}[2J\n\n  a.toml:9: c\n";
        assert_eq!(paragraph(said, 2), "2 problems:\n    a.toml:3: b\\u{1b}[2J\n    a.toml:9: c");
        assert_eq!(sentence(said), "2 problems:; a.toml:3: b\\u{1b}[2J; a.toml:9: c");
        assert_eq!((paragraph("", 2), sentence("one")), (String::new(), "one".to_owned()));
    }
}
