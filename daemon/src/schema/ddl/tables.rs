//! Tables with their columns and nothing else: what functions need is there before what needs functions.

use orgvault_archive::full::schema::{Column, Identity, Schema, Table};

use super::{
    Statement,
    quoting::{name, qualified},
    sequences::of_identity,
    types::collate,
};

/// A table; partitions become such when their keys are there.
pub(super) fn statement(table: &Table, schema: &Schema) -> Statement {
    let columns: Vec<String> = table.columns.iter().map(|it| column(table, it, schema)).collect();
    let partition = table.partition_key.as_ref().map(|key| format!(" PARTITION BY {key}")).unwrap_or_default();
    let sql = format!("CREATE TABLE {} ({}){partition}", qualified(&table.name), columns.join(", "));
    Statement { makes: format!("table {}", table.name), sql }
}

fn column(table: &Table, column: &Column, schema: &Schema) -> String {
    let mut words = vec![format!("{} {}{}", name(&column.name), column.kind, collate(column.collation.as_ref()))];
    if let Some(expression) = &column.generated {
        words.push(format!("GENERATED ALWAYS AS ({expression}) STORED"));
    }
    // From PostgreSQL 17 on, a partition has the identity of its table, and no sequence: it is not said again.
    if let Some((identity, options)) = column.identity.zip(of_identity(table, column, schema)) {
        let identity = match identity {
            Identity::Always => "ALWAYS",
            Identity::ByDefault => "BY DEFAULT",
        };
        words.push(format!("GENERATED {identity} AS IDENTITY ({options})"));
    }
    if !column.nullable {
        words.push("NOT NULL".to_owned());
    }
    words.join(" ")
}
