//! Which columns name which others: by the foreign keys of the target and of the archive, by the definition's
//! `references`, and by the conditions that say which rows are the organization's.

use std::collections::BTreeSet;

use orgvault_archive::full::schema::QualifiedName;

use super::{
    Column,
    classes::{Class, classes},
    words::{is_id, tenant_columns},
};
use crate::restore::{
    Restore,
    facts::{ColumnFacts, Facts},
    table::Table,
};

/// Which columns name which others.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// What names, and what is named.
    pub(super) pairs: Vec<(Column, Column)>,
    /// Columns that name rows which keep their ids.
    pub(super) outside: BTreeSet<Column>,
    /// Columns that hold the organization's id.
    pub(super) organization: BTreeSet<Column>,
    /// The columns of each primary key.
    pub(super) keys: Vec<Vec<Column>>,
    /// Columns whose values may be given anew where nothing says that they name something.
    pub(super) renewable: BTreeSet<Column>,
}

/// A foreign key, or what the definition says is one.
struct Named<'n> {
    child: &'n QualifiedName,
    columns: &'n [String],
    /// None where the archive does not hold it.
    parent: Option<&'n QualifiedName>,
    referenced: &'n [String],
}

impl Links {
    pub(super) fn of(restore: &Restore, facts: &Facts, tables: &[Table]) -> Self {
        let own: Vec<&Table> = tables.iter().filter(|table| table.is_staged() && !table.shared).collect();
        let mut links = Self::default();
        for key in named(restore, facts) {
            links.add(&own, &key);
        }
        for table in &own {
            let condition = restore.tenant.tables.get(&table.name).and_then(|it| it.condition.as_deref());
            let columns = tenant_columns(condition.unwrap_or_default(), &table.columns);
            links.organization.extend(columns.into_iter().map(|column| (table.number, column)));
            links.keys.extend(primary_key(facts, table));
            links.renewable.extend(renewable(facts, table));
        }
        // An id of its own that another table's key leads to is no name of something.
        links.renewable.retain(|column| !links.outside.contains(column));
        links
    }

    fn add(&mut self, own: &[&Table], key: &Named<'_>) {
        let find = |name: &QualifiedName| own.iter().find(|table| table.name == *name);
        let Some(child) = find(key.child) else { return };
        let parent = key.parent.and_then(find);
        for (at, column) in key.columns.iter().enumerate() {
            let from = (child.number, column.clone());
            match (parent, key.referenced.get(at)) {
                (Some(parent), Some(to)) => self.pairs.push((from, (parent.number, to.clone()))),
                _ => drop(self.outside.insert(from)),
            }
        }
    }

    pub(super) fn classes(&self) -> Vec<Class> {
        classes(self)
    }

    /// The table whose key is the organization's id, and the type of that.
    pub(super) fn organization_key<'t>(&self, facts: &Facts, tables: &'t [Table]) -> Option<(&'t Table, String)> {
        let leads = |column: &Column| self.pairs.iter().any(|(from, to)| from == column && to != column);
        let is_key = |column: &&Column| self.keys.iter().any(|key| key.iter().eq([*column])) && !leads(column);
        let (table, column) = self.organization.iter().find(is_key)?;
        let table = tables.get(*table)?;
        let column = facts.columns_of(table.oid).find(|it| it.name == *column)?;
        Some((table, column.kind.clone()))
    }
}

/// Every key that there is.
fn named<'n>(restore: &'n Restore, facts: &'n Facts) -> Vec<Named<'n>> {
    let live = facts.references.iter().map(|it| Named {
        child: &it.child_name,
        columns: &it.columns,
        parent: Some(&it.parent_name),
        referenced: &it.referenced,
    });
    let archived = restore.rows.schema().tables.iter().flat_map(|table| {
        table.foreign_keys.iter().map(|key| Named {
            child: &table.name,
            columns: &key.columns,
            parent: Some(&key.references),
            referenced: &key.referenced,
        })
    });
    let told = restore.tenant.references.iter().map(|it| Named {
        child: &it.child,
        columns: std::slice::from_ref(&it.column),
        parent: it.parent.as_ref(),
        referenced: std::slice::from_ref(&it.referenced),
    });
    live.chain(archived).chain(told).collect()
}

fn primary_key(facts: &Facts, table: &Table) -> Option<Vec<Column>> {
    let key = facts.unique.iter().find(|unique| unique.table == table.oid && unique.primary)?;
    Some(key.columns.iter().flatten().map(|column| (table.number, column.clone())).collect())
}

/// A key of one column; of a key of several those that are ids by their type or name; and unique UUIDs.
fn renewable(facts: &Facts, table: &Table) -> BTreeSet<Column> {
    let column = |name: &String| facts.columns_of(table.oid).find(|column| column.name == *name);
    let is_uuid = |it: &ColumnFacts| it.kind == "uuid";
    let mut found = BTreeSet::new();
    for unique in facts.unique.iter().filter(|unique| unique.table == table.oid && unique.predicate.is_none()) {
        let columns: Vec<&ColumnFacts> = unique.columns.iter().flatten().filter_map(column).collect();
        let taken = columns.iter().filter(|it| match (unique.primary, columns.len()) {
            (true, 1) => true,
            (true, _) => is_uuid(it) || (is_number(it) && is_id(&it.name)),
            (false, 1) => is_uuid(it),
            (false, _) => false,
        });
        found.extend(taken.filter(|it| !it.generated).map(|it| (table.number, it.name.clone())));
    }
    found
}

/// Whether it holds whole numbers.
pub(super) fn is_number(column: &ColumnFacts) -> bool {
    matches!(column.kind.as_str(), "smallint" | "integer" | "bigint")
}

/// Whether it holds text of any length.
pub(super) fn is_text(column: &ColumnFacts) -> bool {
    column.kind == "text" || column.kind.starts_with("character")
}
