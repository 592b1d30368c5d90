//! Puts the rows of the screen's lists in order, filters them, and keeps the cursor.

use std::cmp::Ordering;

use orgvault_api::{
    Archive, ArchiveState, Organization, State,
    health::{Health, Level},
};

use crate::{
    console::{
        filter::Filter,
        model::{Entry, Kind, Model, Screen},
        update::go::previous,
    },
    names,
};

/// The columns that organizations are sorted by, as `s` goes through them; the first is usual.
pub(crate) const SORTS: [&str; 9] = ["health", "name", "source", "kind", "age", "rows", "size", "nights", "next"];

/// A filter looks at no more characters of a name.
const SEARCHED: usize = 200;

/// What decides how the rows of the screen are arranged, besides the data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arrangement {
    kind: Kind,
    way: (usize, usize),
    list: Option<(Filter, bool, usize, bool)>,
    /// The counts are those of the archive with the cursor.
    archive: Option<usize>,
}

impl Arrangement {
    /// How they are arranged now.
    pub(crate) fn of(model: &Model) -> Self {
        let list = model.screen.list();
        let list = list.map(|list| (list.filter.clone(), list.faults, list.sort, list.reverse));
        let archive = match &model.screen {
            Screen::Organization(screen) => Some(screen.list.cursor),
            _ => None,
        };
        Self { kind: model.screen.kind(), way: (model.past.len(), model.future.len()), list, archive }
    }
}

/// Arranges the lists of the screen that is shown.
pub(crate) fn arrange(model: &mut Model) {
    let mut screen = std::mem::replace(&mut model.screen, Screen::home());
    match &mut screen {
        Screen::Organizations(list) => {
            let rows = organizations(model, list.sort, list.reverse);
            list.arrange(rows);
        }
        Screen::Organization(screen) => {
            let archives = screen.archives.items();
            screen.list.arrange(archives.iter().map(archive).enumerate().collect());
            let shown = screen.list.index().and_then(|index| archives.get(index));
            let rows = shown.map(|shown| sections(shown, previous(archives, shown))).unwrap_or_default();
            screen.counts.arrange(rows.into_iter().enumerate().collect());
        }
        Screen::Exports(list) => list.arrange(exports(model)),
        Screen::Archive(screen) => {
            let rows = screen.archive.value.as_ref().map(|archive| sections(archive, None)).unwrap_or_default();
            screen.list.arrange(rows.into_iter().enumerate().collect());
        }
        Screen::Rows(screen) => {
            let rows = screen.page.value.as_ref().map_or(0, |page| page.rows.len());
            let entry = |row: usize| (row, Entry { id: row.to_string(), ..Entry::default() });
            screen.list.arrange((0..rows).map(entry).collect());
        }
        Screen::Compare(screen) => {
            let sections = screen.comparison.value.as_ref().map(|comparison| comparison.sections.as_slice());
            let entry = |section: &orgvault_api::SectionDifference| Entry {
                id: section.name.clone(),
                words: section.name.clone(),
                faulty: section.left != section.right,
            };
            screen.list.arrange(sections.unwrap_or_default().iter().map(entry).enumerate().collect());
        }
        Screen::Schedules(list) => list.arrange(schedules(model)),
        Screen::Retention(list, of) => {
            let rows = retention(model, of.as_ref());
            list.arrange(rows);
        }
        Screen::Activity(list, follow) => {
            list.arrange(activity(model));
            if *follow {
                list.put(0);
            }
        }
        Screen::Export(_) | Screen::Record(_) | Screen::Schedule(_) => {}
    }
    model.screen = screen;
}

fn organizations(model: &Model, sort: usize, reverse: bool) -> Vec<(usize, Entry)> {
    let all = model.data.organizations.items();
    let mut order: Vec<usize> = (0..all.len()).collect();
    let column = SORTS.get(sort).copied().unwrap_or("health");
    order.sort_by(|left, right| match (all.get(*left), all.get(*right)) {
        (Some(left), Some(right)) => {
            let ordering = compare(column, left, right);
            let ordering = if reverse { ordering.reverse() } else { ordering };
            // Soft-deleted ones come after all others, however they are.
            let deleted = left.deleted_at.is_some().cmp(&right.deleted_at.is_some());
            deleted.then(ordering).then_with(|| by_name(left, right))
        }
        _ => Ordering::Equal,
    });
    order.into_iter().filter_map(|index| Some((index, organization(all.get(index)?)))).collect()
}

