//! The statements that give a role exactly what a definition reads: where the database answers,
//! for the tables that it really finds.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{
    identifier::{self, quoted},
    session::Session,
    snapshot::text,
};
use crate::{
    product::{Definition, Table},
    source::error::SourceError,
};

const ACT: &str = "look for the tables";

/// Where names are looked up, and who has to have the rights: `ALTER ROLE .. SET role` makes
/// another role of the one that logs in.
const SELF: &str = "SELECT pg_catalog.current_setting('search_path'), current_user, session_user, \
                    pg_catalog.current_database()";

/// Of the tables with the names `$1` in the schemas `$2`, their columns. The schemas are asked
/// by name, because a search path does not show those that the role has no right to.
const TABLES: &str = "
SELECT n.nspname::text AS schema, c.relname::text AS name, ARRAY(
  SELECT a.attname::text FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = ANY ($1::name[]) AND n.nspname = ANY ($2::name[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";

/// The schemas that have a table of each of the names `$1`; two are enough to know that it is
/// not one.
const SCHEMAS: &str = "
SELECT n.nspname::text AS schema FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = ANY ($1::name[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname <> 'information_schema' AND pg_catalog.left(n.nspname::text, 3) <> 'pg_'
GROUP BY 1 HAVING pg_catalog.count(*) = pg_catalog.cardinality($1::text[]) ORDER BY 1 LIMIT 2";

/// What the database says of itself.
#[derive(Debug, Default)]
struct Live {
    /// Where unqualified names are looked up.
    path: Vec<String>,
    /// What the role's search path has to be set to, where it does not show the tables.
    set_path: Option<String>,
    /// Columns by schema and table.
    tables: BTreeMap<(String, String), Vec<String>>,
}

/// Who is given what.
struct Roles<'n> {
    login: &'n str,
    reader: &'n str,
    database: &'n str,
}

/// The statements for a database that does not answer: unqualified names stay so, in `public`.
pub(super) fn expected(definition: &Definition, role: &str, database: &str) -> String {
    statements(definition, &Roles { login: role, reader: role, database }, None)
}

/// The statements for what is there.
///
/// # Errors
/// When the server refuses a query.
pub(super) async fn live(session: &mut Session, definition: &Definition) -> Result<String, SourceError> {
    let rows = session.text(ACT, SELF.to_owned()).await?;
    let cell = |column| rows.first().and_then(|row: &PgRow| text(row, column)).unwrap_or_default();
    let (setting, roles) = (cell(0), Roles { reader: cell(1), login: cell(2), database: cell(3) });
    let read: Vec<_> = tables(definition).map(|(key, _)| identifier::table(key)).collect();
    let mut live = Live { path: identifier::search_path(setting, roles.reader), ..Live::default() };
    live.ask(session, &read).await?;
    let hidden = read.iter().filter(|(schema, name)| schema.is_none() && live.find(None, name).is_none());
    let hidden: Vec<&str> = hidden.map(|(_, name)| name.as_str()).collect();
    if let Some(schema) = only_schema(session, &hidden).await? {
        live.set_path = Some(format!("{}, {setting}", quoted(&schema)));
        live.path.push(schema);
        live.ask(session, &read).await?;
    }
    Ok(statements(definition, &roles, Some(&live)))
}

/// The one schema that has all of `names`.
async fn only_schema(session: &mut Session, names: &[&str]) -> Result<Option<String>, SourceError> {
    if names.is_empty() {
        return Ok(None);
    }
    let query = sqlx::query_scalar::<_, String>(SCHEMAS).bind(names);
    let mut schemas = session.run(ACT, |connection: &mut PgConnection| query.fetch_all(connection)).await?;
    Ok(schemas.pop().filter(|_| schemas.is_empty()))
}

impl Live {
    async fn ask(&mut self, session: &mut Session, read: &[(Option<String>, String)]) -> Result<(), SourceError> {
        let names: Vec<&str> = read.iter().map(|(_, name)| name.as_str()).collect();
        let schemas: Vec<&str> = read
            .iter()
            .filter_map(|(schema, _)| schema.as_deref())
            .chain(self.path.iter().map(String::as_str))
            .collect();
        let query = sqlx::query(TABLES).bind(names).bind(schemas);
        let rows = session.run(ACT, |connection: &mut PgConnection| query.fetch_all(connection)).await?;
        let table = |row: &PgRow| Ok(((row.try_get("schema")?, row.try_get("name")?), row.try_get("columns")?));
        let tables: Result<_, sqlx::Error> = rows.iter().map(table).collect();
        self.tables = tables.map_err(|error| SourceError::from_sqlx(&session.server.name, ACT, &error))?;
        Ok(())
    }

    /// The schema of a table, and its columns.
    fn find<'l>(&'l self, schema: Option<&'l str>, name: &str) -> Option<(&'l str, &'l [String])> {
        let mut schemas = schema.into_iter().chain(self.path.iter().map(String::as_str).filter(|_| schema.is_none()));
        schemas.find_map(|schema| {
            self.tables.get(&(schema.to_owned(), name.to_owned())).map(|columns| (schema, columns.as_slice()))
        })
    }
}

fn tables(definition: &Definition) -> impl Iterator<Item = (&String, &Table)> {
    definition.tables.iter().filter(|(_, table)| !table.reads.is_empty())
}

fn statements(definition: &Definition, roles: &Roles<'_>, live: Option<&Live>) -> String {
    let (login, reader, database) = (quoted(roles.login), quoted(roles.reader), quoted(roles.database));
    let mut schemas = BTreeSet::new();
    let mut selects = String::new();
    for (key, table) in tables(definition) {
        let reads = table.reads.as_slice();
        let (schema, name) = identifier::table(key);
        if live.is_none() {
            expect(&mut selects, table, schema.as_deref(), &name, &reader);
            schemas.insert(schema.unwrap_or_else(|| "public".to_owned()));
            continue;
        }
        let Some((schema, columns)) = live.and_then(|live| live.find(schema.as_deref(), &name)) else {
            line(&mut selects, format_args!("-- there is no table {}", quoted(&name)));
            continue;
        };
        let (there, missing): (Vec<&String>, Vec<&String>) = reads.iter().partition(|read| columns.contains(read));
        for column in missing {
            line(&mut selects, format_args!("-- there is no column {}.{}", quoted(&name), quoted(column)));
        }
        schemas.insert(schema.to_owned());
        if !there.is_empty() {
            line(&mut selects, format_args!("{}", grant(&there, Some(schema), &name, &reader)));
        }
    }
    let mut sql = String::new();
    line(&mut sql, format_args!("GRANT CONNECT ON DATABASE {database} TO {login};"));
    if let Some(path) = live.and_then(|live| live.set_path.as_ref()) {
        line(&mut sql, format_args!("ALTER ROLE {login} IN DATABASE {database} SET search_path = {path};"));
    }
    for schema in schemas {
        line(&mut sql, format_args!("GRANT USAGE ON SCHEMA {} TO {reader};", quoted(&schema)));
    }
    sql + &selects
}

/// The statements for a table that was not looked at; what only some releases have is left to somebody who knows.
fn expect(sql: &mut String, table: &Table, schema: Option<&str>, name: &str, reader: &str) {
    let (some, all): (Vec<&String>, Vec<&String>) =
        table.reads.iter().partition(|read| table.is_optional || table.optional_columns.contains(read));
    if !all.is_empty() {
        line(sql, format_args!("{}", grant(&all, schema, name, reader)));
    }
    if !some.is_empty() {
        line(sql, format_args!("-- where the app has it: {}", grant(&some, schema, name, reader)));
    }
}

fn grant(columns: &[&String], schema: Option<&str>, name: &str, reader: &str) -> String {
    let columns: Vec<Cow<'_, str>> = columns.iter().map(|column| quoted(column)).collect();
    let schema = schema.map_or_else(String::new, |schema| format!("{}.", quoted(schema)));
    format!("GRANT SELECT ({}) ON {schema}{} TO {reader};", columns.join(", "), quoted(name))
}

fn line(sql: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    writeln!(sql, "{text}").unwrap_or_default();
}
