//! The statements of a `full` archive. Pure: conditions name columns of their table bare, and the organization as `$1`.

use std::borrow::Cow;

use orgvault_archive::full::schema::{ForeignKey, QualifiedName, Table};

use super::super::quoted;
use crate::sql::Dialect;

/// Types whose order is the same in every database. What has another type is ordered by its text.
const ORDERED: [&str; 12] = [
    "bigint",
    "boolean",
    "bytea",
    "date",
    "integer",
    "numeric",
    "oid",
    "smallint",
    "uuid",
    "timestamp with time zone",
    "timestamp without time zone",
    "time without time zone",
];

/// What SQLite calls the number of a row, where no column has the name.
const ROW_NUMBERS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// The statements in the words of a database.
#[derive(Debug, Clone, Copy)]
pub(in crate::source::sql) struct Words(pub(in crate::source::sql) Dialect);

impl Words {
    fn name(self, name: &str) -> Cow<'_, str> {
        quoted(name, self.0)
    }

    /// `"public"."users"`, or the same without quotes where none are needed.
    pub(in crate::source::sql) fn table(self, name: &QualifiedName) -> String {
        format!("{}.{}", self.name(&name.schema), self.name(&name.name))
    }

    /// Names, quoted and with commas between them.
    fn list<'n>(self, names: impl IntoIterator<Item = &'n String>) -> String {
        names.into_iter().map(|name| self.name(name)).collect::<Vec<_>>().join(", ")
    }

    /// Names of the table that is called `alias`, with commas between them.
    fn list_of(self, alias: &str, names: &[String]) -> String {
        names.iter().map(|name| format!("{alias}.{}", self.name(name))).collect::<Vec<_>>().join(", ")
    }

    /// The rows of a table for which a condition is true, in the order of its primary key.
    pub(super) fn rows(self, live: &Table, condition: &str) -> String {
        let columns = self.list(live.columns.iter().map(|column| &column.name));
        let (from, order) = (self.table(&live.name), self.order(live));
        format!("SELECT {columns}\nFROM {from}\nWHERE ({condition})\nORDER BY {order}")
    }

    /// How many rows of a table a condition is true for.
    pub(super) fn count(self, live: &Table, condition: &str) -> String {
        format!("SELECT count(*) FROM {} WHERE ({condition})", self.table(&live.name))
    }

    /// The primary key; where there is none, every column, so that only rows that are the same stand as they come.
    fn order(self, live: &Table) -> String {
        if self.0 == Dialect::SQLITE {
            return self.order_of_classes(live);
        }
        let ordered = |name: &String| {
            let kind = live.columns.iter().find(|column| column.name == *name);
            let kind = kind.map_or("", |column| column.kind.as_str());
            let plain = kind.split('(').next().unwrap_or_default().trim();
            let name = self.name(name);
            if ORDERED.contains(&plain) { name.into_owned() } else { format!("{name}::pg_catalog.text COLLATE \"C\"") }
        };
        let all = || live.columns.iter().map(|column| ordered(&column.name)).collect::<Vec<_>>();
        let key: Vec<String> = live.primary_key.iter().map(ordered).collect();
        if key.is_empty() { all().join(", ") } else { key.join(", ") }
    }

    /// Storage classes have an order of their own. Whatever collation a column has, which may be one of the app, is not
    /// used; and a key may be NULL, or the same number in two classes, so that the number of the row decides at last.
    fn order_of_classes(self, live: &Table) -> String {
        let names: Vec<&String> = live.columns.iter().map(|column| &column.name).collect();
        let key: Vec<&String> = live.primary_key.iter().collect();
        let ordered = |name: &&String| format!("{} COLLATE BINARY", self.name(name));
        let by_value: Vec<String> = if key.is_empty() { &names } else { &key }.iter().map(ordered).collect();
        let number = ROW_NUMBERS.into_iter().find(|number| !names.iter().any(|name| name.eq_ignore_ascii_case(number)));
        let number = number.filter(|_| !live.without_rowid);
        by_value.into_iter().chain(number.map(str::to_owned)).collect::<Vec<_>>().join(", ")
    }

    /// What rows point at.
    fn targets(self, pointing: &Pointing<'_>) -> String {
        let Pointing { from, condition, key } = pointing;
        let (columns, from) = (self.list(&key.columns), self.table(&from.name));
        let there = key.columns.iter().map(|name| format!("{} IS NOT NULL", self.name(name))).collect::<Vec<_>>();
        format!("SELECT {columns} FROM {from} WHERE ({condition}) AND {}", there.join(" AND "))
    }

    /// The condition that rows of a table are named by others.
    pub(super) fn named(self, by: &[Pointing<'_>]) -> String {
        let one = |pointing: &Pointing<'_>| {
            format!("({}) IN ({})", self.list(&pointing.key.referenced), self.targets(pointing))
        };
        by.iter().map(one).collect::<Vec<_>>().join("\n  OR ")
    }

    /// The condition that rows of a table are among those of a condition, or are named by them through keys that lead
    /// from the table to itself, however often.
    pub(super) fn with_named_by_itself(self, live: &Table, condition: String, keys: &[&ForeignKey]) -> String {
        let Some(referenced) = keys.first().map(|key| &key.referenced) else { return condition };
        let (from, given) = (self.table(&live.name), self.list(referenced));
        let mut columns: Vec<String> =
            keys.iter().flat_map(|key| key.columns.clone()).chain(referenced.clone()).collect();
        columns.sort();
        columns.dedup();
        let leads = keys
            .iter()
            .map(|key| format!("({}) = ({})", self.list_of("n", referenced), self.list_of("r", &key.columns)));
        let leads = leads.collect::<Vec<_>>().join(" OR ");
        format!(
            "({given}) IN (WITH RECURSIVE r AS (SELECT {} FROM {from} WHERE ({condition})\n    UNION SELECT {} FROM {from} AS n \
             JOIN r ON {leads}) SELECT {} FROM r)",
            self.list(&columns),
            self.list_of("n", &columns),
            self.list_of("r", referenced),
        )
    }

    /// The condition that rows of a table are named by others of the organization, and are not its own.
    pub(super) fn foreign(self, own: &str, by: &[Pointing<'_>]) -> String {
        format!("({}) AND ({own}) IS NOT TRUE", self.named(by))
    }

    /// For each key of one table, whether a row of the organization points at one that is not its own. Each is a question
    /// of its own, that counts, so that the server joins the two tables once and does not look each row up.
    pub(super) fn points_elsewhere(self, from: &Table, condition: &str, keys: &[(&ForeignKey, &str)]) -> String {
        let called = |letter: char, names: &[String]| {
            let names = names.iter().enumerate().map(|(at, name)| format!("{} AS {letter}{at}", self.name(name)));
            names.collect::<Vec<_>>().join(", ")
        };
        let numbered = |letter: char, names: &[String]| {
            (0..names.len()).map(|at| format!("{letter}{at}")).collect::<Vec<_>>().join(", ")
        };
        let tested = keys.iter().map(|(key, own)| {
            let there = key.columns.iter().map(|name| format!("{} IS NOT NULL", self.name(name))).collect::<Vec<_>>();
            format!(
                "(SELECT CASE WHEN count(*) > 0 THEN 't' ELSE 'f' END FROM (SELECT {} FROM {} WHERE ({condition}) AND {}) AS f\n  \
                 WHERE NOT EXISTS (SELECT 1 FROM (SELECT {} FROM {} WHERE ({own})) AS r WHERE ({}) = ({})))",
                called('c', &key.columns),
                self.table(&from.name),
                there.join(" AND "),
                called('k', &key.referenced),
                self.table(&key.references),
                numbered('k', &key.referenced),
                numbered('c', &key.columns),
            )
        });
        format!("SELECT {}", tested.collect::<Vec<_>>().join(" || ' ' ||\n  "))
    }
}

/// Rows of a table for which a condition is true, that point somewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pointing<'s> {
    pub(super) from: &'s Table,
    pub(super) condition: &'s str,
    pub(super) key: &'s ForeignKey,
}

impl Pointing<'_> {
    /// Whether it points at the organization itself, by what makes a row the organization's own.
    pub(super) fn is_own(&self, condition: &str) -> bool {
        let bound = |name: &str| format!("{name} = $1");
        matches!((self.key.columns.as_slice(), self.key.referenced.as_slice()),
            ([column], [referenced]) if self.condition == bound(column) && condition == bound(referenced))
    }
}
