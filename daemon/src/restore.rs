//! Puts an organization's rows from an archive into a database, and proves before the commit that they are what the
//! archive holds and that nobody else's row is another one. What follows is so on PostgreSQL; `sqlite` has the same for
//! files.
//!
//! ```text
//! archived   what an archive gives: schema, tables, CSV
//! tenant     which rows are the organization's, by the daemon's own definition
//! stage      CSV -> temporary tables with the target's own types
//! renew      new ids for the staged rows, where the organization comes back beside the one that is there
//! plan       staged rows against the target; writes nothing that stays
//! load       delete in reverse order, insert in order: one statement for each circle of foreign keys
//! prove      what was written, by what the server counted and by the bytes that it gives back
//! sequences  upward only, after the commit
//! ```
//!
//! All of it is one transaction (REPEATABLE READ), so that the plan, the load and the proof see one instant, and
//! what somebody else commits meanwhile ends it with `target_conflict` where it matters.

mod archived;
mod columns;
mod compared;
mod error;
mod facts;
mod finding;
mod found;
mod full;
mod load;
mod order;
mod plan;
mod prove;
mod records;
mod renew;
mod sequences;
mod session;
mod sql;
mod sqlite;
mod stage;
mod table;
mod target;
mod tenant;

use std::sync::Arc;

use orgvault_api::{RestoreMode, RestorePlan, Restored};
use orgvault_archive::full::schema::ServerKind;

pub use archived::{ArchivedRows, ArchivedTable, NativeReader, NativeRows, ReadNative};
pub use error::{ProofFault, RestoreError, TargetFault};
pub use full::ArchivedFull;
pub use renew::Renewal;
pub use target::Target;
pub use tenant::{Tenant, TenantReference, TenantTable};

use self::{plan::Planned, session::Session, target::Place};

/// One restore.
pub struct Restore {
    /// Where to.
    pub target: Target,
    /// What.
    pub rows: Arc<dyn ArchivedRows>,
    /// Whose.
    pub tenant: Tenant,
    /// What is done with what is there.
    pub mode: RestoreMode,
    /// Under another id, with new ids throughout. The tenant has the new one, and nothing of it may be there: the mode
    /// is `scratch`.
    pub renewal: Option<Renewal>,
}

impl Restore {
    /// Looks what a restore would do. Nothing that it writes stays.
    ///
    /// # Errors
    /// When the target or the archive cannot be read.
    pub async fn plan(&self) -> Result<RestorePlan, RestoreError> {
        self.refuse_other_kind()?;
        let options = match &self.target.place {
            Place::Postgres(options) => options,
            Place::Sqlite { file, .. } => return sqlite::plan(self, file).await,
        };
        let mut session = Session::begin(&self.target, options, &self.tenant).await?;
        let planned = Planned::make(&mut session, self, false).await?;
        session.roll_back().await?;
        Ok(planned.plan)
    }

    /// Makes the plan anew and does it. `expected` is the id of the plan that somebody agreed to; without it any
    /// plan is done that is possible.
    ///
    /// # Errors
    /// When the plan is another one now, something keeps it from being done, or what was written is not what the
    /// archive holds. Then the target is as it was.
    pub async fn apply(&self, expected: Option<&str>) -> Result<Restored, RestoreError> {
        self.refuse_other_kind()?;
        let options = match &self.target.place {
            Place::Postgres(options) => options,
            Place::Sqlite { file, .. } => return sqlite::apply(self, file, expected).await,
        };
        let mut session = Session::begin(&self.target, options, &self.tenant).await?;
        let planned = Planned::make(&mut session, self, true).await?;
        self.agreed(&planned.plan, expected)?;
        let identical = planned.plan.identical;
        let (mut inserted, mut deleted) = (0, 0);
        if identical {
            session.roll_back().await?;
        } else {
            let loaded = load::load(&mut session, &planned).await?;
            prove::prove(&mut session, &planned, &loaded).await?;
            session.commit().await?;
            (inserted, deleted) = (loaded.inserted(), loaded.deleted());
        }
        let (sequences, warnings) = sequences::raise(&mut session, &planned.sequences).await;
        session.close().await;
        Ok(Restored { plan: planned.plan, identical, inserted, deleted, sequences, warnings })
    }

    /// The text of a value is that of its database.
    fn refuse_other_kind(&self) -> Result<(), RestoreError> {
        let (archive, found) = (
            self.rows.schema().kind,
            match self.target.place {
                Place::Postgres(_) => ServerKind::Postgres,
                Place::Sqlite { .. } => ServerKind::Sqlite,
            },
        );
        if archive == found {
            return Ok(());
        }
        Err(RestoreError::Kind {
            target: Arc::clone(&self.target.name),
            archive: archive.title(),
            found: found.title(),
        })
    }

    /// Looks whether the plan that somebody agreed to would still be done.
    ///
    /// # Errors
    /// When it is another one now, or something keeps it from being done.
    pub async fn check(&self, expected: &str) -> Result<RestorePlan, RestoreError> {
        let plan = self.plan().await?;
        self.agreed(&plan, Some(expected))?;
        Ok(plan)
    }

    /// The organization's id in the archive.
    fn organization(&self) -> &str {
        self.renewal.as_ref().map_or(&self.tenant.id, |renewal| &renewal.from)
    }

    fn agreed(&self, plan: &RestorePlan, expected: Option<&str>) -> Result<(), RestoreError> {
        let target = Arc::clone(&self.target.name);
        if let Some(asked) = expected.filter(|asked| *asked != plan.id) {
            return Err(RestoreError::PlanChanged { target, asked: asked.to_owned(), plan: Box::new(plan.clone()) });
        }
        if !plan.possible {
            return Err(RestoreError::Blocked { target, plan: Box::new(plan.clone()) });
        }
        Ok(())
    }
}
