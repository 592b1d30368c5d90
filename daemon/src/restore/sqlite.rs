//! The same into an SQLite file: the steps and the words of [`super`], in one `BEGIN IMMEDIATE` transaction.
//!
//! The archive's rows are staged before the transaction begins, in temporary tables that are made by the statements
//! that made the target's own: so the target's checks, types and computed columns have their say, and the app waits
//! for nothing. Foreign keys are not enforced meanwhile, so that neither their order matters nor anything is deleted or
//! emptied beside; that each leads to a row is proven before the commit.

mod classes;
mod fault;
mod file;
mod load;
mod plan;
mod prove;
mod sequences;
mod session;
mod sql;
mod stage;
mod table;

use std::path::Path;

use orgvault_api::{RestorePlan, Restored};

use self::{plan::Planned, session::Session};
use super::{Restore, error::RestoreError};

/// As [`Restore::plan`].
pub(super) async fn plan(restore: &Restore, file: &Path) -> Result<RestorePlan, RestoreError> {
    let mut session = Session::open(&restore.target, file).await?;
    let planned = Planned::make(&mut session, restore, "BEGIN").await?;
    session.roll_back().await?;
    session.close().await;
    Ok(planned.plan)
}

/// As [`Restore::apply`].
pub(super) async fn apply(restore: &Restore, file: &Path, expected: Option<&str>) -> Result<Restored, RestoreError> {
    let mut session = Session::open(&restore.target, file).await?;
    let planned = Planned::make(&mut session, restore, "BEGIN IMMEDIATE").await?;
    restore.agreed(&planned.plan, expected)?;
    let identical = planned.plan.identical;
    let before = prove::dangling(&mut session, &planned.checked).await?;
    let (inserted, deleted) = if identical { (0, 0) } else { load::load(&mut session, &planned).await? };
    prove::prove(&mut session, &planned, &before).await?;
    // It is a row of a table, and so a part of the transaction.
    sequences::raise(&mut session, &planned.moves).await?;
    session.commit().await?;
    session.close().await;
    let sequences = planned.plan.sequences.clone();
    Ok(Restored { plan: planned.plan, identical, inserted, deleted, sequences, warnings: Vec::new() })
}
