//! What a delete of the organization's rows would take with it.

use orgvault_api::RestoreMode;
use orgvault_archive::full::schema::{ForeignKey, QualifiedName};

use super::Draft;
use crate::{
    restore::{
        error::RestoreError,
        finding::Code,
        sqlite::{
            session::Session,
            sql::{equal, key_text},
            table::Table,
        },
    },
    schema::sqlite::quoted,
};

impl Draft<'_> {
    /// Rows that are not the organization's, or of tables that are not restored, and that name rows which would be
    /// deleted. Where the same row is inserted again, only what the key says of deletes matters.
    pub(super) async fn check_reach(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        if self.mode != RestoreMode::Replace {
            return Ok(());
        }
        for child in &self.schema.tables {
            for key in &child.foreign_keys {
                let parent = self.tables.iter().find(|table| table.name == key.references && !table.named);
                let Some(parent) = parent.filter(|table| table.is_replaced(self.mode)) else { continue };
                let (text, from) = self.reached(parent, &child.name, key);
                let act = format!("look what a delete in {} would reach", parent.name);
                let rows = session.found(&act, &text, &from).await?;
                let (code, what) = match key.on_delete.as_str() {
                    "CASCADE" => (Code::CascadeReach, "would be deleted with"),
                    "SET NULL" | "SET DEFAULT" => (Code::CascadeReach, "would lose their reference to"),
                    _ => (Code::StillReferenced, "name"),
                };
                let message = format!(
                    "{} rows that the archive does not hold {what} rows of {} (foreign key {})",
                    rows.0, key.references, key.name
                );
                self.findings.extend(code.of_rows(self.mode, &child.name, rows, message));
            }
        }
        Ok(())
    }

    fn reached(&self, parent: &Table, child: &QualifiedName, key: &ForeignKey) -> (String, String) {
        let own = self.tables.iter().find(|table| table.name == *child && !table.named);
        let stays = own.map_or_else(|| "true".to_owned(), |child| child.stays(self.mode, "c"));
        // Whatever names it: the columns of the key that leads there.
        let text = own.map_or_else(|| key_text("c", &key.columns), |child| child.key_text("c"));
        let comes_back = if key.on_delete == "NO ACTION" && parent.is_staged() {
            let same = equal("b", &key.referenced, "c", &key.columns);
            format!(" AND NOT EXISTS (SELECT 1 FROM {} AS b WHERE {same})", parent.stage())
        } else {
            String::new()
        };
        let from = format!(
            "main.{} AS c JOIN {} AS p ON {} WHERE {} AND {stays}{comes_back}",
            quoted(&child.name),
            parent.live(),
            equal("p", &key.referenced, "c", &key.columns),
            parent.is_here("p")
        );
        (text, from)
    }
}
