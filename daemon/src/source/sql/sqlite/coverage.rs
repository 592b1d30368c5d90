//! The rows of all organizations together against the rows of their tables, in one read transaction.
//! What tells rows apart is collected, organization by organization, in a table that SQLite keeps in its
//! own temporary file: in memory there is only its cache. The app's file is opened for reading alone.

mod keys;

use std::{collections::HashMap, sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, Column as _, ColumnOrigin, Row, Statement as _, sqlite::SqliteRow};
use tokio::time::timeout;

use self::keys::Key;
use super::{
    Reading, Sqlite,
    organization::{OrganizationId, cell},
    snapshot::prepare,
    value::Stored,
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
    sql::{is_compound, with_columns, without_order},
};

const ACT: &str = "look at the coverage";

/// Where what tells rows apart is collected.
const OWNED: &str = "temp.orgvault_owned";

/// No look takes longer.
const FOREVER: Duration = Duration::from_hours(24 * 365);

/// What a look needs.
struct Look<'s> {
    source: &'s Sqlite,
    release: Release,
    reading: Reading,
    ids: Vec<OrganizationId>,
    /// How many columns [`OWNED`] has for a key.
    width: usize,
}

/// A section's query, and where it gives what tells the table's rows apart, from 1.
struct Part {
    sql: String,
    act: String,
    columns: usize,
    key: Vec<usize>,
}

impl Sqlite {
    /// Counts every table and its sections.
    ///
    /// # Errors
    /// When the file cannot be read. What is refused of one table is the outcome of that table.
    pub(super) async fn cover(&self) -> Result<Counted, SourceError> {
        let mut reading = self.begin().await?;
        let release = self.release(&mut reading).await?;
        let (listed, rows) = self.list(&mut reading, &release).await?;
        let mut stored = HashMap::new();
        for row in &rows {
            let id = cell(row, "id").and_then(|text| Ok((text.id(), row.try_get_raw("id").and_then(Stored::of)?)));
            let (text, id) = id.map_err(|error| self.failed(ACT, &error))?;
            stored.extend(OrganizationId::of(id).map(|id| (text, id)));
        }
        let known = |id: &str| Ok(stored.get(id).cloned().unwrap_or_else(|| OrganizationId::Text(id.to_owned())));
        let (ids, refused) = coverage::organizations(&listed, known);
        // The file was opened for reading alone; what SQLite keeps for itself is written.
        let own = sqlx::raw_sql("PRAGMA query_only = OFF").execute(&mut reading.connection).await;
        own.map_err(|error| self.failed(ACT, &error))?;
        let mut look = Look { source: self, release: release.clone(), reading, ids, width: 0 };
        let mut tables = Vec::new();
        for (table, sections) in coverage::tables(&release.definition) {
            let outcome = match look.table(table, &sections).await {
                Err(error) if error.is_transient() || error.kind() == Some(SourceFault::Stalled) => return Err(error),
                Err(error) => Outcome::Failed(error),
                Ok(tally) => Outcome::Counted(tally),
            };
            tables.push(TableCount { sections, outcome });
        }
        let definition = Arc::clone(&release.definition);
        Ok(Counted { definition, organizations: look.ids.len() as u64, refused, tables })
    }
}

