//! What has to be true before anything is committed: the target gives the archive's bytes back, every foreign key
//! leads somewhere, and nothing else was written, also not by a trigger.

use std::collections::BTreeMap;

use orgvault_api::RestoreMode;
use serde::Deserialize;

use super::{
    error::{ProofFault, RestoreError},
    load::Loaded,
    plan::Planned,
    session::{Session, text},
    sql::{equal, name, qualified},
    stage,
    table::Table,
};

/// What the server counted of this transaction's writes: of partitions under their table, and of no temporary table.
const COUNTERS: &str = "
SELECT coalesce(pg_catalog.json_agg(t), '[]')::text FROM (
  SELECT coalesce(pg_catalog.pg_partition_root(s.relid)::oid, s.relid)::bigint AS \"table\",
    pg_catalog.min(pg_catalog.concat(s.schemaname, '.', s.relname)) AS name,
    pg_catalog.sum(s.n_tup_ins)::bigint AS inserted, pg_catalog.sum(s.n_tup_upd)::bigint AS updated,
    pg_catalog.sum(s.n_tup_del)::bigint AS deleted
  FROM pg_catalog.pg_stat_xact_user_tables s
  JOIN pg_catalog.pg_class c ON c.oid = s.relid
  WHERE c.relpersistence <> 't'
  GROUP BY 1
  HAVING pg_catalog.sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del) > 0
) t";

/// The tables that this transaction has locked as `TRUNCATE` and `ALTER TABLE` do, which nothing counts.
const ALTERED: &str = "
SELECT pg_catalog.concat(n.nspname, '.', c.relname)
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_class c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.mode = 'AccessExclusiveLock' AND c.relpersistence <> 't'
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
ORDER BY c.relkind = 'i', 1
LIMIT 1";

