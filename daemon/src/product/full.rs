//! What a `full` archive holds of each table: which rows are the organization's.

use std::collections::{BTreeMap, BTreeSet};

use orgvault_archive::full::{report::Omission, schema};

use super::{Definition, Section, Table};
use crate::sql::{Dialect, counted_rows};

/// What a `full` archive holds of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FullRows<'d> {
    /// The rows for which a condition is true. It names columns of the table bare, and the organization as `$1`.
    Own(String),
    /// Rows that other organizations may name too: those for which the condition is true, where there is one, and
    /// those that foreign keys of the organization's rows name.
    Shared(Option<String>),
    /// None, for a reason.
    Omitted(&'d str),
    /// Nobody said whose they are.
    Unsaid,
}

/// What a `full` archive of one snapshot holds; its sections are made from it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Full {
    /// The schema of the tables.
    pub schema: schema::Schema,
    /// The tables of the sections, in their order.
    pub tables: Vec<FullTable>,
    /// What is left out.
    pub omissions: Vec<Omission>,
}

/// The table of one section of a `full` archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullTable {
    /// Its name in the database.
    pub name: schema::QualifiedName,
    /// The member that holds its rows.
    pub file: String,
    /// Whether others than the organization may name them.
    pub shared: bool,
}

impl Definition {
    /// What a `full` archive of such a database holds of the table of this name.
    #[must_use]
    pub fn full_rows(&self, dialect: Dialect, name: &str) -> FullRows<'_> {
        full_rows(&self.tables, &self.sections, dialect, name)
    }
}

fn full_rows<'d>(
    tables: &'d BTreeMap<String, Table>,
    sections: &[Section],
    dialect: Dialect,
    name: &str,
) -> FullRows<'d> {
    let Some(table) = tables.get(name) else { return FullRows::Unsaid };
    let own = table.tenant.as_ref().and_then(|tenant| tenant.text(dialect));
    let condition = own.map(str::to_owned).or_else(|| conditions(sections, dialect, name));
    match (condition, table) {
        (condition, Table { is_shared: true, .. }) => FullRows::Shared(condition),
        (Some(condition), _) => FullRows::Own(condition),
        (None, Table { excluded: Some(reason), .. }) => FullRows::Omitted(reason),
        (None, _) => FullRows::Unsaid,
    }
}

/// The tables of which nobody said whose rows they are, on one of the databases that the sections are for.
pub(super) fn full_unsaid<'d>(tables: &'d BTreeMap<String, Table>, sections: &[Section]) -> Vec<&'d str> {
    let is_for = |dialect: &Dialect| sections.iter().all(|section| section.count.text(*dialect).is_some());
    let dialects: Vec<Dialect> = Dialect::ALL.into_iter().filter(is_for).collect();
    let is_unsaid =
        |name: &&String| dialects.iter().any(|dialect| full_rows(tables, sections, *dialect, name) == FullRows::Unsaid);
    tables.keys().filter(is_unsaid).map(String::as_str).collect()
}

/// What the count queries of the sections of a table count, as one condition.
fn conditions(sections: &[Section], dialect: Dialect, name: &str) -> Option<String> {
    let sections = sections.iter().filter(|section| section.table == name);
    let counted = |section: &Section| counted_rows(section.count.text(dialect)?, name);
    let conditions: BTreeSet<String> = sections.map(counted).collect::<Option<_>>()?;
    let conditions: Vec<String> = conditions.into_iter().collect();
    match conditions.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(format!("({})", several.join(") OR ("))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::Products;

    /// The tables of which a shipped product does not say whose rows they are.
    fn unsaid(product: &str) -> Vec<String> {
        let products = Products::embedded().unwrap();
        let definition = products.get(product).unwrap();
        full_unsaid(&definition.tables, &definition.sections).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn every_shipped_product_says_whose_each_row_is() {
        for product in ["rytask", "solidtime", "trueppm", "chatwoot", "docmost", "outline", "plane", "planka"] {
            assert_eq!(unsaid(product), Vec::<String>::new(), "{product}");
        }
    }

    #[test]
    fn what_says_whose_rows_they_are() {
        let products = Products::embedded().unwrap();
        let rytask = products.get("rytask").unwrap();
        assert_eq!(rytask.full_rows(Dialect::POSTGRES, "labels"), FullRows::Own("organization_id = $1".to_owned()));
        assert_eq!(rytask.full_rows(Dialect::POSTGRES, "nothing"), FullRows::Unsaid);
        let solidtime = products.get("solidtime").unwrap();
        assert!(matches!(solidtime.full_rows(Dialect::POSTGRES, "users"), FullRows::Shared(_)));
        assert_eq!(solidtime.full_rows(Dialect::POSTGRES, "sessions"), FullRows::Omitted("secrets: who is logged in"));
    }
}
