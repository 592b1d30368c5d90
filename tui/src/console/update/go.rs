//! What the cursor is on.

use orgvault_api::{Archive, Export, Organization, OrganizationKey, Schedule, gid::Gid};

use crate::console::model::{Model, Pane, Screen};

/// The organization that the cursor or the screen is on.
pub(crate) fn focused_key(model: &Model) -> Option<&OrganizationKey> {
    match &model.screen {
        Screen::Organizations(_) => focused_organization(model).map(|organization| &organization.key),
        Screen::Organization(screen) => Some(&screen.key),
        Screen::Retention(_, key) => key.as_ref(),
        Screen::Exports(_) | Screen::Export(_) => focused_export(model).map(|export| &export.organization),
        _ => focused_archive(model).map(|archive| &archive.organization),
    }
}

/// The organization that the cursor is on.
pub(crate) fn focused_organization(model: &Model) -> Option<&Organization> {
    match &model.screen {
        Screen::Organizations(list) => model.data.organizations.items().get(list.index()?),
        _ => None,
    }
}

/// The organization of this key, as it was listed last.
pub(crate) fn listed<'m>(model: &'m Model, key: &OrganizationKey) -> Option<&'m Organization> {
    let same = |one: &&Organization| one.key.source == key.source && one.key.id == key.id && one.key.kind == key.kind;
    model.data.organizations.items().iter().find(same)
}

/// The archive that the cursor or the screen is on.
pub(crate) fn focused_archive(model: &Model) -> Option<&Archive> {
    match &model.screen {
        Screen::Organization(screen) => screen.archives.items().get(screen.list.index()?),
        Screen::Archive(screen) => screen.archive.value.as_ref(),
        Screen::Retention(list, _) => {
            model.data.retention.value.as_ref()?.decisions.get(list.index()?).map(|decision| &decision.archive)
        }
        _ => None,
    }
}

/// The export that the cursor or the screen is on.
pub(crate) fn focused_export(model: &Model) -> Option<&Export> {
    match &model.screen {
        Screen::Exports(list) => model.data.exports_in_order().get(list.index()?).copied(),
        Screen::Export(screen) => model.data.exports.get(&screen.gid),
        _ => None,
    }
}

/// The schedule that the cursor or the screen is on.
pub(crate) fn focused_schedule(model: &Model) -> Option<&Schedule> {
    let schedules = model.data.schedules.items();
    match &model.screen {
        Screen::Schedules(list) => schedules.get(list.index()?),
        Screen::Schedule(screen) => schedules.iter().find(|schedule| schedule.name == screen.name),
        _ => None,
    }
}

/// The section that the cursor is on, with its rows.
pub(crate) fn focused_section(model: &Model) -> Option<(Gid, String, u64)> {
    let (archive, list) = match &model.screen {
        Screen::Organization(screen) if screen.pane == Pane::Counts => (focused_archive(model)?, &screen.counts),
        Screen::Archive(screen) => (screen.archive.value.as_ref()?, &screen.list),
        _ => return None,
    };
    let count = archive.counts.get(list.index()?)?;
    Some((archive.gid, count.name.clone(), count.rows))
}

/// The newest older archive of the same organization, format and entity.
pub(crate) fn previous<'a>(archives: &'a [Archive], of: &Archive) -> Option<&'a Archive> {
    let alike = |one: &&Archive| {
        let form = (one.format, &one.entity, one.importable) == (of.format, &of.entity, of.importable);
        one.gid < of.gid && form && one.organization.id == of.organization.id
    };
    archives.iter().filter(alike).max_by_key(|one| one.gid)
}

/// The gid that the cursor or the screen is on.
pub(crate) fn selected_gid(model: &Model) -> Option<Gid> {
    match &model.screen {
        Screen::Activity(list, _) => model.data.activity().get(list.index()?)?.gid,
        Screen::Exports(_) | Screen::Export(_) => focused_export(model).map(|export| export.gid),
        screen => screen.gid().or_else(|| focused_archive(model).map(|archive| archive.gid)),
    }
}
