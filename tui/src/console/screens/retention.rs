//! What retention keeps and drops, and why.

use orgvault_api::{OrganizationKey, RetentionDecision, Tenant};
use ratatui::layout::Rect;

use super::{Component, Focus, list_title};
use crate::{
    console::{
        keys::Action,
        message::Ask,
        model::{Data, Entry, List, Model},
        view::{
            canvas::{Canvas, below, inset},
            notes::Notes,
            table::{self, Cell, Column, Row, number, text},
        },
    },
    names, units,
};

const COLUMNS: [Column; 6] = [
    text("", 6, 0, 0),
    text("ORGANIZATION", 16, 1, 0),
    text("FORMAT", 8, 0, 2),
    text("EXPORTED", 10, 0, 0),
    number("SIZE", 10, 1),
    text("WHY", 14, 2, 0),
];

/// What retention would do.
#[derive(Debug, Clone)]
pub(crate) struct RetentionScreen {
    /// Of which organization; of all, where it is none.
    of: Option<Tenant>,
    /// The archives.
    list: List,
}

impl RetentionScreen {
    /// Of one organization, or of all.
    pub(crate) fn new(of: Option<Tenant>) -> Self {
        Self { of, list: List::default() }
    }

    fn concerns(&self, key: &OrganizationKey) -> bool {
        self.of.as_ref().is_none_or(|of| key.is(of))
    }
}

fn decisions(data: &Data) -> &[RetentionDecision] {
    data.retention.value.as_ref().map(|plan| plan.decisions.as_slice()).unwrap_or_default()
}

impl Component for RetentionScreen {
    fn keys() -> &'static [Action] {
        &[Action::Open, Action::Filter, Action::Faults]
    }

    fn title(&self) -> Vec<String> {
        list_title("retention", &self.list)
    }

    fn question(&self) -> Ask {
        Ask::Retention
    }

    fn arrange(&mut self, data: &Data) {
        let rows = decisions(data).iter().enumerate();
        let rows = rows.filter(|(_, decision)| self.concerns(&decision.archive.organization));
        self.list.arrange(rows.map(|(index, decision)| (index, entry(decision))).collect());
    }

    fn focus<'m>(&'m self, data: &'m Data) -> Focus<'m> {
        let gid = self.list.of(decisions(data)).map(|decision| decision.archive.gid);
        Focus { gid, ..Focus::default() }
    }

    one_list!();

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(("this preview", "orgvault prune".to_owned()))
    }

    fn notes(&self, notes: &mut Notes<'_>, model: &Model) {
        let Some(one) = self.list.of(decisions(&model.data)) else { return };
        let word = if one.keep { "keeps" } else { "drops" };
        notes.title(&format!("retention {word} {}", one.archive.gid));
        notes.say(&names::organization(&one.archive.organization), notes.theme.text);
        notes.say(&one.reasons.join("\n"), notes.theme.text);
    }

    /// The decisions, and the rules that cannot be met above them.
    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        if canvas.missing(area, "retention", &model.data.retention) {
            return;
        }
        let Some(plan) = &model.data.retention.value else { return };
        let theme = canvas.theme;
        let dropped = || plan.decisions.iter().filter(|decision| !decision.keep);
        let bytes: u64 = dropped().map(|decision| decision.archive.bytes).sum();
        let text = format!(
            " a preview: {} would be deleted, {}",
            units::plural(dropped().count() as u64, "archive"),
            units::size(bytes)
        );
        canvas.text(area.x, area.y, area.width, &text, theme.text);
        let mut rest = below(area, 1);
        for warning in &plan.warnings {
            let used =
                canvas.paragraph(inset(rest), &format!("{} {}", theme.symbols.warning, warning.message), theme.careful);
            rest = below(rest, used);
        }
        table::draw(canvas, rest, &COLUMNS, &self.list, table::FOCUSED, |index| {
            plan.decisions.get(index).map(|decision| row(model, decision))
        });
    }
}

fn entry(decision: &RetentionDecision) -> Entry {
    let archive = &decision.archive;
    let (name, keep) = (names::organization(&archive.organization), if decision.keep { "keep" } else { "drop" });
    let words = format!("{} {name} {keep} {}", archive.gid, decision.reasons.join(" "));
    Entry { id: archive.gid.to_string(), words, faulty: !decision.keep }
}

fn row(model: &Model, decision: &RetentionDecision) -> Row {
    let theme = &model.setup.theme;
    let archive = &decision.archive;
    let (word, style) = if decision.keep {
        (format!("{} keep", theme.symbols.ok), theme.good)
    } else {
        (format!("{} drop", theme.symbols.failed), theme.careful)
    };
    Row {
        id: archive.gid.to_string(),
        cells: vec![
            Cell::new(word, style),
            Cell::new(names::organization(&archive.organization), theme.text),
            Cell::new(names::archive_format(archive), theme.dim),
            Cell::new(archive.exported_at.with_timezone(&model.setup.zone).format("%Y-%m-%d").to_string(), theme.text),
            Cell::new(units::size(archive.bytes), theme.text),
            Cell::new(decision.reasons.join(", "), theme.dim),
        ],
    }
}
