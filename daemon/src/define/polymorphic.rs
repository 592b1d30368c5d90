//! Pairs of columns of which one names a table and the other holds an id of it: `commentable_type`
//! and `commentable_id`, `entity_name` and `entity_identifier`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    link::{Link, Origin, Schema},
    owned::{Cost, Owned, Owners, Way},
    study::Study,
    words::{are_same, referred, words},
};
use crate::source::survey::{Ask, ColumnFacts, Kind, TableFacts};

/// Two such columns, and what the values of the first mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) arms: Vec<Arm>,
}

/// One value, and the table that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arm {
    pub(super) value: String,
    pub(super) table: usize,
}

/// What the rows say of a pair.
pub(super) enum Found {
    /// All values name owned tables.
    Owned(Pair),
    /// No rows.
    Empty,
    /// These values name no owned table.
    Strange(Vec<String>),
    /// It could not be asked.
    Unknown,
}

/// The pairs of columns of a table that have no link of their own, by the kind and the id.
pub(super) fn pairs<'f>(schema: &Schema<'f>, place: usize) -> Vec<(&'f ColumnFacts, &'f ColumnFacts)> {
    let table = schema.table(place);
    let is_linked = |column: &ColumnFacts| {
        let holds = |link: &Link| link.columns == [column.name.clone()] && link.origin <= Origin::Constraint;
        schema.links_of(place).any(|(_, link)| holds(link))
    };
    let kinds = table.columns.iter().filter(|column| matches!(column.kind, Kind::Text | Kind::Other));
    let pair = |kind: &'f ColumnFacts| Some((kind, partner(table, kind)?));
    kinds.filter_map(pair).filter(|(_, id)| !is_linked(id)).collect()
}

/// `entity_identifier` to `entity_name`, `commentable_id` to `commentable_type`.
fn partner<'f>(table: &'f TableFacts, kind: &ColumnFacts) -> Option<&'f ColumnFacts> {
    let mut stem = words(&kind.name);
    let last = stem.pop()?;
    // `devices.device_id` is what somebody else calls the row itself.
    let is_own = words(&table.name).last().is_some_and(|own| are_same(&stem, std::slice::from_ref(own)));
    if stem.is_empty() || is_own || !matches!(last.as_str(), "type" | "name" | "model" | "class" | "table" | "kind") {
        return None;
    }
    let fits = |column: &&ColumnFacts| {
        matches!(column.kind, Kind::Uuid | Kind::Integer | Kind::Text) && referred(&column.name).as_ref() == Some(&stem)
    };
    table.columns.iter().find(fits)
}

/// The tables that can be owned by what a pair says.
pub(super) fn find(study: &Study<'_>, owners: &Owners) -> Vec<(usize, Owned)> {
    let open = (0..study.schema.facts.tables.len()).filter(|place| !owners.contains_key(place));
    open.filter_map(|place| Some((place, of_table(study, owners, place)?))).collect()
}

fn of_table(study: &Study<'_>, owners: &Owners, place: usize) -> Option<Owned> {
    let found = pairs(study.schema, place).into_iter().filter_map(|(kind, id)| {
        let Found::Owned(pair) = look(study, owners, place, kind, id) else { return None };
        Some((study.count(place, Ask::Unset(vec![id.name.clone()])).unwrap_or_default(), pair))
    });
    // Of two pairs the one that more rows have.
    let (unset, pair) = found.min_by_key(|(unset, _)| *unset)?;
    let note = format!("{} is NULL in {unset} rows, which belong to no organization", pair.id);
    let notes = if unset > 0 { vec![note] } else { Vec::new() };
    let depth = pair.arms.iter().filter_map(|arm| owners.get(&arm.table)).map(|owned| owned.cost.depth).max();
    let cost = Cost::of_pair(depth.unwrap_or_default() + 1);
    Some(Owned { way: Way::Typed(pair), tree: None, cost, notes })
}

/// The table that each value of a pair names, where that is one and the same of `those`.
pub(super) fn only_target(study: &Study<'_>, place: usize, those: &BTreeMap<usize, usize>) -> Option<usize> {
    pairs(study.schema, place).into_iter().find_map(|(kind, _)| {
        let values = study.values(place, Ask::Values(kind.name.clone()))?;
        let targets = values.iter().map(|value| target(study.schema, value, &|place| those.contains_key(&place)));
        let targets: Option<BTreeSet<usize>> = targets.collect();
        let targets = targets?;
        targets.first().copied().filter(|_| targets.len() == 1)
    })
}

/// What the values of a pair's first column say.
pub(super) fn look(study: &Study<'_>, owners: &Owners, place: usize, kind: &ColumnFacts, id: &ColumnFacts) -> Found {
    let Some(values) = study.values(place, Ask::Values(kind.name.clone())) else { return Found::Unknown };
    if values.is_empty() {
        return Found::Empty;
    }
    let (mut arms, mut strange) = (Vec::new(), Vec::new());
    for value in values {
        match target(study.schema, value, &|place| owners.contains_key(&place))
            .filter(|table| can_hold(study.schema, *table, id))
        {
            Some(table) => arms.push(Arm { value: value.clone(), table }),
            None => strange.push(value.clone()),
        }
    }
    if strange.is_empty() && values.len() <= Ask::VALUES {
        return Found::Owned(Pair { kind: kind.name.clone(), id: id.name.clone(), arms });
    }
    Found::Strange(strange)
}

/// Whether a column can hold the ids of a table.
fn can_hold(schema: &Schema<'_>, table: usize, id: &ColumnFacts) -> bool {
    let table = schema.table(table);
    let key = table.primary_key.first().and_then(|key| table.column(key));
    key.is_some_and(|key| key.kind == id.kind || id.kind == Kind::Text)
}

/// The table that a value names: `Issue`, `issues`, `App\Models\Issue`, `Tracker::Issue`.
fn target(schema: &Schema<'_>, value: &str, fits: &dyn Fn(usize) -> bool) -> Option<usize> {
    let last = value.rsplit(['\\', '.', ':', '/']).next().unwrap_or(value);
    [words(value), words(last)].iter().find_map(|name| {
        let found = schema.names().named(usize::MAX, name);
        let mut fitting = found.iter().filter(|(place, origin)| {
            let has_key = schema.table(*place).primary_key.len() == 1;
            fits(*place) && has_key && (*origin == Origin::Name || found.len() == 1)
        });
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first.0)
    })
}
