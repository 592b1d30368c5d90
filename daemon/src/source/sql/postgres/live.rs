//! The first query of a snapshot: it binds the organization, names the instant, and reads the
//! live schema, all in one round trip.

use std::collections::BTreeSet;

use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{identifier, session::Session};
use crate::{
    product::{Definition, Table},
    source::{
        error::{SourceError, SourceFault},
        sql::schema::{Live, LiveColumn},
    },
};

/// Of the tables in `$2` (schema, empty for the search path) and `$3` (name), which the definition calls
/// `$6`: those that are there, and the columns of those in `$7`. And which tables are beside them in
/// their schemas, without those of extensions, and without partitions: those are read with their table, as
/// the children of a table in `$4` are. As text that is compared as a whole: a change of anything in
/// it asks for a fresh description.
const OPENING: &str = "
WITH asked AS (
  SELECT * FROM ROWS FROM (
    pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($6::text[]),
    pg_catalog.unnest($4::bool[]), pg_catalog.unnest($7::bool[])
  ) AS t(nsp, rel, key, is_base, has_columns)
), found AS (
  SELECT t.*, c.oid, c.relnamespace, c.relkind
  FROM asked AS t
  JOIN pg_catalog.pg_class c ON c.relname = t.rel::name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE CASE t.nsp WHEN '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = t.nsp::name END
)
SELECT pg_catalog.txid_current_snapshot()::text AS snapshot,
  pg_catalog.to_char(pg_catalog.transaction_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS instant,
  pg_catalog.pg_backend_pid() AS pid,
  pg_catalog.set_config($5, $1, true) AS organization,
  ARRAY(
    SELECT pg_catalog.concat_ws(E'\\x1f', t.key, a.attname,
      pg_catalog.has_schema_privilege(t.relnamespace, 'USAGE') AND pg_catalog.has_column_privilege(t.oid, a.attnum, 'SELECT'),
      pg_catalog.row_security_active(t.oid), t.oid, a.atttypid, a.atttypmod)
    FROM found AS t
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.has_columns
    ORDER BY t.nsp, t.rel, a.attnum
  ) AS columns,
  ARRAY(SELECT t.key FROM found AS t WHERE t.relkind IN ('r', 'p', 'f') ORDER BY 1) AS tables,
  ARRAY(
    SELECT pg_catalog.concat_ws(E'\\x1f',
      CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN '' ELSE n.nspname END, c.relname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND c.relnamespace IN (SELECT t.relnamespace FROM found AS t)
      AND NOT EXISTS (SELECT FROM found AS t WHERE t.oid = c.oid)
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
          AND d.deptype = 'e')
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_inherits i JOIN found AS t ON t.oid = i.inhparent AND t.is_base
        WHERE i.inhrelid = c.oid)
    ORDER BY 1
  ) AS beside";

/// What the first query of a snapshot found.
pub(super) struct Opening {
    /// `748:750:748@2026-01-31T09:30:00.123456Z`: which transactions are visible, and when it
    /// began (on a standby the former alone is not unique).
    pub(super) id: String,
    /// The live schema.
    pub(super) schema: Schema,
}

/// The live schema as compared text.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Schema {
    columns: Vec<String>,
    tables: Vec<String>,
    beside: Vec<String>,
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
    let bases: BTreeSet<&str> = definition.sections.iter().map(|section| section.table.as_str()).collect();
    let bases: Vec<bool> = keys.iter().map(|key| bases.contains(key)).collect();
    let columns: Vec<bool> = definition.tables.values().map(Table::has_columns).collect();
    let setting = session.server.setting.clone();
    let query = sqlx::query(OPENING).bind(organization).bind(schemas).bind(names).bind(bases);
    let query = query.bind(&setting).bind(keys).bind(columns);
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
    let schema =
        Schema { columns: row.try_get("columns")?, tables: row.try_get("tables")?, beside: row.try_get("beside")? };
    Ok((Opening { id, schema }, row.try_get("pid")?))
}

impl Schema {
    /// What the text says, to be compared with a definition.
    pub(super) fn live(&self) -> Live {
        let beside = self.beside.iter().filter_map(|text| text.split_once('\u{1f}'));
        Live {
            columns: self.columns().map(|(column, _)| column).collect(),
            tables: self.tables.clone(),
            beside: beside.map(|(schema, name)| identifier::key(schema, name)).collect(),
        }
    }

    /// The oids of the tables that have columns in it.
    pub(super) fn oids(&self) -> Vec<u32> {
        let mut oids: Vec<u32> = self.columns().map(|(_, oid)| oid).collect();
        oids.dedup();
        oids
    }

    fn columns(&self) -> impl Iterator<Item = (LiveColumn, u32)> {
        self.columns.iter().filter_map(|text| {
            let mut parts = text.split('\u{1f}');
            let column = LiveColumn {
                table: parts.next()?.to_owned(),
                name: parts.next()?.to_owned(),
                readable: parts.next()? == "t",
                filtered: parts.next()? == "t",
            };
            Some((column, parts.next()?.parse().ok()?))
        })
    }
}
