//! The columns of tables.

use orgvault_archive::full::schema::{Column, Identity};
use sqlx::{Row, postgres::PgRow};

use super::{Catalog, SurveyError, optional_name, tables::Tables};

/// The columns of the tables `$1`, in each table's order.
const COLUMNS: &str = "
SELECT a.attrelid::int8 AS oid, a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
  NOT a.attnotnull AS nullable, a.attgenerated <> '' AS is_generated, a.attidentity::text AS identity,
  d.oid::int8 AS expression_oid, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression,
  n.nspname::text AS collation_schema, c.collname::text AS collation
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation AND a.attcollation <> t.typcollation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum";

/// Fills in the columns; the oids of the expressions of generated ones.
pub(super) async fn ask(catalog: &mut Catalog<'_>, tables: &mut Tables) -> Result<Vec<i64>, SurveyError> {
    let mut generated = Vec::new();
    let read = |row: &PgRow| Ok((column(row)?, row.try_get::<Option<i64>, _>("expression_oid")?));
    tables
        .fill(catalog, "columns", COLUMNS, read, |table, (column, expression)| {
            generated.extend(expression.filter(|_| column.generated.is_some()));
            table.columns.push(column);
        })
        .await?;
    Ok(generated)
}

fn column(row: &PgRow) -> Result<Column, sqlx::Error> {
    let expression: Option<String> = row.try_get("expression")?;
    let is_generated: bool = row.try_get("is_generated")?;
    let (generated, default) = if is_generated { (expression, None) } else { (None, expression) };
    let identity = match row.try_get::<String, _>("identity")?.as_str() {
        "a" => Some(Identity::Always),
        "d" => Some(Identity::ByDefault),
        _ => None,
    };
    Ok(Column {
        name: row.try_get("name")?,
        kind: row.try_get("type")?,
        nullable: row.try_get("nullable")?,
        default,
        generated,
        identity,
        collation: optional_name(row, "collation_schema", "collation")?,
    })
}