impl Look<'_> {
    async fn table(&mut self, table: &str, sections: &[usize]) -> Result<Tally, SourceError> {
        let Some(keys) = keys::of(self.source, &mut self.reading, table).await? else {
            return Err(self.source.fault(SourceFault::Schema, ACT, format!("the table {table} is not there")));
        };
        for key in &keys {
            let mut parts = Vec::with_capacity(sections.len());
            for place in sections {
                parts.extend(self.part(*place, table, Some(key)).await?);
            }
            if parts.len() == sections.len() {
                return self.by_key(table, key, &parts).await;
            }
        }
        let mut parts = Vec::with_capacity(sections.len());
        for place in sections {
            parts.extend(self.part(*place, table, None).await?);
        }
        self.by_number(table, &parts).await
    }

    /// How a section is asked; none where it does not give the key, nor can.
    async fn part(&mut self, place: usize, table: &str, key: Option<&Key>) -> Result<Option<Part>, SourceError> {
        let Release { definition, queries } = self.release.clone();
        let known = definition.sections.get(place).zip(queries.sections.get(place));
        let Some((section, queries)) = known else { return Ok(None) };
        let sql = without_order(&queries.rows);
        let own = self.described(section, sql, table, key).await?;
        let Some(key) = key.filter(|_| own.is_none()) else { return Ok(own) };
        let names: Vec<String> = key.columns.iter().map(|column| quoted(column)).collect();
        match with_columns(sql, table, &names) {
            // What it does not understand of the query as it is then says nothing of the query.
            Some(added) => Ok(self.described(section, &added, table, Some(key)).await.unwrap_or_default()),
            None => Ok(None),
        }
    }

    async fn described(
        &mut self,
        section: &Section,
        sql: &str,
        table: &str,
        key: Option<&Key>,
    ) -> Result<Option<Part>, SourceError> {
        let act = rows_act(section);
        let statement = prepare(self.source, &mut self.reading, &act, sql).await?;
        let columns: Vec<_> = (1..).zip(statement.columns()).collect();
        let place = |column: &String| {
            let is_it = |origin: ColumnOrigin| match origin {
                ColumnOrigin::Table(of) => of.table.eq_ignore_ascii_case(table) && of.name.eq_ignore_ascii_case(column),
                ColumnOrigin::Expression | ColumnOrigin::Unknown => false,
            };
            let mut such = columns.iter().filter(|(_, output)| is_it(output.origin()));
            let first = such.clone().next();
            let named = such.find(|(_, output)| section.id.as_deref().unwrap_or(column) == output.name());
            named.or(first).map(|(place, _)| *place)
        };
        // Of several queries in one, SQLite says what the first gives.
        let key = match key {
            None => Some(Vec::new()),
            Some(_) if is_compound(sql) => None,
            Some(key) => key.columns.iter().map(place).collect(),
        };
        Ok(key.map(|key| Part { sql: sql.to_owned(), act, columns: columns.len(), key }))
    }

    async fn by_number(&mut self, table: &str, parts: &[Part]) -> Result<Tally, SourceError> {
        let mut tally = Tally { by_number: true, ..Tally::default() };
        let rows = format!("SELECT count(*) FROM {}", quoted(table));
        tally.rows = number(self.fetch(ACT, rows, None).await?.first(), 0).unwrap_or_default();
        for part in parts {
            let mut section = SectionTally::default();
            for at in 0..self.ids.len() {
                let sql = format!("SELECT count(*) FROM (\n{}\n)", part.sql);
                section.rows += number(self.fetch(&part.act, sql, Some(at)).await?.first(), 0).unwrap_or_default();
            }
            tally.sections.push(section);
        }
        Ok(tally)
    }

    async fn by_key(&mut self, table: &str, key: &Key, parts: &[Part]) -> Result<Tally, SourceError> {
        self.make_room(key.columns.len()).await?;
        for (number, part) in parts.iter().enumerate() {
            let sql = part.collect(number);
            for at in 0..self.ids.len() {
                self.fetch(&part.act, sql.clone(), Some(at)).await?;
            }
        }
        let columns: Vec<String> = key.columns.iter().map(|column| quoted(column)).collect();
        let (columns, names) = (columns.join(", "), names(key.columns.len()).join(", "));
        let own = format!("WITH own({names}, n, s) AS (SELECT {columns}, NULL, NULL FROM main.{})", quoted(table));
        let rows = format!("SELECT * FROM ({own} SELECT * FROM own)\nUNION ALL\nSELECT {names}, n, s FROM {OWNED}");
        let grouped = Grouped { rows, keys: key.columns.len(), sections: parts.len() };
        let totals = self.fetch(ACT, grouped.totals(), None).await?;
        let strange = || self.source.fault(SourceFault::Query, ACT, "the numbers cannot be read");
        let mut tally = grouped.tally(|column| number(totals.first(), column)).ok_or_else(strange)?;
        for problem in Problem::of(&tally) {
            let rows = self.fetch(ACT, grouped.ids(problem, |_place, name| text(name)), None).await?;
            problem.keep(&mut tally, rows.iter().filter_map(|row| row.try_get_unchecked(0).ok()).collect());
        }
        Ok(tally)
    }

    /// An empty table for keys of so many columns.
    async fn make_room(&mut self, width: usize) -> Result<(), SourceError> {
        if width > self.width {
            let columns = names(width).join(", ");
            let sql = format!("DROP TABLE IF EXISTS {OWNED}; CREATE TEMP TABLE orgvault_owned (n, s, {columns})");
            let made = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.reading.connection).await;
            made.map_err(|error| self.source.failed(ACT, &error))?;
            self.width = width;
        }
        self.fetch(ACT, format!("DELETE FROM {OWNED}"), None).await.map(drop)
    }

    /// Asks for the organization of this place, or for none.
    async fn fetch(
        &mut self,
        act: &str,
        sql: String,
        organization: Option<usize>,
    ) -> Result<Vec<SqliteRow>, SourceError> {
        let query = sqlx::query(AssertSqlSafe(sql));
        let query = match organization.and_then(|at| Some((at, self.ids.get(at)?))) {
            Some((at, id)) => id.bind(query).bind(i64::try_from(at).unwrap_or(i64::MAX)),
            None => query,
        };
        // It computes, however long a query of an export may until its first row.
        let limit = self.source.first_row_timeout;
        let limit = if limit.is_zero() { FOREVER } else { limit };
        match timeout(limit, query.fetch_all(&mut self.reading.connection)).await {
            Ok(done) => done.map_err(|error| self.source.failed(act, &error)),
            Err(_elapsed) => Err(self.source.stalled(act, limit)),
        }
    }
}

impl Part {
    /// Collects its rows of one organization, whose number is `?2`: `$1` has to come before that.
    fn collect(&self, number: usize) -> String {
        let columns: Vec<String> = (1..=self.columns).map(|column| format!("c{column}")).collect();
        let keys: Vec<String> = self.key.iter().map(|column| format!("c{column}")).collect();
        let (into, keys) = (names(keys.len()).join(", "), keys.join(", "));
        format!(
            "INSERT INTO {OWNED} (n, s, {into}) WITH orgvault_rows({}) AS (\n{}\n) \
             SELECT ?2, {number}, {keys} FROM orgvault_rows",
            columns.join(", "),
            self.sql
        )
    }
}

fn number(row: Option<&SqliteRow>, column: usize) -> Option<u64> {
    row?.try_get_unchecked::<i64, _>(column).ok()?.try_into().ok()
}

/// The columns of a key.
fn names(width: usize) -> Vec<String> {
    (0..width).map(|at| format!("k{at}")).collect()
}

/// What people are shown of a value.
fn text(value: &str) -> String {
    format!("CASE typeof({value}) WHEN 'blob' THEN lower(hex({value})) ELSE CAST({value} AS text) END")
}

/// A name as SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
