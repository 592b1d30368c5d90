//! The first query of a snapshot: it binds the organization, names the instant, and reads the
//! live schema, all in one round trip.

use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{identifier, session::Session};
use crate::{
    product::Definition,
    source::{
        error::{SourceError, SourceFault},
        sql::schema::{self, LiveColumn},
    },
};

/// Columns of the tables in `$2` (schema, empty for the search path) and `$3` (name), which the
/// definition calls `$6`, as text
/// that is compared as a whole: a change of anything in it asks for a fresh description.
const OPENING: &str = "
WITH asked AS (
  SELECT * FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($6::text[]))
    AS t(nsp, rel, key)
)
SELECT pg_catalog.txid_current_snapshot()::text AS snapshot,
  pg_catalog.to_char(pg_catalog.transaction_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS instant,
  pg_catalog.pg_backend_pid() AS pid,
  pg_catalog.set_config($5, $1, true) AS organization,
  ARRAY(
    SELECT pg_catalog.concat_ws(E'\\x1f', t.key, a.attname,
      pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'),
      pg_catalog.row_security_active(c.oid), c.oid, a.atttypid, a.atttypmod)
    FROM asked AS t
    JOIN pg_catalog.pg_class c ON c.relname = t.rel::name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE CASE t.nsp WHEN '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = t.nsp::name END
    ORDER BY t.nsp, t.rel, a.attnum
  ) AS columns,
  CASE WHEN $4 THEN ARRAY(
    SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN '' ELSE n.nspname || '.' END || c.relname
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relnamespace IN (
        SELECT k.relnamespace FROM asked AS t
        JOIN pg_catalog.pg_class k ON k.relname = t.rel::name
        JOIN pg_catalog.pg_namespace s ON s.oid = k.relnamespace
        WHERE CASE t.nsp WHEN '' THEN pg_catalog.pg_table_is_visible(k.oid) ELSE s.nspname = t.nsp::name END)
      AND NOT EXISTS (
        SELECT FROM asked AS t
        WHERE t.rel::name = c.relname AND (t.nsp = '' OR t.nsp::name = n.nspname))
    ORDER BY 1
  ) ELSE '{}'::text[] END AS beside";

/// What the first query of a snapshot found.
pub(super) struct Opening {
    /// `748:750:748@2026-01-31T09:30:00.123456Z`: which transactions are visible, and when it
    /// began (on a standby the former alone is not unique).
    pub(super) id: String,
    /// The columns as compared text.
    pub(super) columns: Vec<String>,
    /// Tables that are there beside them, where the definition knows every table.
    pub(super) beside: Vec<String>,
}

/// Asks for the opening inside a fresh transaction; without an organization nothing is bound.
///
/// # Errors
/// When the query fails, or another backend answers than the one that the session was set up on.
pub(super) async fn open(
    session: &mut Session,
    definition: &Definition,
    organization: &str,
) -> Result<Opening, SourceError> {
    let keys: Vec<&str> = definition.tables.keys().map(String::as_str).collect();
    let (schemas, names): (Vec<String>, Vec<String>) =
        keys.iter().map(|key| identifier::table(key)).map(|(schema, name)| (schema.unwrap_or_default(), name)).unzip();
    let every = schema::knows_every_table(definition);
    let setting = session.server.setting.clone();
    let query = sqlx::query(OPENING).bind(organization).bind(schemas).bind(names).bind(every).bind(&setting).bind(keys);
    let row = session.run("open a snapshot", |connection: &mut PgConnection| query.fetch_one(connection)).await?;
    let (opening, pid) =
        read(&row).map_err(|error| SourceError::from_sqlx(&session.server.name, "open a snapshot", &error))?;
    if pid != session.backend.pid {
        let words = "the connection was set up on one backend and is now on another: a pooler is in between";
        return Err(SourceError::fault(&session.server.name, SourceFault::Pooler, "open a snapshot", words));
    }
    Ok(opening)
}

fn read(row: &PgRow) -> Result<(Opening, i32), sqlx::Error> {
    let id = format!("{}@{}", row.try_get::<String, _>("snapshot")?, row.try_get::<String, _>("instant")?);
    let opening = Opening { id, columns: row.try_get("columns")?, beside: row.try_get("beside")? };
    Ok((opening, row.try_get("pid")?))
}

/// The columns of compared text, and the oids of their tables.
pub(super) fn live_columns(columns: &[String]) -> (Vec<LiveColumn>, Vec<u32>) {
    let mut oids = Vec::new();
    let live = columns
        .iter()
        .filter_map(|text| {
            let mut parts = text.split('\u{1f}');
            let column = LiveColumn {
                table: parts.next()?.to_owned(),
                name: parts.next()?.to_owned(),
                readable: parts.next()? == "t",
                filtered: parts.next()? == "t",
            };
            oids.push(parts.next()?.parse().ok()?);
            Some(column)
        })
        .collect();
    oids.dedup();
    (live, oids)
}
