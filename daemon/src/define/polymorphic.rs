//! Pairs of columns of which one names a table and the other holds an id of it: `commentable_type`
//! and `commentable_id`, `entity_name` and `entity_identifier`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    framework,
    link::{Link, Origin, Schema},
    owned::{Cost, Owned, Owners, Way, leads_over},
    shared,
    study::Study,
    words::{are_same, referred, singulars, words},
};
use crate::source::survey::{Ask, ColumnFacts, Kind, TableFacts};

/// Two such columns, and what the values of the first mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) kind: String,
    /// Where the first holds no name itself.
    pub(super) types: Option<Types>,
    pub(super) id: String,
    pub(super) arms: Vec<Arm>,
    /// Values that name what is of no organization alone.
    pub(super) others: Vec<Arm>,
}

/// A table of types, of which each row names a table by its app and its model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Types {
    pub(super) table: usize,
    pub(super) key: String,
}

impl Types {
    pub(super) const APP: &'static str = "app_label";
    pub(super) const MODEL: &'static str = "model";
}

/// The columns of a pair.
pub(super) struct Columns<'f> {
    pub(super) kind: &'f ColumnFacts,
    pub(super) id: &'f ColumnFacts,
    pub(super) types: Option<Types>,
}

/// One value, and the table that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arm {
    pub(super) value: String,
    pub(super) table: usize,
}

/// What the rows say of a pair.
pub(super) enum Found {
    /// All values name owned tables, or what is of no organization alone.
    Owned(Pair),
    /// No rows.
    Empty,
    /// These values name no owned table.
    Strange(Vec<String>),
    /// It could not be asked.
    Unknown,
}

/// The pairs of columns of a table that have no link of their own.
pub(super) fn pairs<'f>(schema: &Schema<'f>, place: usize) -> Vec<Columns<'f>> {
    let table = schema.table(place);
    let is_linked = |column: &ColumnFacts| {
        let holds = |link: &Link| link.columns == [column.name.clone()] && link.origin <= Origin::Constraint;
        schema.links_of(place).any(|(_, link)| holds(link))
    };
    let kinds = table.columns.iter().filter(|column| matches!(column.kind, Kind::Text | Kind::Other));
    let by_name = kinds.filter_map(|kind| Some(Columns { kind, id: partner(table, kind)?, types: None }));
    by_name.chain(typed(schema, place)).filter(|pair| !is_linked(pair.id)).collect()
}

/// The pairs whose first column names a row of a table of types: `content_type_id` and `object_id`.
fn typed<'f>(schema: &Schema<'f>, place: usize) -> Vec<Columns<'f>> {
    let table = schema.table(place);
    let links = schema.links_of(place).filter(|(_, link)| link.origin <= Origin::Name && link.columns.len() == 1);
    let pair = |link: &Link| {
        let types = schema.table(link.to);
        let kind = table.column(link.columns.first()?)?;
        (types.column(Types::APP).is_some() && types.column(Types::MODEL).is_some()).then_some(())?;
        let key = link.keys.first()?.clone();
        Some(Columns { kind, id: object(table, kind)?, types: Some(Types { table: link.to, key }) })
    };
    links.filter_map(|(_, link)| pair(link)).collect()
}

/// `target_object_id` to `target_content_type_id`.
fn object<'f>(table: &'f TableFacts, kind: &ColumnFacts) -> Option<&'f ColumnFacts> {
    let stem = referred(&kind.name).unwrap_or_else(|| words(&kind.name));
    let label = stem.strip_suffix(["content".to_owned(), "type".to_owned()].as_slice())?;
    let ends = [&["object", "id"][..], &["object", "pk"], &["object", "uuid"], &["id"]];
    let names = ends.iter().map(|end| label.iter().map(String::as_str).chain(end.iter().copied()).collect::<Vec<_>>());
    let fits = |column: &ColumnFacts| matches!(column.kind, Kind::Uuid | Kind::Integer | Kind::Text);
    let mut found = names.filter(|name| name.len() > 1).filter_map(|name| {
        table.columns.iter().find(|column| words(&column.name) == name && fits(column) && column.name != kind.name)
    });
    found.next()
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

