//! Which rows are the organization's, by the daemon's own definition.

use orgvault_archive::full::{FullArchive, schema::QualifiedName};

use super::RestorerError;
use crate::{
    product::{Definition, FullRows},
    restore::{Tenant, TenantTable},
    sql::table_name,
};

/// The tables that a restore of an archive may write, and which of their rows.
///
/// # Errors
/// When the archive has a table that the definition does not speak of.
pub(super) fn tenant(definition: &Definition, archive: &FullArchive, id: &str) -> Result<Tenant, RestorerError> {
    let mut tenant = Tenant { id: id.to_owned(), ..Tenant::default() };
    for table in &archive.report().tables {
        let rows = definition.tables.keys().find(|key| names(key, &table.name)).map(|key| definition.full_rows(key));
        let own = match rows {
            Some(FullRows::Own(condition)) => TenantTable { condition: Some(condition), shared: false },
            Some(FullRows::Shared(condition)) => TenantTable { condition, shared: true },
            Some(FullRows::Omitted(_) | FullRows::Unsaid) | None => {
                let (product, table) = (definition.name.clone(), table.name.to_string());
                return Err(RestorerError::UnknownTable { product, table });
            }
        };
        tenant.tables.insert(table.name.clone(), own);
    }
    Ok(tenant)
}

/// Whether a definition's key is such a table: a key without a schema is found in any.
fn names(key: &str, table: &QualifiedName) -> bool {
    let schema = key.strip_suffix(&table.name).and_then(|schema| schema.strip_suffix('.'));
    key == table.name || schema == Some(&table.schema) || (table_name(key) == table.name && key.contains('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_a_table() {
        let table = |schema: &str, name: &str| QualifiedName { schema: schema.to_owned(), name: name.to_owned() };
        for (key, named) in [("users", table("public", "users")), ("app.users", table("app", "users"))] {
            assert!(names(key, &named), "{key}");
        }
        assert!(names("\"my.app\".\"users\"", &table("my.app", "users")));
        assert!(!names("app.users", &table("public", "users")));
        assert!(!names("users", &table("public", "teams")));
    }
}
