//! Schedules: when each is due, and how its last run ended.

use chrono_tz::Tz;
use orgvault_api::{Run, Schedule, Trigger, clock::Timestamp};
use ratatui::{layout::Rect, style::Style};

use super::{
    canvas::{Canvas, Span, below, inset, top},
    table::{self, Cell, Column, Look, Row, text},
};
use crate::{
    console::{
        model::{List, Model},
        theme::Theme,
        words::{age, paragraph, when},
    },
    units,
};

const COLUMNS: [Column; 5] = [
    text("SCHEDULE", 14, 1, 0),
    text("STATE", 10, 0, 0),
    text("CRON", 16, 0, 2),
    text("NEXT", 10, 0, 0),
    text("LAST RUN", 22, 1, 1),
];

/// The lines of the next five runs, with their header and a blank one.
const RUNS: u16 = 7;

/// Draws the list, and the one with the cursor below it.
pub(super) fn draw(canvas: &mut Canvas<'_>, model: &Model, list: &List, area: Rect) {
    if canvas.missing(area, "schedules", &model.data.schedules) {
        return;
    }
    let schedules = model.data.schedules.items();
    if schedules.is_empty() {
        let text = "no schedule: [[schedule]] in the configuration makes one, docs/schedules.md tells how";
        canvas.paragraph(inset(area), text, canvas.theme.dim);
        return;
    }
    let wanted = u16::try_from(list.shown.len()).unwrap_or(u16::MAX).saturating_add(1);
    let height = wanted.clamp(2, (area.height / 2).max(2));
    table::draw(canvas, top(area, height), &COLUMNS, list, Look { focused: true, sorted: None }, |index| {
        schedules.get(index).map(|schedule| row(model, schedule))
    });
    if let Some(schedule) = list.index().and_then(|index| schedules.get(index)) {
        let inner = canvas.rule(below(area, height), &schedule.name);
        details(canvas, model, schedule, inner);
    }
}

/// Draws one schedule on all of the screen.
pub(super) fn draw_one(canvas: &mut Canvas<'_>, model: &Model, name: &str, area: Rect) {
    if canvas.missing(area, "schedules", &model.data.schedules) {
        return;
    }
    if let Some(schedule) = model.data.schedules.items().iter().find(|schedule| schedule.name == name) {
        let inner = canvas.rule(area, name);
        details(canvas, model, schedule, inner);
    }
}

fn row(model: &Model, schedule: &Schedule) -> Row {
    let theme = &model.setup.theme;
    let (state, style) = state(theme, schedule);
    let next = schedule.next.first().map(|at| when(*at, model.shown_at)).unwrap_or_default();
    let (last, last_style) =
        schedule.last_run.as_ref().map_or(("never".to_owned(), theme.dim), |run| ended(theme, run));
    Row {
        id: schedule.name.clone(),
        cells: vec![
            Cell::new(&*schedule.name, theme.text),
            Cell::new(state, style),
            Cell::new(&*schedule.cron, theme.dim),
            Cell::new(next, theme.text),
            Cell::new(last, last_style),
        ],
    }
}

fn state(theme: &Theme, schedule: &Schedule) -> (String, Style) {
    match (schedule.enabled, schedule.paused) {
        (false, _) => (format!("{} off", theme.symbols.none), theme.dim),
        (true, true) => (format!("{} paused", theme.symbols.warning), theme.careful),
        (true, false) => (format!("{} on", theme.symbols.ok), theme.good),
    }
}

fn ended(theme: &Theme, run: &Run) -> (String, Style) {
    let symbols = theme.symbols;
    match (run.open, run.failed) {
        (0, 0) if !run.failures.is_empty() => {
            (format!("{} {}, {} finished", symbols.failed, not_exported(run), run.finished), theme.bad)
        }
        (open, _) if open > 0 => (format!("{} {open} open, {} finished", symbols.running, run.finished), theme.busy),
        (_, 0) => (format!("{} {} finished", symbols.ok, run.finished), theme.good),
        (_, failed) => (format!("{} {failed} failed, {} finished", symbols.failed, run.finished), theme.bad),
    }
}

