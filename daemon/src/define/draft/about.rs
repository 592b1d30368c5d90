//! Why a table is what it is, in sentences for comments.

use std::fmt::Write as _;

use super::Draft;
use crate::{
    define::{
        classify::Class,
        delegated::Naming,
        link::{Link, Origin},
        owned::{Owned, Way},
        polymorphic::Pair,
        shared::Shared,
        study::{Proof, Study},
    },
    source::survey::{Answer, Ask, Question},
};

/// How a table finds its organization, as a sentence.
pub(super) fn owned(draft: &Draft<'_>, place: usize, owned: &Owned) -> String {
    let mut said = match &owned.way {
        Way::Tenant => "the organization itself.".to_owned(),
        Way::Link(at) => format!("{}.", path(draft, *at)),
        Way::Any(ways) => {
            let paths: Vec<String> = ways.iter().map(|at| path(draft, *at)).collect();
            format!("{}: the first that is set counts.", paths.join(", or "))
        }
        Way::Typed(pair) => {
            let arms: Vec<String> =
                pair.arms.iter().map(|arm| format!("{:?} is {}", arm.value, draft.schema.key(arm.table))).collect();
            format!("{} says whose row {} names: {}.", pair.kind, pair.id, arms.join(", "))
        }
        Way::Named(Naming { by, pair }) => {
            let values: Vec<String> = pair.arms.iter().map(|arm| format!("{:?}", arm.value)).collect();
            let by = draft.schema.key(*by);
            format!("one row of {by} names each by {}, where {} is {}.", pair.id, pair.kind, values.join(" or "))
        }
    };
    if let Some(parent) = owned.tree.and_then(|at| draft.schema.links.get(at)) {
        let parent = parent.columns.join(", ");
        write!(said, " Rows without belong where {parent} leads.").unwrap_or_default();
    }
    for note in owned.notes.iter().cloned().chain(orphans(draft, place, owned).map(|(_, note)| note)) {
        write!(said, "\n{note}.").unwrap_or_default();
    }
    said
}

/// `project_id -> projects.workspace_id -> workspaces`, with what makes each step certain.
fn path(draft: &Draft<'_>, at: usize) -> String {
    let Some(link) = draft.schema.links.get(at) else { return String::new() };
    let (columns, target) = (link.columns.join(", "), draft.schema.key(link.to));
    let said = format!("{columns} names {target} ({})", how(draft, link));
    let next = match draft.classes.tables.get(&link.to) {
        Some(Class::Owned(Owned { way: Way::Link(next), .. })) if link.to != draft.schema.tenant => Some(*next),
        _ => None,
    };
    next.map_or(said.clone(), |next| format!("{said}, whose {}", path(draft, next)))
}

fn how(draft: &Draft<'_>, link: &Link) -> String {
    let null = if link.is_required { "NOT NULL" } else { "may be NULL" };
    match link.origin {
        Origin::Hint => "as the file of links says".to_owned(),
        Origin::Constraint => format!("foreign key, {null}"),
        Origin::Name | Origin::Part | Origin::Values => match Study::new(draft.schema, draft.answers).proof(link) {
            Proof::Holds(Some(why)) => format!("{why}, {null}"),
            _ => format!("by name, {null}"),
        },
    }
}

pub(super) fn shared(draft: &Draft<'_>, place: usize, shared: &Shared) -> String {
    let links = shared.by.iter().filter_map(|at| draft.schema.links.get(*at));
    let named: Vec<String> =
        links.map(|link| format!("{}.{}", draft.schema.key(link.from), link.columns.join(", "))).collect();
    let is_of_people = crate::define::shared::is_of_people(draft.schema, place);
    let what = if shared.are_members && is_of_people { "the members" } else { "the rows" };
    format!("several organizations share it. Here are {what} that {} names.", named.join(" or "))
}

/// Why rows may belong to no organization, and the same with their number.
pub(super) fn orphans(draft: &Draft<'_>, place: usize, owned: &Owned) -> Option<(String, String)> {
    let at = match &owned.way {
        Way::Link(at) => at,
        Way::Typed(pair) => return others(draft, pair),
        Way::Any(ways) => return neither(draft, place, ways),
        Way::Tenant | Way::Named(_) => return None,
    };
    let link = draft.schema.links.get(*at)?;
    let is_nullable = |name: &String| draft.schema.table(place).column(name).is_some_and(|column| column.is_nullable);
    // Of what was decided by its rows, one without is news.
    let is_meant = draft.schema.is_direct(link) || link.origin == Origin::Hint;
    if !is_meant || !link.columns.iter().any(is_nullable) {
        return None;
    }
    let question = |ask: Ask| match draft.answers.get(&Question { table: place, ask }) {
        Some(Answer::Count(count)) => Some(*count),
        _ => None,
    };
    let columns = link.columns.join(", ");
    let parent = owned.tree.and_then(|at| draft.schema.links.get(at)).map(|link| link.columns.join(", "));
    let and_parent = parent.map(|parent| format!(" and {parent}")).unwrap_or_default();
    let why = format!("{columns}{and_parent} may be NULL: such a row belongs to no organization");
    let unset = question(Ask::Unset(link.columns.clone()));
    let note = match unset {
        Some(0) => format!("{columns} is NULL in no row now"),
        Some(unset) => format!("{columns} is NULL in {}, which belong to no organization", rows_of(unset)),
        None => why.clone(),
    };
    if owned.tree.is_some() {
        return Some((why.clone(), why));
    }
    Some((why, note))
}

/// Rows of a pair that name what is of no organization alone.
fn others(draft: &Draft<'_>, pair: &Pair) -> Option<(String, String)> {
    let values = pair.others.iter().map(|arm| format!("{:?} ({})", arm.value, draft.schema.key(arm.table)));
    let values: Vec<String> = values.collect();
    let why = format!("{} may be {}: such a row belongs to no organization alone", pair.kind, values.join(" or "));
    (!values.is_empty()).then(|| (why.clone(), why))
}

/// Rows whose own link may be NULL, and that of the row above them too.
fn neither(draft: &Draft<'_>, place: usize, ways: &[usize]) -> Option<(String, String)> {
    let [first, second] = ways else { return None };
    let (first, second) = (draft.schema.links.get(*first)?, draft.schema.links.get(*second)?);
    let Some(Class::Owned(above)) = draft.classes.tables.get(&second.to) else { return None };
    if !draft.schema.is_direct(first) || second.to == place || !second.is_required {
        return None;
    }
    orphans(draft, second.to, above)?;
    let (columns, target) = (first.columns.join(", "), draft.schema.key(second.to));
    let why = format!("{columns} may be NULL, here and in {target}: such a row belongs to no organization");
    Some((why.clone(), why))
}

pub(super) fn rows_of(number: u64) -> String {
    if number == 1 { "1 row".to_owned() } else { format!("{number} rows") }
}
