//! One table of a restore, and the statements about it.

use orgvault_api::RestoreMode;
use orgvault_archive::full::{RowHash, schema::QualifiedName};

use super::{
    archived::ArchivedTable,
    facts::UniqueFacts,
    sql::{columns, counted, equal, key_text, name, names, qualified, row_text},
};

/// One table that may be written.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// Its place among the tables of the restore; it names the temporary tables.
    pub(super) number: usize,
    pub(super) name: QualifiedName,
    pub(super) oid: u32,
    /// Whether its rows may be somebody else's: they are neither changed nor deleted.
    pub(super) shared: bool,
    /// Whether it holds the rows of others that are named, beside the table of the organization's own.
    pub(super) named: bool,
    /// Rows that the archive says; none where the archive does not have the table.
    pub(super) archived: Option<u64>,
    /// What the archive's rows hash to, once they are staged.
    pub(super) hash: RowHash,
    /// The columns of the archive, in its order.
    pub(super) columns: Vec<String>,
    /// Those that the server computes.
    pub(super) generated: Vec<String>,
    /// What names one row; empty where nothing does.
    pub(super) key: Vec<String>,
    /// What compares each column of the key.
    pub(super) operators: Vec<String>,
    /// True for the rows of the organization; none for a shared table without one.
    pub(super) condition: Option<String>,
    /// Whether the target's table has no row at all: then nothing is compared with it.
    pub(super) empty: bool,
    pub(super) here: u64,
    pub(super) matched: u64,
}

impl Table {
    /// What the archive calls it.
    pub(super) fn in_archive(&self) -> ArchivedTable {
        ArchivedTable { name: self.name.clone(), named: self.named, rows: self.rows() }
    }

    pub(super) fn rows(&self) -> u64 {
        self.archived.unwrap_or_default()
    }

    /// Whether rows of it were staged.
    pub(super) fn is_staged(&self) -> bool {
        self.archived.is_some()
    }

    /// Whether staged rows were compared with those that are there.
    pub(super) fn is_matched(&self) -> bool {
        self.is_staged() && !self.empty
    }

    pub(super) fn live(&self) -> String {
        qualified(&self.name)
    }

    pub(super) fn stage(&self) -> String {
        format!("pg_temp.orgvault_stage_{}", self.number)
    }

    pub(super) fn here(&self) -> String {
        format!("pg_temp.orgvault_here_{}", self.number)
    }

    pub(super) fn matches(&self) -> String {
        format!("pg_temp.orgvault_match_{}", self.number)
    }

    /// A key for people; of a table without one, the whole row.
    pub(super) fn key_text(&self, alias: &str) -> String {
        if self.key.is_empty() { row_text(alias, &self.columns) } else { key_text(alias, &self.key) }
    }

    /// That a row of the target has the key of a staged one.
    pub(super) fn same_key(&self, live: &str, staged: &str) -> String {
        equal(live, &self.key, &self.operators, staged, &self.key)
    }

    pub(super) fn create_stage(&self) -> String {
        let columns = names(self.columns.iter().map(String::as_str));
        format!(
            "CREATE TEMPORARY TABLE orgvault_stage_{} ON COMMIT DROP AS SELECT {columns} FROM {} WITH NO DATA",
            self.number,
            self.live()
        )
    }

    pub(super) fn copy_in(&self) -> String {
        format!("COPY {} FROM STDIN (FORMAT csv, NULL '\\N')", self.stage())
    }

    /// Where each row of the organization is, and its hash.
    pub(super) fn create_here(&self, condition: &str) -> String {
        let table = self.live();
        let row = row_text(&table, &self.columns);
        format!(
            "CREATE TEMPORARY TABLE orgvault_here_{} ON COMMIT DROP AS \
             SELECT {table}.ctid AS live, {table}.tableoid AS part, pg_catalog.hashtextextended({row}, 0) AS hash \
             FROM {table} WHERE ({condition}\n)",
            self.number
        )
    }

    /// Which row of the target each staged row is: `own` where it is the organization's, `same` where its values are.
    pub(super) fn create_match(&self) -> String {
        let (stage, live) = (self.stage(), self.live());
        let here = self.here();
        let (staged_text, live_text) = (row_text("s", &self.columns), row_text("t", &self.columns));
        let own = if self.shared {
            String::new()
        } else {
            format!("JOIN {here} h ON h.live = t.ctid AND h.part = t.tableoid")
        };
        let body = if self.key.is_empty() {
            let staged = format!("SELECT s.ctid AS staged, {staged_text} AS k FROM {stage} s");
            let found = format!("SELECT t.ctid AS live, t.tableoid AS part, {live_text} AS k FROM {live} t {own}");
            let nth = "pg_catalog.row_number() OVER (PARTITION BY k) AS n";
            format!(
                "SELECT staged, live, part, {} AS own, true AS same FROM (SELECT *, {nth} FROM ({staged}) a) s \
                 JOIN (SELECT *, {nth} FROM ({found}) b) t USING (k, n)",
                !self.shared
            )
        } else {
            let is_own = if self.shared { "false" } else { "h.live IS NOT NULL" };
            let own = if self.shared { String::new() } else { format!("LEFT {own}") };
            format!(
                "SELECT s.ctid AS staged, t.ctid AS live, t.tableoid AS part, {is_own} AS own, \
                 {staged_text} = {live_text} AS same FROM {stage} s JOIN {live} t ON {} {own}",
                self.same_key("t", "s")
            )
        };
        format!("CREATE TEMPORARY TABLE orgvault_match_{} ON COMMIT DROP AS {body}", self.number)
    }

