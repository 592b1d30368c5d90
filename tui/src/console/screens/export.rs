//! One export: gauges while it runs, the cause and the log where it failed.

mod job;

use std::time::Duration;

use orgvault_api::{Export, Progress, State, clock::Timestamp, gid::Gid};
use ratatui::{layout::Rect, style::Style};

use super::{Component, Focus};
use crate::{
    console::{
        keys::Action,
        message::Ask,
        model::{Data, Model, Speed},
        theme::Theme,
        view::{
            canvas::{Canvas, Span, below, inset, top},
            notes::Notes,
        },
        words::{paragraph, percent},
    },
    names, units,
};

/// One export.
#[derive(Debug, Clone)]
pub(crate) struct ExportScreen {
    /// Which one.
    gid: Gid,
    /// Lines of the text that are scrolled away.
    scroll: usize,
}

impl ExportScreen {
    /// From its beginning.
    pub(crate) fn new(gid: Gid) -> Self {
        Self { gid, scroll: 0 }
    }
}

impl Component for ExportScreen {
    fn keys() -> &'static [Action] {
        &[Action::Open, Action::Cancel]
    }

    fn title(&self) -> Vec<String> {
        vec![format!("export {}", self.gid)]
    }

    fn question(&self) -> Ask {
        Ask::Log(self.gid)
    }

    fn focus<'m>(&'m self, data: &'m Data) -> Focus<'m> {
        Focus { export: data.exports.get(&self.gid), ..Focus::default() }
    }

    fn scroll(&mut self) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(("this list", "orgvault exports".to_owned()))
    }

    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        let Some(export) = self.focus(&model.data).export else {
            canvas.remark(area, "waiting for orgvaultd");
            return;
        };
        let title = format!("{} {}", names::organization(&export.organization), names::format_of(export));
        let inner = inset(canvas.rule(area, &title));
        if let (State::Started, Some(progress)) = (export.state, &export.progress) {
            return running(canvas, model, export, progress, inner);
        }
        let lines = lines(canvas.theme, model, export, inner.width.into());
        let (text, last) = (top(inner, inner.height.saturating_sub(1)), below(inner, inner.height.saturating_sub(1)));
        if lines.len() <= inner.height.into() {
            return canvas.lines(inner, &lines);
        }
        let more = canvas.scrolled(text, &lines, self.scroll);
        let hint =
            if more > 0 { format!("j shows {more} more") } else { "the end: g goes to the beginning".to_owned() };
        canvas.text(last.x, last.y, last.width, &hint, canvas.theme.accent);
    }
}

