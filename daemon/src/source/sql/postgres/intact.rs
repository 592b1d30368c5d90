//! Whether everything that a snapshot reads still is what the snapshot sees.
//!
//! TRUNCATE, the rewriting forms of ALTER TABLE, and whatever puts another table, partition,
//! child or view in the place of one are not MVCC-safe: queries follow them at once, and a
//! snapshot that is older sees an empty table or lacks rows, in counts as in rows
//! (<https://www.postgresql.org/docs/current/mvcc-caveats.html>). All of them need a lock that
//! conflicts with reading. So a snapshot first locks all that it reads, then looks whether any
//! of it was changed between its instant and the lock, and looks again at its end at what was
//! locked on the way.

use std::{collections::HashSet, fmt::Write as _, sync::Arc};

use sqlx::{AssertSqlSafe, PgConnection, Row, postgres::types::Oid};

use super::{
    session::{Session, settings_now},
    snapshot::text,
};
use crate::source::error::{SourceError, SourceFault};

/// The relations that this transaction has locked, which are those that its queries named and
/// those below the views among them: oid, quoted name, whether it can have partitions or
/// children, whether the role may name it.
const LOCKED: &str = "
SELECT c.oid::text, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind = 'p' OR c.relhassubclass,
  c.relkind IN ('r', 'p', 'v', 'm') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_class c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND c.oid >= 16384
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.oid";

/// Which of the relations `$1`, and of what the snapshot sees below them, are another now:
/// gone, or with a newer entry in the catalog than the snapshot sees. `currtid2` finds the
/// newest committed version of a row, whatever the snapshot. A child that leaves its parent
/// has newer columns; a partition has a newer entry.
const CHANGED: &str = "
WITH RECURSIVE reached(oid) AS (
  SELECT pg_catalog.unnest($1::oid[])
  UNION
  SELECT i.inhrelid FROM reached r JOIN pg_catalog.pg_inherits i ON i.inhparent = r.oid
)
SELECT pg_catalog.string_agg(DISTINCT coalesce(c.relname, r.oid::text), ', ') AS changed
FROM reached r LEFT JOIN pg_catalog.pg_class c ON c.oid = r.oid
WHERE c.oid IS NULL OR pg_catalog.pg_table_is_visible(c.oid) IS NULL
  OR pg_catalog.currtid2('pg_catalog.pg_class', c.ctid) <> c.ctid
  OR c.relkind = 'v' AND EXISTS (
    SELECT FROM pg_catalog.pg_rewrite w
    WHERE w.ev_class = c.oid AND pg_catalog.currtid2('pg_catalog.pg_rewrite', w.ctid) <> w.ctid)
  OR c.oid <> ALL ($1::oid[]) AND NOT c.relispartition AND EXISTS (
    SELECT FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND pg_catalog.currtid2('pg_catalog.pg_attribute', a.ctid) <> a.ctid)";

/// Which of all the relations that this transaction holds a lock on are another one than the
/// snapshot sees. `$1` are those that were looked at before, `$2` is the setting that binds the
/// organization. Only what cannot happen to a locked relation counts, so that an hour between
/// the lock and now does no harm:
///
/// - It is new, and no index, TOAST table or empty partition.
/// - It has another file, or the view another query.
/// - It became a partition or a child since, and is read with its parent.
/// - A partition of it is none any more.
const HELD: &str = "
WITH held AS MATERIALIZED (
  SELECT DISTINCT l.relation AS oid FROM pg_catalog.pg_locks l
  WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.relation >= 16384
)
SELECT pg_catalog.string_agg(h.oid::pg_catalog.regclass::text, ', ') AS changed,
  pg_catalog.current_setting($2, true) AS organization, {SETTINGS} AS settings
FROM held h LEFT JOIN pg_catalog.pg_class c ON c.oid = h.oid
WHERE CASE
  WHEN c.oid IS NULL THEN pg_catalog.pg_get_indexdef(h.oid) IS NULL
    AND h.oid::pg_catalog.regclass::text NOT LIKE 'pg_toast.%'
    AND (coalesce(pg_catalog.pg_partition_root(h.oid), h.oid) = h.oid OR pg_catalog.pg_relation_size(h.oid) > 0)
  WHEN c.relkind IN ('r', 'm') THEN
    c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)
    OR NOT c.relispartition AND pg_catalog.pg_relation_size(c.oid) > 0 AND (
      pg_catalog.pg_partition_root(c.oid) IS NOT NULL
      OR c.oid <> ALL ($1::oid[]) AND c.relkind = 'r'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
        AND EXISTS (
          SELECT FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0
            AND pg_catalog.currtid2('pg_catalog.pg_attribute', a.ctid) <> a.ctid))
  WHEN c.relkind = 'v' THEN EXISTS (
    SELECT FROM pg_catalog.pg_rewrite w
    WHERE w.ev_class = c.oid AND pg_catalog.currtid2('pg_catalog.pg_rewrite', w.ctid) <> w.ctid)
  WHEN c.relkind = 'p' THEN EXISTS (
    SELECT FROM pg_catalog.pg_inherits i
    WHERE i.inhparent = c.oid AND coalesce(pg_catalog.pg_partition_root(i.inhrelid), i.inhrelid) = i.inhrelid)
  ELSE false END";

