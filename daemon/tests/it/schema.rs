//! The schema of a PostgreSQL database: read from its catalog, made again, and compared.

mod ddl;
mod differences;
mod random;
mod survey;

use orgvault_archive::full::schema::{QualifiedName, Schema, Table};
use orgvault_daemon::schema::{
    ddl::{Ddl, MakeError, make},
    survey::{SurveyError, survey},
};
use orgvault_testing::postgres::Database;
use sqlx::{Connection as _, PgConnection};

/// One of each thing that a table may need, under names that have to be quoted.
const RICH: &str = include_str!("schema/rich.sql");

fn named(schema: &str, name: &str) -> QualifiedName {
    QualifiedName { schema: schema.to_owned(), name: name.to_owned() }
}

fn public(name: &str) -> QualifiedName {
    named("public", name)
}

/// What the role without privileges is told of some tables.
async fn surveyed(database: &Database, tables: &[QualifiedName]) -> Result<Schema, SurveyError> {
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.unwrap();
    survey(&mut transaction, tables).await
}

/// An empty database that belongs to the role without privileges.
fn empty() -> Database {
    let database = Database::new();
    database.psql(&format!("ALTER DATABASE {} OWNER TO {}", database.name(), database.role()));
    database
}

/// Makes everything, the extensions as the superuser and the rest as the role that owns the database.
async fn made(ddl: &Ddl) -> Result<Database, MakeError> {
    let database = empty();
    let mut owner = PgConnection::connect(&database.url()).await.unwrap();
    let mut superuser = PgConnection::connect(&database.admin_url()).await.unwrap();
    make(&mut owner, &ddl.schemas).await?;
    make(&mut superuser, &ddl.extensions).await?;
    for statements in [&ddl.tables, &ddl.foreign_keys, &ddl.triggers, &ddl.policies] {
        make(&mut owner, statements).await?;
    }
    Ok(database)
}

/// Every table of a database, but partitions and those of extensions.
fn tables_of(database: &Database) -> Vec<QualifiedName> {
    let listed = database.psql(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')",
    );
    let table = |line: &str| line.split_once('|').map(|(schema, name)| named(schema, name));
    listed.lines().filter_map(table).collect()
}

fn table<'s>(schema: &'s Schema, name: &str) -> &'s Table {
    schema.table(&public(name)).unwrap()
}