/// Whether another column names the table that a column's values are ids of.
pub(super) fn is_id_of_pair(table: &TableFacts, column: &ColumnFacts) -> bool {
    let kinds = table.columns.iter().filter(|kind| matches!(kind.kind, Kind::Text | Kind::Other));
    kinds.filter_map(|kind| partner(table, kind)).any(|id| id.name == column.name)
}

/// The tables that can be owned by what a pair says.
pub(super) fn find(study: &Study<'_>, owners: &Owners) -> Vec<(usize, Owned)> {
    owned_by(study, owners, |pair| pair.others.is_empty())
}

/// The same, where some rows name what is of no organization alone.
pub(super) fn find_partly(study: &Study<'_>, owners: &Owners) -> Vec<(usize, Owned)> {
    owned_by(study, owners, |_| true)
}

fn owned_by(study: &Study<'_>, owners: &Owners, fits: fn(&Pair) -> bool) -> Vec<(usize, Owned)> {
    let open = (0..study.schema.facts.tables.len()).filter(|place| !owners.contains_key(place));
    open.filter_map(|place| Some((place, of_table(study, owners, place, fits)?))).collect()
}

fn of_table(study: &Study<'_>, owners: &Owners, place: usize, fits: fn(&Pair) -> bool) -> Option<Owned> {
    let found = pairs(study.schema, place).into_iter().filter_map(|columns| {
        let Found::Owned(pair) = look(study, owners, place, &columns) else { return None };
        fits(&pair).then(|| (study.count(place, Ask::Unset(vec![pair.id.clone()])).unwrap_or_default(), pair))
    });
    // Of two pairs the one that more rows have.
    let (unset, pair) = found.min_by_key(|(unset, _)| *unset)?;
    let note = format!("{} is NULL in {unset} rows, which belong to no organization", pair.id);
    let notes = if unset > 0 { vec![note] } else { Vec::new() };
    let depth = pair.arms.iter().filter_map(|arm| owners.get(&arm.table)).map(|owned| owned.cost.depth).max();
    let cost = Cost::of_pair(depth.unwrap_or_default() + 1);
    Some(Owned { way: Way::Typed(pair), tree: None, cost, notes })
}

/// Takes those of the others along that became owned since.
pub(super) fn complete(schema: &Schema<'_>, owners: &mut Owners) {
    let places: Vec<usize> = owners.keys().copied().collect();
    for place in places {
        let Some(Way::Typed(pair)) = owners.get(&place).map(|owned| owned.way.clone()) else { continue };
        let is_owned = |arm: &Arm| owners.contains_key(&arm.table) && !leads_over(schema, owners, arm.table, place);
        let (more, others): (Vec<Arm>, Vec<Arm>) = pair.others.iter().cloned().partition(is_owned);
        let arms = pair.arms.iter().cloned().chain(more).collect();
        if let Some(owned) = owners.get_mut(&place) {
            owned.way = Way::Typed(Pair { arms, others, ..pair });
        }
    }
}

/// The values of a pair's first column, or of the types that it names.
pub(super) fn values<'s>(study: &Study<'s>, place: usize, columns: &Columns<'_>) -> Option<&'s [String]> {
    let column = columns.kind.name.clone();
    study.values(
        place,
        match &columns.types {
            None => Ask::Values(column),
            Some(Types { table, key }) => Ask::Types {
                column,
                target: *table,
                key: key.clone(),
                labels: [Types::APP.to_owned(), Types::MODEL.to_owned()],
            },
        },
    )
}

