//! The order in which things can be made.

use std::collections::BTreeMap;

use orgvault_archive::full::schema::{Function, Made, Schema, Table, Type};

use super::{
    reach::{Creation, Object},
    tables::Tables,
};

/// Each place after those that it needs, and otherwise as they come. What needs itself in a circle is cut where it is
/// met first.
pub(super) fn depth_first(count: usize, needs: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let (mut order, mut seen) = (Vec::with_capacity(count), vec![false; count]);
    for first in 0..count {
        // What is left of each place that waits for others.
        let mut open: Vec<(usize, std::vec::IntoIter<usize>)> = Vec::new();
        if meet(first, &mut seen) {
            open.push((first, needs(first).into_iter()));
        }
        while let Some((place, rest)) = open.last_mut() {
            match rest.next() {
                Some(next) if meet(next, &mut seen) => open.push((next, needs(next).into_iter())),
                Some(_) => {}
                None => {
                    order.push(*place);
                    open.pop();
                }
            }
        }
    }
    order
}

fn meet(place: usize, seen: &mut [bool]) -> bool {
    seen.get_mut(place).is_some_and(|seen| !std::mem::replace(seen, true))
}

/// Gives types, functions and tables to the schema, in an order in which they can be made.
pub(super) fn fill(
    schema: &mut Schema,
    creation: &Creation,
    types: &[(i64, Type)],
    functions: &[(i64, Function)],
    tables: Tables,
) {
    let tables: Vec<(i64, Table)> = tables.into_pairs().collect();
    let objects: Vec<Object> =
        oids("pg_type", types).chain(oids("pg_proc", functions)).chain(oids("pg_class", &tables)).collect();
    let places: BTreeMap<&Object, usize> = objects.iter().enumerate().map(|(place, it)| (it, place)).collect();
    let needs = |place: usize| {
        let needed = objects.get(place).map(|object| creation.needs(object, |other| places.contains_key(other)));
        let mut needed: Vec<usize> = needed.into_iter().flatten().filter_map(|it| places.get(&it).copied()).collect();
        needed.sort_unstable();
        needed
    };
    let order = depth_first(objects.len(), needs);
    let (of_types, of_functions) = (types.len(), types.len() + functions.len());
    schema.types = in_order(types, order.iter().filter(|place| **place < of_types).copied());
    let own = order.iter().filter(|place| (of_types..of_functions).contains(place));
    schema.functions = in_order(functions, own.map(|place| place - of_types));
    schema.tables = tables.into_iter().map(|(_, table)| table).collect();
    let made = order.iter().filter_map(|place| {
        let table = place.checked_sub(of_functions).and_then(|place| schema.tables.get(place));
        let function = place.checked_sub(of_types).and_then(|place| functions.get(place));
        let made = types.get(*place).map(|(_, it)| Made::Type(it.name.clone()));
        made.or_else(|| function.map(|(_, it)| it.made())).or_else(|| table.map(|it| Made::Table(it.name.clone())))
    });
    let made: Vec<Made> = made.collect();
    if made != schema.usual_order() {
        schema.order = made;
    }
}

fn oids<'a, T>(class: &'static str, found: &'a [(i64, T)]) -> impl Iterator<Item = Object> + use<'a, T> {
    found.iter().map(move |(oid, _)| (class.to_owned(), *oid))
}

fn in_order<T: Clone>(found: &[(i64, T)], order: impl Iterator<Item = usize>) -> Vec<T> {
    order.filter_map(|place| found.get(place)).map(|(_, it)| it.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::depth_first;

    #[test]
    fn what_is_needed_comes_first_and_all_else_stays_in_its_place() {
        let needs = |place| match place {
            0 => vec![3],
            3 => vec![2],
            _ => vec![],
        };
        assert_eq!(depth_first(5, needs), [2, 3, 0, 1, 4]);
        assert_eq!(depth_first(3, |_| vec![]), [0, 1, 2]);
    }

    #[test]
    fn a_circle_is_cut() {
        assert_eq!(depth_first(3, |place| vec![(place + 1) % 3]), [2, 1, 0]);
        assert_eq!(depth_first(1, |_| vec![0, 7]), [0]);
    }
}
