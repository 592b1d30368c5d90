//! Tables whose rows several organizations name: people, and what all may look up.

use super::{
    link::{Link, Schema},
    owned::{Owners, Way},
    study::Study,
    words::{is_same, words},
};

/// A shared table, and which rows of it are an organization's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shared {
    /// The links of owned tables whose rows name those of this one.
    pub(super) by: Vec<usize>,
    /// Whether the links are those of members.
    pub(super) are_members: bool,
}

/// Whether a link says who is a member: no two rows of its table have it and the same organization, or
/// the same part of one.
pub(super) fn is_membership(schema: &Schema<'_>, owners: &Owners, link: &Link) -> bool {
    membership(schema, owners, link) == Some(Key::Exact)
}

/// How a unique key holds a link and the way to the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Exact,
    WithMore,
}

fn membership(schema: &Schema<'_>, owners: &Owners, link: &Link) -> Option<Key> {
    let way = match &owners.get(&link.from)?.way {
        Way::Link(way) => way,
        Way::Any(ways) => ways.first()?,
        Way::Tenant | Way::Typed(_) | Way::Named(_) => return None,
    };
    let way = schema.links.get(*way)?;
    let table = schema.table(link.from);
    let keys = table.unique.iter().filter(|key| {
        let has = |columns: &[String]| columns.iter().all(|column| key.contains(column));
        has(&way.columns) && has(&link.columns)
    });
    let is_of_both = |column: &String| way.columns.contains(column) || link.columns.contains(column);
    let kinds = keys.map(|key| {
        let rest = key.iter().filter(|column| !is_of_both(column) && !is_of_deletion(column));
        if rest.count() == 0 { Key::Exact } else { Key::WithMore }
    });
    kinds.min_by_key(|key| *key == Key::WithMore)
}

/// Whether a column only tells rows apart that were deleted.
fn is_of_deletion(column: &str) -> bool {
    words(column).iter().any(|word| matches!(word.as_str(), "deleted" | "removed" | "archived"))
}

/// Whether the rows of a table that nobody owns are named by owned ones, and by which.
pub(super) fn find(study: &Study<'_>, owners: &Owners, place: usize) -> Option<Shared> {
    let schema = study.schema;
    let by: Vec<(usize, &Link)> = schema
        .links_to(place)
        .filter(|(_, link)| owners.contains_key(&link.from) && link.from != place && study.proof(link).holds())
        .filter(|(_, link)| link.keys.len() == 1)
        .collect();
    if by.is_empty() {
        return None;
    }
    for kind in [Key::Exact, Key::WithMore] {
        let members = members(study, owners, &by, kind);
        if !members.is_empty() && (kind == Key::Exact || is_of_people(schema, place)) {
            return Some(Shared { by: members, are_members: true });
        }
    }
    let some = |fits: &dyn Fn(&Link) -> bool| {
        let links: Vec<usize> = by.iter().filter(|(_, link)| fits(link)).map(|(at, _)| *at).collect();
        (!links.is_empty()).then_some(Shared { by: links, are_members: false })
    };
    let of_people = is_of_people(schema, place);
    some(&|link| !link.is_audit && (link.is_required || !of_people))
        .or_else(|| some(&|link| !link.is_audit))
        .or_else(|| some(&|_| true))
}

/// The links of members: those of tables with such a key and, where none of these is called so, those
/// that are called members of a part of the organization.
fn members(study: &Study<'_>, owners: &Owners, by: &[(usize, &Link)], kind: Key) -> Vec<usize> {
    let schema = study.schema;
    let is_called_so = |link: &Link| {
        words(&schema.table(link.from).name).iter().any(|word| is_same(word, "member") || is_same(word, "membership"))
    };
    let is_of_part = |link: &Link| {
        let table = schema.table(link.from);
        let parts = schema.links_of(link.from).map(|(_, part)| part);
        let mut parts =
            parts.filter(|part| part.is_required && owners.contains_key(&part.to) && study.proof(part).holds());
        let has = |key: &[String], link: &Link| link.columns.iter().all(|column| key.contains(column));
        parts.any(|part| table.unique.iter().any(|key| has(key, part) && has(key, link)))
    };
    let mut members: Vec<(usize, &Link)> = by
        .iter()
        .filter(|(_, link)| !link.is_audit && membership(schema, owners, link) == Some(kind))
        .copied()
        .collect();
    if !members.is_empty() && !members.iter().any(|(_, link)| is_called_so(link)) {
        let parts = by.iter().filter(|(_, link)| !link.is_audit && is_called_so(link) && is_of_part(link));
        members.extend(parts.copied());
        members.sort_by_key(|(at, _)| *at);
        members.dedup_by_key(|(at, _)| *at);
    }
    members.into_iter().map(|(at, _)| at).collect()
}

/// Whether a table is one of people.
pub(super) fn is_of_people(schema: &Schema<'_>, place: usize) -> bool {
    let name = words(&schema.table(place).name);
    let last = name.last().map(String::as_str).unwrap_or_default();
    ["user", "person", "member", "account"].iter().any(|person| is_same(last, person))
}

/// The links by which each row of a table belongs to a row of another one, whatever that is.
pub(super) fn belongs<'s>(study: &Study<'s>, place: usize) -> Vec<&'s Link> {
    let fits = |link: &Link| link.is_required && !link.is_audit && link.to != place;
    let links = study.schema.links_of(place).map(|(_, link)| link);
    links.filter(|link| fits(link) && study.proof(link).holds()).collect()
}
