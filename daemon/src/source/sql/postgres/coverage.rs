//! The rows of all organizations together against the rows of their tables: in one snapshot, with one
//! statement a table.

mod relations;
mod shapes;
mod statement;

use std::{sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, postgres::PgRow};

use self::{
    relations::{Key, Relation},
    statement::Part,
};
use super::{
    Postgres, describe, parameter,
    session::{Server, Session, Transaction},
    shape::{self, Output, Query},
    types::IdType,
};
use crate::{
    product::Section,
    source::{
        coverage::{self, Counted, Outcome, SectionTally, TableCount, Tally},
        error::{SourceError, SourceFault},
        sql::{
            queries::rows_act,
            release::Release,
            tallies::{Grouped, Problem},
        },
    },
    sql::with_columns,
};

const ACT: &str = "look at the coverage";

/// The output of a section's rows query, as the server describes it.
#[derive(Clone)]
struct Described {
    sql: String,
    id_type: Option<IdType>,
    outputs: Vec<Output>,
}

/// What is looked at, and what was found of it beforehand.
struct Look<'s> {
    source: &'s Postgres,
    release: Release,
    session: Session,
    described: Vec<Result<Described, SourceError>>,
    ids: Vec<String>,
}

impl Postgres {
    /// Counts every table and its sections.
    ///
    /// # Errors
    /// When the server cannot be asked, or the connection is lost. What it refuses of one table is the
    /// outcome of that table.
    pub(super) async fn cover(&self) -> Result<Counted, SourceError> {
        let mut session = self.pool.begin(Transaction::Snapshot, Some(self.connect_timeout())).await?;
        let release = self.release(&mut session).await?;
        let listed = self.list(&mut session, &release).await?;
        let mut relations = relations::ask(&mut session, &release.definition).await?;
        session.text(ACT, limit(&session)).await?;
        session.command(ACT, "SAVEPOINT looked").await?;
        let mut look = Look { source: self, release: release.clone(), session, described: Vec::new(), ids: Vec::new() };
        look.describe().await?;
        let id_types: Vec<IdType> = look.described.iter().flatten().filter_map(|it| it.id_type).collect();
        let check = |id: &str| describe::check_id(&id_types, &self.name, id).map(|()| id.to_owned());
        let (ids, refused) = coverage::organizations(&listed, check);
        look.ids = ids;
        let mut tables = Vec::new();
        for (table, sections) in coverage::tables(&release.definition) {
            let outcome = look.table(table, &sections, relations.remove(table)).await?;
            tables.push(TableCount { sections, outcome });
        }
        let organizations = look.ids.len() as u64;
        let Look { mut session, .. } = look;
        session.run("forget described queries", Connection::clear_cached_statements).await?;
        self.pool.end(session).await?;
        Ok(Counted { definition: release.definition, organizations, refused, tables })
    }
}

