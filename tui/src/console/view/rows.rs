//! Rows of a section, a page at a time.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, top};
use crate::{
    console::{
        model::{Model, RowsScreen},
        words::width,
    },
    units,
};

/// No column is wider.
const WIDEST: usize = 40;

/// Draws the page from its first visible column on.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, screen: &RowsScreen, area: Rect) {
    state(canvas, screen, top(area, 1));
    let area = below(area, 1);
    if canvas.missing(area, "rows", &screen.page) {
        return;
    }
    let Some(page) = &screen.page.value else { return };
    let body = below(area, 1);
    let (first, count) = screen.list.window(body.height.into());
    canvas.drawn.list = Some((body, first));
    let shown = page.cells.iter().skip(first).take(count);
    let mut x = area.x + 1;
    for (column, name) in page.columns.iter().enumerate().skip(screen.column) {
        let widest = shown.clone().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0);
        let wanted = u16::try_from(widest.max(width(name)).min(WIDEST)).unwrap_or(0).max(3);
        let columns = wanted.min(area.right().saturating_sub(x));
        if columns < 2 {
            break;
        }
        canvas.text(x, area.y, columns, name, canvas.theme.header);
        for (line, row) in shown.clone().enumerate() {
            let y = body.y + u16::try_from(line).unwrap_or(0);
            canvas.text(x, y, columns, row.get(column).map_or("", String::as_str), canvas.theme.text);
        }
        x += columns + 1;
    }
    if page.rows.is_empty() {
        let text = if screen.ask.search.is_empty() { "no rows" } else { "no row has this text: esc shows all" };
        canvas.remark(body, text);
    } else {
        let line = u16::try_from(screen.list.cursor - first).unwrap_or(0);
        canvas.style(Rect { y: body.y + line, height: 1, ..body }, model.setup.theme.cursor);
        canvas.text(body.x, body.y + line, 1, canvas.theme.symbols.cursor, canvas.theme.accent);
    }
}

/// Where one is in the section.
fn state(canvas: &mut Canvas<'_>, screen: &RowsScreen, area: Rect) {
    let total = screen.total.map(units::number).unwrap_or_default();
    let place = if screen.ask.search.is_empty() {
        let place = if screen.page.value.is_some() { screen.list.cursor } else { screen.lands };
        format!("row {} of {total}", units::number(screen.ask.after + place as u64 + 1))
    } else {
        format!("rows with \"{}\" (of {total})", screen.ask.search)
    };
    let more = screen.page.value.as_ref().is_some_and(|page| page.next.is_some());
    let more = match (more, &screen.page.value) {
        (true, _) => "  more below",
        (false, Some(_)) => "  end of the section",
        (false, None) => "",
    };
    let waiting = match (screen.page.waiting, screen.ask.search.is_empty()) {
        (true, false) => "  searching",
        (true, true) => "  reading",
        (false, _) => more,
    };
    let columns = screen.page.value.as_ref().map_or(0, |page| page.columns.len());
    let column = format!("  column {} of {columns}", screen.column + 1);
    let column = if columns == 0 { String::new() } else { column };
    let fault = screen.page.fault.as_ref().map(|fault| format!("  {}", fault.message)).unwrap_or_default();
    let theme = canvas.theme;
    let spans =
        [(format!(" {place}"), theme.text), (column, theme.dim), (waiting.to_owned(), theme.dim), (fault, theme.bad)];
    canvas.spans(area, &spans);
}
