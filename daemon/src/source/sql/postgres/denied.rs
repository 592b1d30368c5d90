//! What a query reads and the role may not: PostgreSQL only says which table, and a role has rights on single
//! columns.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{
    identifier::quoted,
    session::{Session, Statement, Transaction},
};
use crate::{
    source::error::SourceError,
    sql::{Names, tokens},
};

/// Of what this transaction has locked and the query names (`$1`), and of what the views among it read, the columns
/// that whoever reads them may not: those that stand in the query by a name, or all where `$2`. The tables of a view are read by its owner.
const COLUMNS: &str = "
WITH RECURSIVE reached(oid, reader, view) AS (
  SELECT l.relation, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user), 0::oid
  FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relname::text = ANY ($1::text[])
  WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.relation >= 16384
  UNION
  SELECT d.refobjid, CASE WHEN v.reloptions::text ~* 'security_invoker=(true|on|yes|1)' THEN r.reader ELSE v.relowner END, v.oid
  FROM reached r
  JOIN pg_catalog.pg_class v ON v.oid = r.oid AND v.relkind = 'v'
  JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
    AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> v.oid
)
SELECT DISTINCT n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS column,
  pg_catalog.pg_get_userbyid(r.reader)::text AS reader, current_user::text AS role
FROM reached r
JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE NOT pg_catalog.has_column_privilege(r.reader, c.oid, a.attnum, 'SELECT')
  AND CASE WHEN r.view = 0 THEN $2 OR a.attname::text = ANY ($1::text[]) ELSE EXISTS (
    SELECT FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend d ON d.objid = w.oid
    WHERE w.ev_class = r.view AND d.classid = 'pg_catalog.pg_rewrite'::regclass
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum) END
ORDER BY 1, 2, 3";

/// The functions and schemas with a name of `$1` that the role may not use, each with what is granted on it.
const OBJECTS: &str = "
SELECT 'EXECUTE ON FUNCTION ' || (pg_catalog.pg_identify_object(p.tableoid, p.oid, 0)).identity AS granted,
  current_user::text AS reader
FROM pg_catalog.pg_proc p
WHERE p.proname::text = ANY ($1::text[]) AND NOT pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
  AND pg_catalog.pg_function_is_visible(p.oid) OR p.proname::text = ANY ($1::text[]) AND p.pronamespace IN (
    SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname::text = ANY ($1::text[]))
  AND NOT pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
UNION ALL
SELECT 'USAGE ON SCHEMA ' || pg_catalog.quote_ident(n.nspname), current_user::text
FROM pg_catalog.pg_namespace n
WHERE n.nspname::text = ANY ($1::text[]) AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
ORDER BY 1";

/// What a role lacks for one query, or for several.
#[derive(Debug, Default)]
pub(super) struct Denied {
    columns: BTreeSet<DeniedColumn>,
    /// `EXECUTE ON FUNCTION public.f(integer)`, and who is to have it.
    objects: BTreeSet<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct DeniedColumn {
    schema: String,
    table: String,
    /// Who has to read it: the owner of a view reads the tables below it.
    reader: String,
    is_own: bool,
    column: String,
}

/// Looks for what a query lacks that was refused with these words. Finds nothing where the rights are of another
/// kind.
///
/// # Errors
/// When the connection is lost.
pub(super) async fn look(session: &mut Session, sql: &str, words: &str) -> Result<Denied, SourceError> {
    const ACT: &str = "look for missing rights";
    let names: Vec<String> = tokens(sql).filter_map(name).collect();
    let every = Names::new(sql).reads_every_column();
    session.begin(Transaction::Statements).await?;
    let prepare = Statement { act: ACT, sql: format!("PREPARE orgvault_denied AS\n{sql}\n") };
    let forget = Statement { act: ACT, sql: "DEALLOCATE orgvault_denied".to_owned() };
    let mut denied = Denied::default();
    match session.statements(&[prepare, forget]).await {
        Err(error) if session.busy => return Err(error),
        // The names are those of schemas that it may not use.
        Err(_) => {}
        Ok(_) => {
            let query = sqlx::query(COLUMNS).bind(&names).bind(every);
            let rows = session.run(ACT, |connection: &mut PgConnection| query.fetch_all(connection)).await?;
            denied.columns = rows.iter().map(column).collect();
        }
    }
    session.command(ACT, "ROLLBACK").await?;
    let query = sqlx::query(OBJECTS).bind(&names);
    let rows = session.run(ACT, |connection: &mut PgConnection| query.fetch_all(connection)).await?;
    denied.objects = rows.iter().map(|row| (cell(row, "granted"), cell(row, "reader"))).collect();
    denied.keep_named(words);
    Ok(denied)
}

impl Denied {
    /// A name may be that of another table's column too: the server's words have the table that it stopped at.
    fn keep_named(&mut self, words: &str) {
        let is_named = |column: &DeniedColumn| words.contains(&format!(" {} ", column.table));
        if !self.objects.is_empty() || self.columns.iter().any(is_named) {
            self.columns.retain(is_named);
        }
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.objects.is_empty()
    }

