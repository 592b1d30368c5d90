//! What a delete of the organization's rows would take with it.

use orgvault_api::RestoreMode;

use super::{Draft, rows_of};
use crate::restore::{
    error::RestoreError,
    facts::ReferenceFacts,
    finding::Code,
    session::Session,
    sql::{counted, equal, qualified},
    table::Table,
};

impl Draft<'_> {
    /// Rows that are not the organization's, or of tables that are not restored, and that name rows which would be
    /// deleted.
    pub(super) async fn check_reach(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        if self.mode != RestoreMode::Replace {
            return Ok(());
        }
        for reference in self.facts.references.clone() {
            let Some(parent) = self.table(reference.parent).filter(|table| table.is_replaced(self.mode)) else {
                continue;
            };
            let sql = self.reached(parent, &reference);
            let act = format!("look what a delete in {} would reach", parent.name);
            let rows = rows_of(session, &act, sql).await?;
            let (code, what) = match reference.on_delete.as_str() {
                "c" => (Code::CascadeReach, "would be deleted with"),
                "n" | "d" => (Code::CascadeReach, "would lose their reference to"),
                _ => (Code::StillReferenced, "name"),
            };
            let message = format!(
                "{} rows that the archive does not hold {what} rows of {} (foreign key {})",
                rows.0, reference.parent_name, reference.name
            );
            self.findings.extend(code.of_rows(self.mode, &reference.child_name, rows, message));
        }
        Ok(())
    }

    fn reached(&self, parent: &Table, reference: &ReferenceFacts) -> String {
        let key = equal("p", &reference.referenced, &reference.operators, "c", &reference.columns);
        let child = self.table(reference.child);
        let stays = child.map_or_else(|| "true".to_owned(), |child| child.stays(self.mode, "c"));
        let text = match child {
            Some(child) => child.key_text("c"),
            // Whatever names it: the columns of the key that leads there.
            None => crate::restore::sql::key_text("c", &reference.columns),
        };
        let from = format!(
            "{} c JOIN {} p ON {key} JOIN {} h ON h.live = p.ctid AND h.part = p.tableoid WHERE {stays}",
            qualified(&reference.child_name),
            parent.live(),
            parent.here()
        );
        counted(&text, &from)
    }
}
