//! One read transaction of an SQLite file.

use std::{fmt::Write as _, sync::Arc};

use async_trait::async_trait;
use futures_util::{StreamExt, stream::BoxStream};
use orgvault_api::Warning;
use sqlx::{
    AssertSqlSafe, Column as _, ColumnOrigin, Executor, Row, SqlSafeStr, Statement, TypeInfo,
    sqlite::{SqliteColumn, SqliteRow, SqliteStatement},
};

use super::{
    Reading, Sqlite, full,
    organization::OrganizationId,
    value::{self, Stored},
};
use crate::{
    product::{DeclaredType, Definition, Section, SectionQueries},
    row::{Block, Column, MAX_CELL_BYTES, Message, RowSink, WriterGone},
    source::{
        error::{SourceError, SourceFault, UnfitValue},
        rows::RowsSnapshot,
        sql::{
            columns, files,
            queries::{rows_act, warning_act},
            release::Release,
            schema::{self, Differences},
            stall::{StallTimeout, Stalled},
        },
    },
};

/// One instant of one organization.
pub(super) struct Snapshot {
    source: Arc<Sqlite>,
    reading: Reading,
    differences: Differences,
    /// What it shows.
    release: Release,
    /// The same of the source's own definition.
    own: Release,
    /// And of the tables of a `full` archive, once somebody asked.
    tables: Option<Release>,
    organization: OrganizationId,
    id: String,
}

/// How one section's rows are laid out.
pub(super) struct Layout<'d> {
    pub(super) section: &'d Section,
    sql: &'d str,
    types: Vec<DeclaredType>,
    pub(super) names: Vec<String>,
    /// Which column names a row in errors.
    pub(super) id: usize,
}

impl Snapshot {
    /// Takes over a transaction.
    pub(super) async fn new(
        source: Arc<Sqlite>,
        mut reading: Reading,
        differences: Differences,
        organization: &str,
    ) -> Result<Self, SourceError> {
        // SQLite has no name for an instant, so each is its own.
        let sql = "SELECT strftime('%Y-%m-%dT%H:%M:%fZ') || '-' || lower(hex(randomblob(8))) AS id";
        let row = sqlx::raw_sql(sql).fetch_one(&mut reading.connection).await;
        let id = row.and_then(|row| row.try_get("id")).map_err(|error| source.failed("open a snapshot", &error))?;
        let release = Release::whole(&source.definition, &source.queries);
        let release = release.there(&source.name, super::DRIVER.dialect, &differences)?;
        let list = &release.queries.list;
        let organization = source.organization_id(&mut reading.connection, list, organization).await?;
        let own = release.clone();
        Ok(Self { source, reading, differences, release, own, tables: None, organization, id })
    }

    async fn fetch(&mut self, act: &str, sql: String) -> Result<Vec<SqliteRow>, SourceError> {
        let query = self.organization.bind(sqlx::query(AssertSqlSafe(sql)));
        self.source.bounded(act, query.fetch_all(&mut self.reading.connection)).await
    }

    async fn layout<'d>(
        &mut self,
        source: &'d Sqlite,
        release: &'d Release,
        section: usize,
    ) -> Result<Layout<'d>, SourceError> {
        let known = release.definition.sections.get(section).zip(release.queries.sections.get(section));
        let Some((section, SectionQueries { rows, .. })) = known else {
            return Err(source.fault(SourceFault::Query, "read", format!("the definition has no section {section}")));
        };
        layout(source, &mut self.reading, section, rows).await
    }
}

#[async_trait]
impl RowsSnapshot for Snapshot {
    fn id(&self) -> &str {
        &self.id
    }

    fn server(&self) -> &str {
        &self.reading.version
    }

    fn definition(&self) -> &Arc<Definition> {
        &self.release.definition
    }

    async fn show_tables(&mut self) -> Result<(), SourceError> {
        let tables = if let Some(tables) = self.tables.take() {
            tables
        } else {
            let source = Arc::clone(&self.source);
            source.of_tables(&mut self.reading, &self.differences, &self.own, &self.organization).await?
        };
        self.release = self.tables.insert(tables).clone();
        Ok(())
    }

    fn show_sections(&mut self) {
        self.release = self.own.clone();
    }

