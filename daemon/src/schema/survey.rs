//! The schema of some tables, and of all that they need, from the catalog of a live PostgreSQL database.
//!
//! What is needed is what the server keeps in `pg_depend`: types, sequences, functions, collations, extensions, and
//! the tables that foreign keys and policies name. Objects of an extension are not described one by one: the
//! extension is. Two things the server does not know, and so they are missing here too: what the body of a function
//! in `plpgsql`, or of an SQL function whose body is a string, names; and what a function looks up by the
//! `search_path`.
//!
//! Owners, privileges, comments, statistics, tablespaces, storage parameters, and whether a table is logged, are left
//! out: rows are the same without them.

mod collations;
mod columns;
mod constraints;
mod extensions;
mod functions;
mod indexes;
mod order;
mod policies;
mod reach;
mod sequences;
mod tables;
mod triggers;
mod types;

use orgvault_archive::full::schema::{QualifiedName, SCHEMA_VERSION, Schema, Setting};
use sqlx::{PgConnection, Row, postgres::PgRow};

use self::reach::Reached;

/// Why a schema is not known.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The server does not answer, or not as expected.
    #[error("cannot read the {what} of the database from its catalog")]
    Ask {
        /// `tables`.
        what: &'static str,
        /// What it said.
        source: sqlx::Error,
    },
    /// Between two questions the schema could change.
    #[error("cannot read the schema of the database outside of a transaction")]
    NoTransaction,
}

/// Settings that change the text of values.
const SETTINGS: [&str; 6] =
    ["DateStyle", "IntervalStyle", "TimeZone", "bytea_output", "client_encoding", "extra_float_digits"];

/// Names have their schema where the path is empty.
const NO_PATH: &str =
    "SELECT pg_catalog.current_setting('search_path'), pg_catalog.set_config('search_path', '', true)";

const PATH: &str = "SELECT pg_catalog.set_config('search_path', $1, true)";

/// The server, the database, whether the path is empty, and the settings `$1`.
const SERVER: &str = "
SELECT pg_catalog.current_setting('server_version') AS version,
  pg_catalog.current_setting('search_path') = '' AS is_pathless,
  (SELECT pg_catalog.pg_encoding_to_char(encoding)::text FROM pg_catalog.pg_database
   WHERE datname = pg_catalog.current_database()) AS encoding,
  ARRAY(SELECT pg_catalog.current_setting(name) FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS s(name, place)
        ORDER BY place) AS settings";

/// A connection whose catalog is read.
struct Catalog<'c>(&'c mut PgConnection);

/// Describes tables and what they need: partitions of partitioned ones (and the other way round), tables that inherit,
/// and tables that foreign keys name. Tables that are not there are left out, as are views and foreign tables.
///
/// The connection must be in a transaction. Nothing is written, any role will do, and the `search_path` is what it
/// was when this returns.
///
/// # Errors
/// When the server does not answer, and outside of a transaction.
pub async fn survey(connection: &mut PgConnection, tables: &[QualifiedName]) -> Result<Schema, SurveyError> {
    let ask = |source| SurveyError::Ask { what: "settings", source };
    let row = sqlx::query(NO_PATH).persistent(false).fetch_one(&mut *connection).await.map_err(ask)?;
    let path: String = row.try_get(0).map_err(ask)?;
    let schema = describe(&mut Catalog(connection), tables).await?;
    sqlx::query(PATH).persistent(false).bind(path).execute(connection).await.map_err(ask)?;
    Ok(schema)
}

async fn describe(catalog: &mut Catalog<'_>, tables: &[QualifiedName]) -> Result<Schema, SurveyError> {
    let mut schema = server(catalog).await?;
    let reached = Reached::ask(catalog, tables).await?;
    let types = types::ask(catalog, &reached).await?;
    let functions = functions::ask(catalog, &reached).await?;
    let mut tables = tables::ask(catalog, &reached).await?;
    let generated = columns::ask(catalog, &mut tables).await?;
    constraints::ask(catalog, &mut tables).await?;
    indexes::ask(catalog, &mut tables).await?;
    triggers::ask(catalog, &mut tables).await?;
    policies::ask(catalog, &mut tables).await?;
    schema.extensions = extensions::ask(catalog, &reached).await?;
    schema.collations = collations::ask(catalog, &reached).await?;
    schema.sequences = sequences::ask(catalog, &reached, &tables).await?;
    schema.undescribed = reached.undescribed(catalog).await?;
    order::fill(&mut schema, &reached.creation(generated), &types, &functions, tables);
    Ok(schema)
}

async fn server(catalog: &mut Catalog<'_>) -> Result<Schema, SurveyError> {
    let ask = |source| SurveyError::Ask { what: "settings", source };
    let query = sqlx::query(SERVER).persistent(false).bind(SETTINGS.map(str::to_owned));
    let row = query.fetch_one(&mut *catalog.0).await.map_err(ask)?;
    if !row.try_get::<bool, _>("is_pathless").map_err(ask)? {
        return Err(SurveyError::NoTransaction);
    }
    let version: String = row.try_get("version").map_err(ask)?;
    // Debian's servers say more: `15.18 (Debian 15.18-0+deb12u1)`.
    let version = version.split(' ').next().unwrap_or_default();
    let values: Vec<String> = row.try_get("settings").map_err(ask)?;
    let setting = |(name, value): (&str, String)| Setting { name: name.to_owned(), value };
    Ok(Schema {
        schema_version: SCHEMA_VERSION,
        server: format!("PostgreSQL {version}"),
        encoding: row.try_get("encoding").map_err(ask)?,
        settings: SETTINGS.into_iter().zip(values).map(setting).collect(),
        ..Schema::default()
    })
}

impl Catalog<'_> {
    /// Asks about the objects `oids`, and makes something of each row.
    async fn ask<T>(
        &mut self,
        what: &'static str,
        sql: &'static str,
        oids: &[i64],
        read: impl Fn(&PgRow) -> Result<T, sqlx::Error> + Send,
    ) -> Result<Vec<T>, SurveyError> {
        if oids.is_empty() {
            return Ok(Vec::new());
        }
        let ask = |source| SurveyError::Ask { what, source };
        let rows = sqlx::query(sql).persistent(false).bind(oids).fetch_all(&mut *self.0).await.map_err(ask)?;
        rows.iter().map(read).collect::<Result<_, _>>().map_err(ask)
    }
}

/// The name in the columns `schema` and `name`.
fn name(row: &PgRow) -> Result<QualifiedName, sqlx::Error> {
    Ok(QualifiedName { schema: row.try_get("schema")?, name: row.try_get("name")? })
}

/// The name in two columns; none where they are NULL.
fn optional_name(row: &PgRow, schema: &str, name: &str) -> Result<Option<QualifiedName>, sqlx::Error> {
    let names: (Option<String>, Option<String>) = (row.try_get(schema)?, row.try_get(name)?);
    Ok(names.0.zip(names.1).map(|(schema, name)| QualifiedName { schema, name }))
}

/// Names that come as an array of schemas and one of names.
fn names(row: &PgRow, schemas: &str, names: &str) -> Result<Vec<QualifiedName>, sqlx::Error> {
    let (schemas, names): (Vec<String>, Vec<String>) = (row.try_get(schemas)?, row.try_get(names)?);
    Ok(schemas.into_iter().zip(names).map(|(schema, name)| QualifiedName { schema, name }).collect())
}
