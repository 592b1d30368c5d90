//! A `full` archive as a restore reads it, and whose its rows are by the daemon's own definition.

use std::io::{self, Read};

use orgvault_api::RestoreFinding;
use orgvault_archive::full::{
    FILES, FullArchive, is_named, member,
    report::{Report, TableReport},
    schema::{QualifiedName, Schema, ServerKind},
};

use super::{
    archived::{ArchivedRows, ArchivedTable},
    tenant::{Tenant, TenantReference, TenantTable},
};
use crate::{
    product::{Definition, FullRows, Table},
    sql::{Dialect, table_name},
};

/// A `full` archive that was found to be what was published.
pub struct ArchivedFull {
    archive: FullArchive,
    sha256: String,
    tables: Vec<ArchivedTable>,
}

impl ArchivedFull {
    /// One that has this SHA-256, in lower-case hex.
    #[must_use]
    pub fn new(archive: FullArchive, sha256: String) -> Self {
        let table = |table: &TableReport| ArchivedTable {
            name: table.name.clone(),
            named: is_named(&table.file),
            rows: table.rows,
        };
        let tables = archive.report().tables.iter().map(table).collect();
        Self { archive, sha256, tables }
    }

    /// What it says that it holds.
    #[must_use]
    pub fn report(&self) -> &Report {
        self.archive.report()
    }
}

impl ArchivedRows for ArchivedFull {
    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn schema(&self) -> &Schema {
        self.archive.schema()
    }

    fn tables(&self) -> &[ArchivedTable] {
        &self.tables
    }

    fn csv(&self, table: &ArchivedTable) -> io::Result<Box<dyn Read + Send>> {
        self.archive.member(&member(&table.name, table.named))
    }

    fn findings(&self) -> Vec<RestoreFinding> {
        let files = self.report().files.map_or(0, |files| files.count);
        let found = || RestoreFinding {
            code: "files_apart".to_owned(),
            blocks: false,
            table: String::new(),
            message: format!("{files} files of the app are below {FILES} of the archive: a restore writes rows alone"),
            hint: format!("unpack them to where the app keeps its files: unzip ARCHIVE '{FILES}*'"),
            rows: 0,
            keys: Vec::new(),
        };
        (files > 0).then(found).into_iter().collect()
    }
}

impl Tenant {
    /// Which rows of the tables that are in an archive are the organization's. A table of which the definition does not
    /// say it is left out, and so refused by the plan.
    #[must_use]
    pub fn of(definition: &Definition, archive: &dyn ArchivedRows, id: &str) -> Self {
        let dialect = match archive.schema().kind {
            ServerKind::Postgres => Dialect::POSTGRES,
            ServerKind::Sqlite => Dialect::SQLITE,
        };
        let table = |archived: &ArchivedTable| {
            let key = definition.tables.keys().find(|key| names(key, &archived.name))?;
            let own = match definition.full_rows(dialect, key) {
                FullRows::Own(condition) => TenantTable { condition: Some(condition), shared: false },
                FullRows::Shared(condition) => TenantTable { condition, shared: true },
                FullRows::Omitted(_) | FullRows::Unsaid => return None,
            };
            Some((archived.name.clone(), own))
        };
        let tables = archive.tables().iter().filter_map(table).collect();
        Self { id: id.to_owned(), tables, references: references(definition, archive) }
    }
}

/// What the definition says that columns of the archive's tables name.
fn references(definition: &Definition, archive: &dyn ArchivedRows) -> Vec<TenantReference> {
    let find =
        |key: &str| archive.tables().iter().find(|table| names(key, &table.name)).map(|table| table.name.clone());
    let of = |(key, table): (&String, &Table)| {
        let child = find(key)?;
        let references = table.references.iter().map(|it| TenantReference {
            child: child.clone(),
            column: it.column.clone(),
            parent: find(&it.table),
            referenced: it.referenced.clone(),
        });
        Some(references.collect::<Vec<_>>())
    };
    definition.tables.iter().filter_map(of).flatten().collect()
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
