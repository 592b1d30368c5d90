//! What a restore would do, and everything that speaks against it.

mod reach;
mod rows;
mod schema;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use orgvault_api::{RestoreDatabase, RestoreFinding, RestoreMode, RestorePlan, RestoreTable};
use orgvault_archive::{
    full::{
        schema::{ForeignKey, Schema},
        sqlite::Stored,
    },
    naming::hex,
};
use sha2::{Digest as _, Sha256};

use super::{
    classes,
    sequences::{self, Move},
    session::{Session, text},
    sql::literal,
    stage,
    table::Table,
};
use crate::{
    restore::{
        Restore,
        error::{RestoreError, TargetFault},
        finding::Code,
        found::Found,
        order,
    },
    schema::sqlite::{quoted, survey_all},
};

/// A plan, and what it takes to do it inside the same transaction.
pub(super) struct Planned {
    pub(super) plan: RestorePlan,
    pub(super) mode: RestoreMode,
    /// By number.
    pub(super) tables: Vec<Table>,
    /// The numbers of the tables, those that others name first.
    pub(super) groups: Vec<Vec<usize>>,
    pub(super) moves: Vec<Move>,
    /// The tables whose foreign keys are looked at.
    pub(super) checked: BTreeSet<String>,
}

/// A plan that is being made.
struct Draft<'r> {
    restore: &'r Restore,
    mode: RestoreMode,
    /// Of the whole file.
    schema: Schema,
    tables: Vec<Table>,
    counts: Vec<RestoreTable>,
    findings: Vec<RestoreFinding>,
    id: Stored<'static>,
    rows_hash: Sha256,
}

impl Planned {
    /// Stages the archive, begins the transaction, and compares.
    ///
    /// # Errors
    /// When the target or the archive cannot be read.
    pub(super) async fn make(session: &mut Session, restore: &Restore, begin: &str) -> Result<Self, RestoreError> {
        let (schema, others) = look(session).await?;
        let mut draft = Draft::new(restore, schema, &others);
        draft.bind(session).await?;
        if !draft.is_blocked() {
            draft.stage(session).await?;
        }
        session.run("begin", begin.to_owned()).await?;
        if look(session).await? != (draft.schema.clone(), others) {
            let (act, words) = ("read the schema".to_owned(), "it was changed meanwhile".to_owned());
            let target = std::sync::Arc::clone(&session.target);
            return Err(RestoreError::Target { target, fault: TargetFault::Conflict, act, words });
        }
        draft.find_own(session).await?;
        if !draft.is_blocked() {
            draft.compare_rows(session).await?;
            draft.check_unique(session).await?;
            draft.check_references(session).await?;
            draft.check_reach(session).await?;
        }
        draft.finish(session).await
    }
}

/// The schema of the file, and what else is called by a table's name in it.
async fn look(session: &mut Session) -> Result<(Schema, Vec<String>), RestoreError> {
    const ACT: &str = "read the target's schema";
    let schema = survey_all(&mut session.connection).await.map_err(|error| session.error(ACT, &error))?;
    let others = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('view', 'virtual') ORDER BY 1";
    let others = session.rows(ACT, others.to_owned()).await?;
    Ok((schema, others.iter().map(|row| text(row, 0)).collect()))
}

/// The foreign keys of a table whose columns the archive has.
pub(super) fn references(child: &Table) -> impl Iterator<Item = &ForeignKey> {
    let is_known = |key: &&ForeignKey| key.columns.iter().all(|column| child.columns.contains(column));
    child.there.foreign_keys.iter().filter(is_known)
}

impl<'r> Draft<'r> {
    fn new(restore: &'r Restore, schema: Schema, others: &[String]) -> Self {
        let mode = restore.mode;
        let (tables, of_schema) = schema::compare(restore, &schema, others);
        let findings = restore.rows.findings().into_iter().chain(of_schema).collect();
        let count = |table: &Table| RestoreTable {
            table: table.name.to_string(),
            shared: table.shared,
            rows: table.rows(),
            ..RestoreTable::default()
        };
        let counts = tables.iter().map(count).collect();
        Self { restore, mode, schema, tables, counts, findings, id: Stored::Null, rows_hash: Sha256::new() }
    }

    fn is_blocked(&self) -> bool {
        self.findings.iter().any(|finding| finding.blocks)
    }

    /// Looks whether the target understands each condition.
    async fn bind(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for table in &mut self.tables {
            let Some(condition) = &table.condition else { continue };
            let sql = format!("EXPLAIN SELECT 1 FROM {} WHERE ({condition}\n)", table.live());
            let asked = session.number_of("read a condition", sql, &Stored::Null).await;
            if let Err(refused) = asked {
                table.condition = None;
                self.findings.push(Code::ConditionRefused.found(self.mode, &table.name, refused.to_string()));
            }
        }
        Ok(())
    }

