//! The archive's rows against those that are there.

use orgvault_api::RestoreFinding;

use super::{Draft, rows_of};
use crate::restore::{
    compared::{Compared, Keys, classes},
    error::RestoreError,
    session::Session,
    table::Table,
};

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
            let sql = classes(table.shared, &table.matches());
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
        let compared = Compared { differing, held, new, only_here, here, shared: table.shared, named: table.named };
        let mut findings = Vec::new();
        for (code, keys, message) in compared.findings(self.mode) {
            let rows = match keys {
                Keys::Differing if table.shared => rows_of(session, &act, table.matched_keys("NOT m.same")).await?,
                Keys::Differing => rows_of(session, &act, table.matched_keys("m.own AND NOT m.same")).await?,
                Keys::Held => rows_of(session, &act, table.matched_keys("NOT m.own")).await?,
                Keys::New => rows_of(session, &act, table.unmatched_keys()).await?,
                Keys::OnlyHere => rows_of(session, &act, table.only_here_keys()).await?,
                Keys::NoneOf(rows) => (rows, Vec::new()),
            };
            findings.extend(code.of_rows(self.mode, &table.name, rows, message));
        }
        Ok(findings)
    }
}
