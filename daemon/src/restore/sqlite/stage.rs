//! An archive's rows on their way into a copy of the target's table: one thread reads, the connection writes, and a
//! queue of four batches is between them.

use std::{io::BufReader, sync::Arc};

use orgvault_archive::full::{
    RowHash, RowHasher,
    sqlite::{Stored, StoredRows},
};
use sqlx::AssertSqlSafe;
use tokio::sync::mpsc;

use super::{session::Session, session::bind, table::Table};
use crate::{
    restore::{
        archived::{ArchivedRows, ArchivedTable},
        error::RestoreError,
        finding::Code,
    },
    schema::sqlite::{quoted, renamed},
};

const BUFFER: usize = 256 * 1024;
const BATCHES: usize = 4;
/// Rows of one statement. Their values may be large: a batch is whatever is not more than a buffer.
const ROWS: usize = 64;
/// Values that SQLite takes in one statement.
const VALUES: usize = 32_000;

type Row = Vec<Stored<'static>>;

/// A value that the target's table does not take.
pub(super) struct Refused {
    pub(super) code: Code,
    /// What SQLite says, and of which record.
    pub(super) words: String,
}

/// Makes an empty copy of the target's table and fills it; gives what the archive's rows hash to.
pub(super) async fn fill(
    session: &mut Session,
    table: &Table,
    rows: &Arc<dyn ArchivedRows>,
) -> Result<Result<RowHash, Refused>, RestoreError> {
    let act = format!("stage {}", table.name);
    let definition = table.there.definition.as_deref().unwrap_or_default();
    session.run(&act, renamed(definition, &table.stage())).await?;
    let (sender, mut receiver) = mpsc::channel(BATCHES);
    let (archive, archived, columns) = (Arc::clone(rows), table.in_archive(), table.columns.clone());
    let reader = tokio::task::spawn_blocking(move || read(&*archive, &archived, &columns, &sender));
    // Without it, each statement would be a transaction of the temporary file.
    session.run(&act, "BEGIN".to_owned()).await?;
    let (mut before, mut refused) = (0, None);
    while let Some(batch) = receiver.recv().await {
        refused = insert(session, table, &batch, before).await?;
        before += batch.len() as u64;
        if refused.is_some() {
            break;
        }
    }
    drop(receiver);
    session.run(&act, "COMMIT".to_owned()).await?;
    let read = reader.await.map_err(|_ended| RestoreError::Thread { table: table.name.clone() })?;
    match (refused, read?) {
        (Some(refused), _) => Ok(Err(refused)),
        (None, (found, hash)) if found == table.rows() => Ok(Ok(hash)),
        (None, (found, _)) => Err(RestoreError::Rows { table: table.name.clone(), found, expected: table.rows() }),
    }
}

/// Inserts the rows behind the first `before`.
async fn insert(
    session: &mut Session,
    table: &Table,
    batch: &[Row],
    before: u64,
) -> Result<Option<Refused>, RestoreError> {
    // A text that is no UTF-8 cannot be bound as one.
    let is_plain = |value: &Stored<'_>| !matches!(value, Stored::Text(bytes) if std::str::from_utf8(bytes).is_err());
    if batch.iter().flatten().all(is_plain) && write(session, table, batch).await.is_ok() {
        return Ok(None);
    }
    for (record, row) in (before + 1..).zip(batch.chunks(1)) {
        let Err(error) = write(session, table, row).await else { continue };
        let Some(code) = constraint(&error) else {
            return Err(session.error(&format!("stage {}", table.name), &error));
        };
        let words = error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
        // The copy is called by another name.
        let words = words.replace(&format!("orgvault_stage_{}", table.number), &table.name.name);
        return Ok(Some(Refused { code, words: format!("{words} (row {record})") }));
    }
    Ok(None)
}

/// What a refusal says of the archive's row; none where it says nothing of it.
/// <https://www.sqlite.org/rescode.html>
fn constraint(error: &sqlx::Error) -> Option<Code> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    match (code & 0xff, code) {
        (_, 1299) => Some(Code::NotNull),
        (_, 275) => Some(Code::Check),
        // CONSTRAINT; MISMATCH; TOOBIG; ERROR, of a check that needs a function of the app.
        (19 | 20 | 18 | 1, _) => Some(Code::ValueRefused),
        _ => None,
    }
}

async fn write(session: &mut Session, table: &Table, rows: &[Row]) -> Result<(), sqlx::Error> {
    let written: Vec<usize> =
        (0..).zip(&table.columns).filter(|(_, name)| !table.is_generated(name)).map(|it| it.0).collect();
    let names = written.iter().filter_map(|at| table.columns.get(*at)).map(|name| quoted(name));
    let place = |value: Option<&Stored<'_>>| {
        if matches!(value, Some(Stored::Text(_))) && rows.len() == 1 { "CAST(? AS TEXT)" } else { "?" }
    };
    let places = rows.iter().map(|row| {
        let places: Vec<&str> = written.iter().map(|at| place(row.get(*at))).collect();
        format!("({})", places.join(","))
    });
    let sql = format!(
        "INSERT OR ABORT INTO {} ({}) VALUES {}",
        table.stage(),
        names.collect::<Vec<_>>().join(","),
        places.collect::<Vec<_>>().join(",")
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for row in rows {
        for at in &written {
            query = bind(query, row.get(*at).unwrap_or(&Stored::Null));
        }
    }
    query.execute(&mut session.connection).await.map(drop)
}

/// Reads a table of the archive, batch by batch.
fn read(
    archive: &dyn ArchivedRows,
    archived: &ArchivedTable,
    columns: &[String],
    sender: &mpsc::Sender<Vec<Row>>,
) -> Result<(u64, RowHash), RestoreError> {
    let table = &archived.name;
    let fault = |source| RestoreError::Archive { table: table.clone(), source };
    let mut reader = StoredRows::new(BufReader::with_capacity(BUFFER, archive.csv(archived).map_err(fault)?));
    let found = reader.header().map_err(fault)?;
    if found != columns {
        let (found, expected) = (found.join(", "), columns.join(", "));
        return Err(RestoreError::Header { table: table.clone(), found, expected });
    }
    let most = ROWS.min(VALUES / columns.len().max(1)).max(1);
    let (mut hasher, mut batch, mut bytes) = (RowHasher::default(), Vec::new(), 0);
    while let Some(row) = reader.row().map_err(fault)? {
        if row.len() != columns.len() {
            let words = format!("row {} has {} values", hasher.finish().0 + 1, row.len());
            return Err(fault(std::io::Error::other(words)));
        }
        hasher.feed(reader.bytes());
        hasher.feed(b"\n");
        bytes += reader.bytes().len();
        batch.push(row);
        if batch.len() >= most || bytes >= BUFFER {
            bytes = 0;
            // Whoever takes no more knows why.
            if sender.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(hasher.finish());
            }
        }
    }
    if !batch.is_empty() && sender.blocking_send(batch).is_err() {
        return Ok(hasher.finish());
    }
    Ok(hasher.finish())
}
