//! Drills: what was put back, what came out, and how long it took.

use orgvault_api::{Drill, DrillState, Verdict};
use ratatui::{layout::Rect, style::Style};

use super::{Asks, Component, Focus, list_title};
use crate::{
    commands::drills::recovery,
    console::{
        keys::Action,
        message::Ask,
        model::{Data, Entry, List, Model},
        theme::Theme,
        view::{
            canvas::{Canvas, inset},
            notes::Notes,
            table::{self, Cell, Column, Row, number, text},
        },
        words::when,
    },
    names, units,
};

const COLUMNS: [Column; 6] = [
    text("VERDICT", 14, 0, 0),
    text("ORGANIZATION", 16, 1, 0),
    text("BEGAN", 10, 0, 0),
    number("ROWS", 10, 2),
    number("RECOVERY", 9, 0),
    text("WHY NOT", 16, 1, 1),
];

/// The newest drills.
#[derive(Debug, Clone, Default)]
pub(crate) struct DrillsScreen {
    list: List,
}

impl Component for DrillsScreen {
    fn keys() -> &'static [Action] {
        &[Action::Open, Action::Filter, Action::Faults]
    }

    fn title(&self) -> Vec<String> {
        list_title("drills", &self.list)
    }

    fn question(&self) -> Ask {
        Ask::Drills
    }

    fn asks(&self) -> Asks {
        Asks::Often
    }

    fn arrange(&mut self, data: &Data) {
        self.list.arrange(data.drills.items().iter().map(entry).enumerate().collect());
    }

    /// The archive that was put back.
    fn focus<'m>(&'m self, data: &'m Data) -> Focus<'m> {
        let gid = self.list.of(data.drills.items()).map(|drill| drill.archive);
        Focus { gid, ..Focus::default() }
    }

    one_list!();

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(("this list", "orgvault drills".to_owned()))
    }

    fn notes(&self, notes: &mut Notes<'_>, model: &Model) {
        let Some(drill) = self.list.of(model.data.drills.items()) else { return };
        notes.title(&format!("drill {}", drill.gid));
        notes.say(&names::organization(&drill.organization), notes.theme.text);
        if let Some(error) = &drill.error {
            notes.say(&format!("{}: {}\n{}", error.code, error.message, error.hint), notes.theme.text);
        }
        for proof in &drill.proofs {
            let word = if proof.same { "same" } else { "differs" };
            let differences = proof.differences.join("\n");
            notes.say(&format!("{} {word}: {}\n{differences}", proof.name, proof.message), notes.theme.text);
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        if canvas.missing(area, "drills", &model.data.drills) {
            return;
        }
        let drills = model.data.drills.items();
        if drills.is_empty() {
            let text = "no drill: `orgvault drill ORG` makes one, [[drill]] in the configuration each night";
            canvas.paragraph(inset(area), text, canvas.theme.dim);
            return;
        }
        table::draw(canvas, area, &COLUMNS, &self.list, table::FOCUSED, |index| {
            drills.get(index).map(|drill| row(model, drill))
        });
    }
}

fn entry(drill: &Drill) -> Entry {
    let (name, word) = (names::organization(&drill.organization), word(drill));
    let words = format!("{} {} {name} {word}", drill.gid, drill.archive);
    let faulty = drill.state == DrillState::Ended && drill.verdict != Some(Verdict::Passed);
    Entry { id: drill.gid.to_string(), words, faulty }
}

fn row(model: &Model, drill: &Drill) -> Row {
    let theme = &model.setup.theme;
    let (symbol, style) = look(theme, drill);
    Row {
        id: drill.gid.to_string(),
        cells: vec![
            Cell::new(format!("{symbol} {}", word(drill)), style),
            Cell::new(names::organization(&drill.organization), theme.text),
            Cell::new(when(drill.started_at, model.shown_at), theme.text),
            Cell::new(units::number(drill.rows), theme.text),
            Cell::new(recovery(drill).unwrap_or_default(), theme.text),
            Cell::new(drill.error.as_ref().map(|error| error.code.clone()).unwrap_or_default(), theme.dim),
        ],
    }
}

fn word(drill: &Drill) -> &'static str {
    drill.verdict.map_or(drill.state.name(), Verdict::name)
}

fn look(theme: &Theme, drill: &Drill) -> (&'static str, Style) {
    match drill.verdict {
        Some(Verdict::Passed) => (theme.symbols.ok, theme.good),
        Some(Verdict::Failed) => (theme.symbols.failed, theme.bad),
        Some(Verdict::Inconclusive) => (theme.symbols.unsure, theme.careful),
        None if drill.state == DrillState::Started => (theme.symbols.running, theme.text),
        None => (theme.symbols.none, theme.dim),
    }
}