    /// Brings the archive's rows into temporary tables.
    async fn stage(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        for table in self.tables.iter_mut().filter(|table| table.is_staged()) {
            match stage::fill(session, table, &self.restore.rows).await? {
                Ok(hash) => table.hash = hash,
                Err(refused) => {
                    self.findings.push(refused.code.found(self.mode, &table.name, refused.words));
                    continue;
                }
            }
            let act = format!("read {} back", table.name);
            let (_, hash) = session.hash(&act, table.staged_back(), &Stored::Null).await?;
            if hash != table.hash {
                let message = "the target stores or computes some of its values in another way";
                self.findings.push(Code::ValueChanged.found(self.mode, &table.name, message));
            }
            // Where the key may be NULL, it names no row.
            let nulls = table.key.iter().map(|column| format!("s.{} IS NULL", quoted(column))).collect::<Vec<_>>();
            if !nulls.is_empty() {
                let sql = format!("SELECT count(*) FROM {} AS s WHERE {}", table.stage(), nulls.join(" OR "));
                if session.numbers(&act, sql).await? != [0] {
                    table.key.clear();
                }
            }
        }
        Ok(())
    }

    /// Finds the rows of the organization that are there.
    async fn find_own(&mut self, session: &mut Session) -> Result<(), RestoreError> {
        self.id = classes::id(session, &self.tables, &self.restore.tenant.id).await?;
        for table in &mut self.tables {
            let act = format!("look for the organization's rows in {}", table.name);
            session.run(&act, table.create_found()).await?;
            let Some(condition) = table.condition.clone().filter(|_| !table.shared) else { continue };
            table.here = session.run_of(&act, table.find_here(&condition), &self.id).await?;
            let (rows, hash) = session.hash(&act, table.read_here(&condition), &self.id).await?;
            self.rows_hash.update(format!("{} {rows} {hash}\n", table.name));
        }
        Ok(())
    }

    /// From the number of each table with a foreign key to that of the one that it names.
    fn edges(&self) -> Vec<(usize, usize)> {
        let parents = |key: &ForeignKey| {
            let name = key.references.clone();
            self.tables.iter().filter(move |table| table.name == name).map(|table| table.number)
        };
        let of = |child: &Table| {
            let number = child.number;
            let keys = child.there.foreign_keys.iter();
            keys.flat_map(parents).map(move |parent| (number, parent)).collect::<Vec<_>>()
        };
        self.tables.iter().flat_map(of).collect()
    }

    async fn finish(self, session: &mut Session) -> Result<Planned, RestoreError> {
        let groups = order::groups(self.tables.len(), &self.edges());
        let moves = if self.is_blocked() { Vec::new() } else { sequences::plan(session, &self.tables).await? };
        let names: BTreeSet<&String> = self.tables.iter().map(|table| &table.name.name).collect();
        let is_checked = |table: &&orgvault_archive::full::schema::Table| {
            names.contains(&table.name.name)
                || table.foreign_keys.iter().any(|key| names.contains(&key.references.name))
        };
        let checked: BTreeSet<String> =
            self.schema.tables.iter().filter(is_checked).map(|table| table.name.name.clone()).collect();
        // It is made of text and numbers alone.
        let schema = serde_json::to_vec(&self.schema.tables).unwrap_or_default();
        let found = Found {
            mode: self.mode,
            archive: self.restore.rows.sha256().to_owned(),
            organization: self.restore.tenant.id.clone(),
            new_id: None,
            ids: Vec::new(),
            database: database(session).await?,
            tables: self.counts,
            findings: self.findings,
            sequences: moves.iter().map(|it| it.wire.clone()).collect(),
            schema_hash: hex(&Sha256::digest(schema)),
            rows_hash: hex(&self.rows_hash.finalize()),
        };
        let plan = found.plan(&groups);
        Ok(Planned { plan, mode: self.mode, tables: self.tables, groups, moves, checked })
    }
}

/// Which file it is: a copy of it, under the same name too, is another one.
async fn database(session: &mut Session) -> Result<RestoreDatabase, RestoreError> {
    const ACT: &str = "ask which file it is";
    let sql = format!("SELECT sqlite_version(), file FROM pragma_database_list WHERE name = {}", literal("main"));
    let rows = session.rows(ACT, sql).await?;
    let get = |column| rows.first().map(|row| text(row, column)).unwrap_or_default();
    let (version, file) = (get(0), get(1));
    Ok(RestoreDatabase { server: format!("SQLite {version}"), name: file, system: session.file.clone(), oid: 0 })
}

/// Tables by their names.
fn by_name(schema: &Schema) -> BTreeMap<&str, &orgvault_archive::full::schema::Table> {
    schema.tables.iter().map(|table| (table.name.name.as_str(), table)).collect()
}
