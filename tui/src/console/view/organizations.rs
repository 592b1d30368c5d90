//! Home: every organization, the worst first.

use std::collections::BTreeMap;

use orgvault_shared::{api::Organization, health::Health};
use ratatui::layout::Rect;

use super::{
    canvas::{Canvas, Span, below, top},
    table::{self, Cell, Column, Look, Row, number, text},
};
use crate::{
    console::{
        model::{List, Model},
        theme::Theme,
        words::{age, fit, when, width},
    },
    names, units,
};

/// In the order in which `s` goes through them.
const COLUMNS: [Column; 9] = [
    text("HEALTH", 11, 0, 0),
    text("ORGANIZATION", 18, 3, 0),
    text("SOURCE", 8, 1, 5),
    text("KIND", 12, 0, 7),
    number("AGE", 6, 0),
    number("ROWS", 10, 2),
    number("SIZE", 10, 4),
    text("14 NIGHTS", 14, 0, 3),
    text("NEXT", 9, 0, 6),
];

/// Draws the list, with the sources that did not answer above it.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, list: &List, area: Rect) {
    let mut area = area;
    for failure in model.data.failures.iter().take(2) {
        let text = format!("{} {}", canvas.theme.symbols.failed, failure.error.message);
        canvas.text(area.x, area.y, area.width, &text, canvas.theme.bad);
        area = below(area, 1);
    }
    if canvas.missing(below(area, 1), "organizations", &model.data.organizations) {
        return;
    }
    let (rows, rest) =
        (Rect { height: area.height.saturating_sub(2), ..area }, below(area, area.height.saturating_sub(2)));
    let look = Look { focused: true, sorted: Some((list.sort, list.reverse)) };
    if model.data.organizations.items().is_empty() {
        canvas.remark(rows, "no organization: `orgvault check` looks at what the sources say");
        return;
    }
    table::draw(canvas, rows, &COLUMNS, list, look, |index| {
        model.data.organizations.items().get(index).map(|one| row(model, one))
    });
    details(canvas, model, list, rest);
}

fn row(model: &Model, one: &Organization) -> Row {
    let theme = &model.setup.theme;
    let (symbol, word, style) = theme.health(one.health);
    let last = one.last_archive.as_ref();
    let health = if one.deleted_at.is_some() {
        Cell::new(format!("{} deleted", theme.symbols.none), theme.dim)
    } else {
        Cell::new(format!("{symbol} {word}"), style)
    };
    Row {
        id: names::exact(&one.key),
        cells: vec![
            health,
            Cell(vec![
                (name(one).to_owned(), theme.text),
                (if one.key.name == name(one) { String::new() } else { format!("  {}", one.key.name) }, theme.dim),
            ]),
            Cell::new(&*one.key.source, theme.dim),
            Cell::new(&*one.key.kind, theme.dim),
            Cell::new(last.map_or("never".to_owned(), |last| age(last.exported_at, model.shown_at)), theme.text),
            Cell::new(last.map(|last| units::number(last.rows)).unwrap_or_default(), theme.text),
            Cell::new(last.map(|last| units::size(last.bytes)).unwrap_or_default(), theme.text),
            nights(theme, one),
            Cell::new(one.next_run.map(|at| when(at, model.shown_at)).unwrap_or_default(), theme.dim),
        ],
    }
}

fn name(one: &Organization) -> &str {
    if one.key.slug.is_empty() { &one.key.id } else { &one.key.slug }
}

/// The strip of the last nights, the oldest first.
pub(super) fn nights(theme: &Theme, one: &Organization) -> Cell {
    Cell(
        one.history
            .iter()
            .rev()
            .take(14)
            .rev()
            .map(|day| theme.night(*day))
            .map(|(text, style)| (text.to_owned(), style))
            .collect(),
    )
}

/// How many organizations are how, the worst first, as far as `columns` reach.
fn sum(model: &Model, columns: usize) -> Vec<Span> {
    let mut counts: BTreeMap<Health, u64> = BTreeMap::new();
    for one in model.data.organizations.items().iter().filter(|one| one.deleted_at.is_none()) {
        *counts.entry(one.health).or_default() += 1;
    }
    let theme = &model.setup.theme;
    let mut spans = Vec::new();
    let mut used = 1;
    for (health, count) in counts.into_iter().rev() {
        let (symbol, word, style) = theme.health(health);
        let text = format!(" {symbol} {} {word} ", units::number(count));
        used += width(&text);
        if used <= columns {
            spans.push((text, style));
        }
    }
    spans
}

/// What the list has no room for, of the row with the cursor.
fn details(canvas: &mut Canvas<'_>, model: &Model, list: &List, area: Rect) {
    let Some(one) = list.index().and_then(|index| model.data.organizations.items().get(index)) else { return };
    let called = if one.key.name == name(one) { String::new() } else { format!("  {}", one.key.name) };
    let sum = sum(model, usize::from(area.width) * 2 / 3);
    let taken: usize = sum.iter().map(|(text, _)| width(text)).sum();
    let taken = u16::try_from(taken).unwrap_or(0);
    let line = top(area, 1);
    let room = usize::from(area.width.saturating_sub(taken)).saturating_sub(10);
    let below = canvas.rule(line, &fit(&format!("{}{called}", names::organization(&one.key)), room));
    canvas.spans(Rect { x: line.right().saturating_sub(taken + 2), width: taken, ..line }, &sum);
    let theme = canvas.theme;
    let mut parts = Vec::new();
    if let Some(last) = &one.last_archive {
        let at = last.exported_at.with_timezone(&model.setup.zone).format("%Y-%m-%d %H:%M");
        parts.push(format!("last archive {at} {}", last.format));
    }
    if let Some(next) = one.next_run {
        parts.push(format!("next run {}", when(next, model.shown_at)));
    }
    if let Some(state) = one.last_state {
        parts.push(format!("last export {}", state.name()));
    }
    parts.push(format!("{} {}", one.key.kind, one.key.id));
    canvas.text(area.x + 2, below.y, area.width.saturating_sub(2), &parts.join("  "), theme.dim);
}
