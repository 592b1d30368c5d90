//! Keys, the mouse and pasted text.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::{
    act,
    arrange::{Arrangement, arrange},
    available, dialog, prompt, refresh,
};
use crate::console::{
    keys::{self, Action},
    message::Effect,
    model::Model,
    screens::Motion,
    view,
};

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
        arrange(model);
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
    arrange(model);
    effects
}

/// The wheel moves the cursor, or scrolls.
pub(crate) fn wheel(model: &mut Model, by: isize) -> Vec<Effect> {
    if let Some(dialog) = &mut model.dialog {
        dialog::scroll(dialog, by);
        dialog::stay_within(model);
        return Vec::new();
    }
    let effects = go(model, Motion::Rows(by));
    arrange(model);
    effects
}

/// Moves the cursor; where there is text instead of a list, scrolls it, as far as there is some.
pub(crate) fn go(model: &mut Model, motion: Motion) -> Vec<Effect> {
    let by = match motion {
        Motion::Columns(_) => None,
        Motion::Rows(by) => Some(by),
        Motion::Top => Some(isize::MIN),
        Motion::Bottom => Some(isize::MAX),
    };
    if let (Some(by), true) = (by, model.screen.scroll().is_some()) {
        let reach = view::reach(model);
        if let Some(scroll) = model.screen.scroll() {
            *scroll = scroll.saturating_add_signed(by).min(reach);
        }
        return Vec::new();
    }
    let ask = model.screen.go(motion);
    refresh::asked(model, ask)
}
