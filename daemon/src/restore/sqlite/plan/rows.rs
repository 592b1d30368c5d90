//! The archive's rows against those that are there.

use super::Draft;
use crate::restore::{
    compared::{Compared, Keys, classes},
    error::RestoreError,
    sqlite::session::Session,
};

impl Draft<'_> {
    /// Counts what is new, identical, differing, held by others, and only here.
    pub(super) async fn compare_rows(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for at in 0..self.tables.len() {
            self.compare_table(session, at).await?;
        }
        Ok(())
    }

    async fn compare_table(&mut self, session: &mut Session, at: usize) -> Result<(), RestoreError> {
        let Some(table) = self.tables.get_mut(at) else { return Ok(()) };
        let act = format!("compare {}", table.name);
        let [mut identical, mut differing, mut held, mut own] = [0; 4];
        if table.is_staged() {
            session.run(&act, table.find_matches()).await?;
            let sql = classes(table.shared, &table.matches());
            [identical, differing, held, own] = session.numbers(&act, sql).await?;
        }
        table.matched = identical + differing + held;
        let new = table.rows().saturating_sub(table.matched);
        let (here, only_here) = (table.here, table.here.saturating_sub(own));
        let table = table.clone();
        if let Some(count) = self.counts.get_mut(at) {
            (count.here, count.new, count.identical) = (here, new, identical);
            (count.differing, count.held, count.only_here) = (differing, held, only_here);
        }
        let compared = Compared { differing, held, new, only_here, here, shared: table.shared, named: table.named };
        for (code, keys, message) in compared.findings(self.mode) {
            let (alias, from) = match keys {
                Keys::Differing if table.shared => ("s", table.matched("NOT m.same")),
                Keys::Differing => ("s", table.matched("m.own AND NOT m.same")),
                Keys::Held => ("s", table.matched("NOT m.own")),
                Keys::New => ("s", table.unmatched()),
                Keys::OnlyHere => ("t", table.only_here()),
                Keys::NoneOf(rows) => {
                    self.findings.extend(code.of_rows(self.mode, &table.name, (rows, Vec::new()), message));
                    continue;
                }
            };
            let rows = session.found(&act, &table.key_text(alias), &from).await?;
            self.findings.extend(code.of_rows(self.mode, &table.name, rows, message));
        }
        Ok(())
    }
}