    /// Whether all of it are columns of which this is true: the table's schema and name, and the column.
    pub(super) fn are_all(&self, known: impl Fn(&str, &str, &str) -> bool) -> bool {
        let all = || self.columns.iter().all(|it| it.is_own && known(&it.schema, &it.table, &it.column));
        self.objects.is_empty() && !self.columns.is_empty() && all()
    }

    /// Takes what another query lacks.
    pub(super) fn extend(&mut self, other: Self) {
        self.columns.extend(other.columns);
        self.objects.extend(other.objects);
    }

    /// For people: `users.email, users.name`.
    pub(super) fn names(&self) -> String {
        let column = |it: &DeniedColumn| {
            let by = if it.is_own { String::new() } else { format!(" (read by {}, who owns the view)", it.reader) };
            format!("{}.{}{by}", it.table, it.column)
        };
        let names: Vec<String> =
            self.columns.iter().map(column).chain(self.objects.iter().map(|(granted, _)| granted.clone())).collect();
        names.join(", ")
    }

    /// The statements that give it, one in a line.
    pub(super) fn grants(&self) -> String {
        let mut tables: BTreeMap<(&str, &str, &str), Vec<Cow<'_, str>>> = BTreeMap::new();
        for it in &self.columns {
            tables.entry((&it.schema, &it.table, &it.reader)).or_default().push(quoted(&it.column));
        }
        let selects = tables.into_iter().map(|((schema, table, reader), columns)| {
            let (columns, reader) = (columns.join(", "), quoted(reader));
            format!("GRANT SELECT ({columns}) ON {}.{} TO {reader};", quoted(schema), quoted(table))
        });
        let objects = self.objects.iter().map(|(granted, reader)| format!("GRANT {granted} TO {};", quoted(reader)));
        selects.chain(objects).collect::<Vec<_>>().join(" ")
    }
}

fn column(row: &PgRow) -> DeniedColumn {
    let (schema, table, column) = (cell(row, "schema"), cell(row, "name"), cell(row, "column"));
    let (reader, role) = (cell(row, "reader"), cell(row, "role"));
    DeniedColumn { schema, table, is_own: reader == role, reader, column }
}

fn cell(row: &PgRow, column: &str) -> String {
    row.try_get(column).unwrap_or_default()
}

/// The name that a token of a query stands for.
fn name(token: &str) -> Option<String> {
    if let Some(inside) = token.strip_prefix('"').and_then(|token| token.strip_suffix('"')) {
        return Some(inside.replace("\"\"", "\""));
    }
    let is_name = token.starts_with(|first: char| first.is_alphabetic() || first == '_');
    is_name.then(|| token.to_lowercase())
}
