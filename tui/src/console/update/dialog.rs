//! Keys of what lies over the screen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use orgvault_api::{ExportRequest, gid::Gid};

use super::refresh;
use crate::console::{
    message::{Ask, Effect},
    model::{Dialog, Formats, Model, Typed},
    view,
};

/// What a dialog does with a key.
enum After {
    Stay(Dialog),
    Close,
    Do(Vec<Ask>),
    Copy(String),
}

/// A key was pressed while a dialog is open.
pub(crate) fn press(model: &mut Model, key: &KeyEvent, name: &str) -> Vec<Effect> {
    let Some(dialog) = model.dialog.take() else { return Vec::new() };
    let after = if name == "esc" { After::Close } else { within(dialog, key, name) };
    match after {
        After::Stay(dialog) => {
            model.dialog = Some(dialog);
            stay_within(model);
        }
        After::Close => {}
        After::Do(asks) => {
            if asks.iter().any(|ask| matches!(ask, Ask::Export(_)))
                && let Some(list) = model.screen.list_mut()
            {
                list.marked.clear();
            }
            return refresh::asked(model, asks);
        }
        After::Copy(line) => {
            model.say(format!("copied {line}"));
            return vec![Effect::Copy(line)];
        }
    }
    Vec::new()
}

fn within(dialog: Dialog, key: &KeyEvent, name: &str) -> After {
    match dialog {
        Dialog::Help(scroll) => read(name, scroll, Dialog::Help),
        Dialog::Notes(_) if name == "n" => After::Close,
        Dialog::Notes(scroll) => read(name, scroll, Dialog::Notes),
        Dialog::Text { title, lines, scroll } => read(name, scroll, |scroll| Dialog::Text { title, lines, scroll }),
        Dialog::Confirm { question, details, asks, mut typed, scroll } => {
            match &mut typed {
                None if name == "y" => return After::Do(asks),
                None if matches!(name, "n" | "q") => return After::Close,
                Some(typed) if name == "enter" && typed.so_far == typed.wanted => return After::Do(asks),
                Some(Typed { so_far, .. }) => edit(so_far, key),
                None => {}
            }
            // What is typed into takes letters.
            let scrolls = typed.is_none() || matches!(name, "down" | "up" | "pgdn" | "pgup" | "home" | "end");
            let scroll = if scrolls { moved(scroll, name) } else { scroll };
            After::Stay(Dialog::Confirm { question, details, asks, typed, scroll })
        }
        Dialog::Formats(formats) => pick(formats, name),
        Dialog::Path { gid, path } => choose_path(gid, path, key, name),
        Dialog::Commands(lines, cursor) => match name {
            "q" | "@" => After::Close,
            "y" | "enter" => lines.get(cursor).map_or(After::Close, |(_, line)| After::Copy(line.clone())),
            _ => {
                let cursor = moved(cursor, name).min(lines.len().saturating_sub(1));
                After::Stay(Dialog::Commands(lines, cursor))
            }
        },
    }
}

fn read(name: &str, scroll: usize, dialog: impl FnOnce(usize) -> Dialog) -> After {
    match name {
        "q" | "?" | "enter" => After::Close,
        _ => After::Stay(dialog(moved(scroll, name))),
    }
}

fn moved(cursor: usize, name: &str) -> usize {
    match name {
        "j" | "down" => cursor + 1,
        "k" | "up" => cursor.saturating_sub(1),
        "pgdn" | "ctrl-d" | "ctrl-f" => cursor + 10,
        "pgup" | "ctrl-u" | "ctrl-b" => cursor.saturating_sub(10),
        "g" | "home" => 0,
        "G" | "end" => usize::MAX / 2,
        _ => cursor,
    }
}

fn choose_path(gid: Gid, mut path: String, key: &KeyEvent, name: &str) -> After {
    if name == "enter" && !path.trim().is_empty() {
        return After::Do(vec![Ask::Download(gid, path.trim().into())]);
    }
    edit(&mut path, key);
    After::Stay(Dialog::Path { gid, path })
}

fn pick(mut formats: Formats, name: &str) -> After {
    match name {
        "q" => return After::Close,
        "enter" => {
            let Formats { organizations, chosen, gzip, .. } = formats;
            let request = ExportRequest { organizations, formats: chosen, gzip, ..ExportRequest::default() };
            return After::Do(vec![Ask::Export(request)]);
        }
        "space" => toggle(&mut formats),
        _ => formats.cursor = moved(formats.cursor, name).min(formats.offered.len() + 1),
    }
    After::Stay(Dialog::Formats(formats))
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
pub(crate) fn stay_within(model: &mut Model) {
    let reach = view::reach(model);
    match &mut model.dialog {
        Some(
            Dialog::Help(scroll) | Dialog::Notes(scroll) | Dialog::Text { scroll, .. } | Dialog::Confirm { scroll, .. },
        ) => *scroll = reach.min(*scroll),
        Some(Dialog::Commands(lines, cursor)) => *cursor = lines.len().saturating_sub(1).min(*cursor),
        _ => {}
    }
}

/// The wheel was turned over a dialog.
pub(crate) fn scroll(dialog: &mut Dialog, by: isize) {
    match dialog {
        Dialog::Help(scroll)
        | Dialog::Notes(scroll)
        | Dialog::Text { scroll, .. }
        | Dialog::Confirm { scroll, .. }
        | Dialog::Commands(_, scroll) => {
            *scroll = scroll.saturating_add_signed(by);
        }
        Dialog::Formats(formats) => {
            formats.cursor = formats.cursor.saturating_add_signed(by).min(formats.offered.len() + 1);
        }
        Dialog::Path { .. } => {}
    }
}
