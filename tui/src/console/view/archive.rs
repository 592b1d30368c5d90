//! One archive: its manifest, its checks, its counts and its warnings.

use orgvault_api::{Archive, SectionCount};
use ratatui::{layout::Rect, style::Style};

use super::{
    canvas::{Canvas, Span, below, inset, top},
    organization::checked,
    table::{self, Cell, Column, Look, Row, number, text},
};
use crate::{
    console::{
        model::{ArchiveScreen, Model},
        theme::Theme,
        words::{age, paragraph, wrap},
    },
    names, units,
};

const SECTIONS: [Column; 3] = [text("SECTION", 16, 1, 0), number("ROWS", 12, 0), number("SHARE", 6, 1)];

/// Draws the manifest beside the sections where it is wide, else above them.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, screen: &ArchiveScreen, area: Rect) {
    if canvas.missing(area, "archive", &screen.archive) {
        return;
    }
    let Some(archive) = &screen.archive.value else { return };
    let (left, right) = if area.width >= 110 {
        let left = area.width * 55 / 100;
        (Rect { width: left, ..area }, Rect { x: area.x + left + 1, width: area.width - left - 1, ..area })
    } else {
        let facts = facts(canvas.theme, model, screen, archive, usize::from(area.width).saturating_sub(4)).len();
        let height = u16::try_from(facts + 1).unwrap_or(u16::MAX).min(area.height * 3 / 5);
        (top(area, height), below(area, height))
    };
    let title = format!("{} {}", names::organization(&archive.organization), names::archive_format(archive));
    let inner = inset(canvas.rule(left, &title));
    let lines = facts(canvas.theme, model, screen, archive, inner.width.into());
    canvas.lines(inner, &lines);
    let inner = canvas.rule(right, "sections (enter browses the rows)");
    let all = units::rows(&archive.counts);
    table::draw(canvas, inner, &SECTIONS, &screen.list, Look { focused: true, sorted: None }, |index| {
        archive.counts.get(index).map(|count| section(model, count, all))
    });
}

fn section(model: &Model, count: &SectionCount, all: u64) -> Row {
    let theme = &model.setup.theme;
    let share = crate::console::words::percent(count.rows, all);
    Row {
        id: count.name.clone(),
        cells: vec![
            Cell::new(&*count.name, theme.text),
            Cell::new(units::number(count.rows), theme.text),
            Cell::new(format!("{share} %"), theme.dim),
        ],
    }
}

/// The manifest, the checks and the warnings.
pub(super) fn facts(
    theme: &Theme,
    model: &Model,
    screen: &ArchiveScreen,
    archive: &Archive,
    columns: usize,
) -> Vec<Span> {
    let at = archive.exported_at.with_timezone(&model.setup.zone).format("%Y-%m-%d %H:%M:%S %Z");
    let mut lines = vec![(format!("exported  {at}, {} ago", age(archive.exported_at, model.shown_at)), theme.text)];
    lines.push((
        format!("size      {} ({} bytes)", units::size(archive.bytes), units::number(archive.bytes)),
        theme.text,
    ));
    for (text, style) in checked(theme, archive, model.shown_at).0 {
        let verifying = if screen.verifying { "  verifying now" } else { "" };
        let pinned = if archive.pinned { "  pinned" } else { "" };
        lines.push((format!("checked   {text}{verifying}{pinned}"), style));
    }
    let mut add = |text: &str, style: Style| {
        lines.extend(paragraph(text, columns).into_iter().map(|line| (line, style)));
    };
    for fault in archive.verified.iter().flat_map(|seen| &seen.faults) {
        add(&format!("{} {fault}", theme.symbols.damaged), theme.bad);
    }
    if let Some(preflight) = &screen.preflight.value {
        let words: Vec<String> =
            preflight.totals.iter().map(|total| format!("{} {}", total.count, total.code)).collect();
        let verdict = format!("{:?}", preflight.verdict).to_lowercase();
        let style = if preflight.totals.is_empty() { theme.good } else { theme.careful };
        add(&format!("preflight {}'s importer: {verdict} {}", preflight.product, words.join(", ")), style);
    } else if screen.preflight.waiting {
        add("preflight asking", theme.dim);
    } else if let Some(fault) = &screen.preflight.fault {
        add(&format!("preflight {}", fault.message), theme.careful);
    }
    for warning in &archive.warnings {
        add(&format!("{} {}: {}", theme.symbols.warning, warning.code, warning.message), theme.careful);
    }
    for (name, value) in [("path", &archive.path), ("sha256", &archive.sha256), ("snapshot", &archive.snapshot)] {
        for (place, line) in wrap(value, columns.saturating_sub(10), 0, usize::MAX).into_iter().enumerate() {
            let name = if place == 0 { name } else { "" };
            lines.push((format!("{name:<10}{line}"), theme.dim));
        }
    }
    lines
}
