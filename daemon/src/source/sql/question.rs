//! Questions about the rows of a table, as SQL that PostgreSQL and SQLite understand alike.

use crate::{
    source::survey::{Ask, Facts, Question, Route},
    sql::Dialect,
};

use super::quoted;

/// How many rows of a table are looked at for the keys of its JSON.
const SAMPLE: usize = 500;

/// Writes questions for the tables of one database.
pub(super) struct Writer<'f> {
    pub(super) facts: &'f Facts,
    pub(super) dialect: Dialect,
}

impl Writer<'_> {
    /// One statement that gives the number for each of the questions about one table, which are all
    /// of numbers. Reads the table once.
    pub(super) fn numbers(&self, table: usize, asked: &[&Ask]) -> Option<String> {
        let numbers: Option<Vec<String>> = asked.iter().map(|ask| self.number(table, ask)).collect();
        Some(format!("SELECT {} FROM {} AS t", numbers?.join(", "), self.table(table)?))
    }

    /// One statement that gives the values of a question that is not of a number.
    pub(super) fn values(&self, question: &Question) -> Option<String> {
        let table = self.table(question.table)?;
        match &question.ask {
            Ask::Values(column) => {
                let (column, limit) = (quoted(column, self.dialect), Ask::VALUES + 1);
                Some(format!(
                    "SELECT DISTINCT CAST({column} AS text) AS v FROM {table} WHERE {column} IS NOT NULL LIMIT {limit}"
                ))
            }
            Ask::Types { column, target, key, labels } => {
                let (column, key, types) = (self.column("t", column), self.column("c", key), self.table(*target)?);
                let labels = labels.each_ref().map(|label| self.column("c", label)).join(" || '.' || ");
                let limit = Ask::VALUES + 1;
                Some(format!(
                    "SELECT DISTINCT {labels} AS v FROM {table} AS t JOIN {types} AS c ON {key} = {column} LIMIT {limit}"
                ))
            }
            Ask::Keys(column) => Some(self.keys(&table, column)),
            _ => None,
        }
    }

    fn keys(&self, table: &str, column: &str) -> String {
        let (column, limit) = (quoted(column, self.dialect), Ask::VALUES);
        let sample = format!("SELECT {column} AS j FROM {table} WHERE {column} IS NOT NULL LIMIT {SAMPLE}");
        if self.dialect == Dialect::SQLITE {
            return format!(
                "SELECT DISTINCT k.key AS v FROM ({sample}) AS s, json_tree(s.j) AS k \
                 WHERE json_valid(s.j) AND typeof(k.key) = 'text' LIMIT {limit}"
            );
        }
        format!(
            "SELECT DISTINCT k #>> '{{}}' AS v FROM ({sample}) AS s, \
             pg_catalog.jsonb_path_query(CAST(s.j AS jsonb), \
             'strict $.** ? (@.type() == \"object\").keyvalue().key', '{{}}', true) AS k \
             LIMIT {limit}"
        )
    }

    fn number(&self, table: usize, ask: &Ask) -> Option<String> {
        let condition = match ask {
            Ask::Rows => return Some("count(*)".to_owned()),
            Ask::Unset(columns) => self.all("t", columns, "IS NULL"),
            Ask::Below(columns, parent) => {
                format!("{} AND {} IS NOT NULL", self.all("t", columns, "IS NULL"), self.column("t", parent))
            }
            Ask::Strays { columns, target, keys, only } => {
                let only = only.as_ref().map_or(String::new(), |(column, value)| {
                    format!("CAST({} AS text) = {} AND ", self.column("t", column), literal(value))
                });
                let set = self.all("t", columns, "IS NOT NULL");
                let found = self.equal(("t", table, columns), ("p", *target, keys));
                format!("{only}{set} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {found})", self.table(*target)?)
            }
            Ask::Differ(one, other) => {
                format!("{} <> {}", self.first(one, table)?, self.first(other, table)?)
            }
            Ask::Repeated { column, only } => {
                let only = only.as_ref().map_or(String::new(), |(column, value)| {
                    format!(" AND CAST({} AS text) = {}", self.column("r", column), literal(value))
                });
                let (table, column) = (self.table(table)?, self.column("r", column));
                return Some(format!(
                    "(SELECT count(*) FROM (SELECT 1 FROM {table} AS r WHERE {column} IS NOT NULL{only} \
                     GROUP BY {column} HAVING count(*) > 1) AS s)"
                ));
            }
            Ask::Values(_) | Ask::Types { .. } | Ask::Keys(_) => return None,
        };
        Some(format!("count(CASE WHEN {condition} THEN 1 END)"))
    }

    /// The organization that the first route leads to which leads anywhere, as text.
    fn first(&self, routes: &[Route], table: usize) -> Option<String> {
        let text = |route| Some(format!("CAST({} AS text)", self.route(route, table, "t", 0)?));
        let texts: Option<Vec<String>> = routes.iter().map(text).collect();
        let texts = texts.filter(|texts| !texts.is_empty())?;
        Some(if texts.len() == 1 { texts.concat() } else { format!("coalesce({})", texts.join(", ")) })
    }

    /// The organization that a route leads to, as an expression.
    fn route(&self, route: &Route, table: usize, alias: &str, from: usize) -> Option<String> {
        let Some(step) = route.steps.get(from) else { return Some(self.column(alias, &route.last)) };
        let next = format!("p{from}");
        let value = self.route(route, step.table, &next, from + 1)?;
        let found = self.equal((alias, table, &step.columns), (&next, step.table, &step.keys));
        Some(format!("(SELECT {value} FROM {} AS {next} WHERE {found} LIMIT 1)", self.table(step.table)?))
    }

    /// Whether the row `one` names the row `other`; values of two kinds are compared as text.
    fn equal(&self, one: (&str, usize, &[String]), other: (&str, usize, &[String])) -> String {
        let kind = |table: usize, name: &String| self.facts.tables.get(table)?.column(name).map(|column| column.kind);
        let pairs = one.2.iter().zip(other.2).map(|(column, key)| {
            let (ours, theirs) = (self.column(one.0, column), self.column(other.0, key));
            if kind(one.1, column) == kind(other.1, key) {
                return format!("{theirs} = {ours}");
            }
            format!("CAST({theirs} AS text) = CAST({ours} AS text)")
        });
        pairs.collect::<Vec<_>>().join(" AND ")
    }

    fn all(&self, alias: &str, columns: &[String], test: &str) -> String {
        columns.iter().map(|column| format!("{} {test}", self.column(alias, column))).collect::<Vec<_>>().join(" AND ")
    }

    fn column(&self, alias: &str, name: &str) -> String {
        format!("{alias}.{}", quoted(name, self.dialect))
    }

    fn table(&self, table: usize) -> Option<String> {
        self.facts.tables.get(table).map(|table| table.sql(self.dialect))
    }
}

/// A text as SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