/// The table that each value of a pair names, where that is one and the same of `those`.
pub(super) fn only_target(study: &Study<'_>, place: usize, those: &BTreeMap<usize, usize>) -> Option<usize> {
    pairs(study.schema, place).into_iter().find_map(|columns| {
        let values = values(study, place, &columns)?;
        let targets = values.iter().map(|value| target(study.schema, value, &|place| those.contains_key(&place)));
        let targets: Option<BTreeSet<usize>> = targets.collect();
        let targets = targets?;
        targets.first().copied().filter(|_| targets.len() == 1)
    })
}

/// What the values of a pair's first column say.
pub(super) fn look(study: &Study<'_>, owners: &Owners, place: usize, columns: &Columns<'_>) -> Found {
    let Some(values) = values(study, place, columns) else { return Found::Unknown };
    if values.is_empty() {
        return Found::Empty;
    }
    let (schema, id) = (study.schema, columns.id);
    let (mut arms, mut others, mut strange) = (Vec::new(), Vec::new(), Vec::new());
    for value in values {
        let owned = target(schema, value, &|place| owners.contains_key(&place)).filter(|it| can_hold(schema, *it, id));
        let arm = |table| Arm { value: value.clone(), table };
        match (owned, target(schema, value, &|other| is_of_nobody(study, owners, other))) {
            (Some(table), _) => arms.push(arm(table)),
            (None, Some(table)) => others.push(arm(table)),
            (None, None) => strange.push(value.clone()),
        }
    }
    if !strange.is_empty() || arms.is_empty() || values.len() > Ask::VALUES {
        strange.extend(others.into_iter().map(|arm| arm.value));
        return Found::Strange(strange);
    }
    let (kind, id) = (columns.kind.name.clone(), id.name.clone());
    Found::Owned(Pair { kind, types: columns.types.clone(), id, arms, others })
}

/// Whether a table is one of people, of a framework, or hangs on one that is not owned.
fn is_of_nobody(study: &Study<'_>, owners: &Owners, place: usize) -> bool {
    let is_above = |link: &&Link| !owners.contains_key(&link.to);
    !owners.contains_key(&place)
        && (shared::is_of_people(study.schema, place)
            || framework::of(&study.schema.table(place).name).is_some()
            || shared::belongs(study, place).iter().any(is_above))
}

/// Whether a column can hold the ids of a table.
pub(super) fn can_hold(schema: &Schema<'_>, table: usize, id: &ColumnFacts) -> bool {
    let table = schema.table(table);
    let key = table.primary_key.first().and_then(|key| table.column(key));
    key.is_some_and(|key| key.kind == id.kind || id.kind == Kind::Text)
}

/// The table that a value names: `Issue`, `issues`, `App\Models\Issue`, `Tracker::Issue`, `tracker.issue`.
pub(super) fn target(schema: &Schema<'_>, value: &str, fits: &dyn Fn(usize) -> bool) -> Option<usize> {
    let last = value.rsplit(['\\', '.', ':', '/']).next().unwrap_or(value);
    let by_words = [words(value), words(last)].iter().find_map(|name| {
        let found = schema.names().named(usize::MAX, name);
        let mut fitting = found.iter().filter(|(place, origin)| {
            let has_key = schema.table(*place).primary_key.len() == 1;
            fits(*place) && has_key && (*origin == Origin::Name || found.len() == 1)
        });
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first.0)
    });
    by_words.or_else(|| {
        // Of a model called `timeentry` no words are known: `time_entries` are such.
        let is_so = |place: &usize| is_run_together(&schema.table(*place).name, last) && fits(*place);
        let mut found = (0..schema.facts.tables.len()).filter(is_so);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    })
}

fn is_run_together(table: &str, model: &str) -> bool {
    let mut name = words(table);
    let Some(last) = name.pop() else { return false };
    let before = name.concat();
    let model = model.to_lowercase();
    singulars(&last).iter().any(|last| model.strip_prefix(before.as_str()) == Some(last.as_str()))
}
