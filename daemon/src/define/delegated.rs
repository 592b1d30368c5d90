//! Tables whose rows have no link of their own, because one row of an owned table names each: an entry is a
//! `trade` or a `valuation`, and says so by `entryable_type` and `entryable_id`.

use super::{
    framework,
    owned::{Cost, Owned, Owners, Way},
    polymorphic::{Arm, Pair, can_hold, pairs, target, values},
    shared,
    study::Study,
};
use crate::source::survey::Ask;

/// Which rows name those of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Naming {
    /// The table of the rows that name.
    pub(super) by: usize,
    /// Its columns, and the values that stand for the table.
    pub(super) pair: Pair,
}

/// The tables that can be owned by what names their rows.
pub(super) fn find(study: &Study<'_>, owners: &Owners) -> Vec<(usize, Owned)> {
    let found = named(study, owners).into_iter().filter(|(place, naming)| is_of_one(study, *place, naming));
    let owned = found.map(|(place, naming)| {
        let depth = owners.get(&naming.by).map(|owned| owned.cost.depth).unwrap_or_default();
        let cost = Cost::of_pair(depth + 1);
        (place, Owned { way: Way::Named(naming), tree: None, cost, notes: Vec::new() })
    });
    owned.collect()
}

/// The tables that nobody owns and whose rows pairs of owned ones name.
pub(super) fn named(study: &Study<'_>, owners: &Owners) -> Vec<(usize, Naming)> {
    let mut found: Vec<(usize, Naming)> = Vec::new();
    for by in owners.keys().copied() {
        for columns in pairs(study.schema, by).into_iter().filter(|columns| columns.types.is_none()) {
            for value in values(study, by, &columns).into_iter().flatten() {
                let fits =
                    |place: usize| may_be_named(study, owners, place) && can_hold(study.schema, place, columns.id);
                let Some(place) = target(study.schema, value, &fits) else { continue };
                let arm = Arm { value: value.clone(), table: place };
                let (kind, id) = (columns.kind.name.clone(), columns.id.name.clone());
                let pair = Pair { kind, types: None, id, arms: vec![arm], others: Vec::new() };
                found.push((place, Naming { by, pair }));
            }
        }
    }
    found
}

fn may_be_named(study: &Study<'_>, owners: &Owners, place: usize) -> bool {
    let is_of_framework = || framework::of(&study.schema.table(place).name).is_some();
    !owners.contains_key(&place) && !shared::is_of_people(study.schema, place) && !is_of_framework()
}

/// Whether each row is named, and by one row alone.
fn is_of_one(study: &Study<'_>, place: usize, naming: &Naming) -> bool {
    let Naming { by, pair } = naming;
    let only = pair.arms.first().map(|arm| (pair.kind.clone(), arm.value.clone()));
    let keys = study.schema.table(place).primary_key.clone();
    let unnamed = Ask::Strays { columns: keys, target: *by, keys: vec![pair.id.clone()], only: None };
    let repeated = Ask::Repeated { column: pair.id.clone(), only };
    study.rows(place).is_some_and(|rows| rows > 0)
        && study.count(place, unnamed) == Some(0)
        && study.count(*by, repeated) == Some(0)
}
