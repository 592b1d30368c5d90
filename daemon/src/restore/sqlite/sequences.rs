//! Where tables with `AUTOINCREMENT` are: a row of `sqlite_sequence`, which an insert moves upward by itself.

use orgvault_api::RestoreSequence;

use super::{session::Session, sql::literal, table::Table};
use crate::{restore::error::RestoreError, schema::sqlite::quoted};

/// One table that has to move.
pub(super) struct Move {
    pub(super) wire: RestoreSequence,
    table: String,
}

/// Which tables are behind the archive's rows.
pub(super) async fn plan(session: &mut Session, tables: &[Table]) -> Result<Vec<Move>, RestoreError> {
    let mut moves: Vec<Move> = Vec::new();
    for table in tables.iter().filter(|table| table.is_staged()) {
        let Some(column) = table.there.columns.iter().find(|column| column.identity.is_some()) else { continue };
        let act = format!("look how far {} has to be", table.name);
        let sql = format!(
            "SELECT (SELECT max({}) FROM {}), (SELECT seq FROM main.sqlite_sequence WHERE name = {}) IS NOT NULL, \
             (SELECT seq FROM main.sqlite_sequence WHERE name = {})",
            quoted(&column.name),
            table.stage(),
            literal(&table.name.name),
            literal(&table.name.name)
        );
        let [to, is_there, from] = session.numbers(&act, sql).await?;
        let (to, from) = (i64::try_from(to).unwrap_or_default(), i64::try_from(from).unwrap_or_default());
        if to <= from {
            continue;
        }
        match moves.iter_mut().find(|known| known.table == table.name.name) {
            Some(known) => known.wire.to = known.wire.to.max(to),
            None => moves.push(Move {
                wire: RestoreSequence {
                    sequence: format!("sqlite_sequence of {}", table.name),
                    column: format!("{}.{}", table.name, column.name),
                    from: (is_there > 0).then_some(from),
                    to,
                },
                table: table.name.name.clone(),
            }),
        }
    }
    Ok(moves)
}

/// Moves those that the inserted rows have not moved.
pub(super) async fn raise(session: &mut Session, moves: &[Move]) -> Result<(), RestoreError> {
    for it in moves {
        let (name, to) = (literal(&it.table), it.wire.to);
        let sql = format!(
            "UPDATE main.sqlite_sequence SET seq = {to} WHERE name = {name} AND seq < {to};
             INSERT INTO main.sqlite_sequence (name, seq) SELECT {name}, {to} \
             WHERE NOT EXISTS (SELECT 1 FROM main.sqlite_sequence WHERE name = {name});"
        );
        session.run(&format!("move {}", it.wire.sequence), sql).await?;
    }
    Ok(())
}
