//! What the server says of a query before it runs: the type of its `$1`, and its columns. It is asked with SQL
//! alone, because sqlx looks up every type that a statement gives, and refuses statements with those that it does
//! not know, such as multiranges.

use std::collections::{HashMap, HashSet};

use sqlx::{
    Column as _, Row,
    postgres::{PgRow, types::Oid},
};

use super::{
    session::{Session, Statement},
    snapshot::text,
    types::{Class, IdType, Type},
};
use crate::source::error::{SourceError, SourceFault};

/// What the queries were prepared as.
const NAME: &str = "orgvault_query_";

/// The parameters of each prepared query, as oids and as names.
const PARAMETERS: &str = "
SELECT p.name, p.parameter_types::pg_catalog.oid[]::text, p.parameter_types::text
FROM pg_catalog.pg_prepared_statements p WHERE p.name LIKE 'orgvault\\_query\\_%'";

/// The types `{OIDS}`, and those that they are made of.
const TYPES: &str = "
WITH RECURSIVE reached(oid) AS (
  SELECT pg_catalog.unnest('{OIDS}'::oid[])
  UNION
  SELECT m.oid FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.oid
  CROSS JOIN LATERAL (VALUES (t.typelem), (t.typbasetype)) AS m(oid) WHERE m.oid <> 0
)
SELECT t.oid::text, t.typname::text, t.typtype::text, t.typbasetype::text,
  CASE WHEN e.typarray = t.oid THEN e.oid::text END, e.typdelim::text
FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.oid LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem";

/// A query, and what it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query<'q> {
    /// For errors: `read section timeLogs`.
    pub(super) act: String,
    pub(super) sql: &'q str,
}

/// A column of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) oid: Oid,
    /// Of which table and which of its columns it is, where it is one.
    pub(super) origin: Option<(Oid, i16)>,
}

/// The type of each query's `$1`, where it has one. Locks what the queries name until the transaction ends.
///
/// # Errors
/// When the server refuses a query, or `$1` has a type that an id cannot be checked against.
pub(super) async fn parameters(
    session: &mut Session,
    queries: &[Query<'_>],
) -> Result<Vec<Option<IdType>>, SourceError> {
    let prepare = queries
        .iter()
        .enumerate()
        .map(|(index, query)| Statement { act: &query.act, sql: format!("PREPARE {NAME}{index} AS\n{}\n", query.sql) });
    let ask = Statement { act: "describe the queries", sql: PARAMETERS.to_owned() };
    let forget = (0..queries.len())
        .map(|index| Statement { act: "forget described queries", sql: format!("DEALLOCATE {NAME}{index}") });
    let statements: Vec<Statement<'_>> = prepare.chain([ask]).chain(forget).collect();
    let rows = session.statements(&statements).await?;
    let by_name: HashMap<&str, &PgRow> = rows.iter().filter_map(|row| Some((text(row, 0)?, row))).collect();
    let parameter = |(index, query): (usize, &Query<'_>)| {
        let row = by_name.get(format!("{NAME}{index}").as_str());
        let list = |column| row.and_then(|row| text(row, column)).unwrap_or_default().trim_matches(['{', '}']);
        id_type(session, query, list(1), list(2))
    };
    queries.iter().enumerate().map(parameter).collect()
}

fn id_type(session: &Session, query: &Query<'_>, oids: &str, kind: &str) -> Result<Option<IdType>, SourceError> {
    let refuse = |words: String| Err(SourceError::fault(&session.server.name, SourceFault::Query, &*query.act, words));
    if oids.is_empty() {
        return Ok(None);
    }
    if oids.contains(',') {
        return refuse("it has more parameters than `$1`".to_owned());
    }
    match oids.parse().ok().and_then(|oid| IdType::of(Oid(oid))) {
        Some(known) => Ok(Some(known)),
        // A cast of `$1` alone would only state the type that it has anyway, and a cast to
        // text would compare as text does.
        None => refuse(format!("`$1` has the type {kind} there: write `$1::text::{kind}`")),
    }
}

/// The columns of each query, which has no `$1` any more. Reads no row of them.
///
/// # Errors
/// When the server refuses a query.
pub(super) async fn outputs(session: &mut Session, queries: &[Query<'_>]) -> Result<Vec<Vec<Output>>, SourceError> {
    // The one row of nothing but NULL makes sqlx hand on the columns.
    let statements: Vec<Statement<'_>> = queries
        .iter()
        .map(|query| Statement {
            act: &query.act,
            sql: format!("SELECT q.* FROM (SELECT) AS one LEFT JOIN (\n{}\n) AS q ON false", query.sql),
        })
        .collect();
    let rows = session.statements(&statements).await?;
    // Its types have an oid each: nothing was looked up by a name.
    let output = |column: &sqlx::postgres::PgColumn| Output {
        name: column.name().to_owned(),
        oid: column.type_info().oid().unwrap_or(Oid(0)),
        origin: column.relation_id().zip(column.relation_attribute_no()),
    };
    Ok(rows.iter().map(|row| row.columns().iter().map(output).collect()).collect())
}

/// What the server knows of the types of these columns.
///
/// # Errors
/// When it refuses the query.
pub(super) async fn types<'o>(
    session: &mut Session,
    outputs: impl Iterator<Item = &'o Output>,
) -> Result<HashMap<Oid, Type>, SourceError> {
    let oids: HashSet<u32> = outputs.map(|output| output.oid.0).collect();
    let oids: Vec<String> = oids.iter().map(u32::to_string).collect();
    let rows = session.text("look at the types", TYPES.replace("{OIDS}", &format!("{{{}}}", oids.join(",")))).await?;
    let oid = |row, column| text(row, column).and_then(|oid| oid.parse().ok()).map(Oid);
    let kind = |row| {
        let name = text(row, 1)?.to_owned();
        let base = oid(row, 3).filter(|base| *base != Oid(0));
        let delimiter = text(row, 5).and_then(|delimiter| delimiter.chars().next());
        let element = oid(row, 4).zip(delimiter);
        let class = match text(row, 2)? {
            "b" => Class::Base,
            "e" => Class::Enum,
            _ => Class::Made,
        };
        Some((oid(row, 0)?, Type { oid: oid(row, 0)?, name, class, base, element }))
    };
    Ok(rows.iter().filter_map(kind).collect())
}