/// What the queries of a definition read.
pub(super) struct Relations {
    oids: Vec<Oid>,
    /// Locks those that the count queries alone do not lock, with every partition and child.
    /// Empty where they lock all.
    pub(super) lock: String,
    /// [`HELD`] with the settings' expression.
    held: Arc<str>,
}

/// What the end of a snapshot has to find unchanged.
pub(super) struct Binding {
    pub(super) organization: Option<String>,
    pub(super) settings: String,
}

struct Locked {
    oid: u32,
    name: String,
    has_children: bool,
    is_named: bool,
}

impl Relations {
    /// Takes what this transaction has locked; `counted` was locked by the count queries.
    ///
    /// # Errors
    /// When the server refuses the query.
    pub(super) async fn ask(session: &mut Session, counted: &HashSet<u32>) -> Result<Self, SourceError> {
        let locked = locked(session).await?;
        let oids = locked.iter().map(|relation| Oid(relation.oid)).collect();
        let more = locked.iter().filter(|it| it.is_named && (it.has_children || !counted.contains(&it.oid)));
        let lock = lock_sql(more.map(|relation| relation.name.as_str()));
        Ok(Self { oids, lock, held: HELD.replace("{SETTINGS}", &settings_now()).into() })
    }

    /// Refuses a snapshot of which something was changed before it was locked.
    ///
    /// # Errors
    /// `source_changed` with the names, or when the query fails.
    pub(super) async fn refuse_changed(&self, session: &mut Session) -> Result<(), SourceError> {
        let query = sqlx::query(CHANGED).bind(&self.oids);
        let row = session.run(ACT, |connection: &mut PgConnection| query.fetch_one(connection)).await?;
        refuse(&session.server.name, row.try_get("changed"))
    }

    /// Refuses a snapshot in which a query read what the snapshot does not see; else gives what
    /// the transaction is bound to now.
    ///
    /// # Errors
    /// `source_changed` with the names, or when the query fails.
    pub(super) async fn confirm(&self, session: &mut Session) -> Result<Binding, SourceError> {
        let server = Arc::clone(&session.server);
        let query = sqlx::query(AssertSqlSafe(Arc::clone(&self.held))).bind(&self.oids).bind(&server.setting);
        let row = session.run(ACT, |connection: &mut PgConnection| query.fetch_one(connection)).await?;
        refuse(&server.name, row.try_get("changed"))?;
        let binding = || Ok(Binding { organization: row.try_get("organization")?, settings: row.try_get("settings")? });
        binding().map_err(|error| SourceError::from_sqlx(&server.name, ACT, &error))
    }
}

const ACT: &str = "confirm the snapshot";

/// The oids of the relations that this transaction has locked.
///
/// # Errors
/// When the server refuses the query.
pub(super) async fn locked_oids(session: &mut Session) -> Result<HashSet<u32>, SourceError> {
    Ok(locked(session).await?.into_iter().map(|relation| relation.oid).collect())
}

async fn locked(session: &mut Session) -> Result<Vec<Locked>, SourceError> {
    let rows = session.text("see what the queries read", LOCKED.to_owned()).await?;
    let relation = |row| {
        let is = |column| text(row, column) == Some("t");
        let oid = text(row, 0)?.parse().ok()?;
        Some(Locked { oid, name: text(row, 1)?.to_owned(), has_children: is(2), is_named: is(3) })
    };
    Ok(rows.iter().filter_map(relation).collect())
}

/// Reads no row, but plans as if it did: the condition is the same for all rows and known only
/// when the query begins, so that no partition is left out.
fn lock_sql<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut sql = String::new();
    for name in names {
        let union = if sql.is_empty() { "" } else { " UNION ALL " };
        // Writing to a string cannot fail.
        write!(sql, "{union}SELECT FROM {name} WHERE pg_catalog.pg_backend_pid() = 0").unwrap_or_default();
    }
    sql
}

fn refuse(name: &Arc<str>, changed: Result<Option<String>, sqlx::Error>) -> Result<(), SourceError> {
    match changed {
        Ok(None) => Ok(()),
        Ok(Some(names)) => Err(changed_error(name, &names)),
        Err(error) => Err(SourceError::from_sqlx(name, ACT, &error)),
    }
}

/// `source_changed`: what was changed.
pub(super) fn changed_error(name: &Arc<str>, what: &str) -> SourceError {
    let words = format!("rewritten, emptied or replaced while the snapshot was open: {what}");
    SourceError::fault(name, SourceFault::Changed, "use the snapshot", words)
}
