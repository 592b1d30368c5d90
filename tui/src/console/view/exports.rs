//! The queue, what is being written, and what has ended.

use orgvault_api::{Export, State};
use ratatui::layout::Rect;

use super::{
    canvas::{Canvas, below, top},
    export,
    table::{self, Cell, Column, Look, Row, number, text},
};
use crate::{
    console::{
        model::{List, Model},
        words::{age, percent},
    },
    names, units,
};

const COLUMNS: [Column; 7] = [
    text("STATE", 11, 0, 0),
    text("ORGANIZATION", 16, 2, 0),
    text("FORMAT", 13, 1, 2),
    number("ROWS", 10, 0),
    number("TOOK", 9, 1),
    text("WHEN", 10, 0, 3),
    text("GID", 16, 0, 4),
];

/// Draws the list, and of the one with the cursor what there is room for.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, list: &List, area: Rect) {
    if model.data.exports.is_empty() && canvas.missing(area, "exports", &model.data.exports_asked) {
        return;
    }
    if model.data.exports.is_empty() {
        canvas.remark(area, "no export yet: e on an organization asks for one");
        return;
    }
    let exports = model.data.exports_in_order();
    let wanted = u16::try_from(list.shown.len()).unwrap_or(u16::MAX).saturating_add(1);
    let height = wanted.clamp(3, (area.height / 2).max(3));
    table::draw(canvas, top(area, height), &COLUMNS, list, Look { focused: true, sorted: None }, |index| {
        exports.get(index).map(|export| row(model, export))
    });
    if let Some(export) = list.index().and_then(|index| exports.get(index)) {
        let title =
            format!("{} {} {}", names::organization(&export.organization), names::format_of(export), export.gid);
        let inner = canvas.rule(below(area, height), &title);
        export::details(canvas, model, export, inner);
    }
}

fn row(model: &Model, export: &Export) -> Row {
    let theme = &model.setup.theme;
    let (symbol, style) = theme.state(export.state);
    let state = match (&export.progress, export.state) {
        (Some(progress), State::Started) if progress.rows_expected > 0 => {
            format!("{symbol} {} %", percent(progress.rows, progress.rows_expected))
        }
        _ => format!("{symbol} {}", word(export)),
    };
    let rows = match (&export.progress, export.state) {
        (Some(progress), State::Started) => units::number(progress.rows),
        (_, State::Finished) => units::number(units::rows(&export.counts)),
        _ => String::new(),
    };
    let took = match (export.started_at, export.finished_at) {
        (Some(from), to) => units::duration(units::between(from, to.unwrap_or(model.shown_at))),
        _ => String::new(),
    };
    let at = export.finished_at.or(export.started_at).unwrap_or(export.created_at);
    Row {
        id: export.gid.to_string(),
        cells: vec![
            Cell::new(state, style),
            Cell::new(names::organization(&export.organization), theme.text),
            Cell::new(names::format_of(export), theme.dim),
            Cell::new(rows, theme.text),
            Cell::new(took, theme.text),
            Cell::new(format!("{} ago", age(at, model.shown_at)), theme.dim),
            Cell::new(export.gid.to_string(), theme.dim),
        ],
    }
}

/// The state in a word for people: a cancel is no failure.
pub(super) fn word(export: &Export) -> &'static str {
    match export.state {
        State::Pending => "waiting",
        State::Started => "running",
        State::Finished => "finished",
        State::Error if export.error.as_ref().is_some_and(|error| error.code == "canceled") => "canceled",
        State::Error => "failed",
    }
}
