//! The base tables as the server has them, and what tells their rows apart.

use std::collections::HashMap;

use sqlx::{PgConnection, Row, postgres::types::Oid};

use super::ACT;
use crate::{
    product::Definition,
    source::{
        coverage,
        error::SourceError,
        sql::postgres::{identifier, session::Session},
    },
};

/// The relations in `$1` (schema, empty for the search path) and `$2` (name), which the definition calls
/// `$3`, one row for each of their keys, the primary key first: the columns of a unique index that are
/// never NULL and that the role may read. An index says nothing of the rows of a table's children that
/// inherit from it. Last comes where a row lies, which no snapshot sees change.
const RELATIONS: &str = "
WITH asked AS (
  SELECT * FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]))
    AS t(nsp, rel, key)
)
SELECT t.key, c.oid, c.relname::text AS own_name, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
  k.numbers, k.names
FROM asked AS t
JOIN pg_catalog.pg_class c ON c.relname = t.rel::name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (
  SELECT x.indrelid, x.indexrelid, x.indisprimary, pg_catalog.array_agg(a.attnum ORDER BY i.place) AS numbers,
    pg_catalog.array_agg(pg_catalog.quote_ident(a.attname) ORDER BY i.place) AS names
  FROM pg_catalog.pg_index x
  CROSS JOIN pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY AS i(attnum, place)
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = i.attnum AND a.attnotnull
    AND pg_catalog.has_column_privilege(x.indrelid, a.attnum, 'SELECT')
  WHERE x.indisunique AND x.indisvalid AND x.indpred IS NULL AND i.place <= x.indnkeyatts
  GROUP BY x.indrelid, x.indexrelid, x.indisprimary
  HAVING pg_catalog.count(*) = pg_catalog.count(a.attnum)
  UNION ALL
  SELECT a.attrelid, NULL, NULL, pg_catalog.array_agg(a.attnum ORDER BY a.attnum), pg_catalog.array_agg(a.attname::text ORDER BY a.attnum)
  FROM pg_catalog.pg_attribute a
  WHERE a.attname IN ('tableoid', 'ctid') AND a.attnum < 0
    AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
  GROUP BY a.attrelid HAVING pg_catalog.count(*) = 2
) AS k ON k.indrelid = c.oid AND CASE
  WHEN k.indexrelid IS NULL THEN c.relkind IN ('r', 'p', 'm')
  ELSE c.relkind <> 'r' OR NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)
END
WHERE CASE t.nsp WHEN '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = t.nsp::name END
ORDER BY t.key, k.indisprimary DESC NULLS LAST, k.indexrelid";

/// A table or a view.
pub(super) struct Relation {
    pub(super) oid: Oid,
    /// With its schema, as SQL writes it.
    pub(super) name: String,
    /// Without its schema.
    pub(super) own_name: String,
    pub(super) keys: Vec<Key>,
}

/// Columns that tell rows apart.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// Their numbers, and their names as SQL writes them.
    pub(super) columns: Vec<(i16, String)>,
}

impl Key {
    /// What people are shown of its column of this place, which is called so.
    pub(super) fn text(&self, place: usize, name: &str) -> String {
        let is_table = self.columns.get(place).is_some_and(|(number, column)| *number < 0 && column == "tableoid");
        let kind = if is_table { "regclass::pg_catalog.text" } else { "text" };
        format!("{name}::pg_catalog.{kind}")
    }
}

/// Asks for those of every base table, by the definition's names. What is not there is left out.
///
/// # Errors
/// When the server refuses the query.
pub(super) async fn ask(
    session: &mut Session,
    definition: &Definition,
) -> Result<HashMap<String, Relation>, SourceError> {
    let keys: Vec<&str> = coverage::tables(definition).into_iter().map(|(table, _)| table).collect();
    let (schemas, names): (Vec<String>, Vec<String>) =
        keys.iter().map(|key| identifier::table(key)).map(|(schema, name)| (schema.unwrap_or_default(), name)).unzip();
    let query = sqlx::query(RELATIONS).bind(schemas).bind(names).bind(keys);
    let rows = session.run(ACT, |connection: &mut PgConnection| query.fetch_all(connection)).await?;
    let failed = |error| SourceError::from_sqlx(&session.server.name, ACT, &error);
    let mut relations: HashMap<String, Relation> = HashMap::new();
    for row in &rows {
        let mut read = || {
            let (oid, name, own_name) = (row.try_get("oid")?, row.try_get("name")?, row.try_get("own_name")?);
            let new = Relation { oid, name, own_name, keys: Vec::new() };
            let relation = relations.entry(row.try_get("key")?).or_insert(new);
            let numbers: Option<Vec<i16>> = row.try_get("numbers")?;
            let names: Option<Vec<String>> = row.try_get("names")?;
            relation.keys.extend(
                numbers.zip(names).map(|(numbers, names)| Key { columns: numbers.into_iter().zip(names).collect() }),
            );
            Ok(())
        };
        read().map_err(failed)?;
    }
    Ok(relations)
}
