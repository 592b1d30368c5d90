//! The archive's rows against those that are there.

use orgvault_api::{RestoreFinding, RestoreMode};

use super::{Draft, rows_of};
use crate::restore::{error::RestoreError, finding::Code, session::Session, table::Table};

impl Draft<'_> {
    /// Counts what is new, identical, differing, held by others, and only here.
    pub(super) async fn compare_rows(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for at in 0..self.tables.len() {
            let Some(mut table) = self.tables.get(at).cloned() else { continue };
            let findings = self.compare_table(session, &mut table).await?;
            self.findings.extend(findings);
            if let Some(slot) = self.tables.get_mut(at) {
                *slot = table;
            }
        }
        Ok(())
    }

    async fn compare_table(
        &mut self,
        session: &mut Session,
        table: &mut Table,
    ) -> Result<Vec<RestoreFinding>, RestoreError> {
        let act = format!("compare {}", table.name);
        let [mut identical, mut differing, mut held, mut own] = [0; 4];
        if table.is_matched() {
            session.run(&act, table.create_match()).await?;
            session.run(&act, format!("ANALYZE {}", table.matches())).await?;
            let known = if table.shared { "true" } else { "own" };
            let sql = format!(
                "SELECT count(*) FILTER (WHERE {known} AND same), count(*) FILTER (WHERE {known} AND NOT same), \
                 count(*) FILTER (WHERE NOT {known}), count(*) FILTER (WHERE own) FROM {}",
                table.matches()
            );
            [identical, differing, held, own] = session.numbers(&act, sql).await?;
        }
        table.matched = identical + differing + held;
        let new = table.rows().saturating_sub(table.matched);
        let only_here = table.here.saturating_sub(own);
        let here = table.here;
        if let Some(count) = self.counts.get_mut(table.number) {
            (count.here, count.new, count.identical) = (here, new, identical);
            (count.differing, count.held, count.only_here) = (differing, held, only_here);
        }
        let mut findings = Vec::new();
        let (mode, name) = (self.mode, table.name.clone());
        if differing > 0 {
            let known = if table.shared { "NOT m.same" } else { "m.own AND NOT m.same" };
            let rows = rows_of(session, &act, table.matched_keys(known)).await?;
            let code = if table.shared { Code::SharedDiffers } else { Code::RowDiffers };
            findings.extend(code.of_rows(mode, &name, rows, format!("{differing} rows are there with other values")));
        }
        if held > 0 {
            let rows = rows_of(session, &act, table.matched_keys("NOT m.own")).await?;
            let message = format!("{held} rows have an id that a row of somebody else has");
            findings.extend(Code::IdHeld.of_rows(mode, &name, rows, message));
        }
        if table.shared && new > 0 {
            let rows = rows_of(session, &act, table.unmatched_keys()).await?;
            let (code, whose) = if table.named {
                (Code::OthersMissing, "of other organizations, which the organization's rows name,")
            } else {
                (Code::SharedMissing, "that several organizations may name")
            };
            findings.extend(code.of_rows(mode, &name, rows, format!("{new} rows {whose} are not there")));
        }
        if mode == RestoreMode::Scratch && here > 0 {
            let message = format!("{here} rows of the organization are there");
            findings.extend(Code::TenantPresent.of_rows(mode, &name, (here, Vec::new()), message));
        } else if only_here > 0 {
            let rows = rows_of(session, &act, table.only_here_keys()).await?;
            let what = if mode == RestoreMode::Replace { "are deleted" } else { "stay" };
            let message = format!("{only_here} rows of the organization are not in the archive and {what}");
            findings.extend(Code::OnlyHere.of_rows(mode, &name, rows, message));
        }
        Ok(findings)
    }
}
