//! Aligned tables, and words with a colour beside them.

use orgvault_api::text::printable;
use unicode_width::UnicodeWidthStr;

/// Whether words may be coloured. The words alone say everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// True on a terminal without `NO_COLOR`.
    pub(crate) colour: bool,
}

/// What a word means, shown as its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The terminal's own colour.
    Plain,
    /// Green.
    Good,
    /// Yellow.
    Careful,
    /// Red.
    Bad,
}

impl Look {
    /// `word` in its tone's colour.
    pub(crate) fn paint(self, tone: Tone, word: &str) -> String {
        let code = match tone {
            _ if !self.colour => return word.to_owned(),
            Tone::Plain => return word.to_owned(),
            Tone::Good => "32",
            Tone::Careful => "33",
            Tone::Bad => "31",
        };
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    }
}

/// One cell: any text, shown without its control characters.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell whose text has a meaning.
    pub(crate) fn toned(tone: Tone, text: &str) -> Self {
        Self { text: printable(text).into_owned(), tone }
    }

    /// A cell that is cut to `width` columns, with `…` at the end.
    pub(crate) fn cut(text: &str, width: usize) -> Self {
        Self { text: cut(&printable(text), width), tone: Tone::Plain }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(Tone::Plain, text.as_ref())
    }
}

/// On which side the blanks of a column go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows under a header line, two blanks between columns.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table: the header of a column that starts with `>` is aligned to the right.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        let columns = header.iter().map(|name| match name.strip_prefix('>') {
            Some(name) => (name, Align::Right),
            None => (*name, Align::Left),
        });
        Self { columns: columns.collect(), rows: Vec::new() }
    }

    /// Appends a row, with one cell for each column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    /// The table as lines; nothing at all when it has no row.
    pub(crate) fn lines(&self, look: Look) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let widths: Vec<usize> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        let header: Vec<Cell> = self.columns.iter().map(|(name, _)| Cell::from(name)).collect();
        let mut text = String::new();
        for row in std::iter::once(&header).chain(&self.rows) {
            self.push_line(&mut text, row, &widths, look);
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width());
        let header = self.columns.get(column).map_or(0, |(name, _)| name.width());
        cells.fold(header, usize::max)
    }

    fn push_line(&self, text: &mut String, row: &[Cell], widths: &[usize], look: Look) {
        let start = text.len();
        for (index, ((cell, (_, align)), width)) in row.iter().zip(&self.columns).zip(widths).enumerate() {
            let blanks = " ".repeat(width.saturating_sub(cell.text.width()));
            let word = look.paint(cell.tone, &cell.text);
            let gap = if index == 0 { "" } else { "  " };
            match align {
                Align::Left => text.extend([gap, &word, &blanks]),
                Align::Right => text.extend([gap, &blanks, &word]),
            }
        }
        let end = text.trim_end_matches(' ').len().max(start);
        text.truncate(end);
        text.push('\n');
    }
}

/// `text`, or its first columns and `…` where it needs more than `width` of them.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if kept.width() + 1 > width {
            kept.pop();
            break;
        }
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look { colour: false };

    #[test]
    fn wide_characters_do_not_break_columns() {
        let mut table = Table::new(&["NAME", ">ROWS", "STATE"]);
        table.row(["Acme".into(), "1".into(), "ok".into()]);
        table.row(["日本語 🚀".into(), "20,000".into(), "ok".into()]);
        table.row(["a\u{1b}[31m\nb".into(), "3".into(), "".into()]);
        insta::assert_snapshot!(table.lines(PLAIN));
    }

    #[test]
    fn colour_does_not_count_as_width() {
        let mut table = Table::new(&["STATE", "NAME"]);
        table.row([Cell::toned(Tone::Bad, "bad"), "x".into()]);
        assert_eq!(table.lines(Look { colour: true }), "STATE  NAME\n\u{1b}[31mbad\u{1b}[0m    x\n");
        assert_eq!(table.lines(PLAIN), "STATE  NAME\nbad    x\n");
    }

    #[test]
    fn a_long_name_is_cut_at_its_width() {
        assert_eq!(cut("日本語日本語", 7), "日本語…");
        assert_eq!(cut("日本語日本語", 6), "日本…");
        assert_eq!(cut("short", 5), "short");
    }
}
