//! Why a key does nothing here and now.

use orgvault_api::{Archive, ArchiveState, Role, State, health::Health};

use crate::console::{
    keys::{Action, Key, Needs},
    model::{Link, Model},
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
    let focus = model.focus();
    let reason = match action {
        Action::Verify | Action::Download | Action::Compare | Action::Pin | Action::Delete | Action::Preflight => {
            archive(focus.archive, action)
        }
        Action::Cancel if has_marks(model) => None,
        Action::Cancel => match focus.export {
            None => Some("there is no export here"),
            Some(export) => export.state.is_final().then_some("this export has ended already"),
        },
        Action::Export | Action::Live if focus.organization.is_none() => Some("there is no organization here"),
        Action::Export | Action::Live if is_gone(model) => Some("its source does not list it any more"),
        Action::Open => nothing_to_open(model),
        Action::Run | Action::Pause => match focus.schedule {
            None => Some("there is no schedule here"),
            Some(schedule) => (!schedule.enabled).then_some("the configuration has this schedule off"),
        },
        Action::Forward if model.future.is_empty() => Some("there is nothing to go forward to"),
        Action::Backward if model.past.is_empty() => Some("there is nothing to go back to"),
        _ => None,
    };
    reason.map(str::to_owned)
}

fn nothing_to_open(model: &Model) -> Option<&'static str> {
    match (model.screen.list(), model.focus().export) {
        (Some(list), _) => list.shown.is_empty().then_some("there is nothing here to open"),
        (None, Some(export)) if export.state == State::Finished => None,
        (None, _) => Some("this export has no archive"),
    }
}

fn is_gone(model: &Model) -> bool {
    let one = model.focus().organization.and_then(|key| model.data.listed(key));
    !has_marks(model) && one.is_some_and(|one| one.health == Health::Gone)
}

fn has_marks(model: &Model) -> bool {
    model.screen.list().is_some_and(|list| !list.marked.is_empty())
}

fn archive(archive: Option<&Archive>, action: Action) -> Option<&'static str> {
    let Some(archive) = archive else { return Some("there is no archive here") };
    match action {
        Action::Delete if archive.pinned => Some("this archive is pinned: unpin it first"),
        Action::Verify | Action::Download | Action::Preflight if archive.state == ArchiveState::Missing => {
            Some("the file of this archive is gone")
        }
        _ => None,
    }
}
