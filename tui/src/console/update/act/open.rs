//! `enter`: what the cursor is on becomes a screen.

use orgvault_api::{State, gid::Gid};

use crate::console::{
    message::Effect,
    model::{ExportScreen, Model, Pane, RecordScreen, ScheduleScreen, Screen},
    update::{
        act::visit,
        available::reason,
        go::{focused_archive, focused_export, focused_key, focused_schedule, focused_section, selected_gid},
    },
};

/// Opens what the cursor is on.
pub(crate) fn open(model: &mut Model) -> Vec<Effect> {
    match &model.screen {
        Screen::Organizations(_) => match focused_key(model).cloned() {
            Some(key) => visit(model, Screen::organization(key)),
            None => Vec::new(),
        },
        Screen::Organization(screen) if screen.pane == Pane::Archives => focused_archive(model)
            .map(|archive| archive.gid)
            .map(|gid| visit(model, Screen::archive(gid)))
            .unwrap_or_default(),
        Screen::Organization(_) | Screen::Archive(_) => section(model),
        Screen::Exports(_) | Screen::Export(_) => export(model),
        Screen::Rows(screen) if screen.page.value.as_ref().is_some_and(|page| !page.rows.is_empty()) => {
            let rows = (**screen).clone();
            visit(model, Screen::Record(Box::new(RecordScreen { rows, scroll: 0 })))
        }
        Screen::Schedules(_) => match focused_schedule(model).map(|schedule| schedule.name.clone()) {
            Some(name) => visit(model, Screen::Schedule(ScheduleScreen { name })),
            None => Vec::new(),
        },
        Screen::Retention(..) => selected_gid(model).map(|gid| visit(model, Screen::archive(gid))).unwrap_or_default(),
        Screen::Activity(..) => selected_gid(model).map(|gid| open_gid(model, gid)).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// An export that has an archive opens it; another one opens itself.
fn export(model: &mut Model) -> Vec<Effect> {
    let here = matches!(model.screen, Screen::Export(_));
    match focused_export(model).map(|export| (export.gid, export.state)) {
        Some((gid, State::Finished)) => visit(model, Screen::archive(gid)),
        Some((gid, _)) if !here => visit(model, Screen::Export(ExportScreen { gid, scroll: 0 })),
        _ => Vec::new(),
    }
}

/// The export of this gid, where it is known and has no archive; else the archive.
pub(crate) fn open_gid(model: &mut Model, gid: Gid) -> Vec<Effect> {
    match model.data.exports.get(&gid) {
        Some(export) if export.state != State::Finished => {
            visit(model, Screen::Export(ExportScreen { gid, scroll: 0 }))
        }
        _ => visit(model, Screen::archive(gid)),
    }
}

/// Rows are for admins.
fn section(model: &mut Model) -> Vec<Effect> {
    let Some((gid, section, rows)) = focused_section(model) else { return Vec::new() };
    let needed = crate::console::keys::of(crate::console::keys::Action::Preflight);
    if let Some(reason) = needed.and_then(|key| reason(model, key)) {
        model.complain(format!("browse rows: {reason}"));
        return Vec::new();
    }
    visit(model, Screen::rows(gid, section, Some(rows)))
}
