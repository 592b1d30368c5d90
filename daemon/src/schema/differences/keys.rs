//! Keys and checks of a table on both sides. Their names may differ.

use std::collections::BTreeSet;

use orgvault_archive::full::schema::{ForeignKey, UniqueKey};

use super::{Code, Difference, Sides};

pub(super) fn differences(sides: &Sides<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    let (own, there) = (sides.table, sides.there);
    if own.primary_key != there.primary_key {
        let differs = Difference::of(Code::PrimaryKeyDiffers);
        found.push(differs.archived(&own.primary_key.join(", ")).there(&there.primary_key.join(", ")));
    }
    let is_held = |key: &UniqueKey, by: &[UniqueKey]| by.iter().any(|it| holds_as_much(it, key));
    let new = there.unique.iter().filter(|key| !is_held(key, &own.unique));
    found.extend(new.map(|key| Difference::of(Code::UniqueKeyNew).about(&key.name).there(&unique(key))));
    let gone = own.unique.iter().filter(|key| !is_held(key, &there.unique));
    found.extend(gone.map(|key| Difference::of(Code::UniqueKeyGone).about(&key.name).archived(&unique(key))));
    let known: BTreeSet<&str> = own.constraints.iter().map(|it| it.definition.as_str()).collect();
    let is_new = |definition: &str| {
        ["CHECK", "EXCLUDE"].iter().any(|kind| definition.starts_with(kind)) && !known.contains(definition)
    };
    let new = there.constraints.iter().filter(|it| is_new(&it.definition));
    found.extend(new.map(|it| Difference::of(Code::CheckNew).about(&it.name).there(&it.definition)));
    found.extend(foreign_keys(sides));
    found.into_iter().map(|it| it.in_table(own)).collect()
}

/// Whether rows that keep the first keep the second too.
fn holds_as_much(first: &UniqueKey, second: &UniqueKey) -> bool {
    let expressions = |key: &UniqueKey| key.expressions.iter().cloned().collect::<BTreeSet<String>>();
    let is_as_wide = first.predicate.is_none() || first.predicate == second.predicate;
    let is_as_strict = first.nulls_not_distinct || !second.nulls_not_distinct;
    is_as_wide && is_as_strict && expressions(first).is_subset(&expressions(second))
}

fn unique(key: &UniqueKey) -> String {
    let condition = key.predicate.as_ref().map(|it| format!(" WHERE {it}")).unwrap_or_default();
    let nulls = if key.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
    format!("({}){nulls}{condition}", key.expressions.join(", "))
}

fn foreign_keys(sides: &Sides<'_>) -> Vec<Difference> {
    let same = |one: &ForeignKey, other: &ForeignKey| {
        one.columns == other.columns && one.references == other.references && one.referenced == other.referenced
    };
    let (own, there) = (&sides.table.foreign_keys, &sides.there.foreign_keys);
    let mut found = Vec::new();
    for key in own {
        let other = there.iter().find(|it| same(key, it));
        match other {
            None => found.push(Difference::of(Code::ForeignKeyGone).archived(&key.definition).about(&key.name)),
            Some(other) if differs(key, other) => {
                let differs = Difference::of(Code::ForeignKeyDiffers).about(&other.name);
                found.push(differs.archived(&key.definition).there(&other.definition));
            }
            Some(_) => {}
        }
    }
    let new = there.iter().filter(|key| !own.iter().any(|it| same(it, key)));
    found.extend(new.map(|it| Difference::of(Code::ForeignKeyNew).about(&it.name).there(&it.definition)));
    found
}

/// `ON DELETE SET NULL` may name columns, which only the definition says.
fn differs(own: &ForeignKey, there: &ForeignKey) -> bool {
    own.on_delete != there.on_delete || own.on_update != there.on_update || own.definition != there.definition
}
