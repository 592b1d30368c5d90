//! What is typed in the last line: a filter that works while it is typed, or a command.

use crossterm::event::KeyEvent;
use orgvault_api::Format;

use super::{
    act::{self, visit},
    dialog::edit,
    refresh::asked,
};
use crate::{
    console::{
        command::{self, Command},
        filter::Filter,
        keys::{self, Action},
        message::Effect,
        model::{Dialog, Model, Prompt, PromptKind},
        screens::{Screen, organization::OrganizationScreen, organizations::SORTS},
    },
    names,
};

/// Something is going to be typed.
pub(crate) fn start(model: &mut Model, kind: PromptKind) {
    let filter = || model.screen.search().or(model.screen.list().map(|list| list.filter.typed()));
    let before = match kind {
        PromptKind::Command => String::new(),
        PromptKind::Filter => filter().unwrap_or_default().to_owned(),
    };
    model.prompt = Some(Prompt { kind, text: before.clone(), before, completion: None });
}

/// A key was pressed while something is typed.
pub(crate) fn press(model: &mut Model, key: &KeyEvent, name: &str) -> Vec<Effect> {
    let Some(mut prompt) = model.prompt.take() else { return Vec::new() };
    match name {
        "esc" => {
            if prompt.kind == PromptKind::Filter {
                filter(model, &prompt.before);
            }
            return Vec::new();
        }
        "enter" => return done(model, &prompt),
        "backspace" if prompt.text.is_empty() => return Vec::new(),
        "tab" | "shift-tab" if prompt.kind == PromptKind::Command => complete(model, &mut prompt, name == "tab"),
        _ => {
            edit(&mut prompt.text, key);
            prompt.completion = None;
        }
    }
    typed(model, prompt);
    Vec::new()
}

/// Text was pasted into the last line.
pub(crate) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if let Some(mut prompt) = model.prompt.take() {
        prompt.text.push_str(text);
        typed(model, prompt);
        model.screen.arrange(&model.data);
    }
    Vec::new()
}

fn typed(model: &mut Model, prompt: Prompt) {
    if prompt.kind == PromptKind::Filter {
        filter(model, &prompt.text);
    }
    model.prompt = Some(prompt);
}

/// Rows of a section are searched by the daemon, when the text is whole.
fn filter(model: &mut Model, text: &str) {
    if model.screen.search().is_some() {
        return;
    }
    if let Some(list) = model.screen.list_mut() {
        list.filter = Filter::new(text);
    }
}

fn done(model: &mut Model, prompt: &Prompt) -> Vec<Effect> {
    match prompt.kind {
        PromptKind::Filter => {
            filter(model, &prompt.text);
            let ask = model.screen.look_for(&prompt.text);
            asked(model, ask)
        }
        PromptKind::Command => match command::parse(&prompt.text) {
            Ok(command) => run(model, command),
            Err(reason) => {
                model.complain(reason);
                Vec::new()
            }
        },
    }
}

fn complete(model: &Model, prompt: &mut Prompt, forwards: bool) {
    let (typed, index) = match prompt.completion.take() {
        Some((typed, index)) => (typed, Some(index)),
        None => (prompt.text.clone(), None),
    };
    let organizations = model.data.organizations.items().iter().map(|one| names::organization(&one.key));
    let choices = command::completions(&typed, organizations, &act::offered(model));
    if choices.is_empty() {
        return;
    }
    let next = match (index, forwards) {
        (None, true) => 0,
        (None, false) => choices.len() - 1,
        (Some(index), true) => (index + 1) % choices.len(),
        (Some(index), false) => (index + choices.len() - 1) % choices.len(),
    };
    if let Some(choice) = choices.into_iter().nth(next) {
        prompt.text = choice;
        prompt.completion = Some((typed, next));
    }
}

fn run(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Do(action) => return press_for(model, action),
        Command::Organization(name) => return organization(model, &name),
        Command::Gid(gid) => return visit(model, Screen::of_gid(&model.data, gid)),
        Command::Sort(column) => {
            let place = SORTS.iter().position(|known| *known == column);
            if let (Some(place), Screen::Organizations(screen)) = (place, &mut model.screen) {
                screen.list.reverse = place == screen.list.sort && !screen.list.reverse;
                screen.list.sort = place;
            } else {
                model.complain("only the organizations are sorted by a column");
            }
        }
        Command::Filter(text) => filter(model, &text),
        Command::Export(formats) => return export(model, formats),
        Command::Row(number) => {
            if let Screen::Rows(screen) = &mut model.screen {
                let ask = screen.number(number);
                return asked(model, ask);
            }
            model.complain("only rows of a section have numbers");
        }
        Command::Nothing => {}
    }
    Vec::new()
}

/// A command does what its key does, and is refused where the key is.
fn press_for(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(key) = keys::on(model.screen.kind()).find(|key| key.action == action) else {
        model.complain("that does not work on this screen: ? shows what does");
        return Vec::new();
    };
    match super::available::reason(model, key) {
        Some(reason) => {
            model.complain(reason);
            Vec::new()
        }
        None => act::act(model, action),
    }
}

/// Opens the picker with these formats chosen, so that one sees what is going to happen.
fn export(model: &mut Model, formats: Vec<Format>) -> Vec<Effect> {
    let effects = press_for(model, Action::Export);
    if let Some(Dialog::Formats(picker)) = &mut model.dialog {
        match formats.iter().find(|format| !picker.offered.contains(format)) {
            Some(missing) => {
                let text = format!(
                    "{} is not offered as {missing}, but as {}",
                    picker.whom,
                    Format::join(&picker.offered, ", ")
                );
                model.dialog = None;
                model.complain(text);
            }
            None => picker.chosen = formats,
        }
    }
    effects
}

fn organization(model: &mut Model, name: &str) -> Vec<Effect> {
    let found = model.data.organizations.items().iter().find(|one| {
        names::organization(&one.key) == name
            || names::exact(&one.key.tenant()) == name
            || one.key.slug == name
            || one.key.id == name
    });
    if let Some(key) = found.map(|one| one.key.clone()) {
        return visit(model, OrganizationScreen::new(key));
    }
    model.complain(format!("there is no organization {name}"));
    Vec::new()
}
