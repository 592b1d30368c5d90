//! What happened: the audit trail, and what this console has seen.

use ratatui::layout::Rect;

use super::{
    canvas::{Canvas, below, top},
    table::{self, Cell, Column, Look, Row, text},
};
use crate::console::model::{Happening, List, Model};

const COLUMNS: [Column; 5] = [
    text("TIME", 14, 0, 0),
    text("WHO", 10, 0, 1),
    text("WHAT", 16, 0, 0),
    text("ON", 20, 2, 0),
    text("RESULT", 8, 1, 2),
];

/// Draws the lines, newest first, and above them whether the audit trail is among them.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, list: &List, follow: bool, area: Rect) {
    let theme = canvas.theme;
    let audit = match (&model.data.audit.fault, &model.data.audit.value) {
        (Some(fault), _) if fault.is_not_offered() => {
            "the audit trail: this daemon does not offer that yet; events since the start".to_owned()
        }
        (Some(fault), _) => format!("the audit trail: {}; events since the start", fault.message),
        (None, Some(_)) => "the audit trail, and events since the start".to_owned(),
        (None, None) => "events since the start".to_owned(),
    };
    let follows = if follow { "  following" } else { "  not following: F follows" };
    canvas.spans(top(area, 1), &[(format!(" {audit}"), theme.dim), (follows.to_owned(), theme.text)]);
    let happenings = model.data.activity();
    table::draw(canvas, below(area, 1), &COLUMNS, list, Look { focused: true, sorted: None }, |index| {
        happenings.get(index).map(|happening| row(model, happening))
    });
}

fn row(model: &Model, one: &Happening) -> Row {
    let theme = &model.setup.theme;
    let at = one.at.with_timezone(&model.setup.zone).format("%m-%d %H:%M:%S").to_string();
    let style = if one.bad { theme.bad } else { theme.text };
    let symbol = if one.bad { format!("{} ", theme.symbols.failed) } else { String::new() };
    Row {
        id: String::new(),
        cells: vec![
            Cell::new(at, theme.dim),
            Cell::new(&*one.who, theme.text),
            Cell::new(format!("{symbol}{}", one.what), style),
            Cell::new(&*one.on, theme.text),
            Cell::new(&*one.result, style),
        ],
    }
}
