//! Why a key does nothing here and now.

use orgvault_api::{ArchiveState, Role, State, health::Health};

use crate::console::{
    keys::{Action, Key, Needs},
    model::{Link, Model, Screen},
    update::go::{focused_archive, focused_export, focused_key, focused_schedule, listed},
};

/// Why `key` does nothing at the moment; none where it does.
pub(crate) fn reason(model: &Model, key: &Key) -> Option<String> {
    needs(model, key.needs).or_else(|| thing(model, key.action))
}

fn needs(model: &Model, needs: Needs) -> Option<String> {
    let (role, changes) = match needs {
        Needs::Nothing => return None,
        Needs::Reading(role) => (role, false),
        Needs::Changing(role) => (role, true),
    };
    if changes && model.setup.read_only {
        return Some("this console was started with --read-only".to_owned());
    }
    if let Some(fault) = model.refused() {
        return Some(fault.message.clone());
    }
    match (&model.link, model.role()) {
        (Link::Down { .. }, _) => Some("orgvaultd does not answer".to_owned()),
        (_, None) => Some("not connected to orgvaultd yet".to_owned()),
        (_, Some(has)) if has < role => Some(lacks(role, has)),
        _ => None,
    }
}

fn lacks(role: Role, has: Role) -> String {
    let (role, has) = (role.name(), has.name());
    format!("needs the role {role}, and you are {has}: ask an owner to add you to `{role}s` in [access]")
}

/// What the thing under the cursor does not allow.
fn thing(model: &Model, action: Action) -> Option<String> {
    match action {
        Action::Verify | Action::Download | Action::Compare | Action::Pin | Action::Delete | Action::Preflight => {
            archive(model, action)
        }
        Action::Cancel => match focused_export(model) {
            _ if has_marks(model) => None,
            None => Some("there is no export here".to_owned()),
            Some(export) if export.state.is_final() => Some("this export has ended already".to_owned()),
            Some(_) => None,
        },
        Action::Export if model.screen.list().is_some_and(|list| list.total == 0) => match model.screen {
            Screen::Organizations(_) => Some("there is no organization here".to_owned()),
            _ => None,
        },
        Action::Export | Action::Live if is_gone(model) => Some("its source does not list it any more".to_owned()),
        Action::Open => nothing_to_open(model),
        Action::Run | Action::Pause if focused_schedule(model).is_none() => {
            Some("there is no schedule here".to_owned())
        }
        Action::Run | Action::Pause if focused_schedule(model).is_some_and(|schedule| !schedule.enabled) => {
            Some("the configuration has this schedule off".to_owned())
        }
        Action::Forward if model.future.is_empty() => Some("there is nothing to go forward to".to_owned()),
        Action::Backward if model.past.is_empty() => Some("there is nothing to go back to".to_owned()),
        _ => None,
    }
}

fn nothing_to_open(model: &Model) -> Option<String> {
    match &model.screen {
        Screen::Export(_) if focused_export(model).is_none_or(|export| export.state != State::Finished) => {
            Some("this export has no archive".to_owned())
        }
        screen if screen.list().is_some_and(|list| list.shown.is_empty()) => {
            Some("there is nothing here to open".to_owned())
        }
        _ => None,
    }
}

fn is_gone(model: &Model) -> bool {
    let one = focused_key(model).and_then(|key| listed(model, key));
    !has_marks(model) && one.is_some_and(|one| one.health == Health::Gone)
}

fn has_marks(model: &Model) -> bool {
    model.screen.list().is_some_and(|list| !list.marked.is_empty())
}

fn archive(model: &Model, action: Action) -> Option<String> {
    let Some(archive) = focused_archive(model) else {
        return Some("there is no archive here".to_owned());
    };
    match action {
        Action::Delete if archive.pinned => Some("this archive is pinned: unpin it first".to_owned()),
        Action::Verify | Action::Download | Action::Preflight if archive.state == ArchiveState::Missing => {
            Some("the file of this archive is gone".to_owned())
        }
        _ => None,
    }
}
