//! Tables, without what is in them.

use std::collections::HashMap;

use orgvault_archive::full::schema::{Partition, RowSecurity, Table};
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, name, names, reach::Reached};

/// The tables among the relations `$1`, by name.
const TABLES: &str = "
SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name,
  CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
  CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS bound,
  ARRAY(SELECT m.nspname::text FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
        JOIN pg_catalog.pg_namespace m ON m.oid = p.relnamespace WHERE i.inhrelid = c.oid
        ORDER BY i.inhseqno) AS parent_schemas,
  ARRAY(SELECT p.relname::text FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
        WHERE i.inhrelid = c.oid ORDER BY i.inhseqno) AS parents,
  c.relrowsecurity AS is_secured, c.relforcerowsecurity AS is_forced
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'p')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname";

/// Tables by what the catalog calls them.
pub(super) struct Tables {
    oids: Vec<i64>,
    places: HashMap<i64, usize>,
    found: Vec<Table>,
}

pub(super) async fn ask(catalog: &mut Catalog<'_>, reached: &Reached) -> Result<Tables, SurveyError> {
    let read = |row: &PgRow| Ok((row.try_get::<i64, _>("oid")?, table(row)?));
    let found = catalog.ask("tables", TABLES, &reached.of("pg_class"), read).await?;
    let (oids, found): (Vec<i64>, Vec<Table>) = found.into_iter().unzip();
    let places = oids.iter().enumerate().map(|(place, oid)| (*oid, place)).collect();
    Ok(Tables { oids, places, found })
}

impl Tables {
    /// Gives what `read` makes of each row to the table whose `oid` the row has.
    pub(super) async fn fill<T>(
        &mut self,
        catalog: &mut Catalog<'_>,
        what: &'static str,
        sql: &'static str,
        read: impl Fn(&PgRow) -> Result<T, sqlx::Error> + Send + Sync,
        mut give: impl FnMut(&mut Table, T),
    ) -> Result<(), SurveyError> {
        let rows = catalog.ask(what, sql, &self.oids, |row| Ok((row.try_get::<i64, _>("oid")?, read(row)?))).await?;
        for (oid, found) in rows {
            if let Some(table) = self.places.get(&oid).and_then(|place| self.found.get_mut(*place)) {
                give(table, found);
            }
        }
        Ok(())
    }

    /// Whether a table is among them.
    pub(super) fn has(&self, oid: i64) -> bool {
        self.places.contains_key(&oid)
    }

    /// Each with its oid.
    pub(super) fn into_pairs(self) -> impl Iterator<Item = (i64, Table)> {
        self.oids.into_iter().zip(self.found)
    }
}

fn table(row: &PgRow) -> Result<Table, sqlx::Error> {
    let bound: Option<String> = row.try_get("bound")?;
    let mut inherits = names(row, "parent_schemas", "parents")?;
    let partition_of = bound.filter(|_| !inherits.is_empty());
    let partition_of = partition_of.map(|bound| Partition { parent: inherits.remove(0), bound });
    let row_security = match (row.try_get("is_secured")?, row.try_get("is_forced")?) {
        (false, _) => RowSecurity::Off,
        (true, false) => RowSecurity::Enabled,
        (true, true) => RowSecurity::Forced,
    };
    let partition_key = row.try_get("partition_key")?;
    Ok(Table { name: name(row)?, partition_key, partition_of, inherits, row_security, ..Table::default() })
}
