//! What a restore would do, and everything that speaks against it.

mod cascade;
mod differences;
mod identity;
mod refused;
mod rows;
mod schema;
mod values;

use std::collections::BTreeSet;

use orgvault_api::{RestoreFinding, RestoreIds, RestoreMode, RestorePlan, RestoreTable};
use orgvault_archive::{full::schema::QualifiedName, naming::hex};
use sha2::{Digest as _, Sha256};

use super::{
    Restore,
    error::RestoreError,
    facts::Facts,
    found::{Found, shortened},
    order, renew,
    sequences::{self, Move},
    session::{self, Session},
    stage,
    table::Table,
    tenant,
};

/// A plan, and what it takes to do it inside the same transaction.
pub(super) struct Planned {
    pub(super) plan: RestorePlan,
    pub(super) mode: RestoreMode,
    pub(super) facts: Facts,
    /// By number.
    pub(super) tables: Vec<Table>,
    /// The numbers of the tables, those that others name first.
    pub(super) groups: Vec<Vec<usize>>,
    pub(super) sequences: Vec<Move>,
}

/// A plan that is being made.
struct Draft<'r> {
    restore: &'r Restore,
    mode: RestoreMode,
    facts: Facts,
    tables: Vec<Table>,
    counts: Vec<RestoreTable>,
    findings: Vec<RestoreFinding>,
    rows_hash: Sha256,
    ids: Vec<RestoreIds>,
}

impl Planned {
    /// Stages the archive and compares it with the target. With `reserved`, new numbers are taken from the target's
    /// sequences.
    ///
    /// # Errors
    /// When the target or the archive cannot be read.
    pub(super) async fn make(session: &mut Session, restore: &Restore, reserved: bool) -> Result<Self, RestoreError> {
        let names = names(restore);
        let facts = Facts::ask(session, &names).await?;
        let mut draft = Draft::new(restore, facts, &names);
        let differences = differences::ask(session, restore).await?;
        draft.look(session, reserved).await?;
        let told = differences::tell(&differences, &draft.findings);
        draft.findings.extend(told);
        let edges: Vec<(usize, usize)> = draft.edges().collect();
        let groups = order::groups(draft.tables.len(), &edges);
        let sequences = if draft.is_blocked() { Vec::new() } else { draft.sequences(session).await? };
        let database = identity::database(session).await?;
        let plan = draft.plan(&groups, &sequences, database);
        let Draft { mode, facts, tables, .. } = draft;
        Ok(Self { plan, mode, facts, tables, groups, sequences })
    }
}

/// Every table that is in the archive or that the definition knows.
fn names(restore: &Restore) -> Vec<QualifiedName> {
    let archived = restore.rows.tables().iter().map(|table| table.name.clone());
    let names: BTreeSet<QualifiedName> = archived.chain(restore.tenant.tables.keys().cloned()).collect();
    names.into_iter().collect()
}

impl<'r> Draft<'r> {
    fn new(restore: &'r Restore, facts: Facts, names: &[QualifiedName]) -> Self {
        let mode = restore.mode;
        let (tables, of_schema) = schema::compare(restore, &facts, names);
        let findings = restore.rows.findings().into_iter().chain(of_schema).collect();
        let counts = tables.iter().map(count).collect();
        Self { restore, mode, facts, tables, counts, findings, rows_hash: Sha256::new(), ids: Vec::new() }
    }

    fn is_blocked(&self) -> bool {
        self.findings.iter().any(|finding| finding.blocks)
    }

    /// Each step needs that the one before found nothing that blocks: rows that cannot be staged cannot be compared.
    async fn look(&mut self, session: &mut Session, reserved: bool) -> Result<(), RestoreError> {
        self.findings.extend(identity::session(session, self.mode).await?);
        if !self.is_blocked() {
            self.bind(session).await?;
        }
        if !self.is_blocked() {
            self.findings.extend(renew::check(session, self.restore, &self.facts, &self.tables).await?);
        }
        if !self.is_blocked() {
            self.find_own(session).await?;
            self.stage(session).await?;
        }
        if !self.is_blocked() {
            let (restore, facts, tables) = (self.restore, &self.facts, &mut self.tables);
            let (ids, findings) = renew::renew(session, restore, facts, tables, reserved).await?;
            self.ids = ids;
            self.findings.extend(findings);
        }
        if !self.is_blocked() {
            self.compare_rows(session).await?;
            self.check_values(session).await?;
            self.check_references(session).await?;
            self.check_reach(session).await?;
        }
        Ok(())
    }

