//! What the target's schema asks of a row, asked of the staged rows before any is loaded.

use super::{Draft, rows_of};
use crate::restore::{
    error::RestoreError,
    facts::ReferenceFacts,
    finding::Code,
    session::Session,
    sql::{counted, equal, name, qualified},
    stage,
    table::Table,
};

impl Draft<'_> {
    /// Values that must be there, checks, partitions, unique keys, and values that the target's types change.
    pub(super) async fn check_values(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for table in self.tables.clone().iter().filter(|table| table.is_staged()) {
            self.check_not_null(session, table).await?;
            self.check_checks(session, table).await?;
            self.check_partitions(session, table).await?;
            self.check_changed(session, table).await?;
            if !table.empty {
                self.check_unique(session, table).await?;
            }
        }
        Ok(())
    }

    async fn check_not_null(&mut self, session: &mut Session, table: &Table) -> Result<(), RestoreError> {
        let columns = self.facts.columns_of(table.oid).filter(|column| column.not_null && !column.generated);
        let columns = columns.filter(|column| table.columns.contains(&column.name));
        let nulls: Vec<String> = columns.map(|column| format!("s.{} IS NULL", name(&column.name))).collect();
        if nulls.is_empty() {
            return Ok(());
        }
        let message = "a column that must have a value has none";
        self.find(session, table, Code::NotNull, &nulls.join(" OR "), message).await
    }

    async fn check_checks(&mut self, session: &mut Session, table: &Table) -> Result<(), RestoreError> {
        let checks: Vec<(String, String)> = self
            .facts
            .checks
            .iter()
            .filter(|check| check.table == table.oid)
            .map(|check| (check.name.clone(), check.expression.clone()))
            .collect();
        for (check, expression) in checks {
            let message = format!("check {check} of the target refuses them");
            self.find(session, table, Code::Check, &format!("({expression}) IS FALSE"), &message).await?;
        }
        Ok(())
    }

    async fn check_partitions(&mut self, session: &mut Session, table: &Table) -> Result<(), RestoreError> {
        let is_partitioned = self.facts.tables.iter().any(|live| live.oid == table.oid && live.kind == "p");
        let own = self.facts.partitions.iter().filter(|partition| partition.table == table.oid);
        let taken: Vec<String> =
            own.map(|partition| format!("({})", partition.condition.as_deref().unwrap_or("true"))).collect();
        if !is_partitioned || table.rows() == 0 {
            return Ok(());
        }
        let taken = if taken.is_empty() { "false".to_owned() } else { taken.join(" OR ") };
        let message = "no partition of the target takes them";
        self.find(session, table, Code::PartitionMissing, &format!("({taken}) IS NOT TRUE"), message).await
    }

    /// Counts the staged rows for which `condition` over the table's bare columns is true. One that is about a column
    /// which the archive does not have says nothing of them.
    async fn find(
        &mut self,
        session: &mut Session,
        table: &Table,
        code: Code,
        condition: &str,
        message: &str,
    ) -> Result<(), RestoreError> {
        let act = format!("check the rows of {}", table.name);
        let sql = counted(&table.key_text("s"), &format!("{} s WHERE {condition}", table.stage()));
        session.save().await?;
        let rows = rows_of(session, &act, sql).await;
        if let Ok(rows) = session.end_attempt(rows).await? {
            self.findings.extend(code.of_rows(self.mode, &table.name, rows, message));
        }
        Ok(())
    }

    /// Where the target's types are not the archive's, its values may come back as others.
    async fn check_changed(&mut self, session: &mut Session, table: &Table) -> Result<(), RestoreError> {
        let archive = self.restore.rows.schema().table(&table.name);
        let kind = |name: &String| {
            let column = archive?.columns.iter().find(|column| column.name == *name)?;
            Some(column.kind.as_str())
        };
        let changed = self.facts.columns_of(table.oid).any(|it| kind(&it.name).is_some_and(|kind| kind != it.kind));
        if !changed {
            return Ok(());
        }
        let (_, hash) = stage::hash_of(session, &format!("read {} back", table.name), &table.staged_back()).await?;
        if hash != table.hash {
            let message = "the target's types change some of its values";
            self.findings.push(Code::ValueChanged.found(self.mode, &table.name, message));
        }
        Ok(())
    }

    async fn check_unique(&mut self, session: &mut Session, table: &Table) -> Result<(), RestoreError> {
        let others = self.facts.unique.iter().filter(|unique| {
            let columns: Vec<&String> = unique.columns.iter().flatten().collect();
            unique.table == table.oid
                && !(unique.predicate.is_none() && columns == table.key.iter().collect::<Vec<_>>())
        });
        for unique in others.cloned().collect::<Vec<_>>() {
            let act = format!("look who has the values of {}", unique.name);
            session.save().await?;
            let rows =
                rows_of(session, &act, table.unique_held(&unique, self.mode, self.restore.renewal.is_some())).await;
            // An expression over a column that the archive does not have says nothing of its rows.
            if let Ok(rows) = session.end_attempt(rows).await? {
                let message = format!("another row has the value of unique key {}", unique.name);
                self.findings.extend(Code::UniqueHeld.of_rows(self.mode, &table.name, rows, message));
            }
        }
        Ok(())
    }

    /// Staged rows that name a row which is neither there nor in the archive.
    pub(super) async fn check_references(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for reference in self.facts.references.clone() {
            let children: Vec<Table> =
                self.tables_of(reference.child).filter(|table| table.is_staged()).cloned().collect();
            for table in children {
                if !reference.columns.iter().all(|column| table.columns.contains(column)) {
                    continue;
                }
                let sql = self.dangling(&table, &reference);
                let rows = rows_of(session, &format!("check foreign key {}", reference.name), sql).await?;
                let message = format!(
                    "foreign key {} names rows of {} that are not there",
                    reference.name, reference.parent_name
                );
                self.findings.extend(Code::ReferenceMissing.of_rows(self.mode, &table.name, rows, message));
            }
        }
        Ok(())
    }

    fn dangling(&self, table: &Table, reference: &ReferenceFacts) -> String {
        let parent = self.table(reference.parent);
        let key = equal("p", &reference.referenced, &reference.operators, "s", &reference.columns);
        let given: Vec<String> =
            reference.columns.iter().map(|column| format!("s.{} IS NOT NULL", name(column))).collect();
        let stays = parent.map_or_else(|| "true".to_owned(), |parent| parent.stays(self.mode, "p"));
        let mut nowhere =
            vec![format!("NOT EXISTS (SELECT FROM {} p WHERE {key} AND {stays})", qualified(&reference.parent_name))];
        for parent in self.tables_of(reference.parent).filter(|parent| parent.is_staged()) {
            nowhere.insert(0, format!("NOT EXISTS (SELECT FROM {} p WHERE {key})", parent.stage()));
        }
        let from = format!("{} s WHERE {} AND {}", table.stage(), given.join(" AND "), nowhere.join(" AND "));
        counted(&table.key_text("s"), &from)
    }
}
