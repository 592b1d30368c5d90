//! One organization: its archives on a time axis, and their counts beside the live database's.

use orgvault_api::{Archive, ArchiveState, Counts, DayResult, OrganizationKey, SectionCount, clock::Timestamp};
use ratatui::layout::Rect;

use super::{
    Component, Focus,
    archive::{self, checked},
    compare::difference,
    organizations::{nights, reason, standing},
};
use crate::{
    console::{
        keys::Action,
        message::Ask,
        model::{Data, Entry, List, Model, Remote, Slot},
        theme::Theme,
        view::{
            canvas::{Canvas, Span, below, inset, sparkline, top},
            table::{self, Cell, Column, Look, Row, number, text},
        },
        words::{age, when},
    },
    names, units,
};

/// Archives that a sparkline shows.
const TREND: usize = 12;

const ARCHIVES: [Column; 6] = [
    text("EXPORTED", 16, 0, 0),
    text("FORMAT", 8, 1, 0),
    number("ROWS", 10, 0),
    number("SIZE", 10, 1),
    text("CHECKED", 14, 0, 2),
    text("GID", 16, 0, 3),
];

const COUNTS: [Column; 6] = [
    text("SECTION", 14, 1, 0),
    number("ARCHIVE", 10, 0),
    number("PREVIOUS", 10, 1),
    number("CHANGE", 9, 0),
    number("LIVE", 18, 2),
    text("TREND", 12, 0, 3),
];

/// Which part of the screen has the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pane {
    Archives,
    Counts,
}

/// One organization.
#[derive(Debug, Clone)]
pub(crate) struct OrganizationScreen {
    /// Which one.
    pub(crate) key: OrganizationKey,
    /// Its archives, newest first.
    archives: Remote<Vec<Archive>>,
    /// The archives' list.
    list: List,
    /// The counts' list.
    counts: List,
    /// The live database's counts.
    live: Remote<Counts>,
    pane: Pane,
}

impl OrganizationScreen {
    /// An organization of which nothing is known yet.
    pub(crate) fn new(key: OrganizationKey) -> Self {
        let (list, counts) = (List::default(), List::default());
        Self { key, archives: Remote::default(), list, counts, live: Remote::default(), pane: Pane::Archives }
    }

    fn archive(&self) -> Option<&Archive> {
        self.list.of(self.archives.items())
    }

    /// The newest older archive of the same organization, format and entity.
    pub(crate) fn before(&self, of: &Archive) -> Option<&Archive> {
        let tenant = of.organization.tenant();
        let alike = |one: &&Archive| {
            let form = (one.format, &one.entity, one.importable) == (of.format, &of.entity, of.importable);
            one.gid < of.gid && form && one.organization.is(&tenant)
        };
        self.archives.items().iter().filter(alike).max_by_key(|one| one.gid)
    }
}

impl Component for OrganizationScreen {
    fn keys() -> &'static [Action] {
        use Action::{
            Compare, Delete, Download, Export, Faults, Filter, Live, Mark, Open, Pane, Pin, Retention, Verify,
        };
        &[Open, Export, Verify, Compare, Pane, Download, Pin, Live, Delete, Filter, Faults, Mark, Retention]
    }

    fn title(&self) -> Vec<String> {
        vec![names::organization(&self.key)]
    }

    fn question(&self) -> Ask {
        Ask::Archives(self.key.tenant())
    }

    fn slot(&mut self, ask: &Ask) -> Option<&mut dyn Slot> {
        match ask {
            Ask::Archives(tenant) if self.key.is(tenant) => Some(&mut self.archives),
            Ask::Counts(tenant) if self.key.is(tenant) => Some(&mut self.live),
            _ => None,
        }
    }

    /// Who looks at the newest archive goes on to look at the newest one.
    fn take(&mut self, ask: &Ask) {
        if let (Ask::Archives(_), Some(archives)) = (ask, &mut self.archives.value) {
            archives.sort_by_key(|archive| std::cmp::Reverse(archive.gid));
            if self.list.cursor == 0 {
                self.list.release();
            }
        }
    }

    fn arrange(&mut self, _: &Data) {
        self.list.arrange(self.archives.items().iter().map(entry).enumerate().collect());
        let sections = self.archive().map(|shown| archive::sections(shown, self.before(shown)));
        self.counts.arrange(sections.unwrap_or_default());
    }

    fn focus<'m>(&'m self, _: &'m Data) -> Focus<'m> {
        let archive = self.archive();
        let section = archive.filter(|_| self.pane == Pane::Counts).and_then(|archive| self.counts.of(&archive.counts));
        Focus { organization: Some(&self.key), archive, section, ..Focus::default() }
    }

    fn list(&self) -> Option<&List> {
        Some(match self.pane {
            Pane::Archives => &self.list,
            Pane::Counts => &self.counts,
        })
    }

    fn list_mut(&mut self) -> Option<&mut List> {
        Some(match self.pane {
            Pane::Archives => &mut self.list,
            Pane::Counts => &mut self.counts,
        })
    }

    fn act(&mut self, _pane: Action) {
        self.pane = if self.pane == Pane::Archives { Pane::Counts } else { Pane::Archives };
    }

    /// The facts, the axis, the archives and the counts: beside each other where it is wide.
    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        facts(canvas, model, self, top(area, 1));
        let area = why(canvas, model, self, below(area, 1));
        if canvas.missing(area, "archives", &self.archives) {
            return;
        }
        if self.archives.items().is_empty() {
            canvas.remark(below(area, 1), "no archive yet: e exports");
            return;
        }
        axis(canvas, model, self, top(area, 2));
        let area = below(area, 2);
        let (left, right) = split(area, self.archives.items().len());
        let inner = canvas.rule(left, "archives");
        let look = Look { focused: self.pane == Pane::Archives, sorted: None };
        table::draw(canvas, inner, &ARCHIVES, &self.list, look, |index| {
            self.archives.items().get(index).map(|archive| archive_row(model, archive))
        });
        counts(canvas, model, self, right);
    }
}

