//! Two archives beside each other, section by section.

use orgvault_api::SectionDifference;
use ratatui::layout::Rect;

use super::{
    canvas::{Canvas, below, top},
    organization::difference,
    table::{self, Cell, Column, Look, Row, number, text},
};
use crate::{
    console::{model::CompareScreen, theme::Theme},
    units,
};

const COLUMNS: [Column; 4] =
    [text("SECTION", 16, 1, 0), number("OLDER", 14, 0), number("NEWER", 14, 0), number("CHANGE", 12, 0)];

/// Draws the verdict and the sections.
pub(super) fn draw(canvas: &mut Canvas<'_>, screen: &CompareScreen, area: Rect) {
    if canvas.missing(area, "comparison", &screen.comparison) {
        return;
    }
    let Some(comparison) = &screen.comparison.value else { return };
    let theme = canvas.theme;
    let different = comparison.sections.iter().filter(|section| section.left != section.right).count();
    let verdict = match (comparison.identical, different) {
        (true, _) => format!(" {} the files hold the same bytes", theme.symbols.ok),
        (false, 0) => format!(" {} the same number of rows in every section; the bytes differ", theme.symbols.ok),
        (false, sections) => {
            format!(" {} {}", theme.symbols.warning, units::plural(sections as u64, "different section"))
        }
    };
    canvas.text(area.x, area.y, area.width, &verdict, theme.text);
    let body = canvas.rule(below(area, 1), &format!("{} and {}", screen.left, screen.right));
    table::draw(
        canvas,
        top(body, body.height),
        &COLUMNS,
        &screen.list,
        Look { focused: true, sorted: None },
        |index| comparison.sections.get(index).map(|section| row(theme, section)),
    );
}

fn row(theme: &Theme, section: &SectionDifference) -> Row {
    let rows = |rows: Option<u64>| Cell::new(rows.map_or("-".to_owned(), units::number), theme.text);
    let (change, style) = match (section.left, section.right) {
        (Some(left), Some(right)) => difference(theme, right, left),
        (None, _) => ("new".to_owned(), theme.good),
        (_, None) => ("gone".to_owned(), theme.careful),
    };
    Row {
        id: section.name.clone(),
        cells: vec![
            Cell::new(&*section.name, theme.text),
            rows(section.left),
            rows(section.right),
            Cell::new(change, style),
        ],
    }
}
