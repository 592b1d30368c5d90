//! Lists as tables: only the rows that are seen are looked at.

use ratatui::{layout::Rect, style::Style};

use super::canvas::{Canvas, below};
use crate::console::model::List;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) title: &'static str,
    /// The columns of the terminal that it needs.
    pub(crate) needs: u16,
    /// What it gets of the columns that are left over; 0 is nothing.
    pub(crate) grows: u16,
    /// Whether it is aligned to the right.
    pub(crate) right: bool,
    /// Where there is not enough room, the highest goes first; 0 stays.
    pub(crate) rank: u8,
}

/// A column of text.
pub(crate) const fn text(title: &'static str, needs: u16, grows: u16, rank: u8) -> Column {
    Column { title, needs, grows, right: false, rank }
}

/// A column of numbers.
pub(crate) const fn number(title: &'static str, needs: u16, rank: u8) -> Column {
    Column { title, needs, grows: 0, right: true, rank }
}

/// A cell: its parts, one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell(pub(crate) Vec<(String, Style)>);

impl Cell {
    /// Text with a style.
    pub(crate) fn new(text: impl Into<String>, style: Style) -> Self {
        Self(vec![(text.into(), style)])
    }
}

/// A row as it is drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// Its cells, one for each column.
    pub(crate) cells: Vec<Cell>,
    /// Its id, where it can be marked.
    pub(crate) id: String,
}

/// Whether a table has the cursor, and which column it is sorted by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Whether the keys go here.
    pub(crate) focused: bool,
    /// The column that it is sorted by, and whether that is turned round.
    pub(crate) sorted: Option<(usize, bool)>,
}

/// Of a table that has the cursor and no order of its own.
pub(crate) const FOCUSED: Look = Look { focused: true, sorted: None };

/// Draws a table; `row` makes a row of the data's index.
pub(crate) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    columns: &[Column],
    list: &List,
    look: Look,
    row: impl Fn(usize) -> Option<Row>,
) {
    let widths = widths(columns, area.width.saturating_sub(2));
    header(canvas, area, columns, &widths, look);
    let body = below(area, 1);
    let (first, count) = list.window(body.height.into());
    if look.focused {
        canvas.drawn.list = Some((body, first));
    }
    for (line, place) in (first..first + count).enumerate() {
        let Some(row) = list.shown.get(place).and_then(|index| row(*index)) else { continue };
        let y = body.y + u16::try_from(line).unwrap_or(u16::MAX);
        let under = place == list.cursor;
        let marked = list.marked.contains(&row.id);
        marker(canvas, body.x, y, under && look.focused, marked);
        cells(canvas, Rect { x: body.x + 2, y, width: body.width - 2, height: 1 }, columns, &widths, &row);
        if under {
            let style = if look.focused { canvas.theme.cursor } else { canvas.theme.accent };
            let line = Rect { y, height: 1, ..body };
            if look.focused {
                canvas.style(line, style);
            } else {
                canvas.text(body.x, y, 1, canvas.theme.symbols.deeper, style);
            }
        }
    }
    if list.shown.is_empty() {
        let text = match (list.total, list.faults && list.filter.is_empty()) {
            (0, _) => "nothing here",
            (_, true) => "nothing is wrong: f shows all",
            (_, false) => "nothing matches: esc shows all",
        };
        canvas.text(body.x + 2, body.y, body.width.saturating_sub(2), text, canvas.theme.dim);
    }
}

fn marker(canvas: &mut Canvas<'_>, x: u16, y: u16, under: bool, marked: bool) {
    let symbols = canvas.theme.symbols;
    if under {
        canvas.text(x, y, 1, symbols.cursor, canvas.theme.accent);
    }
    if marked {
        canvas.text(x + 1, y, 1, symbols.marked, canvas.theme.careful);
    }
}

fn header(canvas: &mut Canvas<'_>, area: Rect, columns: &[Column], widths: &[u16], look: Look) {
    let style = canvas.theme.header;
    let symbols = canvas.theme.symbols;
    let mut x = area.x + 2;
    for (index, (column, width)) in columns.iter().zip(widths).enumerate() {
        if *width == 0 {
            continue;
        }
        let arrow = match look.sorted {
            Some((sorted, reverse)) if sorted == index => {
                if reverse {
                    symbols.up
                } else {
                    symbols.down
                }
            }
            _ => "",
        };
        let title = format!("{}{arrow}", column.title);
        let shown = crate::console::words::width(&title);
        let blanks = if column.right { usize::from(*width).saturating_sub(shown) } else { 0 };
        canvas.text(x + u16::try_from(blanks).unwrap_or(0), area.y, *width, &title, style);
        x += width + 1;
    }
}

fn cells(canvas: &mut Canvas<'_>, area: Rect, columns: &[Column], widths: &[u16], row: &Row) {
    let mut x = area.x;
    for ((column, width), cell) in columns.iter().zip(widths).zip(&row.cells) {
        if *width == 0 {
            continue;
        }
        let needed: usize = cell.0.iter().map(|(text, _)| crate::console::words::width(text)).sum();
        let blanks = if column.right { usize::from(*width).saturating_sub(needed) } else { 0 };
        let start = x + u16::try_from(blanks).unwrap_or(0);
        canvas.spans(Rect { x: start, y: area.y, width: x + width - start, height: 1 }, &cell.0);
        x += width + 1;
    }
}

/// How wide each column is; 0 where there is no room for it.
fn widths(columns: &[Column], available: u16) -> Vec<u16> {
    let mut kept: Vec<bool> = vec![true; columns.len()];
    let needed = |kept: &[bool]| -> u16 {
        columns.iter().zip(kept).filter(|(_, kept)| **kept).map(|(column, _)| column.needs + 1).sum()
    };
    while needed(&kept) > available + 1 {
        let droppable = columns.iter().enumerate().filter(|(index, column)| kept[*index] && column.rank > 0);
        let Some((index, _)) = droppable.max_by_key(|(_, column)| column.rank) else { break };
        kept[index] = false;
    }
    let spare = (available + 1).saturating_sub(needed(&kept));
    let shares: u16 = columns.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(column, _)| column.grows).sum();
    let width = |(column, kept): (&Column, &bool)| {
        if *kept { column.needs + (spare * column.grows).checked_div(shares).unwrap_or(0) } else { 0 }
    };
    columns.iter().zip(&kept).map(width).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_by_rank_and_the_rest_is_shared() {
        let columns = [text("NAME", 10, 1, 0), text("KIND", 8, 0, 2), number("ROWS", 6, 1)];
        assert_eq!(widths(&columns, 40), [24, 8, 6]);
        assert_eq!(widths(&columns, 25), [18, 0, 6]);
        assert_eq!(widths(&columns, 12), [12, 0, 0]);
        assert_eq!(widths(&columns, 300)[0], 284);
    }
}