/// The worst, the oldest and the largest come first; names as in a dictionary.
fn compare(column: &str, left: &Organization, right: &Organization) -> Ordering {
    let last = |one: &Organization| one.last_archive.as_ref().map(|last| last.exported_at);
    let rows = |one: &Organization| one.last_archive.as_ref().map(|last| last.rows);
    let bytes = |one: &Organization| one.last_archive.as_ref().map(|last| last.bytes);
    let bad = |one: &Organization| one.history.iter().filter(|day| **day == orgvault_api::DayResult::Error).count();
    match column {
        "name" => by_name(left, right),
        "source" => left.key.source.cmp(&right.key.source),
        "kind" => left.key.kind.cmp(&right.key.kind),
        "age" => last(left).cmp(&last(right)),
        "rows" => rows(right).cmp(&rows(left)),
        "size" => bytes(right).cmp(&bytes(left)),
        "nights" => bad(right).cmp(&bad(left)),
        "next" => left.next_run.is_none().cmp(&right.next_run.is_none()).then(left.next_run.cmp(&right.next_run)),
        _ => weight(right).cmp(&weight(left)),
    }
}

/// What is not judged comes after all that is.
fn weight(one: &Organization) -> Option<Health> {
    one.is_judged().then_some(one.health)
}

fn by_name(left: &Organization, right: &Organization) -> Ordering {
    (&left.key.slug, &left.key.name, &left.key.id).cmp(&(&right.key.slug, &right.key.name, &right.key.id))
}

fn organization(one: &Organization) -> Entry {
    let name = names::organization(&one.key);
    let deleted = if one.deleted_at.is_some() { "deleted" } else { "" };
    let deleted = if one.covered { deleted.to_owned() } else { format!("{deleted} excluded") };
    let called: String = one.key.name.chars().take(SEARCHED).collect();
    Entry {
        words: format!("{name} {called} {} {} {} {deleted}", one.key.id, one.key.kind, one.health.name()),
        id: names::exact(&one.key),
        faulty: one.is_judged() && (one.health.level() > Level::Ok || one.listed_at.is_some()),
    }
}

fn archive(one: &Archive) -> Entry {
    let format = names::archive_format(one);
    let pinned = if one.pinned { "pinned" } else { "" };
    Entry {
        id: one.gid.to_string(),
        words: format!("{} {format} {:?} {pinned} {}", one.gid, one.state, one.exported_at),
        faulty: one.state != ArchiveState::Present || !one.warnings.is_empty(),
    }
}

fn sections(archive: &Archive, before: Option<&Archive>) -> Vec<Entry> {
    let was = |name: &str| before?.counts.iter().find(|count| count.name == name).map(|count| count.rows);
    let entry = |count: &orgvault_api::SectionCount| Entry {
        id: count.name.clone(),
        words: count.name.clone(),
        faulty: was(&count.name).is_some_and(|rows| rows > count.rows),
    };
    archive.counts.iter().map(entry).collect()
}

fn exports(model: &Model) -> Vec<(usize, Entry)> {
    let exports = model.data.exports_in_order();
    let entry = |export: &&orgvault_api::Export| Entry {
        id: export.gid.to_string(),
        words: format!(
            "{} {} {} {} {} {}",
            export.gid,
            names::organization(&export.organization),
            names::format_of(export),
            export.state.name(),
            export.error.as_ref().map_or("", |error| &error.code),
            export.requested_by
        ),
        faulty: export.state == State::Error,
    };
    exports.iter().map(entry).enumerate().collect()
}

fn schedules(model: &Model) -> Vec<(usize, Entry)> {
    let entry = |schedule: &orgvault_api::Schedule| Entry {
        id: schedule.name.clone(),
        words: format!("{} {} {}", schedule.name, schedule.cron, schedule.timezone),
        faulty: schedule.paused
            || schedule.last_run.as_ref().is_some_and(|run| !run.is_whole() || !run.warnings.is_empty()),
    };
    model.data.schedules.items().iter().map(entry).enumerate().collect()
}

fn retention(model: &Model, of: Option<&orgvault_api::OrganizationKey>) -> Vec<(usize, Entry)> {
    let decisions = model.data.retention.value.as_ref().map(|plan| plan.decisions.as_slice()).unwrap_or_default();
    let concerns = |key: &orgvault_api::OrganizationKey| {
        of.is_none_or(|of| of.source == key.source && of.id == key.id && of.kind == key.kind)
    };
    let rows = decisions.iter().enumerate().filter(|(_, decision)| concerns(&decision.archive.organization));
    rows.map(|(index, decision)| {
        let archive = &decision.archive;
        let keep = if decision.keep { "keep" } else { "drop" };
        let words = format!(
            "{} {} {keep} {}",
            archive.gid,
            names::organization(&archive.organization),
            decision.reasons.join(" ")
        );
        (index, Entry { id: archive.gid.to_string(), words, faulty: !decision.keep })
    })
    .collect()
}

fn activity(model: &Model) -> Vec<(usize, Entry)> {
    let entry = |one: &crate::console::model::Happening| Entry {
        id: format!("{} {} {}", one.at, one.what, one.on),
        words: format!("{} {} {} {}", one.who, one.what, one.on, one.result),
        faulty: one.bad,
    };
    model.data.activity().iter().map(entry).enumerate().collect()
}
