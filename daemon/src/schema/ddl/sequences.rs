//! Sequences, but for those that identity columns make.

use orgvault_archive::full::schema::{Column, Schema, Sequence, Table};

use super::{
    Statement,
    quoting::{name, qualified},
};

/// The sequences that are made by themselves.
pub(super) fn own(schema: &Schema) -> impl Iterator<Item = Statement> {
    let own = schema.sequences.iter().filter(|sequence| !is_of_identity(sequence, schema));
    own.map(|sequence| Statement {
        makes: format!("sequence {}", sequence.name),
        sql: format!("CREATE SEQUENCE {} AS {} {}", qualified(&sequence.name), sequence.kind, options(sequence)),
    })
}

/// What gives them to their columns.
pub(super) fn owners(schema: &Schema) -> impl Iterator<Item = Statement> {
    let own = schema.sequences.iter().filter(|sequence| !is_of_identity(sequence, schema));
    own.filter_map(|sequence| {
        let owner = sequence.owner.as_ref()?;
        let (own, table, column) = (qualified(&sequence.name), qualified(&owner.table), name(&owner.column));
        let sql = format!("ALTER SEQUENCE {own} OWNED BY {table}.{column}");
        Some(Statement { makes: format!("owner of sequence {}", sequence.name), sql })
    })
}

/// What an identity column says of its sequence, which also is its name.
pub(super) fn of_identity(table: &Table, column: &Column, schema: &Schema) -> Option<String> {
    let owns = |sequence: &&Sequence| {
        sequence.owner.as_ref().is_some_and(|owner| owner.table == table.name && owner.column == column.name)
    };
    let sequence = schema.sequences.iter().find(owns)?;
    Some(format!("SEQUENCE NAME {} {}", qualified(&sequence.name), options(sequence)))
}

fn is_of_identity(sequence: &Sequence, schema: &Schema) -> bool {
    sequence.owner.as_ref().is_some_and(|owner| {
        let columns = schema.table(&owner.table).into_iter().flat_map(|table| &table.columns);
        columns.into_iter().any(|column| column.name == owner.column && column.identity.is_some())
    })
}

fn options(sequence: &Sequence) -> String {
    let Sequence { start, increment, minimum, maximum, cache, .. } = sequence;
    let cycle = if sequence.cycle { "CYCLE" } else { "NO CYCLE" };
    format!("INCREMENT BY {increment} MINVALUE {minimum} MAXVALUE {maximum} START WITH {start} CACHE {cache} {cycle}")
}