fn entry(one: &Archive) -> Entry {
    let format = names::archive_format(one);
    let pinned = if one.pinned { "pinned" } else { "" };
    Entry {
        id: one.gid.to_string(),
        words: format!("{} {format} {:?} {pinned} {}", one.gid, one.state, one.exported_at),
        faulty: one.state != ArchiveState::Present || !one.warnings.is_empty(),
    }
}

/// Why it is not ok, in at most three lines; gives what is below it.
fn why(canvas: &mut Canvas<'_>, model: &Model, screen: &OrganizationScreen, area: Rect) -> Rect {
    let Some(one) = model.data.listed(&screen.key) else { return area };
    let lines = reason(canvas.theme, one, inset(area).width.into());
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(3);
    canvas.lines(inset(top(area, height)), &lines);
    below(area, height)
}

/// Side by side where both have room, else one below the other.
fn split(area: Rect, archives: usize) -> (Rect, Rect) {
    if area.width >= 130 {
        let left = area.width * 45 / 100;
        return (Rect { width: left, ..area }, Rect { x: area.x + left + 1, width: area.width - left - 1, ..area });
    }
    let wanted = u16::try_from(archives).unwrap_or(u16::MAX).saturating_add(3);
    let height = wanted.clamp(4, (area.height / 2).max(4));
    (top(area, height), below(area, height))
}

fn facts(canvas: &mut Canvas<'_>, model: &Model, screen: &OrganizationScreen, area: Rect) {
    let theme = canvas.theme;
    let mut spans: Vec<Span> = vec![(" ".to_owned(), theme.text)];
    if let Some(one) = model.data.listed(&screen.key) {
        let (symbol, word, style) = standing(theme, one);
        spans.push((format!("{symbol} {word}  "), style));
        if let Some(at) = one.listed_at {
            spans.push((format!("listed {} ago  ", age(at, model.shown_at)), theme.careful));
        }
        if one.history.iter().any(|day| *day != DayResult::None) {
            spans.extend(nights(theme, one).0);
            spans.push(("  ".to_owned(), theme.text));
        }
        if let Some(next) = one.next_run {
            spans.push((format!("next run {}  ", when(next, model.shown_at)), theme.dim));
        }
    }
    spans.push((screen.key.name.clone(), theme.text));
    spans.push((format!("  {}", screen.key.id), theme.dim));
    canvas.spans(area, &spans);
}

/// Every archive where it is in time, and the sizes of those that are like the one with the cursor.
fn axis(canvas: &mut Canvas<'_>, model: &Model, screen: &OrganizationScreen, area: Rect) {
    let theme = canvas.theme;
    let archives = screen.archives.items();
    let (Some(newest), Some(oldest)) = (archives.first(), archives.last()) else { return };
    let selected = screen.archive().unwrap_or(newest);
    let from = oldest.exported_at.with_timezone(&model.setup.zone).format("%m-%d").to_string();
    let line = Rect { x: area.x + 8, width: area.width.saturating_sub(14), height: 1, ..area };
    canvas.text(area.x + 1, area.y, 6, &from, theme.dim);
    canvas.text(line.right() + 1, area.y, 4, "now", theme.dim);
    canvas.text(line.x, line.y, line.width, &theme.symbols.line.repeat(line.width.into()), theme.dim);
    let span = (oldest.exported_at, model.shown_at);
    for archive in archives.iter().rev() {
        let x = line.x + place(archive.exported_at, span, line.width);
        let bad = archive.state != ArchiveState::Present;
        let (symbol, style) = if bad { (theme.symbols.failed, theme.bad) } else { (theme.symbols.never, theme.good) };
        canvas.text(x, line.y, 1, symbol, style);
    }
    let x = line.x + place(selected.exported_at, span, line.width);
    canvas.text(x, line.y, 1, theme.symbols.marked, theme.accent);
    sizes(canvas, archives, selected, Rect { y: area.y + 1, height: 1, ..area });
}

