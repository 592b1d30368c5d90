//! The indexes of tables, and their unique keys.

use orgvault_archive::full::schema::{Constraint, Table, UniqueKey};
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, constraints::definition, tables::Tables};

/// The indexes of the tables `$1`, by name. One that could not be built (`CREATE INDEX CONCURRENTLY`) holds nobody to
/// anything. Only PostgreSQL 15 and later know of NULLs that are equal.
const INDEXES: &str = "
SELECT i.indrelid::int8 AS oid, x.relname::text AS name, pg_catalog.pg_get_indexdef(i.indexrelid) AS definition,
  i.indisunique AS is_unique, i.indisprimary AS is_primary,
  EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
    AS is_of_constraint,
  EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid) AS is_inherited,
  ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, k, false)
        FROM pg_catalog.generate_series(1, i.indnkeyatts::int) AS k ORDER BY k) AS expressions,
  ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE k.place <= i.indnkeyatts ORDER BY k.place) AS columns,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
  COALESCE((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false) AS nulls_not_distinct
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid = ANY ($1::oid[]) AND (i.indisvalid OR x.relkind = 'I')
ORDER BY i.indrelid, x.relname";

/// One index.
struct Index {
    definition: Constraint,
    /// The columns of the primary key.
    primary: Option<Vec<String>>,
    unique: Option<UniqueKey>,
    is_of_constraint: bool,
    /// Whether the index of a partitioned table made it.
    is_inherited: bool,
}

pub(super) async fn ask(catalog: &mut Catalog<'_>, tables: &mut Tables) -> Result<(), SurveyError> {
    tables.fill(catalog, "indexes", INDEXES, index, give).await
}

fn index(row: &PgRow) -> Result<Index, sqlx::Error> {
    let unique = UniqueKey {
        name: row.try_get("name")?,
        expressions: row.try_get("expressions")?,
        predicate: row.try_get("predicate")?,
        nulls_not_distinct: row.try_get("nulls_not_distinct")?,
    };
    let columns = row.try_get("columns")?;
    Ok(Index {
        definition: definition(row)?,
        primary: row.try_get::<bool, _>("is_primary")?.then_some(columns),
        unique: row.try_get::<bool, _>("is_unique")?.then_some(unique),
        is_of_constraint: row.try_get("is_of_constraint")?,
        is_inherited: row.try_get("is_inherited")?,
    })
}

fn give(table: &mut Table, index: Index) {
    table.primary_key.extend(index.primary.into_iter().flatten());
    if index.is_inherited {
        return;
    }
    table.unique.extend(index.unique);
    if !index.is_of_constraint {
        table.indexes.push(index.definition);
    }
}
