//! Deletes what is replaced and inserts what is staged.

use std::sync::Arc;

use super::{plan::Planned, session::Session, table::Table};
use crate::restore::error::{ProofFault, RestoreError};

/// Rows that were written by this connection, whoever's statement it was: triggers are among them.
const WRITTEN: &str = "SELECT total_changes()";

/// Writes everything of a plan that is possible; gives how many rows were inserted and deleted.
///
/// # Errors
/// When it is refused, or something else was written too.
pub(super) async fn load(session: &mut Session, planned: &Planned) -> Result<(u64, u64), RestoreError> {
    let [before] = session.numbers("ask what was written", WRITTEN.to_owned()).await?;
    let of = |group: &[usize]| -> Vec<Table> {
        group.iter().filter_map(|number| planned.tables.get(*number)).cloned().collect()
    };
    let (mut inserted, mut deleted) = (0, 0);
    for group in planned.groups.iter().rev() {
        for table in of(group).iter().filter(|table| table.is_replaced(planned.mode)) {
            deleted += session.run(&format!("delete the rows of {}", table.name), table.delete()).await?;
        }
    }
    for group in &planned.groups {
        for table in of(group).iter().filter(|table| table.is_staged() && table.inserts(planned.mode) > 0) {
            inserted += session.run(&format!("load {}", table.name), table.insert(planned.mode)).await?;
        }
    }
    let [after] = session.numbers("ask what was written", WRITTEN.to_owned()).await?;
    let expected = expected(planned);
    let written = after.saturating_sub(before);
    if (inserted, deleted) == expected && written == inserted + deleted {
        return Ok((inserted, deleted));
    }
    let words = format!(
        "{written} rows were written in all, {inserted} of them inserted and {deleted} deleted by the restore, which \
         inserts {} and deletes {}",
        expected.0, expected.1
    );
    let with_triggers = planned.tables.iter().find(|table| !table.there.triggers.is_empty());
    let table = with_triggers.or(planned.tables.first()).map(|table| table.name.to_string()).unwrap_or_default();
    let (key, column) = <(String, String)>::default();
    let (target, fault) = (Arc::clone(&session.target), ProofFault::OtherRows);
    Err(RestoreError::Proof { target, fault, table, key, column, words })
}

fn expected(planned: &Planned) -> (u64, u64) {
    let inserted = planned.tables.iter().filter(|table| table.is_staged()).map(|table| table.inserts(planned.mode));
    let deleted = planned.tables.iter().filter(|table| table.is_replaced(planned.mode)).map(|table| table.here);
    (inserted.sum(), deleted.sum())
}
