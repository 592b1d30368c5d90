//! Unique keys and foreign keys of the staged rows.

use super::{Draft, references};
use crate::{
    restore::{
        error::RestoreError,
        finding::Code,
        sqlite::{
            session::Session,
            sql::{all, equal},
            table::Table,
        },
    },
    schema::sqlite::quoted,
};

impl Draft<'_> {
    /// Staged rows that have a value which another row has that stays.
    pub(super) async fn check_unique(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for table in self.tables.iter().filter(|table| table.is_staged()) {
            let key: Vec<String> = table.key.iter().map(|column| quoted(column)).collect();
            let others = table.there.unique.iter();
            for unique in others.filter(|unique| unique.predicate.is_some() || unique.expressions != key) {
                let act = format!("look who has the values of {}", unique.name);
                let rows = session.found(&act, "s.orgvault_k", &table.unique_held(unique, self.mode)).await?;
                let message = format!("another row has the value of unique key {}", unique.name);
                self.findings.extend(Code::UniqueHeld.of_rows(self.mode, &table.name, rows, message));
            }
        }
        Ok(())
    }

    /// Staged rows that name a row which is neither there nor in the archive.
    pub(super) async fn check_references(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for table in self.tables.iter().filter(|table| table.is_staged()) {
            for key in references(table) {
                if self.schema.table(&key.references).is_none() {
                    let message = format!("foreign key {} names a table that the target does not have", key.name);
                    self.findings.push(Code::TableMissing.found(self.mode, &key.references, message));
                    continue;
                }
                let mut nowhere = Vec::new();
                for parent in self.tables.iter().filter(|parent| parent.name == key.references) {
                    let staged = equal("p", &key.referenced, "s", &key.columns);
                    if parent.is_staged() {
                        nowhere.push(format!("NOT EXISTS (SELECT 1 FROM {} AS p WHERE {staged})", parent.stage()));
                    }
                }
                let own = self.tables.iter().find(|parent| parent.name == key.references && !parent.named);
                let stays = own.map_or_else(|| "true".to_owned(), |parent: &Table| parent.stays(self.mode, "p"));
                nowhere.push(format!(
                    "NOT EXISTS (SELECT 1 FROM main.{} AS p WHERE {} AND {stays})",
                    quoted(&key.references.name),
                    equal("p", &key.referenced, "s", &key.columns)
                ));
                let given = key.columns.iter().map(|column| format!("s.{} IS NOT NULL", quoted(column)));
                let from = format!("{} AS s WHERE {} AND {}", table.stage(), all(given), all(nowhere));
                let rows =
                    session.found(&format!("check foreign key {}", key.name), &table.key_text("s"), &from).await?;
                let message = format!("foreign key {} names rows of {} that are not there", key.name, key.references);
                self.findings.extend(Code::ReferenceMissing.of_rows(self.mode, &table.name, rows, message));
            }
        }
        Ok(())
    }
}
