//! Keys of what lies over the screen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use orgvault_api::ExportRequest;

use super::refresh;
use crate::console::{
    message::{Ask, Effect},
    model::{Dialog, Formats, Model},
    view,
};

/// What a dialog does with a key.
enum After {
    Stay,
    Close,
    Do(Vec<Ask>),
    Copy(String),
}

/// A key was pressed while a dialog is open.
pub(crate) fn press(model: &mut Model, key: &KeyEvent, name: &str) -> Vec<Effect> {
    let Some(mut dialog) = model.dialog.take() else { return Vec::new() };
    match within(&mut dialog, key, name) {
        After::Stay => {
            model.dialog = Some(dialog);
            stay_within(model);
            Vec::new()
        }
        After::Close => Vec::new(),
        After::Do(asks) => {
            if let (Dialog::Formats(_), Some(list)) = (dialog, model.screen.list_mut()) {
                list.marked.clear();
            }
            refresh::asked(model, asks)
        }
        After::Copy(line) => {
            model.say(format!("copied {line}"));
            vec![Effect::Copy(line)]
        }
    }
}

fn within(dialog: &mut Dialog, key: &KeyEvent, name: &str) -> After {
    let closing: &[&str] = match dialog {
        Dialog::Help(_) | Dialog::Text { .. } => &["q", "?", "enter"],
        Dialog::Notes(_) => &["q", "?", "enter", "n"],
        Dialog::Confirm { typed: None, .. } => &["q", "n"],
        Dialog::Commands(..) => &["q", "@"],
        Dialog::Formats(_) => &["q"],
        // What is typed into takes letters.
        Dialog::Confirm { typed: Some(_), .. } | Dialog::Path { .. } => &[],
    };
    if name == "esc" || closing.contains(&name) {
        return After::Close;
    }
    match (dialog, name) {
        (Dialog::Confirm { asks, typed: None, .. }, "y") => return After::Do(std::mem::take(asks)),
        (Dialog::Confirm { asks, typed: Some(typed), .. }, "enter") if typed.so_far == typed.wanted => {
            return After::Do(std::mem::take(asks));
        }
        (Dialog::Confirm { typed: Some(typed), .. }, _) if !is_motion(name) => edit(&mut typed.so_far, key),
        (Dialog::Path { gid, path }, "enter") if !path.trim().is_empty() => {
            return After::Do(vec![Ask::Download(*gid, path.trim().into())]);
        }
        (Dialog::Path { path, .. }, _) => edit(path, key),
        (Dialog::Formats(formats), "enter") => return After::Do(vec![Ask::Export(request(formats))]),
        (Dialog::Formats(formats), "space") => toggle(formats),
        (Dialog::Commands(lines, cursor), "y" | "enter") => {
            return lines.get(*cursor).map_or(After::Close, |(_, line)| After::Copy(line.clone()));
        }
        (dialog, _) => {
            if let Some(place) = dialog.place() {
                *place = moved(*place, name);
            }
        }
    }
    After::Stay
}

fn is_motion(name: &str) -> bool {
    matches!(name, "down" | "up" | "pgdn" | "pgup" | "home" | "end")
}

fn moved(place: usize, name: &str) -> usize {
    match name {
        "j" | "down" => place + 1,
        "k" | "up" => place.saturating_sub(1),
        "pgdn" | "ctrl-d" | "ctrl-f" => place + 10,
        "pgup" | "ctrl-u" | "ctrl-b" => place.saturating_sub(10),
        "g" | "home" => 0,
        "G" | "end" => usize::MAX / 2,
        _ => place,
    }
}

fn request(formats: &Formats) -> ExportRequest {
    let Formats { organizations, chosen, gzip, .. } = formats.clone();
    ExportRequest { organizations, formats: chosen, gzip, ..ExportRequest::default() }
}

/// The lines are: the product's default, each format that is offered, gzip.
fn toggle(formats: &mut Formats) {
    match formats.cursor {
        0 => formats.chosen.clear(),
        line => match formats.offered.get(line - 1) {
            Some(format) => match formats.chosen.iter().position(|chosen| chosen == format) {
                Some(place) => drop(formats.chosen.remove(place)),
                None => formats.chosen.push(*format),
            },
            None => formats.gzip = !formats.gzip,
        },
    }
}

/// A line that is typed: characters, backspace, `ctrl-u` and `ctrl-w`.
pub(crate) fn edit(text: &mut String, key: &KeyEvent) {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('u') if control => text.clear(),
        KeyCode::Char('w') if control => {
            let kept = text.trim_end().rfind(' ').map_or(0, |at| at + 1);
            text.truncate(kept);
        }
        KeyCode::Char(character) if !control && !key.modifiers.contains(KeyModifiers::ALT) => text.push(character),
        KeyCode::Backspace => drop(text.pop()),
        _ => {}
    }
}

/// Text was pasted into a dialog.
pub(crate) fn paste(model: &mut Model, text: &str) {
    match &mut model.dialog {
        Some(Dialog::Confirm { typed: Some(typed), .. }) => typed.so_far.push_str(text.trim()),
        Some(Dialog::Path { path, .. }) => path.push_str(text),
        _ => {}
    }
}

/// No dialog is scrolled further than its text reaches, so that the way back is as long as the way.
fn stay_within(model: &mut Model) {
    let reach = view::reach(model);
    let Some(dialog) = &mut model.dialog else { return };
    let last = match dialog {
        Dialog::Commands(lines, _) => lines.len().saturating_sub(1),
        Dialog::Formats(formats) => formats.offered.len() + 1,
        _ => reach,
    };
    if let Some(place) = dialog.place() {
        *place = last.min(*place);
    }
}

/// The wheel was turned over a dialog.
pub(crate) fn scroll(model: &mut Model, by: isize) {
    if let Some(place) = model.dialog.as_mut().and_then(Dialog::place) {
        *place = place.saturating_add_signed(by);
    }
    stay_within(model);
}