fn not_exported(run: &Run) -> String {
    let refused = run.failures.iter().filter(|failure| failure.organization.is_some()).count() as u64;
    let silent = run.failures.len() as u64 - refused;
    let sources = (silent > 0).then(|| format!("{} did not answer", units::plural(silent, "source")));
    let refused = (refused > 0).then(|| format!("{} refused", units::plural(refused, "organization")));
    sources.into_iter().chain(refused).collect::<Vec<_>>().join(", ")
}

fn details(canvas: &mut Canvas<'_>, model: &Model, schedule: &Schedule, area: Rect) {
    let area = inset(area);
    let lines = facts(canvas.theme, model, schedule, area.width.into());
    // The next runs keep their place, however much there is to say of the last one.
    let room = area.height.saturating_sub(RUNS).max(area.height / 2);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(room);
    canvas.lines(top(area, height), &lines);
    next_runs(canvas, model, schedule, below(area, height + 1));
}

/// What it is, and all that there is to say of its last run.
pub(super) fn facts(theme: &Theme, model: &Model, schedule: &Schedule, columns: usize) -> Vec<Span> {
    let mut lines = Vec::new();
    let mut add = |text: &str, style: Style| {
        lines.extend(paragraph(text, columns).into_iter().map(|line| (line, style)));
    };
    let formats: Vec<&str> = schedule.formats.iter().map(|format| format.name()).collect();
    let formats = if formats.is_empty() { "the product's default".to_owned() } else { formats.join(", ") };
    add(&format!("{}, in {}, writes {formats}", schedule.cron, schedule.timezone), theme.text);
    let Some(run) = &schedule.last_run else { return lines };
    let (text, style) = ended(theme, run);
    let why = match run.trigger {
        Trigger::Due => "due",
        Trigger::Missed => "missed and caught up",
        Trigger::Asked => "asked for",
    };
    let took = run.finished_at.map(|end| units::duration(units::between(run.started_at, end)));
    let took = took.map(|took| format!(", took {took}")).unwrap_or_default();
    let organizations = units::plural(run.organizations, "organization");
    let ago = age(run.started_at, model.shown_at);
    add(&format!("last run: {text} of {organizations}, {why} {ago} ago{took}"), style);
    for failure in &run.failures {
        add(&format!("{} {}", theme.symbols.failed, failure.error.message), theme.bad);
        add(&failure.error.hint, theme.careful);
    }
    for warning in &run.warnings {
        add(&format!("{} {}", theme.symbols.warning, warning.message), theme.careful);
    }
    lines
}

/// The next five runs, in the admin's zone and in the schedule's.
fn next_runs(canvas: &mut Canvas<'_>, model: &Model, schedule: &Schedule, area: Rect) {
    let theme = canvas.theme;
    if schedule.next.is_empty() {
        canvas.text(area.x, area.y, area.width, "it is not due: paused, or off", theme.dim);
        return;
    }
    let half = area.width / 2;
    canvas.text(area.x, area.y, half, &format!("NEXT RUNS, {}", model.setup.zone), theme.header);
    canvas.text(area.x + half, area.y, half, &schedule.timezone, theme.header);
    let zone = schedule.timezone.parse::<Tz>().ok();
    let shown = |at: Timestamp, zone: Tz| at.with_timezone(&zone).format("%a %Y-%m-%d %H:%M %Z").to_string();
    let rows = schedule.next.iter().take(5).take(area.height.saturating_sub(1).into());
    for (line, at) in rows.enumerate() {
        let y = area.y + 1 + u16::try_from(line).unwrap_or(0);
        canvas.text(area.x, y, half, &shown(*at, model.setup.zone), theme.text);
        let theirs = zone.map_or("unknown zone".to_owned(), |zone| shown(*at, zone));
        canvas.text(area.x + half, y, half, &theirs, theme.dim);
    }
}