impl Look<'_> {
    /// Asks for the output of every rows query.
    async fn describe(&mut self) -> Result<(), SourceError> {
        let Release { definition, queries } = self.release.clone();
        for (section, queries) in definition.sections.iter().zip(&queries.sections) {
            let described = described(&mut self.session, section, &queries.rows).await;
            let described = self.recover(described).await?;
            self.described.push(described);
        }
        Ok(())
    }

    /// What the server refused hides nothing else; what it may still work on ends the look.
    async fn recover<T>(&mut self, done: Result<T, SourceError>) -> Result<Result<T, SourceError>, SourceError> {
        match done {
            Err(error) if self.session.busy => Err(error),
            Err(error) => {
                self.session.command(ACT, "ROLLBACK TO SAVEPOINT looked").await?;
                Ok(Err(error))
            }
            Ok(done) => Ok(Ok(done)),
        }
    }

    async fn table(
        &mut self,
        table: &str,
        sections: &[usize],
        relation: Option<Relation>,
    ) -> Result<Outcome, SourceError> {
        let Some(relation) = relation else {
            let words = format!("the table {table} is not there");
            return Ok(Outcome::Failed(SourceError::fault(&self.source.name, SourceFault::Schema, ACT, words)));
        };
        let counted = self.count(sections, &relation).await;
        Ok(self.recover(counted).await?.map_or_else(Outcome::Failed, Outcome::Counted))
    }

    async fn count(&mut self, sections: &[usize], relation: &Relation) -> Result<Tally, SourceError> {
        let definition = Arc::clone(&self.release.definition);
        let mut all = Vec::with_capacity(sections.len());
        for place in sections {
            match (definition.sections.get(*place), self.described.get_mut(*place)) {
                (Some(section), Some(described)) => all.push((section, take(described)?)),
                _ => return Err(SourceError::fault(&self.source.name, SourceFault::Query, ACT, "no such section")),
            }
        }
        let act = format!("{ACT} of {}", relation.name);
        let key = self.key(&mut all, relation).await?;
        let mut parts = Vec::with_capacity(all.len());
        for (section, described) in all {
            let places = key.iter().filter_map(|key| places(key, relation, section, &described)).flatten().collect();
            parts.push(self.cheapest(Part::new(described, places), &act).await?);
        }
        match key {
            Some(key) => self.by_key(&act, &key, statement::grouped(&relation.name, &key.columns, &parts)).await,
            None => self.by_number(&act, statement::numbers(&relation.name, &parts), parts.len()).await,
        }
    }

    /// The columns that tell the table's rows apart and that every section has: its own, or else added to
    /// its query. None where there are none.
    async fn key(
        &mut self,
        all: &mut [(&Section, Described)],
        relation: &Relation,
    ) -> Result<Option<Key>, SourceError> {
        let has = |key: &Key, (section, described): &(&Section, Described)| {
            places(key, relation, section, described).is_some()
        };
        if let Some(key) = relation.keys.iter().find(|key| all.iter().all(|one| has(key, one))) {
            return Ok(Some(key.clone()));
        }
        let Some(key) = relation.keys.first() else { return Ok(None) };
        let names: Vec<String> = key.columns.iter().map(|(_, name)| name.clone()).collect();
        let mut added = Vec::with_capacity(all.len());
        for one @ (section, own) in all.iter() {
            if has(key, one) {
                added.push(own.clone());
                continue;
            }
            let Some(sql) = with_columns(&own.sql, &relation.own_name, &names) else { return Ok(None) };
            let more = described(&mut self.session, section, &sql).await;
            match self.recover(more).await? {
                Ok(more) if has(key, &(section, more.clone())) => added.push(more),
                Ok(_) | Err(_) => return Ok(None),
            }
        }
        all.iter_mut().zip(added).for_each(|((_, described), added)| *described = added);
        Ok(Some(key.clone()))
    }

    /// The way to ask a section that the server takes for the cheapest.
    async fn cheapest(&mut self, part: Part, act: &str) -> Result<Part, SourceError> {
        let mut found: Option<(f64, Part)> = None;
        let mut refused = None;
        for shape in shapes::of(&part) {
            let cost = self.cost(&shape, act).await;
            match self.recover(cost).await? {
                Ok(cost) if found.as_ref().is_none_or(|(cheapest, _)| cost < *cheapest) => found = Some((cost, shape)),
                Ok(_dearer) => {}
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        match (found, refused) {
            (Some((_, part)), _) => Ok(part),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(part),
        }
    }

    async fn cost(&mut self, part: &Part, act: &str) -> Result<f64, SourceError> {
        let rows = self.fetch(act, format!("EXPLAIN {}", part.owned(0))).await?;
        let plan = rows.first().and_then(|row| row.try_get::<String, _>(0).ok()).unwrap_or_default();
        Ok(shapes::cost(&plan).unwrap_or(f64::MAX))
    }

    async fn by_key(&mut self, act: &str, key: &Key, grouped: Grouped) -> Result<Tally, SourceError> {
        let rows = self.fetch(act, grouped.totals()).await?;
        let mut tally = grouped.tally(|column| number(&rows, column)).ok_or_else(|| self.strange(act))?;
        for problem in Problem::of(&tally) {
            let rows = self.fetch(act, grouped.ids(problem, |at, name| key.text(at, name))).await?;
            problem.keep(&mut tally, rows.iter().filter_map(id).collect());
        }
        Ok(tally)
    }

    async fn by_number(&mut self, act: &str, sql: String, sections: usize) -> Result<Tally, SourceError> {
        let rows = self.fetch(act, sql).await?;
        let section = |at: usize| Some(SectionTally { rows: number(&rows, 1 + at)?, ..SectionTally::default() });
        let tally = || {
            let (rows, sections) = (number(&rows, 0)?, (0..sections).map(section).collect::<Option<_>>()?);
            Some(Tally { rows, by_number: true, sections, ..Tally::default() })
        };
        tally().ok_or_else(|| self.strange(act))
    }

    fn strange(&self, act: &str) -> SourceError {
        SourceError::fault(&self.source.name, SourceFault::Protocol, act, "the numbers cannot be read")
    }

    /// Asks with the organizations' ids as `$1`.
    async fn fetch(&mut self, act: &str, sql: String) -> Result<Vec<PgRow>, SourceError> {
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(self.ids.as_slice());
        self.session.run(act, |connection: &mut PgConnection| query.fetch_all(connection)).await
    }
}

/// A statement gives its only row when it has read all: as late as an export's query may its first one. The
/// server ends it then, and the next table has its turn.
fn limit(session: &Session) -> String {
    let Server { statement_timeout, first_row_timeout, .. } = &*session.server;
    let limits = [statement_timeout, first_row_timeout].into_iter().filter(|limit| !limit.is_zero());
    let limit = limits.min().map_or(0, Duration::as_millis);
    format!("SELECT pg_catalog.set_config('statement_timeout', '{limit}', true)")
}

/// What was found of a section; each table takes its own once.
fn take(described: &mut Result<Described, SourceError>) -> Result<Described, SourceError> {
    let taken = Described { sql: String::new(), id_type: None, outputs: Vec::new() };
    std::mem::replace(described, Ok(taken))
}

async fn described(session: &mut Session, section: &Section, sql: &str) -> Result<Described, SourceError> {
    let act = rows_act(section);
    let parameters = shape::parameters(session, &[Query { act: act.clone(), sql }]).await?;
    let id_type = parameters.into_iter().next().flatten();
    let of_none = id_type.map_or_else(|| sql.to_owned(), |kind| parameter::replace(sql, &kind.null()));
    let outputs = shape::outputs(session, &[Query { act, sql: &of_none }]).await?;
    Ok(Described { sql: sql.to_owned(), id_type, outputs: outputs.into_iter().flatten().collect() })
}

/// Where a query gives the columns of a key, from 1; none where it lacks one. Of several that are one
/// column, the one that names the section's rows counts, or else the one of the column's own name.
fn places(key: &Key, relation: &Relation, section: &Section, described: &Described) -> Option<Vec<usize>> {
    let place = |(number, name): &(i16, String)| {
        let such = |output: &&(usize, &Output)| output.1.origin == Some((relation.oid, *number));
        let outputs: Vec<(usize, &Output)> = (1..).zip(&described.outputs).collect();
        let named =
            |wanted: Option<&str>| outputs.iter().filter(such).find(|(_, output)| wanted == Some(output.name.as_str()));
        let found = named(section.id.as_deref()).or_else(|| named(Some(name))).or(outputs.iter().find(such));
        found.map(|(place, _)| *place)
    };
    key.columns.iter().map(place).collect()
}

fn number(rows: &[PgRow], column: usize) -> Option<u64> {
    rows.first().and_then(|row| row.try_get::<i64, _>(column).ok()?.try_into().ok())
}

/// A database in `SQL_ASCII` gives any bytes.
fn id(row: &PgRow) -> Option<String> {
    let value = row.try_get_raw(0).ok()?;
    value.as_bytes().ok().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}
