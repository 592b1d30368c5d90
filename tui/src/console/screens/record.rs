//! One row with all of its cells, however long.

use orgvault_api::Row;
use ratatui::layout::Rect;

use super::{Asks, Component, Focus, rows::RowsScreen};
use crate::{
    console::{
        command_lines::of_rows,
        keys::Action,
        message::Ask,
        model::{Data, Model, Slot},
        view::canvas::{Canvas, below},
        words::{width, wrap},
    },
    units,
};

/// Names of columns take no more.
const NAMES: usize = 24;

/// One row, with the page that it is on.
#[derive(Debug, Clone)]
pub(crate) struct RecordScreen {
    /// The page.
    pub(crate) rows: RowsScreen,
    /// Lines that are scrolled away.
    pub(crate) scroll: usize,
}

impl Component for RecordScreen {
    fn keys() -> &'static [Action] {
        &[Action::Right, Action::Left]
    }

    fn title(&self) -> Vec<String> {
        vec![self.rows.ask.section.clone(), "row".to_owned()]
    }

    fn question(&self) -> Ask {
        self.rows.question()
    }

    fn asks(&self) -> Asks {
        Asks::Once
    }

    fn slot(&mut self, ask: &Ask) -> Option<&mut dyn Slot> {
        self.rows.slot(ask)
    }

    fn take(&mut self, ask: &Ask) {
        self.rows.take(ask);
    }

    fn focus<'m>(&'m self, data: &'m Data) -> Focus<'m> {
        self.rows.focus(data)
    }

    fn scroll(&mut self) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }

    /// Rows are what is beside a record.
    fn sideways(&mut self, rows: isize) -> Option<Ask> {
        self.scroll = 0;
        self.rows.go(rows)
    }

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(of_rows(&self.rows.ask))
    }

    /// The record without the lines that are scrolled away.
    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        let rows = &self.rows;
        if canvas.missing(area, "row", &rows.page) {
            return;
        }
        let Some(row) = self.focus(&model.data).row else { return };
        let number = rows.ask.after + rows.list.cursor as u64 + 1;
        let title = if rows.ask.search.is_empty() {
            format!("row {}", units::number(number))
        } else {
            format!("a row with \"{}\"", rows.ask.search)
        };
        let body = canvas.rule(area, &title);
        let cells = row.cells();
        let names = cells.iter().map(|(name, _)| width(name)).max().unwrap_or(0).min(NAMES);
        let names = u16::try_from(names).unwrap_or(0);
        let value = Rect { x: body.x + names + 4, width: body.width.saturating_sub(names + 5), ..body };
        if canvas.measures {
            let all = cells.iter().map(|(_, cell)| wrap(&Row::shown(cell), value.width.into(), 0, usize::MAX).len());
            canvas.drawn.reach = all.sum::<usize>().saturating_sub(value.height.into());
        }
        let mut skip = self.scroll;
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
}