    /// Gives each condition the organization's id, as a value of the type that the server takes it for.
    async fn bind(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for table in &mut self.tables {
            let Some(condition) = table.condition.take() else { continue };
            let live = table.live();
            let prepare = format!("PREPARE orgvault_condition AS SELECT FROM {live} WHERE ({condition}\n)");
            if let Err(refused) = session.attempt("read a condition", prepare).await? {
                let found = super::finding::Code::ConditionRefused;
                self.findings.push(found.found(self.mode, &table.name, refused.to_string()));
                continue;
            }
            let kind = "SELECT parameter_types[1]::text FROM pg_catalog.pg_prepared_statements \
                        WHERE name = 'orgvault_condition'";
            let kind = session.texts("read a condition", kind.to_owned()).await?.concat();
            session.run("read a condition", "DEALLOCATE orgvault_condition".to_owned()).await?;
            table.condition = Some(tenant::bound(&condition, &kind));
        }
        Ok(())
    }

    /// Finds the rows of the organization that are there.
    async fn find_own(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for table in &mut self.tables {
            let act = format!("look for the organization's rows in {}", table.name);
            let empty = format!("SELECT NOT EXISTS (SELECT FROM {})", table.live());
            table.empty = session.texts(&act, empty).await?.concat() == "t";
            let condition = match &table.condition {
                Some(condition) if !table.shared => condition.clone(),
                _ => "false".to_owned(),
            };
            session.run(&act, table.create_here(&condition)).await?;
            let here = table.here();
            session.run(&act, format!("ANALYZE {here}")).await?;
            let sum = format!("SELECT pg_catalog.count(*)::text || ' ' || coalesce(sum(hash::numeric), 0) FROM {here}");
            let sum = session.texts(&act, sum).await?.concat();
            table.here = sum.split(' ').next().and_then(|rows| rows.parse().ok()).unwrap_or_default();
            self.rows_hash.update(format!("{} {sum}\n", table.name));
        }
        Ok(())
    }

    /// Brings the archive's rows into temporary tables.
    async fn stage(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for number in 0..self.tables.len() {
            let Some(table) = self.tables.get(number).filter(|table| table.is_staged()).cloned() else { continue };
            let act = format!("stage {}", table.name);
            session.run(&act, table.create_stage()).await?;
            session.save().await?;
            let staged = stage::fill(session, &table, &self.restore.rows).await?;
            match session.end_attempt(staged).await? {
                Ok(hash) => self.tables.iter_mut().filter(|it| it.number == number).for_each(|it| it.hash = hash),
                Err(error) => self.findings.push(self.refused(&table, error)?),
            }
            session.run(&act, format!("ANALYZE {}", table.stage())).await?;
        }
        Ok(())
    }

    /// From the number of each table with a foreign key to that of the one that it names.
    fn edges(&self) -> impl Iterator<Item = (usize, usize)> {
        self.facts.references.iter().flat_map(|reference| {
            let children = self.tables_of(reference.child);
            children.flat_map(|child| self.tables_of(reference.parent).map(|parent| (child.number, parent.number)))
        })
    }

    /// The organization's own rows of a table, and those of others that are named.
    fn tables_of(&self, oid: u32) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(move |table| table.oid == oid)
    }

    /// The organization's own rows of a table.
    fn table(&self, oid: u32) -> Option<&Table> {
        self.tables.iter().find(|table| table.oid == oid)
    }

    async fn sequences(&mut self, session: &mut Session) -> Result<Vec<Move>, RestoreError> {
        let (moves, findings) = sequences::plan(session, &self.facts, &self.tables, self.mode).await?;
        self.findings.extend(findings);
        Ok(moves)
    }

    fn plan(
        &mut self,
        groups: &[Vec<usize>],
        sequences: &[Move],
        database: orgvault_api::RestoreDatabase,
    ) -> RestorePlan {
        let found = Found {
            mode: self.mode,
            archive: self.restore.rows.sha256().to_owned(),
            organization: self.restore.organization().to_owned(),
            new_id: self.restore.renewal.as_ref().map(|_| self.restore.tenant.id.clone()),
            ids: self.ids.clone(),
            database,
            tables: self.counts.clone(),
            findings: self.findings.clone(),
            sequences: sequences.iter().map(|it| it.wire.clone()).collect(),
            schema_hash: self.facts.hash.clone(),
            rows_hash: hex(&self.rows_hash.clone().finalize()),
        };
        found.plan(groups)
    }
}

fn count(table: &Table) -> RestoreTable {
    RestoreTable { table: table.name.to_string(), shared: table.shared, rows: table.rows(), ..RestoreTable::default() }
}

/// A statement that gives a number of rows and the keys of some.
pub(super) async fn rows_of(session: &mut Session, act: &str, sql: String) -> Result<(u64, Vec<String>), RestoreError> {
    let rows = session.rows(act, sql).await?;
    let Some(row) = rows.first() else { return Ok((0, Vec::new())) };
    let keys = session::text(row, 1);
    let keys = serde_json::from_str::<Option<Vec<Option<String>>>>(if keys.is_empty() { "null" } else { &keys });
    let keys = keys.map_err(|error| session.error(act, &sqlx::Error::Decode(error.into())))?;
    let keys = keys.unwrap_or_default().into_iter().map(Option::unwrap_or_default).map(shortened).collect();
    Ok((session::text(row, 0).parse().unwrap_or_default(), keys))
}
