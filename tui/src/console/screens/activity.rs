//! What happened: the audit trail, and what this console has seen.

use ratatui::layout::Rect;

use super::{Asks, Component, Focus, list_title};
use crate::{
    console::{
        keys::Action,
        message::Ask,
        model::{Data, Entry, Happening, List, Model},
        view::{
            canvas::{Canvas, below, top},
            notes::Notes,
            table::{self, Cell, Column, Row, text},
        },
    },
    units,
};

const COLUMNS: [Column; 5] = [
    text("TIME", 14, 0, 0),
    text("WHO", 10, 0, 1),
    text("WHAT", 16, 0, 0),
    text("ON", 20, 2, 0),
    text("RESULT", 8, 1, 2),
];

/// What happened, the newest first.
#[derive(Debug, Clone)]
pub(crate) struct ActivityScreen {
    /// The lines.
    list: List,
    /// Whether the cursor stays on the newest.
    follow: bool,
}

impl Default for ActivityScreen {
    fn default() -> Self {
        Self { list: List::default(), follow: true }
    }
}

impl Component for ActivityScreen {
    fn keys() -> &'static [Action] {
        &[Action::Open, Action::Follow, Action::Filter, Action::Faults]
    }

    fn title(&self) -> Vec<String> {
        list_title("activity", &self.list)
    }

    fn question(&self) -> Ask {
        Ask::Audit
    }

    fn asks(&self) -> Asks {
        Asks::Often
    }

    fn arrange(&mut self, data: &Data) {
        self.list.arrange(data.activity().iter().map(entry).enumerate().collect());
        if self.follow {
            self.list.put(0);
        }
    }

    fn focus<'m>(&'m self, data: &'m Data) -> Focus<'m> {
        Focus { gid: self.list.of(&data.activity()).and_then(|one| one.gid), ..Focus::default() }
    }

    one_list!();

    fn act(&mut self, _follow: Action) {
        self.follow = !self.follow;
    }

    fn command_line(&self) -> Option<(&'static str, String)> {
        Some(("the audit trail", "orgvault audit".to_owned()))
    }

    fn notes(&self, notes: &mut Notes<'_>, model: &Model) {
        let happenings = model.data.activity();
        let Some(Happening { at, who, what, on, result, .. }) = self.list.of(&happenings) else { return };
        notes.title(&format!("{what} at {}", units::time(*at)));
        notes.say(&format!("by {who}\non {on}\n{result}"), notes.theme.text);
    }

    /// The lines, and above them whether the audit trail is among them.
    fn draw(&self, canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
        let theme = canvas.theme;
        let audit = match (&model.data.audit.fault, &model.data.audit.value) {
            (Some(fault), _) if fault.is_not_offered() => {
                "the audit trail: this daemon does not offer that yet; events since the start".to_owned()
            }
            (Some(fault), _) => format!("the audit trail: {}; events since the start", fault.message),
            (None, Some(_)) => "the audit trail, and events since the start".to_owned(),
            (None, None) => "events since the start".to_owned(),
        };
        let follows = if self.follow { "  following" } else { "  not following: F follows" };
        canvas.spans(top(area, 1), &[(format!(" {audit}"), theme.dim), (follows.to_owned(), theme.text)]);
        let happenings = model.data.activity();
        table::draw(canvas, below(area, 1), &COLUMNS, &self.list, table::FOCUSED, |index| {
            happenings.get(index).map(|happening| row(model, happening))
        });
    }
}

fn entry(one: &Happening) -> Entry {
    Entry {
        id: format!("{} {} {}", one.at, one.what, one.on),
        words: format!("{} {} {} {}", one.who, one.what, one.on, one.result),
        faulty: one.bad,
    }
}

fn row(model: &Model, one: &Happening) -> Row {
    let theme = &model.setup.theme;
    let at = one.at.with_timezone(&model.setup.zone).format("%m-%d %H:%M:%S").to_string();
    let style = if one.bad { theme.bad } else { theme.text };
    let symbol = if one.bad { format!("{} ", theme.symbols.failed) } else { String::new() };
    Row {
        id: String::new(),
        cells: vec![
            Cell::new(at, theme.dim),
            Cell::new(&*one.who, theme.text),
            Cell::new(format!("{symbol}{}", one.what), style),
            Cell::new(&*one.on, theme.text),
            Cell::new(&*one.result, style),
        ],
    }
}
