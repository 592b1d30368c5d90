//! What retention keeps and drops, and why.

use orgvault_api::RetentionDecision;
use ratatui::layout::Rect;

use super::{
    canvas::{Canvas, below, inset},
    table::{self, Cell, Column, Look, Row, number, text},
};
use crate::{
    console::model::{List, Model},
    names, units,
};

const COLUMNS: [Column; 6] = [
    text("", 6, 0, 0),
    text("ORGANIZATION", 16, 1, 0),
    text("FORMAT", 8, 0, 2),
    text("EXPORTED", 10, 0, 0),
    number("SIZE", 10, 1),
    text("WHY", 14, 2, 0),
];

/// Draws the decisions, and the rules that cannot be met above them.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, list: &List, area: Rect) {
    if canvas.missing(area, "retention", &model.data.retention) {
        return;
    }
    let Some(plan) = &model.data.retention.value else { return };
    let theme = canvas.theme;
    let dropped = || plan.decisions.iter().filter(|decision| !decision.keep);
    let bytes: u64 = dropped().map(|decision| decision.archive.bytes).sum();
    let text = format!(
        " a preview: {} would be deleted, {}",
        units::plural(dropped().count() as u64, "archive"),
        units::size(bytes)
    );
    canvas.text(area.x, area.y, area.width, &text, theme.text);
    let mut rest = below(area, 1);
    for warning in &plan.warnings {
        let used =
            canvas.paragraph(inset(rest), &format!("{} {}", theme.symbols.warning, warning.message), theme.careful);
        rest = below(rest, used);
    }
    table::draw(canvas, rest, &COLUMNS, list, Look { focused: true, sorted: None }, |index| {
        plan.decisions.get(index).map(|decision| row(model, decision))
    });
}

fn row(model: &Model, decision: &RetentionDecision) -> Row {
    let theme = &model.setup.theme;
    let archive = &decision.archive;
    let (word, style) = if decision.keep {
        (format!("{} keep", theme.symbols.ok), theme.good)
    } else {
        (format!("{} drop", theme.symbols.failed), theme.careful)
    };
    Row {
        id: archive.gid.to_string(),
        cells: vec![
            Cell::new(word, style),
            Cell::new(names::organization(&archive.organization), theme.text),
            Cell::new(names::archive_format(archive), theme.dim),
            Cell::new(archive.exported_at.with_timezone(&model.setup.zone).format("%Y-%m-%d").to_string(), theme.text),
            Cell::new(units::size(archive.bytes), theme.text),
            Cell::new(decision.reasons.join(", "), theme.dim),
        ],
    }
}
