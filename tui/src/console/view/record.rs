//! One row with all of its cells, however long.

use orgvault_api::Row;
use ratatui::layout::Rect;

use super::canvas::{Canvas, below, top};
use crate::{
    console::{
        model::RecordScreen,
        words::{width, wrap},
    },
    units,
};

/// Names of columns take no more.
const NAMES: usize = 24;

/// Draws the record without the lines that are scrolled away.
pub(super) fn draw(canvas: &mut Canvas<'_>, screen: &RecordScreen, area: Rect) {
    let rows = &screen.rows;
    if canvas.missing(area, "row", &rows.page) {
        return;
    }
    let Some(row) = rows.page.value.as_ref().and_then(|page| page.rows.get(rows.list.cursor)) else { return };
    let number = rows.ask.after + rows.list.cursor as u64 + 1;
    let title = if rows.ask.search.is_empty() {
        format!("row {}", units::number(number))
    } else {
        format!("a row with \"{}\"", rows.ask.search)
    };
    let body = canvas.rule(top(area, area.height), &title);
    let cells = row.cells();
    let names = cells.iter().map(|(name, _)| width(name)).max().unwrap_or(0).min(NAMES);
    let names = u16::try_from(names).unwrap_or(0);
    let value = Rect { x: body.x + names + 4, width: body.width.saturating_sub(names + 5), ..body };
    if canvas.measures {
        let all = cells.iter().map(|(_, cell)| wrap(&Row::shown(cell), value.width.into(), 0, usize::MAX).len());
        canvas.drawn.reach = all.sum::<usize>().saturating_sub(value.height.into());
    }
    let mut skip = screen.scroll;
    let mut place = value;
    for (name, cell) in &cells {
        if place.height == 0 {
            break;
        }
        let shown = Row::shown(cell);
        let lines = wrap(&shown, value.width.into(), skip, place.height.into());
        if lines.is_empty() {
            skip -= wrap(&shown, value.width.into(), 0, skip).len().min(skip);
            continue;
        }
        if skip == 0 {
            canvas.text(body.x + 2, place.y, names, name, canvas.theme.accent);
        }
        skip = 0;
        let style = if cell.get() == "null" { canvas.theme.dim } else { canvas.theme.text };
        for line in lines {
            let line = if cell.get() == "null" { "null".to_owned() } else { line };
            canvas.text(place.x, place.y, place.width, &line, style);
            place = below(place, 1);
        }
    }
}