/// All that there is to say of an export.
pub(super) fn notes(export: &Export, page: &mut Notes<'_>, model: &Model) {
    page.title(&format!("export {} of {}", export.gid, names::organization(&export.organization)));
    page.lines.extend(lines(page.theme, model, export, page.columns));
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

/// Draws of what there is to say of an export what there is room for.
pub(super) fn details(canvas: &mut Canvas<'_>, model: &Model, export: &Export, area: Rect) {
    let area = inset(area);
    match (export.state, &export.progress) {
        (State::Started, Some(progress)) => running(canvas, model, export, progress, area),
        _ => canvas.lines(area, &lines(canvas.theme, model, export, area.width.into())),
    }
}

fn running(canvas: &mut Canvas<'_>, model: &Model, export: &Export, progress: &Progress, area: Rect) {
    let theme = canvas.theme;
    let speed = model.data.speeds.get(&export.gid);
    if let Some(job) = &progress.job {
        return job::draw(canvas, model, job, (progress, speed), area);
    }
    let rate = |rate: Option<u64>, of: fn(u64) -> String| rate.map_or("-".to_owned(), of);
    let left = speed.and_then(|speed| speed.left(progress.rows_expected)).map_or("-".to_owned(), whole);
    let elapsed = export.started_at.map(|from| units::duration(units::between(from, model.shown_at)));
    let facts = [
        format!("{} rows/s", rate(speed.and_then(Speed::rows), units::number)),
        format!("{}/s", rate(speed.and_then(Speed::bytes), units::size)),
        format!("ETA {left}"),
        format!("elapsed {}", elapsed.unwrap_or_default()),
        format!("{} written", units::size(progress.bytes)),
    ];
    gauge(canvas, area, "all", progress.rows, progress.rows_expected);
    canvas.text(area.x, area.y + 1, area.width, &facts.join("   "), theme.dim);
    let mut place = below(area, 3);
    let current = progress.sections.iter().position(|section| section.name == progress.section).unwrap_or(0);
    let first = current.saturating_sub(usize::from(place.height) / 2);
    let first = first.min(progress.sections.len().saturating_sub(place.height.into()));
    for section in progress.sections.iter().skip(first) {
        if place.height == 0 {
            break;
        }
        gauge(canvas, place, &section.name, section.rows, section.rows_expected);
        place = below(place, 1);
    }
    if progress.sections.is_empty() && place.height > 0 {
        canvas.text(place.x, place.y, place.width, &format!("writing {}", progress.section), theme.text);
    }
}

/// A guess that is not more exact than it can be.
fn whole(left: Duration) -> String {
    if left < Duration::from_mins(1) { format!("{} s", left.as_secs()) } else { units::duration(left) }
}

fn gauge(canvas: &mut Canvas<'_>, area: Rect, name: &str, rows: u64, expected: u64) {
    let theme = canvas.theme;
    let label = (area.width / 4).clamp(8, 28);
    let numbers = 22.min(area.width / 3);
    let bar = area.width.saturating_sub(label + numbers + 8);
    let done = if expected == 0 { 100 } else { percent(rows, expected) };
    let style = if rows >= expected { theme.good } else { theme.busy };
    canvas.text(area.x, area.y, label, name, theme.text);
    canvas.gauge(area.x + label + 1, area.y, bar, done, style);
    canvas.text(area.x + label + bar + 2, area.y, 5, &format!("{done:>3} %"), style);
    let counted = format!("{} of {}", units::number(rows), units::number(expected));
    canvas.text(area.x + label + bar + 8, area.y, numbers, &counted, theme.dim);
}

/// All that there is to say of one that is not running.
fn lines(theme: &Theme, model: &Model, export: &Export, columns: usize) -> Vec<Span> {
    let (symbol, style) = theme.state(export.state);
    let mut lines = Vec::new();
    let mut add = |text: &str, style: Style| {
        lines.extend(paragraph(text, columns).into_iter().map(|line| (line, style)));
    };
    add(&format!("{symbol} {}{}", word(export), history(model, export)), style);
    if let Some(error) = &export.error {
        add(&format!("{}: {}", error.code, error.message), theme.bad);
        for line in error.hint.lines() {
            add(&format!("hint: {line}"), theme.careful);
        }
    }
    for warning in &export.warnings {
        add(&format!("{} {}: {}", theme.symbols.warning, warning.code, warning.message), theme.careful);
    }
    if export.state == State::Finished {
        let size = export.bytes.map(units::size).unwrap_or_default();
        let rows = units::plural(units::rows(&export.counts), "row");
        add(&format!("{rows}, {size}: enter opens the archive"), theme.text);
        let counts: Vec<String> =
            export.counts.iter().map(|count| format!("{} {}", count.name, units::number(count.rows))).collect();
        add(&counts.join("  "), theme.dim);
    }
    if let Some(log) = model.data.logs.get(&export.gid) {
        match (&log.value, &log.fault) {
            (Some(log), _) if log.is_empty() => add("no log lines are kept", theme.dim),
            (Some(log), _) => log.iter().for_each(|line| add(line, theme.dim)),
            (None, Some(fault)) if fault.is_not_offered() => add("log: this daemon does not offer that yet", theme.dim),
            (None, Some(fault)) => add(&format!("log: {}", fault.message), theme.dim),
            (None, None) => {}
        }
    }
    lines
}

fn history(model: &Model, export: &Export) -> String {
    let zone = model.setup.zone;
    let at = |time: Timestamp| time.with_timezone(&zone).format("%H:%M:%S").to_string();
    let mut text = format!("  asked for at {} by {}", at(export.created_at), export.requested_by);
    if let Some(started) = export.started_at {
        text = format!("{text}, started at {}", at(started));
        if let Some(ended) = export.finished_at {
            text = format!("{text}, took {}", units::duration(units::between(started, ended)));
        }
    }
    text
}
