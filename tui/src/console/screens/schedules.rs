//! Schedules: when each is due, and how its last run ended.

use orgvault_api::Schedule;
use ratatui::{layout::Rect, style::Style};

use super::{
    Asks, Component, Focus, list_title,
    schedule::{self, ended},
};
use crate::console::{
    keys::Action,
    message::Ask,
    model::{Data, Entry, List, Model},
    theme::Theme,
    view::{
        canvas::{Canvas, below, inset, top},
        table::{self, Cell, Column, Row, text},
    },
    words::when,
};

const COLUMNS: [Column; 5] = [
    text("SCHEDULE", 14, 1, 0),
    text("STATE", 10, 0, 0),
    text("CRON", 16, 0, 2),
    text("NEXT", 10, 0, 0),
    text("LAST RUN", 22, 1, 1),
];

/// Every schedule.
#[derive(Debug, Clone, Default)]
pub(crate) struct SchedulesScreen {
    list: List,
}

impl Component for SchedulesScreen {
    fn keys() -> &'static [Action] {
        &[Action::Open, Action::Run, Action::Pause, Action::Filter, Action::Faults, Action::Retention]
    }

    fn title(&self) -> Vec<String> {
        list_title("schedules", &self.list)
    }

    fn question(&self) -> Ask {
        Ask::Schedules
    }

    fn asks(&self) -> Asks {
        Asks::Often
    }

    fn arrange(&mut self, data: &Data) {
        self.list.arrange(data.schedules.items().iter().map(entry).enumerate().collect());
    }

    fn focus<'m>(&'m self, data: &'m Data) -> Focus<'m> {
        Focus { schedule: self.list.of(data.schedules.items()), ..Focus::default() }
    }

    one_list!();

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(("this list", "orgvault schedules".to_owned()))
    }

    /// The list, and the one with the cursor below it.
    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        if canvas.missing(area, "schedules", &model.data.schedules) {
            return;
        }
        let schedules = model.data.schedules.items();
        if schedules.is_empty() {
            let text = "no schedule: [[schedule]] in the configuration makes one, docs/schedules.md tells how";
            canvas.paragraph(inset(area), text, canvas.theme.dim);
            return;
        }
        let wanted = u16::try_from(self.list.shown.len()).unwrap_or(u16::MAX).saturating_add(1);
        let height = wanted.clamp(2, (area.height / 2).max(2));
        let look = table::FOCUSED;
        table::draw(canvas, top(area, height), &COLUMNS, &self.list, look, |index| {
            schedules.get(index).map(|schedule| row(model, schedule))
        });
        if let Some(schedule) = self.focus(&model.data).schedule {
            let inner = canvas.rule(below(area, height), &schedule.name);
            schedule::details(canvas, model, schedule, inner);
        }
    }
}

fn entry(schedule: &Schedule) -> Entry {
    let last = schedule.last_run.as_ref();
    Entry {
        id: schedule.name.clone(),
        words: format!("{} {} {}", schedule.name, schedule.cron, schedule.timezone),
        faulty: schedule.paused || last.is_some_and(|run| !run.is_whole() || !run.warnings.is_empty()),
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
