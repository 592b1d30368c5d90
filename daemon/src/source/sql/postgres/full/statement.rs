//! The statements of a `full` archive. Pure: conditions name columns of their table bare, and the organization as `$1`.

use orgvault_archive::full::schema::{ForeignKey, QualifiedName, Table};

use super::super::identifier::quoted;

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

/// `"public"."users"`, or the same without quotes where none are needed.
pub(super) fn table(name: &QualifiedName) -> String {
    format!("{}.{}", quoted(&name.schema), quoted(&name.name))
}

/// Names, quoted and with commas between them.
pub(super) fn list<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    names.into_iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

/// The rows of a table for which a condition is true, in the order of its primary key.
pub(super) fn rows(live: &Table, condition: &str) -> String {
    let columns = list(live.columns.iter().map(|column| &column.name));
    let (from, order) = (table(&live.name), order(live));
    format!("SELECT {columns}\nFROM {from}\nWHERE ({condition})\nORDER BY {order}")
}

/// How many rows of a table a condition is true for.
pub(super) fn count(live: &Table, condition: &str) -> String {
    format!("SELECT count(*) FROM {} WHERE ({condition})", table(&live.name))
}

/// The primary key; where there is none, every column, so that only rows that are the same stand as they come.
fn order(live: &Table) -> String {
    let ordered = |name: &String| {
        let kind = live.columns.iter().find(|column| column.name == *name).map_or("", |column| column.kind.as_str());
        let plain = kind.split('(').next().unwrap_or_default().trim();
        let name = quoted(name);
        if ORDERED.contains(&plain) { name.into_owned() } else { format!("{name}::pg_catalog.text COLLATE \"C\"") }
    };
    let all = || live.columns.iter().map(|column| ordered(&column.name)).collect::<Vec<_>>();
    let key: Vec<String> = live.primary_key.iter().map(ordered).collect();
    if key.is_empty() { all().join(", ") } else { key.join(", ") }
}

/// Rows of a table for which a condition is true, that point somewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pointing<'s> {
    pub(super) from: &'s Table,
    pub(super) condition: &'s str,
    pub(super) key: &'s ForeignKey,
}

impl Pointing<'_> {
    /// What they point at.
    fn targets(&self) -> String {
        let (columns, from) = (list(&self.key.columns), table(&self.from.name));
        let there = self.key.columns.iter().map(|name| format!("{} IS NOT NULL", quoted(name))).collect::<Vec<_>>();
        format!("SELECT {columns} FROM {from} WHERE ({}) AND {}", self.condition, there.join(" AND "))
    }

    /// Whether it points at the organization itself, by what makes a row the organization's own.
    pub(super) fn is_own(&self, condition: &str) -> bool {
        let bound = |name: &str| format!("{name} = $1");
        matches!((self.key.columns.as_slice(), self.key.referenced.as_slice()),
            ([column], [referenced]) if self.condition == bound(column) && condition == bound(referenced))
    }
}

/// The condition that rows of a table are named by others.
pub(super) fn named(by: &[Pointing<'_>]) -> String {
    let one = |pointing: &Pointing<'_>| format!("({}) IN ({})", list(&pointing.key.referenced), pointing.targets());
    by.iter().map(one).collect::<Vec<_>>().join("\n  OR ")
}

/// The condition that rows of a table are among those of a condition, or are named by them through keys that lead from
/// the table to itself, however often.
pub(super) fn with_named_by_itself(live: &Table, condition: String, keys: &[&ForeignKey]) -> String {
    let Some(referenced) = keys.first().map(|key| &key.referenced) else { return condition };
    let (from, given) = (table(&live.name), list(referenced));
    let of = |alias: &str, names: &[String]| {
        names.iter().map(|name| format!("{alias}.{}", quoted(name))).collect::<Vec<_>>().join(", ")
    };
    let mut columns: Vec<String> = keys.iter().flat_map(|key| key.columns.clone()).chain(referenced.clone()).collect();
    columns.sort();
    columns.dedup();
    let leads = keys.iter().map(|key| format!("({}) = ({})", of("n", referenced), of("r", &key.columns)));
    let leads = leads.collect::<Vec<_>>().join(" OR ");
    format!(
        "({given}) IN (WITH RECURSIVE r AS (SELECT {} FROM {from} WHERE ({condition})\n    UNION SELECT {} FROM {from} AS n \
         JOIN r ON {leads}) SELECT {} FROM r)",
        list(&columns),
        of("n", &columns),
        of("r", referenced),
    )
}

/// The condition that rows of a table are named by others of the organization, and are not its own.
pub(super) fn foreign(own: &str, by: &[Pointing<'_>]) -> String {
    format!("({}) AND ({own}) IS NOT TRUE", named(by))
}

/// For each key of one table, whether a row of the organization points at one that is not its own. Each is a question of
/// its own, that counts, so that the server joins the two tables once and does not look each row up.
pub(super) fn points_elsewhere(from: &Table, condition: &str, keys: &[(&ForeignKey, &str)]) -> String {
    let tested = keys.iter().map(|(key, own)| {
        let pointing = Pointing { from, condition, key };
        let names = |prefix, columns: &[String]| {
            (0..columns.len()).map(|at| format!("{prefix}{at}")).collect::<Vec<_>>().join(", ")
        };
        format!(
            "(SELECT count(*) > 0 FROM ({}) AS f ({})\n  WHERE NOT EXISTS (SELECT FROM (SELECT {} FROM {} WHERE ({own})) \
             AS r ({}) WHERE ({}) = ({})))",
            pointing.targets(),
            names("c", &key.columns),
            list(&key.referenced),
            table(&key.references),
            names("k", &key.referenced),
            names("k", &key.referenced),
            names("c", &key.columns),
        )
    });
    format!("SELECT concat_ws(' ', {})", tested.collect::<Vec<_>>().join(",\n  "))
}
