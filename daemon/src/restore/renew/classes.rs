//! Columns that hold one kind of id: those that name each other are one class, and the ids of a class come from its
//! roots, the keys that name nothing themselves.

use std::collections::BTreeSet;

use super::{Column, links::Links};

/// Columns that hold one kind of id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) columns: BTreeSet<Column>,
    /// Those whose values are given anew.
    pub(super) roots: Vec<Column>,
    /// Whether the organization's id is one of them.
    pub(super) organization: bool,
}

impl Class {
    pub(super) fn holds(&self, table: usize, column: &str) -> bool {
        self.columns.iter().any(|(number, name)| *number == table && name == column)
    }
}

/// The classes that have new ids.
pub(super) fn classes(links: &Links) -> Vec<Class> {
    let mut sets: Vec<BTreeSet<Column>> = Vec::new();
    let pairs = links.pairs.iter().map(|(from, to)| BTreeSet::from([from.clone(), to.clone()]));
    let alone = links.renewable.iter().map(|column| BTreeSet::from([column.clone()]));
    for mut set in pairs.chain(alone).chain([links.organization.clone()]) {
        let (touching, rest): (Vec<_>, Vec<_>) = sets.into_iter().partition(|other| !other.is_disjoint(&set));
        for other in touching {
            set.extend(other);
        }
        sets = rest;
        sets.push(set);
    }
    sets.sort();
    let found = sets.into_iter().map(|columns| {
        let organization = !columns.is_disjoint(&links.organization);
        Class { roots: roots(links, &columns, organization), organization, columns }
    });
    found.filter(|class| class.organization || !class.roots.is_empty()).collect()
}

fn roots(links: &Links, columns: &BTreeSet<Column>, organization: bool) -> Vec<Column> {
    let leads = |column: &Column| links.pairs.iter().any(|(from, to)| from == column && to != column);
    let is_held = |column: &Column| links.outside.contains(column);
    let renewable = || columns.iter().filter(|column| links.renewable.contains(*column));
    let roots: Vec<Column> = renewable()
        .filter(|column| !leads(column) && !is_held(column) && !is_in_a_new_key(links, column))
        .cloned()
        .collect();
    // Keys that lead to each other in a circle.
    if roots.is_empty() && !organization && !columns.iter().any(is_held) {
        return renewable().filter(|column| leads(column)).take(1).cloned().collect();
    }
    roots
}

/// Whether a key of several columns is another one anyhow, because one of the others is.
fn is_in_a_new_key(links: &Links, column: &Column) -> bool {
    let is_new = |other: &Column| {
        other != column
            && (links.organization.contains(other) || links.pairs.iter().any(|(from, to)| from == other && to != other))
    };
    let key = links.keys.iter().find(|key| key.contains(column));
    key.is_some_and(|key| key.iter().any(is_new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(text: &str) -> Column {
        let (table, column) = text.split_once('.').unwrap();
        (table.parse().unwrap(), column.to_owned())
    }

    fn set(all: &[&str]) -> BTreeSet<Column> {
        all.iter().map(|text| column(text)).collect()
    }

    fn roots_of(links: &Links) -> Vec<Vec<String>> {
        let text = |(table, column): &Column| format!("{table}.{column}");
        classes(links).iter().map(|class| class.roots.iter().map(text).collect()).collect()
    }

    fn links(keys: &[&[&str]], pairs: &[(&str, &str)]) -> Links {
        Links {
            pairs: pairs.iter().map(|(from, to)| (column(from), column(to))).collect(),
            keys: keys.iter().map(|key| key.iter().map(|it| column(it)).collect()).collect(),
            renewable: keys.iter().flat_map(|key| key.iter().map(|it| column(it))).collect(),
            ..Links::default()
        }
    }

    #[test]
    fn what_is_named_gives_the_ids_and_what_names_it_follows() {
        let links = links(&[&["0.id"], &["1.id"]], &[("1.of", "0.id"), ("1.id", "0.id"), ("0.parent", "0.id")]);
        assert_eq!(roots_of(&links), [["0.id"]]);
        let class = classes(&links).remove(0);
        assert_eq!(class.columns, set(&["0.id", "0.parent", "1.id", "1.of"]));
    }

    #[test]
    fn the_organizations_id_is_a_class_of_its_own() {
        let mut links = links(&[&["0.id"], &["1.org", "1.number"]], &[("1.org", "0.id")]);
        links.organization = set(&["0.id", "2.org"]);
        let all = classes(&links);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].organization, all[0].columns.len()), (true, 3));
        // The number beside it may stay: the key is another one.
        assert_eq!(roots_of(&links), [["0.id"]]);
    }

    #[test]
    fn what_names_rows_that_keep_their_ids_keeps_its_own() {
        let mut links = links(&[&["0.user"], &["1.id"]], &[]);
        links.outside = set(&["0.user"]);
        assert_eq!(roots_of(&links), [["1.id"]]);
    }

    #[test]
    fn keys_that_lead_round_in_a_circle_are_given_anew_by_one_of_them() {
        let circle = links(&[&["0.id"], &["1.id"]], &[("0.id", "1.id"), ("1.id", "0.id")]);
        assert_eq!(roots_of(&circle), [["0.id"]]);
    }
}
