//! The tables of a restore, and what of the target's schema speaks against it.

use orgvault_api::{RestoreFinding, RestoreMode};
use orgvault_archive::full::schema::{self, QualifiedName};

use crate::restore::{
    Restore,
    columns::{self, Column},
    facts::{ColumnFacts, Facts, TableFacts},
    finding::Code,
    table::Table,
};

/// The tables of these names that are there, and everything that is wrong with them.
pub(super) fn compare(restore: &Restore, facts: &Facts, names: &[QualifiedName]) -> (Vec<Table>, Vec<RestoreFinding>) {
    let (mut tables, mut findings) = (Vec::new(), Vec::new());
    for (asked, name) in names.iter().enumerate() {
        let in_archive = |named: bool| restore.rows.tables().iter().find(|it| it.name == *name && it.named == named);
        let archived = in_archive(false).or(in_archive(true)).map(|table| table.rows);
        let Some(known) = restore.tenant.tables.get(name) else {
            let message = "the archive has rows of it, and the definition does not say whose they are";
            findings.push(Code::TableUnknown.found(restore.mode, name, message));
            continue;
        };
        let Some(live) = facts.asked(asked) else {
            let missing = || Code::TableMissing.found(restore.mode, name, "the target has no such table");
            findings.extend(archived.map(|_| missing()));
            continue;
        };
        if known.condition.is_none() && !known.shared {
            let message = "the definition does not say which of its rows are the organization's";
            findings.push(Code::TableUnknown.found(restore.mode, name, message));
            continue;
        }
        let there: Vec<&ColumnFacts> = facts.columns_of(live.oid).collect();
        let archive = restore.rows.schema().table(name).filter(|_| archived.is_some());
        let look = Look { mode: restore.mode, name, live, there: &there };
        findings.extend(look.table(archived.is_some(), known.shared));
        findings.extend(look.columns(archive, archived.is_some()));
        findings.extend(look.triggers(facts, archived.is_some(), known.shared));
        let mut table = Table {
            number: tables.len(),
            name: name.clone(),
            oid: live.oid,
            shared: known.shared,
            archived: in_archive(false).map(|table| table.rows),
            condition: known.condition.clone(),
            ..Table::default()
        };
        describe(&mut table, facts, &there, archive);
        tables.push(table.clone());
        if let Some(others) = in_archive(true) {
            let archived = Some(others.rows);
            tables.push(Table { number: tables.len(), shared: true, named: true, archived, condition: None, ..table });
        }
    }
    (tables, findings)
}

/// Its columns and its key.
fn describe(table: &mut Table, facts: &Facts, there: &[&ColumnFacts], archive: Option<&schema::Table>) {
    table.columns = match archive {
        Some(archive) => archive.columns.iter().map(|column| column.name.clone()).collect(),
        None => there.iter().map(|column| column.name.clone()).collect(),
    };
    table.generated = there.iter().filter(|column| column.generated).map(|column| column.name.clone()).collect();
    let key = facts.key_of(table.oid);
    let columns: Option<Vec<String>> = key.map(|key| key.columns.iter().flatten().cloned().collect());
    let usable = columns.filter(|columns| columns.iter().all(|column| table.columns.contains(column)));
    if let (Some(columns), Some(key)) = (usable, key) {
        (table.key, table.operators) = (columns, key.operators.clone());
    }
}

/// One table of the target.
struct Look<'l> {
    mode: RestoreMode,
    name: &'l QualifiedName,
    live: &'l TableFacts,
    there: &'l [&'l ColumnFacts],
}

impl Look<'_> {
    fn found(&self, code: Code, message: impl Into<String>) -> RestoreFinding {
        code.found(self.mode, self.name, message)
    }

    fn table(&self, is_written: bool, is_shared: bool) -> Vec<RestoreFinding> {
        let live = self.live;
        let mut findings = Vec::new();
        if !matches!(live.kind.as_str(), "r" | "p") {
            findings.push(self.found(Code::NotATable, "it is a view or a foreign table in the target"));
        }
        if live.row_security {
            let message = "row security filters what the target's role sees of it and may write into it";
            findings.push(self.found(Code::RowSecurity, message));
        }
        if live.has_rules && is_written {
            findings.push(self.found(Code::Rule, "a rule of the target writes something else instead or beside"));
        }
        let deletes = self.mode == RestoreMode::Replace && !is_shared;
        let lacking = [
            ("SELECT", live.can_select),
            ("INSERT", live.can_insert || !is_written),
            ("DELETE", live.can_delete || !deletes),
        ];
        let lacking: Vec<&str> = lacking.iter().filter(|(_, may)| !may).map(|(privilege, _)| *privilege).collect();
        if !lacking.is_empty() {
            findings.push(self.found(Code::Privilege, format!("the target's role lacks {}", lacking.join(", "))));
        }
        findings
    }

    fn columns(&self, archive: Option<&schema::Table>, is_written: bool) -> Vec<RestoreFinding> {
        if !is_written {
            return Vec::new();
        }
        let Some(archive) = archive else {
            return vec![self.found(Code::TableUnknown, "the archive has rows of it and does not describe it")];
        };
        let there = self.there.iter().map(|there| Column {
            name: &there.name,
            kind: &there.kind,
            needs_value: there.not_null && !there.has_default && !there.generated,
        });
        columns::compare(self.mode, self.name, archive, &there.collect::<Vec<_>>())
    }

    fn triggers(&self, facts: &Facts, is_written: bool, is_shared: bool) -> Vec<RestoreFinding> {
        let deletes = self.mode == RestoreMode::Replace && !is_shared;
        let fires = |on_insert: bool, on_delete: bool| on_insert && is_written || on_delete && deletes;
        let own = facts.triggers.iter().filter(|trigger| trigger.table == self.live.oid);
        let firing = own.filter(|trigger| fires(trigger.on_insert, trigger.on_delete));
        firing
            .map(|trigger| self.found(Code::Trigger, format!("trigger {} fires for these rows", trigger.name)))
            .collect()
    }
}