    async fn warnings(&mut self) -> Result<Vec<Warning>, SourceError> {
        let source = Arc::clone(&self.source);
        let Release { definition, queries } = self.release.clone();
        let mut warnings = self.differences.warnings(&source.name, &definition, source.strict_schema)?;
        for (query, rows) in definition.warnings.iter().zip(&queries.warnings) {
            let limit = schema::WARNING_IDS;
            let sql = format!("SELECT * FROM (\n{rows}\n) LIMIT {limit}");
            let rows = self.fetch(&warning_act(&query.code), sql).await?;
            let id = |row: &SqliteRow| row.try_get_unchecked::<Option<String>, _>(0).ok().flatten();
            let ids: Vec<String> = rows.iter().map(|row| id(row).unwrap_or_else(|| "NULL".to_owned())).collect();
            if !ids.is_empty() {
                warnings.push(Warning { code: query.code.clone(), message: query.message.clone(), ids });
            }
        }
        Ok(warnings)
    }

    async fn counts(&mut self) -> Result<Vec<u64>, SourceError> {
        const ACT: &str = "count the sections";
        let source = Arc::clone(&self.source);
        let release = self.release.clone();
        let sections = &release.queries.sections;
        let mut sql = "SELECT 0".to_owned();
        for section in sections {
            // Writing to a string cannot fail.
            write!(sql, ", (\n{}\n)", section.count).unwrap_or_default();
        }
        let rows = self.fetch(ACT, sql).await?;
        let number = |column| rows.first().and_then(|row| row.try_get::<i64, _>(column).ok()?.try_into().ok());
        let strange = || source.fault(SourceFault::Query, ACT, "a count query gives no single number");
        (1..=sections.len()).map(|column| number(column).ok_or_else(strange)).collect()
    }

    async fn named_files(&mut self) -> Result<u64, SourceError> {
        let (source, release) = (Arc::clone(&self.source), self.release.clone());
        let queries = |name: &str| {
            let mut sections = release.definition.sections.iter().zip(&release.queries.sections);
            sections.find(|(section, _)| section.name == name).map(|(_, queries)| queries.rows.as_str())
        };
        let rows = self.fetch(files::COUNT, files::count_sql(&release.definition, "BINARY", queries)).await?;
        let number = rows.first().and_then(|row| row.try_get::<i64, _>(0).ok()?.try_into().ok());
        number.ok_or_else(|| source.fault(SourceFault::Query, files::COUNT, "it gives no number"))
    }

    async fn columns(&mut self, section: usize) -> Result<Arc<[Column]>, SourceError> {
        let (source, release) = (Arc::clone(&self.source), self.release.clone());
        let layout = self.layout(&source, &release, section).await?;
        let columns = layout.names.into_iter().zip(layout.types);
        Ok(columns.map(|(name, declared)| Column { name, kind: value::column_type(declared) }).collect())
    }

    async fn rows(&mut self, section: usize, sink: &RowSink) -> Result<u64, SourceError> {
        let (source, release) = (Arc::clone(&self.source), self.release.clone());
        let layout = self.layout(&source, &release, section).await?;
        let query = sqlx::query(AssertSqlSafe(layout.sql.to_owned()));
        let rows = self.organization.bind(query).fetch(&mut self.reading.connection);
        let write = if release.definition.full.is_some() { full::write } else { encode };
        forward(&source, rows.boxed(), (&layout, write), sink).await
    }

    async fn confirm(&mut self) -> Result<(), SourceError> {
        // SQLite's snapshots miss nothing.
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), SourceError> {
        let ended = sqlx::raw_sql("COMMIT").execute(&mut self.reading.connection).await;
        ended.map(drop).map_err(|error| self.source.failed("end the snapshot", &error))
    }

    async fn abandon(self: Box<Self>) {
        // Dropping interrupts the query; a ping of the closing connection is not worth waiting for.
        drop(self);
    }
}

