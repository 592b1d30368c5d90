//! What every test of a source needs: a configuration, a definition, and a reader of rows.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use orgvault_config::{SecretUrl, SourceConfig, Tls};
use orgvault_daemon::{
    product::{Definition, Products, Table},
    row::{Block, Column, Message, RowSink},
    source::{Snapshot, Source, SourceError},
};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use orgvault_testing::postgres::Database;

pub(crate) const ACME: &str = "00000000-0000-7000-8000-00000000000a";
pub(crate) const BUECHER: &str = "00000000-0000-7000-8000-00000000000b";

/// A configuration with short limits.
pub(crate) fn config(url: &str) -> SourceConfig {
    SourceConfig {
        api: None,
        name: "tracker".to_owned(),
        product: "rytask".to_owned(),
        url: SecretUrl::new(url.to_owned()),
        tls: Tls::VerifyFull,
        connect_timeout: Duration::from_secs(20),
        statement_timeout: Duration::from_mins(1),
        first_row_timeout: Duration::from_secs(20),
        stall_timeout: Duration::from_secs(20),
        export_timeout: Duration::from_mins(10),
        strict_schema: false,
        files: None,
        retention: None,
    }
}

pub(crate) fn rytask() -> Definition {
    Definition::clone(Products::embedded().unwrap().get("rytask").unwrap())
}

/// The definition with sections of one's own in place of RyTask's: name, base table, rows query.
/// The count query counts the base table's rows by `organization_id`.
pub(crate) fn definition(sections: &[(&str, &str, &str)]) -> Definition {
    let mut definition = rytask();
    let template = definition.sections[0].clone();
    definition.sections = sections
        .iter()
        .map(|(name, table, rows)| {
            let mut section = template.clone();
            (*name).clone_into(&mut section.name);
            (*table).clone_into(&mut section.table);
            section.rows = (*rows).into();
            section.count = format!("SELECT count(*) FROM {table} WHERE organization_id = $1").into();
            section.types = BTreeMap::new();
            section.csv = Vec::new();
            section
        })
        .collect();
    definition.warnings = Vec::new();
    definition.tables = sections
        .iter()
        .map(|(_, table, _)| {
            (
                (*table).to_owned(),
                Table { reads: vec!["organization_id".to_owned()], known: Some(Vec::new()), ..Table::default() },
            )
        })
        .collect();
    definition
}

pub(crate) fn source_with(config: SourceConfig, definition: Definition) -> Source {
    Source::new(config, Arc::new(definition), TaskTracker::new()).unwrap()
}

pub(crate) fn source(url: &str, definition: Definition) -> Source {
    source_with(config(url), definition)
}

/// RyTask's own tables, read as the role that has exactly the grants.
pub(crate) fn granted(database: &Database) -> Source {
    let source = source(&database.url(), rytask());
    database.psql(&source.grants());
    source
}

/// The columns and cells of one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) columns: Vec<Column>,
    pub(crate) cells: Vec<Vec<Option<Vec<u8>>>>,
    /// How many messages with rows came.
    pub(crate) blocks: usize,
}

impl Rows {
    /// One column's cells as text.
    pub(crate) fn text(&self, column: &str) -> Vec<Option<String>> {
        let index = self.columns.iter().position(|it| it.name == column).unwrap();
        let text = |cell: &Vec<u8>| String::from_utf8(cell.clone()).unwrap();
        self.cells.iter().map(|row| row[index].as_ref().map(text)).collect()
    }
}

pub(crate) async fn read(snapshot: &mut Snapshot, section: usize) -> Result<Rows, SourceError> {
    let (queue, mut messages) = mpsc::channel(4);
    let sink = RowSink::new(queue);
    let collecting = async {
        let mut rows = Rows { columns: Vec::new(), cells: Vec::new(), blocks: 0 };
        let mut ended = false;
        while let Some(message) = messages.recv().await {
            match message {
                Message::Begin { columns, .. } => rows.columns = columns.to_vec(),
                Message::Rows(block) => {
                    rows.blocks += 1;
                    cells(&block, &mut rows.cells);
                }
                Message::End => ended = true,
                Message::Finish => unreachable!("the caller of the source sends it"),
            }
        }
        (rows, ended)
    };
    let sending = async {
        let sent = snapshot.rows(section, &sink).await;
        drop(sink);
        sent
    };
    let ((rows, ended), sent) = tokio::join!(collecting, sending);
    let sent = sent?;
    assert!(ended, "`End` comes after the rows");
    assert_eq!(sent, u64::try_from(rows.cells.len()).unwrap());
    Ok(rows)
}

fn cells(block: &Block, rows: &mut Vec<Vec<Option<Vec<u8>>>>) {
    let mut reader = block.cells();
    while let Some(count) = reader.next_row().unwrap() {
        rows.push((0..count).map(|_| reader.next_cell().unwrap().map(<[u8]>::to_vec)).collect());
    }
}

/// The error of something that has to fail.
pub(crate) fn refused<T>(result: Result<T, SourceError>) -> SourceError {
    result.err().unwrap()
}

/// Waits until something holds, for at most five seconds: that is how long an abandoned query
/// may stay on the server.
pub(crate) async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !holds() {
        assert!(Instant::now() < deadline, "not within 5 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How many backends of the reading role run a query or hold a transaction.
pub(crate) fn working(database: &Database) -> u32 {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND datname = '{}' AND state <> 'idle'",
        database.role(),
        database.name()
    );
    database.psql(&sql).parse().unwrap()
}

/// Opens a snapshot once, so that the schema is known: the next one takes no lock on a table
/// before it reads it.
pub(crate) async fn warm(source: &Source, organization: &str) {
    source.snapshot(organization).await.unwrap().finish().await.unwrap();
}
