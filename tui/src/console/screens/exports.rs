//! The queue, what is being written, and what has ended.

use orgvault_api::{Export, Progress, State};
use ratatui::layout::Rect;

use super::{
    Component, Focus,
    export::{self, word},
    list_title,
};
use crate::{
    console::{
        keys::Action,
        message::Ask,
        model::{Data, Entry, List, Model},
        view::{
            canvas::{Canvas, below, top},
            table::{self, Cell, Column, Row, number, text},
        },
        words::{age, percent},
    },
    names, units,
};

const COLUMNS: [Column; 7] = [
    text("STATE", 11, 0, 0),
    text("ORGANIZATION", 16, 2, 0),
    text("FORMAT", 13, 1, 2),
    number("ROWS", 10, 0),
    number("TOOK", 9, 1),
    text("WHEN", 10, 0, 3),
    text("GID", 16, 0, 4),
];

/// Every export.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExportsScreen {
    list: List,
}

impl Component for ExportsScreen {
    fn keys() -> &'static [Action] {
        &[Action::Open, Action::Cancel, Action::Filter, Action::Faults, Action::Mark]
    }

    fn title(&self) -> Vec<String> {
        list_title("exports", &self.list)
    }

    fn question(&self) -> Ask {
        Ask::Exports
    }

    fn arrange(&mut self, data: &Data) {
        self.list.arrange(data.exports_in_order().into_iter().map(entry).enumerate().collect());
    }

    fn focus<'m>(&'m self, data: &'m Data) -> Focus<'m> {
        Focus { export: self.list.of(&data.exports_in_order()).copied(), ..Focus::default() }
    }

    one_list!();

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(("this list", "orgvault exports".to_owned()))
    }

    /// The list, and of the one with the cursor what there is room for.
    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        if model.data.exports.is_empty() && canvas.missing(area, "exports", &model.data.exports_asked) {
            return;
        }
        if model.data.exports.is_empty() {
            canvas.remark(area, "no export yet: e on an organization asks for one");
            return;
        }
        let exports = model.data.exports_in_order();
        let wanted = u16::try_from(self.list.shown.len()).unwrap_or(u16::MAX).saturating_add(1);
        let height = wanted.clamp(3, (area.height / 2).max(3));
        let look = table::FOCUSED;
        table::draw(canvas, top(area, height), &COLUMNS, &self.list, look, |index| {
            exports.get(index).map(|export| row(model, export))
        });
        if let Some(export) = self.list.of(&exports) {
            let title =
                format!("{} {} {}", names::organization(&export.organization), names::format_of(export), export.gid);
            let inner = canvas.rule(below(area, height), &title);
            export::details(canvas, model, export, inner);
        }
    }
}

fn entry(export: &Export) -> Entry {
    Entry {
        id: export.gid.to_string(),
        words: format!(
            "{} {} {} {} {} {}",
            export.gid,
            names::organization(&export.organization),
            names::format_of(export),
            export.state.name(),
            export.error.as_ref().map_or("", |error| &error.code),
            export.requested_by
        ),
        faulty: export.state == State::Error,
    }
}

fn row(model: &Model, export: &Export) -> Row {
    let theme = &model.setup.theme;
    let (symbol, style) = theme.state(export.state);
    let state = match (&export.progress, export.state) {
        (Some(Progress { job: Some(job), .. }), State::Started) => format!("{symbol} {}", job.state),
        (Some(progress), State::Started) if progress.rows_expected > 0 => {
            format!("{symbol} {} %", percent(progress.rows, progress.rows_expected))
        }
        _ => format!("{symbol} {}", word(export)),
    };
    let rows = match (&export.progress, export.state) {
        (Some(progress), State::Started) => units::number(progress.rows),
        (_, State::Finished) => units::number(units::rows(&export.counts)),
        _ => String::new(),
    };
    let took = match (export.started_at, export.finished_at) {
        (Some(from), to) => units::duration(units::between(from, to.unwrap_or(model.shown_at))),
        _ => String::new(),
    };
    let at = export.finished_at.or(export.started_at).unwrap_or(export.created_at);
    Row {
        id: export.gid.to_string(),
        cells: vec![
            Cell::new(state, style),
            Cell::new(names::organization(&export.organization), theme.text),
            Cell::new(names::format_of(export), theme.dim),
            Cell::new(rows, theme.text),
            Cell::new(took, theme.text),
            Cell::new(format!("{} ago", age(at, model.shown_at)), theme.dim),
            Cell::new(export.gid.to_string(), theme.dim),
        ],
    }
}
