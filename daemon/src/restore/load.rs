//! Deletes what is replaced and inserts what is staged: one statement for each group of tables, so that a circle of
//! foreign keys is checked when all of its rows are there.

use super::{error::RestoreError, plan::Planned, prove::Counters, session::Session, table::Table};

/// What was written.
pub(super) struct Loaded {
    /// Rows that each table must have got and lost, by number.
    tables: Vec<(u64, u64)>,
    /// What the server had counted before.
    pub(super) before: Counters,
}

impl Loaded {
    pub(super) fn inserted(&self) -> u64 {
        self.tables.iter().map(|(inserted, _)| inserted).sum()
    }

    pub(super) fn deleted(&self) -> u64 {
        self.tables.iter().map(|(_, deleted)| deleted).sum()
    }

    /// Rows that a table must have got and lost.
    pub(super) fn of(&self, table: &Table) -> (u64, u64) {
        self.tables.get(table.number).copied().unwrap_or_default()
    }
}

/// Writes everything of a plan that is possible.
pub(super) async fn load(session: &mut Session, planned: &Planned) -> Result<Loaded, RestoreError> {
    let before = Counters::ask(session).await?;
    let of_group = |group: &[usize], wanted: &dyn Fn(&&Table) -> bool| -> Vec<Table> {
        let tables = group.iter().filter_map(|number| planned.tables.get(*number));
        tables.filter(wanted).cloned().collect()
    };
    for group in planned.groups.iter().rev() {
        let tables = of_group(group, &|table| table.is_replaced(planned.mode));
        let statements = tables.iter().map(Table::delete).collect();
        write(session, "delete the rows of", &tables, statements).await?;
    }
    for group in &planned.groups {
        let tables = of_group(group, &|table| table.is_staged() && table.inserts(planned.mode) > 0);
        let statements = tables.iter().map(|table| table.insert(planned.mode)).collect();
        write(session, "load", &tables, statements).await?;
    }
    let written = planned.tables.iter().map(|table| {
        let deleted = if table.is_replaced(planned.mode) { table.here } else { 0 };
        (if table.is_staged() { table.inserts(planned.mode) } else { 0 }, deleted)
    });
    Ok(Loaded { tables: written.collect(), before })
}

async fn write(
    session: &mut Session,
    what: &str,
    tables: &[Table],
    statements: Vec<String>,
) -> Result<(), RestoreError> {
    let names: Vec<String> = tables.iter().map(|table| table.name.to_string()).collect();
    match one_statement(statements) {
        Some(sql) => session.run(&format!("{what} {}", names.join(", ")), sql).await.map(drop),
        None => Ok(()),
    }
}

/// Statements that write, as one; none of none.
fn one_statement(mut statements: Vec<String>) -> Option<String> {
    if statements.len() < 2 {
        return statements.pop();
    }
    let parts = statements.iter().enumerate().map(|(at, statement)| format!("orgvault_{at} AS ({statement})"));
    Some(format!("WITH {} SELECT", parts.collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_statements_become_one() {
        let statements = |list: &[&str]| one_statement(list.iter().map(|it| (*it).to_owned()).collect());
        assert_eq!(statements(&[]), None);
        assert_eq!(statements(&["DELETE FROM a"]).unwrap(), "DELETE FROM a");
        let two = statements(&["DELETE FROM a", "DELETE FROM b"]).unwrap();
        assert_eq!(two, "WITH orgvault_0 AS (DELETE FROM a), orgvault_1 AS (DELETE FROM b) SELECT");
    }
}