/// Asks for the columns of a section's rows query.
///
/// # Errors
/// When it is refused, or its columns have no names of their own.
pub(super) async fn layout<'d>(
    source: &Sqlite,
    reading: &mut Reading,
    section: &'d Section,
    rows: &'d str,
) -> Result<Layout<'d>, SourceError> {
    let statement = prepare(source, reading, &rows_act(section), rows).await?;
    let names: Vec<String> = statement.columns().iter().map(|column| column.name().to_owned()).collect();
    let is_made_up = |column: &SqliteColumn| {
        matches!(column.origin(), ColumnOrigin::Expression) && columns::is_text_of(column.name(), rows)
    };
    let output = statement.columns().iter().map(|column| (column.name(), is_made_up(column)));
    columns::named(&source.name, &section.name, output)?;
    let declared = |name: &str| section.types.get(name).copied();
    let columns = statement.columns().iter();
    let types = columns
        .map(|column| declared(column.name()).unwrap_or_else(|| value::undeclared(column.type_info().name())))
        .collect();
    let id = section.id.as_ref().and_then(|id| names.iter().position(|name| name == id)).unwrap_or(0);
    Ok(Layout { section, sql: rows, types, names, id })
}

/// What the definition's queries look like to SQLite: as they are.
pub(super) async fn prepare(
    source: &Sqlite,
    reading: &mut Reading,
    act: &str,
    sql: &str,
) -> Result<SqliteStatement, SourceError> {
    let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
    reading.connection.prepare(sql).await.map_err(|error| source.failed(act, &error))
}

/// Writes one row into a buffer.
type WriteRow = fn(&Sqlite, &Layout<'_>, &SqliteRow, &str, &mut Vec<u8>) -> Result<(), SourceError>;

async fn forward(
    source: &Sqlite,
    mut stream: BoxStream<'_, Result<SqliteRow, sqlx::Error>>,
    (layout, write): (&Layout<'_>, WriteRow),
    sink: &RowSink,
) -> Result<u64, SourceError> {
    let act = rows_act(layout.section);
    let gone = |WriterGone| SourceError::WriterGone { name: Arc::clone(&source.name) };
    let mut stall = StallTimeout::new(source.first_row_timeout, source.stall_timeout);
    let mut block = Block::with_capacity();
    let mut bytes = Vec::new();
    let mut rows = 0;
    loop {
        let row = match stall.next(&mut stream).await {
            Err(Stalled) => return Err(source.stalled(&act, source.stall_timeout)),
            Ok(None) => break,
            Ok(Some(row)) => row.map_err(|error| source.failed(&act, &error))?,
        };
        write(source, layout, &row, &act, &mut bytes)?;
        block.push_row(&bytes);
        if block.is_full() {
            rows += block.rows();
            let full = std::mem::replace(&mut block, Block::with_capacity());
            sink.send(Message::Rows(full)).await.map_err(gone)?;
            stall.renew();
        }
    }
    if !block.is_empty() {
        rows += block.rows();
        sink.send(Message::Rows(block)).await.map_err(gone)?;
    }
    Ok(rows)
}

/// One row in the block's layout.
fn encode(
    source: &Sqlite,
    layout: &Layout<'_>,
    row: &SqliteRow,
    act: &str,
    bytes: &mut Vec<u8>,
) -> Result<(), SourceError> {
    let failed = |error: sqlx::Error| source.failed(act, &error);
    bytes.clear();
    // SQLite has at most 32767 columns.
    bytes.extend_from_slice(&i16::try_from(layout.types.len()).unwrap_or(i16::MAX).to_be_bytes());
    for (column, declared) in layout.types.iter().enumerate() {
        let stored = Stored::of(row.try_get_raw(column).map_err(failed)?).map_err(failed)?;
        if stored.bytes() > MAX_CELL_BYTES {
            return Err(SourceError::TooLong {
                name: Arc::clone(&source.name),
                act: act.to_owned(),
                column: layout.names.get(column).cloned().unwrap_or_default(),
                bytes: stored.bytes(),
            });
        }
        if value::append(*declared, stored, bytes) {
            continue;
        }
        let id = row.try_get_raw(layout.id).and_then(Stored::of).map_or_else(|_| String::new(), Stored::id);
        return Err(SourceError::Value(Box::new(UnfitValue {
            name: Arc::clone(&source.name),
            table: layout.section.table.clone(),
            id,
            column: layout.names.get(column).cloned().unwrap_or_default(),
            value: stored.to_string(),
            expected: value::describe(*declared),
        })));
    }
    Ok(())
}