    /// Keys of matched staged rows for which `condition` is true, `m` being the match.
    pub(super) fn matched_keys(&self, condition: &str) -> String {
        let from = format!("{} s JOIN {} m ON m.staged = s.ctid WHERE {condition}", self.stage(), self.matches());
        counted(&self.key_text("s"), &from)
    }

    /// Keys of staged rows that match none.
    pub(super) fn unmatched_keys(&self) -> String {
        let from = format!("{} s WHERE {}", self.stage(), self.unmatched());
        counted(&self.key_text("s"), &from)
    }

    /// True for a staged row `s` that matches none.
    fn unmatched(&self) -> String {
        if self.is_matched() {
            format!("NOT EXISTS (SELECT FROM {} m WHERE m.staged = s.ctid)", self.matches())
        } else {
            "true".to_owned()
        }
    }

    /// Keys of the organization's rows that no staged row matches.
    pub(super) fn only_here_keys(&self) -> String {
        let unmatched = if self.is_matched() {
            let matches = self.matches();
            format!("WHERE NOT EXISTS (SELECT FROM {matches} m WHERE m.live = t.ctid AND m.part = t.tableoid)")
        } else {
            String::new()
        };
        let (live, here) = (self.live(), self.here());
        let from = format!("{live} t JOIN {here} h ON h.live = t.ctid AND h.part = t.tableoid {unmatched}");
        counted(&self.key_text("t"), &from)
    }

    /// Whether all of the organization's rows are deleted before the archive's are inserted.
    pub(super) fn is_replaced(&self, mode: RestoreMode) -> bool {
        mode == RestoreMode::Replace && !self.shared && self.here > 0
    }

    /// How many rows are inserted.
    pub(super) fn inserts(&self, mode: RestoreMode) -> u64 {
        if self.is_replaced(mode) { self.rows() } else { self.rows() - self.matched.min(self.rows()) }
    }

