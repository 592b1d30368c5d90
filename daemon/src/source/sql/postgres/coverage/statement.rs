//! The statements that read a table and its sections. `$1` is the array of the organizations' ids.

use super::Described;
use crate::source::sql::{
    postgres::{parameter, types::IdType},
    tallies::Grouped,
};

/// One section, as it is asked.
#[derive(Clone)]
pub(super) struct Part {
    /// Its query, in the definition's words.
    pub(super) rows: String,
    /// The type of its `$1`, where it has one.
    pub(super) id_type: Option<IdType>,
    /// How many columns it gives.
    columns: usize,
    /// Which of them tell the table's rows apart, from 1.
    key: Vec<usize>,
}

impl Part {
    pub(super) fn new(described: Described, key: Vec<usize>) -> Self {
        let Described { sql, id_type, outputs } = described;
        Self { rows: sql, id_type, columns: outputs.len(), key }
    }

    /// The same in other words.
    pub(super) fn with(&self, rows: String) -> Self {
        Self { rows, ..self.clone() }
    }

    /// The keys of its rows of all organizations, each with the organization's number and its own.
    pub(super) fn owned(&self, number: usize) -> String {
        let key = |(at, column): (usize, &usize)| format!("orgvault_r.c{column} AS k{at}, ");
        let keys: String = self.key.iter().enumerate().map(key).collect();
        let columns: Vec<String> = (1..=self.columns).map(|column| format!("c{column}")).collect();
        let (kind, columns) = (self.id_type.map_or("text", IdType::catalog_name), columns.join(", "));
        let rows = parameter::replace(&self.rows, "orgvault_o.id");
        format!(
            "SELECT {keys}orgvault_o.n AS n, {number} AS s FROM (SELECT t.id::pg_catalog.{kind} AS id, t.n FROM \
             pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS t(id, n)) AS orgvault_o \
             CROSS JOIN LATERAL (\n{rows}\n) AS orgvault_r({columns})"
        )
    }
}

/// The keys of a table and of its sections.
pub(super) fn grouped(table: &str, columns: &[(i16, String)], parts: &[Part]) -> Grouped {
    let key = |(at, (_, name)): (usize, &(i16, String))| format!("b.{name} AS k{at}, ");
    let keys: String = columns.iter().enumerate().map(key).collect();
    let own = format!("SELECT {keys}NULL::pg_catalog.int8 AS n, NULL::pg_catalog.int4 AS s FROM {table} AS b");
    let owned = parts.iter().enumerate().map(|(at, part)| part.owned(at));
    let all: Vec<String> = std::iter::once(own).chain(owned).collect();
    Grouped { rows: all.join("\nUNION ALL\n"), keys: columns.len(), sections: parts.len() }
}

/// The number of a table's rows, and of each section's.
pub(super) fn numbers(table: &str, parts: &[Part]) -> String {
    let part = |part: &Part| format!(", (SELECT pg_catalog.count(*) FROM (\n{}\n) AS x)", part.owned(0));
    let parts: String = parts.iter().map(part).collect();
    format!("SELECT (SELECT pg_catalog.count(*) FROM {table}){parts}")
}
