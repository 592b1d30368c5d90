//! One table of a restore, and the statements about it.

use orgvault_api::RestoreMode;
use orgvault_archive::full::{
    RowHash,
    schema::{self, QualifiedName, UniqueKey},
};

use super::sql::{all, columns, equal, key_text, literal, same, values};
use crate::{restore::archived::ArchivedTable, schema::sqlite::quoted};

/// What SQLite calls the number of a row, where no column has the name.
const ROW_NUMBERS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// One table that may be written.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// Its place among the tables of the restore; it names the temporary tables.
    pub(super) number: usize,
    pub(super) name: QualifiedName,
    /// As the target has it.
    pub(super) there: schema::Table,
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
    /// What names one row; empty where nothing does.
    pub(super) key: Vec<String>,
    /// True for the rows of the organization; none for a shared table without one.
    pub(super) condition: Option<String>,
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

    pub(super) fn is_staged(&self) -> bool {
        self.archived.is_some()
    }

    /// The columns that the target computes.
    pub(super) fn is_generated(&self, column: &String) -> bool {
        self.there.columns.iter().any(|there| there.name == *column && there.generated.is_some())
    }

    pub(super) fn live(&self) -> String {
        format!("main.{}", quoted(&self.name.name))
    }

    pub(super) fn stage(&self) -> String {
        format!("temp.orgvault_stage_{}", self.number)
    }

    fn here(&self) -> String {
        format!("temp.orgvault_here_{}", self.number)
    }

    pub(super) fn matches(&self) -> String {
        format!("temp.orgvault_match_{}", self.number)
    }

    /// What tells where a row is: its number, or its key where it has none. A copy of the table has the same.
    fn place(&self) -> Vec<String> {
        let is_column = |name: &&str| self.there.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
        match ROW_NUMBERS.into_iter().find(|name| !is_column(name)) {
            Some(number) if !self.there.without_rowid => vec![number.to_owned()],
            _ => self.there.primary_key.clone(),
        }
    }

    /// The place of a row of the table that is called `alias`, as columns `l0`, `l1`, ..
    fn placed(&self, alias: &str, letter: char) -> String {
        let place = self.place();
        let placed =
            place.iter().enumerate().map(|(at, name)| format!("{alias}.{} AS orgvault_{letter}{at}", quoted(name)));
        placed.collect::<Vec<_>>().join(", ")
    }

    /// The names of such columns.
    fn places(&self, letter: char) -> String {
        (0..self.place().len()).map(|at| format!("orgvault_{letter}{at}")).collect::<Vec<_>>().join(", ")
    }

    /// That a row of `alias` is at the place that `found` has in columns of this letter.
    fn is_at(&self, alias: &str, found: &str, letter: char) -> String {
        let place = self.place();
        let pairs = place.iter().enumerate();
        all(pairs.map(|(at, name)| format!("{alias}.{} COLLATE BINARY = {found}.orgvault_{letter}{at}", quoted(name))))
    }

    /// A key for people; of a table without one, the whole row.
    pub(super) fn key_text(&self, alias: &str) -> String {
        key_text(alias, if self.key.is_empty() { &self.columns } else { &self.key })
    }

    pub(super) fn same_key(&self, live: &str, staged: &str) -> String {
        equal(live, &self.key, staged, &self.key)
    }

    pub(super) fn same_values(&self, live: &str, staged: &str) -> String {
        all(self.columns.iter().map(|column| same(staged, live, column)))
    }

    /// Empty tables for where the organization's rows are, and which staged rows they are.
    pub(super) fn create_found(&self) -> String {
        let (number, live, staged) = (self.number, self.places('l'), self.places('s'));
        format!(
            "CREATE TABLE temp.orgvault_here_{number} ({live});
             CREATE INDEX temp.orgvault_here_{number}_l ON orgvault_here_{number} ({live});
             CREATE TABLE temp.orgvault_match_{number} ({staged}, {live}, own, same);
             CREATE INDEX temp.orgvault_match_{number}_s ON orgvault_match_{number} ({staged});
             CREATE INDEX temp.orgvault_match_{number}_l ON orgvault_match_{number} ({live});"
        )
    }

    /// Where each row of the organization is.
    pub(super) fn find_here(&self, condition: &str) -> String {
        let place = self.place().iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        format!("INSERT INTO {} SELECT {place} FROM {} WHERE ({condition}\n)", self.here(), self.live())
    }

    /// Which row of the target each staged row is: `own` where it is the organization's, `same` where its values are.
    pub(super) fn find_matches(&self) -> String {
        let (stage, live, here, matches) = (self.stage(), self.live(), self.here(), self.matches());
        let (staged, found) = (self.placed("s", 's'), self.placed("t", 'l'));
        let (s, l) = (self.places('s'), self.places('l'));
        let is_here = self.is_at("t", "h", 'l');
        if self.key.is_empty() {
            let own = if self.shared { String::new() } else { format!("JOIN {here} AS h ON {is_here}") };
            let nth = |alias: &str| {
                format!("row_number() OVER (PARTITION BY {}) AS orgvault_n", values(alias, &self.columns))
            };
            let of = |alias: &str| columns(alias, &self.columns);
            return format!(
                "INSERT INTO {matches} SELECT {s}, {l}, {}, 1 \
                 FROM (SELECT {staged}, {}, {} FROM {stage} AS s) AS s \
                 JOIN (SELECT {found}, {}, {} FROM {live} AS t {own}) AS t ON s.orgvault_n = t.orgvault_n AND {}",
                u8::from(!self.shared),
                nth("s"),
                of("s"),
                nth("t"),
                of("t"),
                self.same_values("t", "s"),
            );
        }
        let (is_own, own) = if self.shared {
            ("0", String::new())
        } else {
            ("h.orgvault_l0 IS NOT NULL", format!("LEFT JOIN {here} AS h ON {is_here}"))
        };
        format!(
            "INSERT INTO {matches} SELECT {staged}, {found}, {is_own}, {} FROM {stage} AS s JOIN {live} AS t ON {} {own}",
            self.same_values("t", "s"),
            self.same_key("t", "s")
        )
    }

    /// Staged rows whose match `m` is so.
    pub(super) fn matched(&self, condition: &str) -> String {
        let at = self.is_at("s", "m", 's');
        format!("{} AS s JOIN {} AS m ON {at} WHERE {condition}", self.stage(), self.matches())
    }

    /// Staged rows that match none.
    pub(super) fn unmatched(&self) -> String {
        format!("{} AS s WHERE {}", self.stage(), self.is_unmatched())
    }

    fn is_unmatched(&self) -> String {
        format!("NOT EXISTS (SELECT 1 FROM {} AS m WHERE {})", self.matches(), self.is_at("s", "m", 's'))
    }

    /// The organization's rows that no staged row matches.
    pub(super) fn only_here(&self) -> String {
        format!(
            "{} AS t JOIN {} AS h ON {} WHERE NOT EXISTS (SELECT 1 FROM {} AS m WHERE {})",
            self.live(),
            self.here(),
            self.is_at("t", "h", 'l'),
            self.matches(),
            self.is_at("t", "m", 'l')
        )
    }

    /// Whether all of the organization's rows are deleted before the archive's are inserted.
    pub(super) fn is_replaced(&self, mode: RestoreMode) -> bool {
        mode == RestoreMode::Replace && !self.shared && self.here > 0
    }

    /// How many rows are inserted.
    pub(super) fn inserts(&self, mode: RestoreMode) -> u64 {
        if self.is_replaced(mode) { self.rows() } else { self.rows().saturating_sub(self.matched) }
    }

    /// Whatever a key of the table says of conflicts (`ON CONFLICT REPLACE`): nothing gives way.
    pub(super) fn insert(&self, mode: RestoreMode) -> String {
        let written: Vec<&String> = self.columns.iter().filter(|column| !self.is_generated(column)).collect();
        let names = written.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let filter = if self.is_replaced(mode) { "true".to_owned() } else { self.is_unmatched() };
        format!(
            "INSERT OR ABORT INTO {} ({names}) SELECT {} FROM {} AS s WHERE {filter} ORDER BY {}",
            self.live(),
            columns("s", written.iter().copied()),
            self.stage(),
            columns("s", &self.place())
        )
    }

    pub(super) fn delete(&self) -> String {
        let place = self.place().iter().map(|name| format!("{} COLLATE BINARY", quoted(name))).collect::<Vec<_>>();
        let (place, found) = (place.join(", "), self.places('l'));
        format!("DELETE FROM {} WHERE ({place}) IN (SELECT {found} FROM {})", self.live(), self.here())
    }

    /// True for a row of the target, called `alias`, that stays while the organization's rows are replaced.
    pub(super) fn stays(&self, mode: RestoreMode, alias: &str) -> String {
        if self.is_replaced(mode) { format!("NOT {}", self.is_here(alias)) } else { "true".to_owned() }
    }

    /// True for a row of the organization that is there.
    pub(super) fn is_here(&self, alias: &str) -> String {
        format!("EXISTS (SELECT 1 FROM {} AS h WHERE {})", self.here(), self.is_at(alias, "h", 'l'))
    }

    /// Staged rows `s` that have a value of a unique key which another row has that stays.
    pub(super) fn unique_held(&self, unique: &UniqueKey, mode: RestoreMode) -> String {
        let selected = |alias: &str| {
            let parts = unique.expressions.iter().enumerate();
            parts.map(|(at, part)| format!("({part}) AS orgvault_{alias}{at}")).collect::<Vec<_>>().join(", ")
        };
        let pairs = (0..unique.expressions.len()).map(|at| format!("u.orgvault_t{at} = s.orgvault_v{at}"));
        let predicate = unique.predicate.as_deref().unwrap_or("true");
        let bare = |letter: char| {
            let place = self.place();
            let placed =
                place.iter().enumerate().map(|(at, name)| format!("{} AS orgvault_{letter}{at}", quoted(name)));
            placed.collect::<Vec<_>>().join(", ")
        };
        let at = |letter: char, alias: &str| {
            all((0..self.place().len()).map(|at| format!("m.orgvault_{letter}{at} = {alias}.orgvault_{letter}{at}")))
        };
        let stays = if self.is_replaced(mode) {
            let is_at = all((0..self.place().len()).map(|at| format!("h.orgvault_l{at} = u.orgvault_l{at}")));
            format!("NOT EXISTS (SELECT 1 FROM {} AS h WHERE {is_at})", self.here())
        } else {
            "true".to_owned()
        };
        let row = self.key_text(&format!("orgvault_stage_{}", self.number));
        format!(
            "(SELECT {}, {row} AS orgvault_k, {} FROM {} WHERE {predicate}) AS s \
             JOIN (SELECT {}, {} FROM {} WHERE {predicate}) AS u ON {} \
             WHERE NOT EXISTS (SELECT 1 FROM {} AS m WHERE {} AND {}) AND {stays}",
            bare('s'),
            selected("v"),
            self.stage(),
            bare('l'),
            selected("t"),
            self.live(),
            all(pairs),
            self.matches(),
            at('s', "s"),
            at('l', "u"),
        )
    }

    /// The rows of the organization that are there, with every column of the target.
    pub(super) fn read_here(&self, condition: &str) -> String {
        let table = quoted(&self.name.name);
        let all: Vec<String> = self.there.columns.iter().map(|column| column.name.clone()).collect();
        format!("SELECT {} FROM {} WHERE ({condition}\n)", columns(&table, &all), self.live())
    }

    /// The rows of the target that have to be the archive's. `by_key` leaves those out that the archive does not have.
    pub(super) fn read_back(&self, by_key: bool) -> String {
        let table = quoted(&self.name.name);
        let condition = self.condition.as_deref().unwrap_or("true");
        let restricted = if by_key {
            format!(
                " AND EXISTS (SELECT 1 FROM {} AS orgvault_s WHERE {})",
                self.stage(),
                self.same_key(&table, "orgvault_s")
            )
        } else {
            String::new()
        };
        format!("SELECT {} FROM {} WHERE ({condition}\n){restricted}", columns(&table, &self.columns), self.live())
    }

    /// The staged rows, as an archive has them.
    pub(super) fn staged_back(&self) -> String {
        format!("SELECT {} FROM {} AS s", columns("s", &self.columns), self.stage())
    }

    /// How many staged rows are in the target with the same values; only rows of the organization count, where the table
    /// is not shared.
    pub(super) fn same_count(&self) -> String {
        let (stage, live, equal) = (self.stage(), self.live(), self.same_values("t", "s"));
        if self.key.is_empty() {
            let numbered = |alias: &str, from: &str| {
                let (names, of) = (columns(alias, &self.columns), values(alias, &self.columns));
                format!(
                    "(SELECT {names}, row_number() OVER (PARTITION BY {of}) AS orgvault_n FROM {from} AS {alias}) AS {alias}"
                )
            };
            let own = self.condition.as_deref().filter(|_| !self.shared).unwrap_or("true");
            let found = numbered("t", &format!("(SELECT * FROM {live} WHERE ({own}\n))"));
            let staged = numbered("s", &stage);
            return format!("SELECT count(*) FROM {staged} JOIN {found} ON s.orgvault_n = t.orgvault_n AND {equal}");
        }
        format!("SELECT count(*) FROM {stage} AS s JOIN {live} AS t ON {} WHERE {equal}", self.same_key("t", "s"))
    }

    /// The key of a staged row that is none of the organization's in the target, and that of one which is and was not
    /// staged.
    pub(super) fn first_alone(&self) -> [String; 2] {
        let (stage, live, table) = (self.stage(), self.live(), quoted(&self.name.name));
        let (staged, found) = (self.key_text("s"), self.key_text(&table));
        let condition = self.condition.as_deref().unwrap_or("true");
        let own = format!("SELECT {found} AS k FROM {live} WHERE ({condition}\n)");
        let staged = format!("SELECT {staged} AS k FROM {stage} AS s");
        [(&staged, &own), (&own, &staged)]
            .map(|(one, other)| format!("SELECT k FROM ({one}\nEXCEPT {other}) ORDER BY 1 LIMIT 1"))
    }

    /// The key of a staged row that the target has with other values, and the first column that differs.
    pub(super) fn first_difference(&self) -> Option<String> {
        let differs = |column: &String| format!("WHEN NOT {} THEN {}", same("s", "t", column), literal(column));
        let differs = self.columns.iter().map(differs).collect::<Vec<_>>().join(" ");
        let sql = || {
            format!(
                "SELECT {}, CASE {differs} END FROM {} AS s JOIN {} AS t ON {} WHERE NOT ({}) ORDER BY 1 LIMIT 1",
                self.key_text("s"),
                self.stage(),
                self.live(),
                self.same_key("t", "s"),
                self.same_values("t", "s")
            )
        };
        (!self.key.is_empty()).then(sql)
    }
}