    pub(super) fn insert(&self, mode: RestoreMode) -> String {
        let written = || self.columns.iter().filter(|column| !self.generated.contains(column)).map(String::as_str);
        let filter = if self.is_replaced(mode) { "true".to_owned() } else { self.unmatched() };
        format!(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} s WHERE {filter}",
            self.live(),
            names(written()),
            columns("s", written()),
            self.stage()
        )
    }

    pub(super) fn delete(&self) -> String {
        format!("DELETE FROM {} t USING {} h WHERE t.ctid = h.live AND t.tableoid = h.part", self.live(), self.here())
    }

    /// True for a row of the target, called `alias`, that stays while the organization's rows are replaced.
    pub(super) fn stays(&self, mode: RestoreMode, alias: &str) -> String {
        if !self.is_replaced(mode) {
            return "true".to_owned();
        }
        format!("NOT EXISTS (SELECT FROM {} h WHERE h.live = {alias}.ctid AND h.part = {alias}.tableoid)", self.here())
    }

    /// Keys of staged rows that have a value of a unique index which another row has that stays; or `by_holder` the keys
    /// of those others.
    pub(super) fn unique_held(&self, unique: &UniqueFacts, mode: RestoreMode, by_holder: bool) -> String {
        let numbered = |position: usize| format!("u{position}");
        let values: Vec<String> = (0..unique.expressions.len()).map(numbered).collect();
        let selected: Vec<String> = unique
            .expressions
            .iter()
            .zip(&values)
            .map(|(expression, name)| format!("({expression}) AS {name}"))
            .collect();
        let predicate = unique.predicate.as_deref().unwrap_or("true");
        let pairs = values.iter().zip(&unique.operators).map(|(value, operator)| {
            let equal = format!("t.{value} {operator} s.{value}");
            let both_null = format!("t.{value} IS NULL AND s.{value} IS NULL");
            if unique.nulls_equal { format!("({equal} OR {both_null})") } else { equal }
        });
        let pairs: Vec<String> = pairs.collect();
        let (stage, live) = (self.stage(), self.live());
        let row = self.key_text(&format!("orgvault_stage_{}", self.number));
        let staged = format!("SELECT ctid AS c, {row} AS k, {} FROM {stage} WHERE {predicate}", selected.join(", "));
        let holder = if by_holder { format!("{} AS k, ", self.key_text(&live)) } else { String::new() };
        let found = format!("SELECT ctid, tableoid, {holder}{} FROM {live} WHERE {predicate}", selected.join(", "));
        let itself = format!(
            "NOT EXISTS (SELECT FROM {} m WHERE m.staged = s.c AND m.live = t.ctid AND m.part = t.tableoid)",
            self.matches()
        );
        let from = format!(
            "({staged}) s JOIN ({found}) t ON {} WHERE {itself} AND {}",
            pairs.join(" AND "),
            self.stays(mode, "t")
        );
        counted(if by_holder { "t.k" } else { "s.k" }, &from)
    }

    /// The rows of the target that have to be the archive's. `by_key` leaves those out that the archive does not
    /// have.
    pub(super) fn read_back(&self, by_key: bool) -> String {
        let table = self.live();
        let condition = self.condition.as_deref().unwrap_or("true");
        let restricted = if by_key {
            format!(" AND EXISTS (SELECT FROM {} s WHERE {})", self.stage(), self.same_key(&table, "s"))
        } else {
            String::new()
        };
        let columns = columns(&table, self.columns.iter().map(String::as_str));
        format!(
            "COPY (SELECT {columns} FROM {table} WHERE ({condition}\n){restricted}) TO STDOUT (FORMAT csv, NULL '\\N')"
        )
    }

    /// The staged rows, as an archive has them.
    pub(super) fn staged_back(&self) -> String {
        let columns = names(self.columns.iter().map(String::as_str));
        format!("COPY (SELECT {columns} FROM {}) TO STDOUT (FORMAT csv, NULL '\\N')", self.stage())
    }

    /// How many staged rows are in the target with the same values; only rows of the organization count, where the table
    /// is not shared.
    pub(super) fn same_count(&self) -> String {
        let (stage, live) = (self.stage(), self.live());
        let staged = row_text("s", &self.columns);
        if self.key.is_empty() {
            let (nth, found) = ("pg_catalog.row_number() OVER (PARTITION BY k) AS n", row_text(&live, &self.columns));
            let own = if self.shared { "true" } else { self.condition.as_deref().unwrap_or("true") };
            return format!(
                "SELECT pg_catalog.count(*) FROM (SELECT k, {nth} FROM (SELECT {staged} AS k FROM {stage} s) a) x \
                 JOIN (SELECT k, {nth} FROM (SELECT {found} AS k FROM {live} WHERE ({own}\n)) b) y USING (k, n)"
            );
        }
        let (key, found) = (self.same_key("t", "s"), row_text("t", &self.columns));
        format!("SELECT pg_catalog.count(*) FROM {stage} s JOIN {live} t ON {key} WHERE {staged} = {found}")
    }

    /// The key of a staged row that the target has with other values, and the first column that differs.
    pub(super) fn first_difference(&self) -> Option<String> {
        if self.key.is_empty() {
            return None;
        }
        let (stage, live) = (self.stage(), self.live());
        let differs: Vec<String> = self
            .columns
            .iter()
            .map(|column| {
                let column_name = name(column);
                format!(
                    "WHEN s.{column_name}::text IS DISTINCT FROM t.{column_name}::text THEN {}",
                    super::sql::literal(column)
                )
            })
            .collect();
        Some(format!(
            "SELECT {}, CASE {} END FROM {stage} s JOIN {live} t ON {} WHERE {} <> {} ORDER BY 1 LIMIT 1",
            self.key_text("s"),
            differs.join(" "),
            self.same_key("t", "s"),
            row_text("s", &self.columns),
            row_text("t", &self.columns)
        ))
    }

    /// The key of a staged row that is none of the organization's in the target, and that of one which is and was not
    /// staged.
    pub(super) fn first_alone(&self) -> [String; 2] {
        let (stage, live) = (self.stage(), self.live());
        let (staged, found) = (self.key_text("s"), self.key_text(&live));
        let condition = self.condition.as_deref().unwrap_or("true");
        let own = format!("SELECT {found} AS k FROM {live} WHERE ({condition}\n)");
        if self.key.is_empty() {
            let staged = format!("SELECT {staged} AS k FROM {stage} s");
            return [(&staged, &own), (&own, &staged)]
                .map(|(one, other)| format!("SELECT k FROM ({one} EXCEPT ALL {other}) a ORDER BY 1 LIMIT 1"));
        }
        let same = self.same_key(&live, "s");
        [
            format!("SELECT {staged} FROM {stage} s WHERE NOT EXISTS ({own} AND {same}) ORDER BY 1 LIMIT 1"),
            format!("{own} AND NOT EXISTS (SELECT FROM {stage} s WHERE {same}) ORDER BY 1 LIMIT 1"),
        ]
    }
}
