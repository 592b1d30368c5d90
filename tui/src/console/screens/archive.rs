//! One archive: its manifest, its checks, its counts and its warnings.

use orgvault_api::{Archive, ArchiveState, SectionCount, clock::Timestamp, gid::Gid, preflight::Preflight};
use ratatui::{layout::Rect, style::Style};

use super::{Component, Focus};
use crate::{
    console::{
        keys::Action,
        message::Ask,
        model::{Data, Entry, List, Model, Remote, Slot},
        theme::Theme,
        view::{
            canvas::{Canvas, Span, below, inset, top},
            notes::Notes,
            table::{self, Cell, Column, Row, number, text},
        },
        words::{age, paragraph, percent, wrap},
    },
    names, units,
};

const SECTIONS: [Column; 3] = [text("SECTION", 16, 1, 0), number("ROWS", 12, 0), number("SHARE", 6, 1)];

/// One archive.
#[derive(Debug, Clone)]
pub(crate) struct ArchiveScreen {
    /// Which one.
    pub(crate) gid: Gid,
    archive: Remote<Archive>,
    /// What the app's importer would say.
    preflight: Remote<Preflight>,
    /// Its sections.
    list: List,
}

impl ArchiveScreen {
    /// An archive of which nothing is known yet.
    pub(crate) fn new(gid: Gid) -> Self {
        Self { gid, archive: Remote::default(), preflight: Remote::default(), list: List::default() }
    }
}

impl Component for ArchiveScreen {
    fn keys() -> &'static [Action] {
        use Action::{Compare, Delete, Download, Filter, Open, Pin, Preflight, Verify};
        &[Open, Verify, Compare, Download, Pin, Preflight, Delete, Filter]
    }

    fn title(&self) -> Vec<String> {
        vec![format!("archive {}", self.gid)]
    }

    fn question(&self) -> Ask {
        Ask::Archive(self.gid)
    }

    fn slot(&mut self, ask: &Ask) -> Option<&mut dyn Slot> {
        match ask {
            Ask::Archive(gid) if *gid == self.gid => Some(&mut self.archive),
            Ask::Preflight(gid) if *gid == self.gid => Some(&mut self.preflight),
            _ => None,
        }
    }

    fn arrange(&mut self, _: &Data) {
        self.list.arrange(self.archive.value.as_ref().map(|archive| sections(archive, None)).unwrap_or_default());
    }

    fn focus<'m>(&'m self, _: &'m Data) -> Focus<'m> {
        let archive = self.archive.value.as_ref();
        let section = archive.and_then(|archive| self.list.of(&archive.counts));
        Focus { archive, section, gid: Some(self.gid), ..Focus::default() }
    }

    one_list!();

    fn notes(&self, page: &mut Notes<'_>, model: &Model) {
        let Some(archive) = &self.archive.value else { return };
        page.title(&format!("archive {}", archive.gid));
        page.lines.extend(facts(model, self, archive, page.columns));
        for finding in self.preflight.value.iter().flat_map(|preflight| &preflight.findings) {
            let line = finding.line.map(|line| format!(" line {line}")).unwrap_or_default();
            page.say(&format!("{}: {}{line} {}", finding.code, finding.file, finding.message), page.theme.text);
        }
    }

    /// The manifest beside the sections where it is wide, else above them.
    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        if canvas.missing(area, "archive", &self.archive) {
            return;
        }
        let Some(archive) = &self.archive.value else { return };
        let (left, right) = if area.width >= 110 {
            let left = area.width * 55 / 100;
            (Rect { width: left, ..area }, Rect { x: area.x + left + 1, width: area.width - left - 1, ..area })
        } else {
            let facts = facts(model, self, archive, usize::from(area.width).saturating_sub(4)).len();
            let height = u16::try_from(facts + 1).unwrap_or(u16::MAX).min(area.height * 3 / 5);
            (top(area, height), below(area, height))
        };
        let title = format!("{} {}", names::organization(&archive.organization), names::archive_format(archive));
        let inner = inset(canvas.rule(left, &title));
        canvas.lines(inner, &facts(model, self, archive, inner.width.into()));
        let inner = canvas.rule(right, "sections (enter browses the rows)");
        let all = units::rows(&archive.counts);
        table::draw(canvas, inner, &SECTIONS, &self.list, table::FOCUSED, |index| {
            archive.counts.get(index).map(|count| section(model, count, all))
        });
    }
}

/// The sections of an archive as a list sees them: one that has fewer rows than before is a fault.
pub(super) fn sections(archive: &Archive, before: Option<&Archive>) -> Vec<(usize, Entry)> {
    let was = |name: &str| before?.counts.iter().find(|count| count.name == name).map(|count| count.rows);
    let entry = |count: &SectionCount| Entry {
        id: count.name.clone(),
        words: count.name.clone(),
        faulty: was(&count.name).is_some_and(|rows| rows > count.rows),
    };
    archive.counts.iter().map(entry).enumerate().collect()
}

fn section(model: &Model, count: &SectionCount, all: u64) -> Row {
    let theme = &model.setup.theme;
    let share = percent(count.rows, all);
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
fn facts(model: &Model, screen: &ArchiveScreen, archive: &Archive, columns: usize) -> Vec<Span> {
    let theme = &model.setup.theme;
    let at = archive.exported_at.with_timezone(&model.setup.zone).format("%Y-%m-%d %H:%M:%S %Z");
    let mut lines = vec![(format!("exported  {at}, {} ago", age(archive.exported_at, model.shown_at)), theme.text)];
    lines.push((
        format!("size      {} ({} bytes)", units::size(archive.bytes), units::number(archive.bytes)),
        theme.text,
    ));
    if let Some(files) = &archive.files {
        lines.push((format!("files     {}", names::files(files)), theme.text));
    }
    for (text, style) in checked(theme, archive, model.shown_at).0 {
        let verifying = if model.data.verifying.contains(&archive.gid) { "  verifying now" } else { "" };
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
    let received = archive.received.as_ref().map(|received| ("received", names::received(received)));
    let known = [("path", &archive.path), ("sha256", &archive.sha256), ("snapshot", &archive.snapshot)];
    for (name, value) in known.map(|(name, value)| (name, value.clone())).into_iter().chain(received) {
        for (place, line) in wrap(&value, columns.saturating_sub(10), 0, usize::MAX).into_iter().enumerate() {
            let name = if place == 0 { name } else { "" };
            lines.push((format!("{name:<10}{line}"), theme.dim));
        }
    }
    lines
}

/// How the archive was found when it was looked at last.
pub(super) fn checked(theme: &Theme, archive: &Archive, now: Timestamp) -> Cell {
    let symbols = theme.symbols;
    match (archive.state, &archive.verified) {
        (ArchiveState::Missing, _) => Cell::new(format!("{} missing", symbols.failed), theme.bad),
        (ArchiveState::Damaged, _) => Cell::new(format!("{} damaged", symbols.damaged), theme.bad),
        (ArchiveState::Present, Some(seen)) if seen.ok => {
            Cell::new(format!("{} {} ago", symbols.ok, age(seen.at, now)), theme.good)
        }
        (ArchiveState::Present, Some(_)) => Cell::new(format!("{} faults", symbols.damaged), theme.bad),
        (ArchiveState::Present, None) if archive.received.is_some() => Cell::new("as received", theme.dim),
        (ArchiveState::Present, None) => Cell::new("as written", theme.dim),
    }
}
