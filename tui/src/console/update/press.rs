//! Keys, the mouse and pasted text.

use crossterm::event::{KeyEvent, KeyEventKind};
use orgvault_api::gid::Gid;

use super::{act, available, dialog, prompt, refresh};
use crate::console::{
    filter::Filter,
    keys::{self, Action},
    message::Effect,
    model::Model,
    screens::Kind,
    view,
};

/// What decides how the rows of the screen are arranged, besides the data.
#[derive(Debug, PartialEq, Eq)]
struct Arrangement {
    kind: Kind,
    way: (usize, usize),
    list: Option<(Filter, bool, usize, bool)>,
    /// The counts are those of the archive with the cursor.
    archive: Option<Gid>,
}

impl Arrangement {
    /// How they are arranged now.
    fn of(model: &Model) -> Self {
        let list = model.screen.list();
        let list = list.map(|list| (list.filter.clone(), list.faults, list.sort, list.reverse));
        let archive = model.focus().archive.map(|archive| archive.gid);
        Self { kind: model.screen.kind(), way: (model.past.len(), model.future.len()), list, archive }
    }
}

/// A key was pressed: what lies on top takes it.
pub(crate) fn press(model: &mut Model, key: &KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let name = keys::name(key);
    match name.as_str() {
        "ctrl-c" => return vec![Effect::Quit],
        "ctrl-z" => return vec![Effect::Suspend],
        "ctrl-l" => return vec![Effect::Redraw],
        _ => {}
    }
    let before = Arrangement::of(model);
    let effects = if model.dialog.is_some() {
        dialog::press(model, key, &name)
    } else if model.prompt.is_some() {
        prompt::press(model, key, &name)
    } else {
        on_screen(model, &name)
    };
    if Arrangement::of(model) != before {
        model.screen.arrange(&model.data);
    }
    effects
}

fn on_screen(model: &mut Model, name: &str) -> Vec<Effect> {
    // What went wrong may have come a moment before the key: it stays to be read.
    let now = model.now;
    model.toasts.retain(|toast| toast.bad && (now - toast.at).num_seconds() < 2);
    let Some(key) = keys::find(model.screen.kind(), name) else {
        if let Some(elsewhere) = keys::KEYS.iter().find(|key| key.names.contains(&name)) {
            model.complain(format!("{name} ({}) does not work on this screen: ? shows what does", elsewhere.help));
        }
        return Vec::new();
    };
    match available::reason(model, key) {
        Some(reason) => {
            let word = if key.word.is_empty() { key.help } else { key.word };
            model.complain(format!("{name} {word}: {reason}"));
            Vec::new()
        }
        None => act::act(model, key.action),
    }
}

/// Text was pasted: it is never taken for keys.
pub(crate) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let line: String = text.chars().filter(|character| !character.is_control()).collect();
    if model.dialog.is_some() {
        dialog::paste(model, &line);
    } else if model.prompt.is_some() {
        return prompt::paste(model, &line);
    }
    Vec::new()
}

/// A click puts the cursor on a row; on the row that has it, it opens it.
pub(crate) fn click(model: &mut Model, row: usize) -> Vec<Effect> {
    if model.dialog.is_some() || model.prompt.is_some() {
        return Vec::new();
    }
    let Some(list) = model.screen.list_mut() else { return Vec::new() };
    let again = list.cursor == row;
    list.put(row);
    let effects = if again { act::act(model, Action::Open) } else { Vec::new() };
    model.screen.arrange(&model.data);
    effects
}

/// The wheel moves the cursor, or scrolls.
pub(crate) fn wheel(model: &mut Model, by: isize) -> Vec<Effect> {
    if model.dialog.is_some() {
        dialog::scroll(model, by);
        return Vec::new();
    }
    let effects = go(model, by);
    model.screen.arrange(&model.data);
    effects
}

/// Moves the cursor; where there is text instead of a list, scrolls it, as far as there is some.
pub(crate) fn go(model: &mut Model, rows: isize) -> Vec<Effect> {
    if model.screen.scroll().is_none() {
        let ask = model.screen.go(rows);
        return refresh::asked(model, ask);
    }
    let reach = view::reach(model);
    if let Some(scroll) = model.screen.scroll() {
        *scroll = scroll.saturating_add_signed(rows).min(reach);
    }
    Vec::new()
}

/// Moves the columns that are seen.
pub(crate) fn sideways(model: &mut Model, columns: isize) -> Vec<Effect> {
    let ask = model.screen.sideways(columns);
    refresh::asked(model, ask)
}
