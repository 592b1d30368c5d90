//! The tables of a restore, and what of the target's schema speaks against it.

use std::collections::BTreeSet;

use orgvault_api::{RestoreFinding, RestoreMode};
use orgvault_archive::full::schema::{self, ForeignKey, QualifiedName, Schema};

use super::by_name;
use crate::{
    restore::{
        Restore,
        columns::{self, Column},
        finding::Code,
        sqlite::table::Table,
        target::Place,
    },
    schema::sqlite::fires_on,
};

/// The tables that are in the archive or that the definition knows, and everything that is wrong with them. `others`
/// are what the target has by such a name and is no table.
pub(super) fn compare(restore: &Restore, schema: &Schema, others: &[String]) -> (Vec<Table>, Vec<RestoreFinding>) {
    let archived = restore.rows.tables().iter().map(|table| &table.name);
    let names: BTreeSet<&QualifiedName> = archived.chain(restore.tenant.tables.keys()).collect();
    let tables = by_name(schema);
    let mut compared = (Vec::new(), Vec::new());
    for name in names {
        let look = Look { restore, name, others };
        look.table(tables.get(name.name.as_str()).copied(), &mut compared);
    }
    compared
}

struct Look<'l> {
    restore: &'l Restore,
    name: &'l QualifiedName,
    others: &'l [String],
}

impl Look<'_> {
    fn found(&self, code: Code, message: impl Into<String>) -> RestoreFinding {
        code.found(self.restore.mode, self.name, message)
    }

    fn table(&self, there: Option<&schema::Table>, (tables, findings): &mut (Vec<Table>, Vec<RestoreFinding>)) {
        let rows = self.restore.rows.as_ref();
        let in_archive = |named: bool| rows.tables().iter().find(|it| it.name == *self.name && it.named == named);
        let is_written = in_archive(false).or(in_archive(true)).is_some();
        let Some(known) = self.restore.tenant.tables.get(self.name) else {
            let message = "the archive has rows of it, and the definition does not say whose they are";
            findings.push(self.found(Code::TableUnknown, message));
            return;
        };
        let Some(there) = there else {
            let missing = if self.others.contains(&self.name.name) {
                self.found(Code::NotATable, "it is a view or a virtual table in the target")
            } else {
                self.found(Code::TableMissing, "the target has no such table")
            };
            findings.extend(is_written.then_some(missing));
            return;
        };
        if known.condition.is_none() && !known.shared {
            let message = "the definition does not say which of its rows are the organization's";
            findings.push(self.found(Code::TableUnknown, message));
            return;
        }
        let archive = rows.schema().table(self.name).filter(|_| is_written);
        findings.extend(self.columns(archive, there, is_written));
        findings.extend(self.triggers(there, is_written, known.shared));
        let named = |table: &schema::Table| -> Vec<String> { table.columns.iter().map(|it| it.name.clone()).collect() };
        let columns = named(archive.unwrap_or(there));
        let key = there.primary_key.iter().all(|column| columns.contains(column)).then(|| there.primary_key.clone());
        let mut there = there.clone();
        there.foreign_keys.retain(|key| self.is_held(key, known.shared));
        let table = Table {
            number: tables.len(),
            name: self.name.clone(),
            there,
            shared: known.shared,
            archived: in_archive(false).map(|table| table.rows),
            columns,
            key: key.unwrap_or_default(),
            condition: known.condition.clone(),
            ..Table::default()
        };
        tables.push(table.clone());
        if let Some(others) = in_archive(true) {
            let archived = Some(others.rows);
            tables.push(Table { number: tables.len(), shared: true, named: true, archived, condition: None, ..table });
        }
    }

    /// Whether a foreign key has to lead somewhere.
    fn is_held(&self, key: &ForeignKey, is_shared: bool) -> bool {
        let Place::Sqlite { is_scratch: true, .. } = self.restore.target.place else { return true };
        let tables = self.restore.rows.tables();
        let has_others = is_shared || tables.iter().any(|it| it.name == *self.name && it.named && it.rows > 0);
        !has_others && tables.iter().any(|table| table.name == key.references)
    }

    fn columns(&self, archive: Option<&schema::Table>, there: &schema::Table, is_written: bool) -> Vec<RestoreFinding> {
        let Some(archive) = archive else {
            let message = "the archive has rows of it and does not describe it";
            return is_written.then(|| self.found(Code::TableUnknown, message)).into_iter().collect();
        };
        let there = there.columns.iter().map(|there| Column {
            name: &there.name,
            kind: &there.kind,
            needs_value: !there.nullable && there.default.is_none() && there.generated.is_none(),
        });
        columns::compare(self.restore.mode, self.name, archive, &there.collect::<Vec<_>>())
    }

    fn triggers(&self, there: &schema::Table, is_written: bool, is_shared: bool) -> Vec<RestoreFinding> {
        let deletes = self.restore.mode == RestoreMode::Replace && !is_shared;
        let fires = |definition: &str| {
            is_written && fires_on(definition, "insert") || deletes && fires_on(definition, "delete")
        };
        let firing = there.triggers.iter().filter(|trigger| fires(&trigger.definition));
        firing
            .map(|trigger| self.found(Code::Trigger, format!("trigger {} fires for these rows", trigger.name)))
            .collect()
    }
}
