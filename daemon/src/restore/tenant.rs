//! Which rows are the organization's.

use std::collections::BTreeMap;

use orgvault_archive::full::schema::QualifiedName;

use crate::sql::tokens;

/// The setting that holds the organization's id for the time of the transaction.
pub(super) const SETTING: &str = "orgvault.organization";

/// An organization, and which rows of which tables are its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// The tables that a restore may write.
    pub tables: BTreeMap<QualifiedName, TenantTable>,
    /// What columns name, where no foreign key says so.
    pub references: Vec<TenantReference>,
}

/// A column that names rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantReference {
    /// The column's table.
    pub child: QualifiedName,
    /// The column.
    pub column: String,
    /// The table that it names; none where the archive does not hold it.
    pub parent: Option<QualifiedName>,
    /// The column over there.
    pub referenced: String,
}

/// One table of the definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantTable {
    /// A condition in SQL that is true for the rows of the organization `$1`. Only a shared table may have none.
    pub condition: Option<String>,
    /// Whether several organizations name one row of it.
    pub shared: bool,
}

/// A condition whose `$1` is the organization's id as a value of the type `kind`.
pub(super) fn bound(condition: &str, kind: &str) -> String {
    let value = format!("pg_catalog.current_setting('{SETTING}')::{kind}");
    tokens(condition).map(|token| if token == "$1" { value.as_str() } else { token }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_parameter_is_replaced() {
        let id = "pg_catalog.current_setting('orgvault.organization')::uuid";
        assert_eq!(bound("a = $1 AND b <> '$1'", "uuid"), format!("a = {id} AND b <> '$1'"));
        assert_eq!(bound("a = $10", "uuid"), "a = $10");
    }
}