/// Rows that were written so far, by the oid of their table.
#[derive(Debug, Default)]
pub(super) struct Counters(BTreeMap<u32, Counter>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Counter {
    table: u32,
    name: String,
    inserted: u64,
    updated: u64,
    deleted: u64,
}

impl Counters {
    pub(super) async fn ask(session: &mut Session) -> Result<Self, RestoreError> {
        const ACT: &str = "ask what was written";
        let json = session.texts(ACT, COUNTERS.to_owned()).await?.concat();
        let counters: Vec<Counter> = session.parse(ACT, &json)?;
        Ok(Self(counters.into_iter().map(|counter| (counter.table, counter)).collect()))
    }

    /// What was written since `before`.
    fn since(self, before: &Self) -> impl Iterator<Item = Counter> {
        self.0.into_values().map(|now| {
            let before = before.0.get(&now.table).cloned().unwrap_or_default();
            Counter {
                inserted: now.inserted.saturating_sub(before.inserted),
                updated: now.updated.saturating_sub(before.updated),
                deleted: now.deleted.saturating_sub(before.deleted),
                ..now
            }
        })
    }
}

/// Proves everything.
///
/// # Errors
/// When something is not as it has to be.
pub(super) async fn prove(session: &mut Session, planned: &Planned, loaded: &Loaded) -> Result<(), RestoreError> {
    session.run("check the deferred constraints", "SET CONSTRAINTS ALL IMMEDIATE".to_owned()).await?;
    for table in &planned.tables {
        prove_table(session, planned, table).await?;
    }
    prove_references(session, planned).await?;
    prove_counters(session, planned, loaded).await
}

async fn prove_table(session: &mut Session, planned: &Planned, table: &Table) -> Result<(), RestoreError> {
    let act = format!("read {} back", table.name);
    let replaced = planned.mode == RestoreMode::Replace && !table.shared;
    if !table.is_staged() && !replaced {
        return Ok(());
    }
    let whole = planned.mode != RestoreMode::InsertOnly || table.here == 0;
    if !table.shared && (whole || !table.key.is_empty()) {
        let (rows, hash) = stage::hash_of(session, &act, &table.read_back(!whole)).await?;
        if (rows, hash) == (table.rows(), table.hash) {
            return Ok(());
        }
        return Err(differing(session, planned, table, rows).await?);
    }
    let [same] = session.numbers(&act, table.same_count()).await?;
    let left = planned.plan.tables.iter().find(|it| (&it.table, it.shared) == (&table.name.to_string(), table.shared));
    let left = left.map_or(0, |it| it.differing);
    if same >= table.rows().saturating_sub(left) {
        return Ok(());
    }
    Err(differing(session, planned, table, same).await?)
}

/// Which row is not the archive's, and why.
async fn differing(
    session: &mut Session,
    planned: &Planned,
    table: &Table,
    rows: u64,
) -> Result<RestoreError, RestoreError> {
    let (key, column) = first(session, table).await?;
    let triggers = planned.facts.triggers.iter().filter(|trigger| trigger.table == table.oid);
    let triggers: Vec<&str> = triggers.map(|trigger| trigger.name.as_str()).collect();
    let counted = if rows == table.rows() {
        String::new()
    } else {
        format!(" ({rows} rows, and the archive has {})", table.rows())
    };
    let (fault, words) = if table.generated.contains(&column) {
        (ProofFault::GeneratedDiffers, "the target computes another value than the archive has".to_owned())
    } else if triggers.is_empty() {
        (ProofFault::RowsDiffer, format!("what the target gives back is not what the archive has{counted}"))
    } else {
        let words = format!("it is not what the archive has{counted}; its triggers are {}", triggers.join(", "));
        (ProofFault::ChangedByTrigger, words)
    };
    Ok(RestoreError::proof(&session.target, fault, table.name.to_string(), (key, column), words))
}

/// The key of the first row that is not the archive's, and the column, where it is one.
async fn first(session: &mut Session, table: &Table) -> Result<(String, String), RestoreError> {
    if !table.is_staged() {
        return Ok(<(String, String)>::default());
    }
    let act = format!("compare {}", table.name);
    if let Some(sql) = table.first_difference()
        && let Some(row) = session.rows(&act, sql).await?.first()
    {
        return Ok((text(row, 0), text(row, 1)));
    }
    for sql in table.first_alone() {
        if let Some(key) = session.texts(&act, sql).await?.into_iter().next() {
            return Ok((key, String::new()));
        }
    }
    Ok(<(String, String)>::default())
}

async fn prove_references(session: &mut Session, planned: &Planned) -> Result<(), RestoreError> {
    for reference in &planned.facts.references {
        let children = planned.tables.iter().filter(|table| table.oid == reference.child && table.is_staged());
        for child in children.filter(|table| reference.columns.iter().all(|it| table.columns.contains(it))) {
            let given: Vec<String> = reference.columns.iter().map(|it| format!("s.{} IS NOT NULL", name(it))).collect();
            let sql = format!(
                "SELECT {} FROM {} s WHERE {} AND NOT EXISTS (SELECT FROM {} p WHERE {}) LIMIT 1",
                child.key_text("s"),
                child.stage(),
                given.join(" AND "),
                qualified(&reference.parent_name),
                equal("p", &reference.referenced, &reference.operators, "s", &reference.columns)
            );
            let key = session.texts(&format!("check foreign key {}", reference.name), sql).await?;
            if let Some(key) = key.into_iter().next() {
                let words = format!("foreign key {} names a row that is not there", reference.name);
                let column = reference.columns.join(", ");
                return Err(RestoreError::proof(
                    &session.target,
                    ProofFault::Dangling,
                    child.name.to_string(),
                    (key, column),
                    words,
                ));
            }
        }
    }
    Ok(())
}

/// Each table of the restore got and lost as many rows as planned, and nothing else was written at all. Whoever
/// changes a row of somebody else, by a trigger or a cascade, is in these numbers.
async fn prove_counters(session: &mut Session, planned: &Planned, loaded: &Loaded) -> Result<(), RestoreError> {
    let mut left: BTreeMap<u32, (&Table, (u64, u64))> = BTreeMap::new();
    for table in &planned.tables {
        let ((inserted, deleted), (_, all)) = (loaded.of(table), left.entry(table.oid).or_insert((table, (0, 0))));
        *all = (all.0 + inserted, all.1 + deleted);
    }
    let none = (0, 0);
    for counter in Counters::ask(session).await?.since(&loaded.before) {
        let expected = left.remove(&counter.table).map_or(none, |(_, all)| all);
        if counter.updated > 0 || (counter.inserted, counter.deleted) != expected {
            return Err(written(session, &counter, expected));
        }
    }
    let altered = session.texts("ask what was locked", ALTERED.to_owned()).await?;
    if let Some(name) = altered.into_iter().next() {
        let words = "it was emptied or altered by a trigger".to_owned();
        return Err(RestoreError::proof(
            &session.target,
            ProofFault::OtherRows,
            name,
            <(String, String)>::default(),
            words,
        ));
    }
    match left.values().find(|(_, all)| *all != none) {
        None => Ok(()),
        Some((table, all)) => {
            let counter = Counter { name: table.name.to_string(), ..Counter::default() };
            Err(written(session, &counter, *all))
        }
    }
}

fn written(session: &Session, counter: &Counter, (inserted, deleted): (u64, u64)) -> RestoreError {
    let words = format!(
        "{} rows were inserted, {} changed and {} deleted, where the restore inserts {inserted} and deletes {deleted}",
        counter.inserted, counter.updated, counter.deleted
    );
    RestoreError::proof(
        &session.target,
        ProofFault::OtherRows,
        counter.name.clone(),
        <(String, String)>::default(),
        words,
    )
}
