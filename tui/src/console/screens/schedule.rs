//! One schedule: how its last run ended, and its next ones.

use chrono_tz::Tz;
use orgvault_api::{Format, Run, Schedule, Trigger, clock::Timestamp};
use ratatui::{layout::Rect, style::Style};

use super::{Asks, Component, Focus};
use crate::{
    console::{
        keys::Action,
        message::Ask,
        model::{Data, Model},
        theme::Theme,
        view::{
            canvas::{Canvas, Span, below, inset, top},
            notes::Notes,
        },
        words::{age, paragraph},
    },
    units,
};

/// The lines of the next five runs, with their header and a blank one.
const RUNS: u16 = 7;

/// One schedule.
#[derive(Debug, Clone)]
pub(crate) struct ScheduleScreen {
    /// Its name.
    pub(crate) name: String,
}

impl Component for ScheduleScreen {
    fn keys() -> &'static [Action] {
        &[Action::Run, Action::Pause, Action::Retention]
    }

    fn title(&self) -> Vec<String> {
        vec![format!("schedule {}", self.name)]
    }

    fn question(&self) -> Ask {
        Ask::Schedules
    }

    fn asks(&self) -> Asks {
        Asks::Often
    }

    fn gone(&self, data: &Data) -> Option<String> {
        data.schedules.value.as_ref()?;
        let gone = self.focus(data).schedule.is_none();
        gone.then(|| format!("schedule {} was removed from the configuration", self.name))
    }

    fn focus<'m>(&'m self, data: &'m Data) -> Focus<'m> {
        let schedule = data.schedules.items().iter().find(|schedule| schedule.name == self.name);
        Focus { schedule, ..Focus::default() }
    }

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(("this list", "orgvault schedules".to_owned()))
    }

    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        if canvas.missing(area, "schedules", &model.data.schedules) {
            return;
        }
        if let Some(schedule) = self.focus(&model.data).schedule {
            let inner = canvas.rule(area, &self.name);
            details(canvas, model, schedule, inner);
        }
    }
}

/// All that there is to say of a schedule.
pub(super) fn notes(schedule: &Schedule, page: &mut Notes<'_>, model: &Model) {
    page.title(&format!("schedule {}", schedule.name));
    page.lines.extend(facts(page.theme, model, schedule, page.columns));
}

/// How a run ended, or how far it is.
pub(super) fn ended(theme: &Theme, run: &Run) -> (String, Style) {
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

/// Draws what there is to say, and the next runs.
pub(super) fn details(canvas: &mut Canvas<'_>, model: &Model, schedule: &Schedule, area: Rect) {
    let area = inset(area);
    let lines = facts(canvas.theme, model, schedule, area.width.into());
    // The next runs keep their place, however much there is to say of the last one.
    let room = area.height.saturating_sub(RUNS).max(area.height / 2);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(room);
    canvas.lines(top(area, height), &lines);
    next_runs(canvas, model, schedule, below(area, height + 1));
}

/// What it is, and all that there is to say of its last run.
fn facts(theme: &Theme, model: &Model, schedule: &Schedule, columns: usize) -> Vec<Span> {
    let mut lines = Vec::new();
    let mut add = |text: &str, style: Style| {
        lines.extend(paragraph(text, columns).into_iter().map(|line| (line, style)));
    };
    let formats = if schedule.formats.is_empty() {
        "the product's default".to_owned()
    } else {
        Format::join(&schedule.formats, ", ")
    };
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
