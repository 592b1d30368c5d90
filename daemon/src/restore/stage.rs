//! An archive's rows on their way into temporary tables: one thread reads, the connection writes, and a queue of
//! four blocks is between them.

use std::{
    io::{self, Read},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use orgvault_archive::full::{RowHash, RowHasher, schema::QualifiedName};
use tokio::sync::mpsc;

use super::{
    archived::{ArchivedRows, ArchivedTable},
    error::RestoreError,
    records::{fields, first_record},
    session::Session,
    table::Table,
};

const BLOCK: usize = 256 * 1024;
const BLOCKS: usize = 4;
/// A header that is longer is none.
const MAX_HEADER: usize = 4 * 1024 * 1024;

/// Fills the staging table of `table`, which is there; gives what the archive's rows hash to. The server's refusal of
/// a value is the inner error, after which the transaction has to go back.
pub(super) async fn fill(
    session: &mut Session,
    table: &Table,
    rows: &Arc<dyn ArchivedRows>,
) -> Result<Result<RowHash, RestoreError>, RestoreError> {
    let (sender, receiver) = mpsc::channel(BLOCKS);
    let (archive, archived, columns) = (Arc::clone(rows), table.in_archive(), table.columns.clone());
    let reader = tokio::task::spawn_blocking(move || read(&*archive, &archived, &columns, &sender));
    let copied = copy(session, table, receiver).await;
    let read = reader.await.map_err(|_ended| RestoreError::Thread { table: table.name.clone() })?;
    match (read, copied) {
        (Err(Unread::Archive(error)), _) => Err(error),
        // The server ended it first.
        (Err(Unread::Gone), Ok(())) => Err(RestoreError::Thread { table: table.name.clone() }),
        (_, Err(error)) => Ok(Err(error)),
        (Ok((found, hash)), Ok(())) if found == table.rows() => Ok(Ok(hash)),
        (Ok((found, _)), Ok(())) => {
            Err(RestoreError::Rows { table: table.name.clone(), found, expected: table.rows() })
        }
    }
}

async fn copy(session: &mut Session, table: &Table, mut blocks: mpsc::Receiver<Block>) -> Result<(), RestoreError> {
    let act = format!("stage {}", table.name);
    let target = Arc::clone(&session.target);
    let fault = |error: sqlx::Error| RestoreError::from_copy(&target, &act, &error);
    let mut copy = session.connection.copy_in_raw(&table.copy_in()).await.map_err(fault)?;
    loop {
        match blocks.recv().await {
            Some(Block::Rows(bytes)) => copy.send(bytes).await.map(drop).map_err(fault)?,
            Some(Block::Finish) => return copy.finish().await.map(drop).map_err(fault),
            // The reader says why.
            None => return copy.abort("the archive cannot be read").await.map_err(fault),
        }
    }
}

/// Bytes of rows; only `Finish` makes a table.
enum Block {
    Rows(Bytes),
    Finish,
}

enum Unread {
    Archive(RestoreError),
    /// Nobody takes the blocks.
    Gone,
}

fn read(
    archive: &dyn ArchivedRows,
    archived: &ArchivedTable,
    columns: &[String],
    sender: &mpsc::Sender<Block>,
) -> Result<(u64, RowHash), Unread> {
    let table = &archived.name;
    let fault = |source: io::Error| Unread::Archive(RestoreError::Archive { table: table.clone(), source });
    let mut reader = archive.csv(archived).map_err(fault)?;
    let mut records = RowHasher::default();
    let mut block = header(&mut *reader, table, columns)?;
    loop {
        let room = BLOCK.saturating_sub(block.len());
        (&mut reader).take(room as u64).read_to_end(&mut block).map_err(fault)?;
        if block.is_empty() {
            sender.blocking_send(Block::Finish).map_err(|_gone| Unread::Gone)?;
            records.end_open_row();
            return Ok(records.finish());
        }
        records.feed(&block);
        let full = std::mem::replace(&mut block, Vec::with_capacity(BLOCK));
        sender.blocking_send(Block::Rows(full.into())).map_err(|_gone| Unread::Gone)?;
    }
}

/// Reads the line with the names of the columns; gives what was read beyond it.
fn header(reader: &mut (dyn Read + Send), table: &QualifiedName, columns: &[String]) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::with_capacity(BLOCK);
    let fault = |source: io::Error| Unread::Archive(RestoreError::Archive { table: table.clone(), source });
    let end = loop {
        let read = (&mut *reader).take(BLOCK as u64).read_to_end(&mut bytes).map_err(fault)?;
        match first_record(&bytes) {
            Some(end) => break end,
            None if read == 0 || bytes.len() > MAX_HEADER => break bytes.len(),
            None => {}
        }
    };
    let rest = bytes.split_off(end);
    let found = fields(&bytes);
    if found == columns {
        return Ok(rest);
    }
    let (found, expected) = (found.join(", "), columns.join(", "));
    Err(Unread::Archive(RestoreError::Header { table: table.clone(), found, expected }))
}

/// What the rows of a `COPY .. TO STDOUT` hash to.
pub(super) async fn hash_of(session: &mut Session, act: &str, copy: &str) -> Result<(u64, RowHash), RestoreError> {
    let target = Arc::clone(&session.target);
    let fault = |error: sqlx::Error| RestoreError::from_sqlx(&target, act, &error);
    let mut stream = session.connection.copy_out_raw(copy).await.map_err(fault)?;
    let mut records = RowHasher::default();
    while let Some(bytes) = stream.try_next().await.map_err(fault)? {
        records.feed(&bytes);
    }
    records.end_open_row();
    Ok(records.finish())
}