fn place(at: Timestamp, (from, to): (Timestamp, Timestamp), columns: u16) -> u16 {
    let whole = (to - from).num_seconds().max(1);
    let part = (at - from).num_seconds().clamp(0, whole);
    u16::try_from(part * i64::from(columns.saturating_sub(1)) / whole).unwrap_or(0)
}

fn sizes(canvas: &mut Canvas<'_>, archives: &[Archive], selected: &Archive, area: Rect) {
    let alike = alike(archives, selected);
    let values: Vec<u64> = alike.iter().map(|archive| archive.bytes).collect();
    let theme = canvas.theme;
    let format = names::archive_format(selected);
    let range = match (values.first(), values.last()) {
        (Some(first), Some(last)) if values.len() > 1 => format!("  {} to {}", units::size(*first), units::size(*last)),
        (Some(first), _) => format!("  {}", units::size(*first)),
        _ => String::new(),
    };
    let spans = [
        (" size of ".to_owned(), theme.dim),
        (format!("{format}  "), theme.text),
        (sparkline(theme, &values), theme.busy),
        (range, theme.dim),
    ];
    canvas.spans(area, &spans);
}

/// The last archives that are written as this one is, the oldest first.
fn alike<'a>(archives: &'a [Archive], selected: &Archive) -> Vec<&'a Archive> {
    let same = |one: &&Archive| one.format == selected.format && one.entity == selected.entity;
    let mut alike: Vec<&Archive> = archives.iter().filter(same).take(TREND).collect();
    alike.reverse();
    alike
}

fn archive_row(model: &Model, archive: &Archive) -> Row {
    let theme = &model.setup.theme;
    let at = archive.exported_at.with_timezone(&model.setup.zone).format("%Y-%m-%d %H:%M").to_string();
    let format = names::archive_format(archive);
    let mut format = vec![(format, theme.text)];
    if archive.pinned {
        format.push((format!(" {} pinned", theme.symbols.pin), theme.accent));
    }
    if !archive.warnings.is_empty() {
        format.push((format!(" {}{}", theme.symbols.warning, archive.warnings.len()), theme.careful));
    }
    Row {
        id: archive.gid.to_string(),
        cells: vec![
            Cell::new(at, theme.text),
            Cell(format),
            Cell::new(units::number(units::rows(&archive.counts)), theme.text),
            Cell::new(units::size(archive.bytes), theme.text),
            checked(theme, archive, model.shown_at),
            Cell::new(archive.gid.to_string(), theme.dim),
        ],
    }
}

fn counts(canvas: &mut Canvas<'_>, model: &Model, screen: &OrganizationScreen, area: Rect) {
    let archives = screen.archives.items();
    let Some(archive) = screen.archive() else { return };
    let before = screen.before(archive);
    let live = screen.live.value.as_ref().map(|counts| counts.counts.as_slice());
    let title = match (&screen.live.at, screen.live.waiting, &screen.live.fault) {
        (_, true, _) => "counts: asking the live database".to_owned(),
        (_, _, Some(fault)) => format!("counts: {}", fault.message),
        (Some(at), ..) => format!("counts, live {} ago", age(*at, model.shown_at)),
        (None, ..) => "counts (L asks the live database)".to_owned(),
    };
    let inner = canvas.rule(area, &title);
    let alike = alike(archives, archive);
    let look = Look { focused: screen.pane == Pane::Counts, sorted: None };
    table::draw(canvas, inner, &COUNTS, &screen.counts, look, |index| {
        let count = archive.counts.get(index)?;
        Some(count_row(&model.setup.theme, count, before, live, &alike))
    });
}

fn rows_of(counts: &[SectionCount], name: &str) -> Option<u64> {
    counts.iter().find(|count| count.name == name).map(|count| count.rows)
}

fn count_row(
    theme: &Theme,
    count: &SectionCount,
    before: Option<&Archive>,
    live: Option<&[SectionCount]>,
    alike: &[&Archive],
) -> Row {
    let was = before.and_then(|before| rows_of(&before.counts, &count.name));
    let live = live.and_then(|live| rows_of(live, &count.name));
    let trend: Vec<u64> = alike.iter().filter_map(|archive| rows_of(&archive.counts, &count.name)).collect();
    let shown = |rows: Option<u64>| Cell::new(rows.map(units::number).unwrap_or_default(), theme.text);
    let mut live_cell = shown(live);
    if let Some(live) = live.filter(|live| *live != count.rows) {
        let (text, style) = difference(theme, live, count.rows);
        live_cell.0.push((format!(" {text}"), style));
    }
    let change = was.map(|was| difference(theme, count.rows, was));
    let (text, style) = change.unwrap_or((String::new(), theme.dim));
    Row {
        id: count.name.clone(),
        cells: vec![
            Cell::new(&*count.name, theme.text),
            Cell::new(units::number(count.rows), theme.text),
            shown(was),
            Cell::new(text, style),
            live_cell,
            Cell::new(if trend.len() > 1 { sparkline(theme, &trend) } else { String::new() }, theme.busy),
        ],
    }
}
