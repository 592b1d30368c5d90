//! Rows of two tenants for any tables. What a row is called says whose it is, so that a row of the one can be known
//! among those of the other.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::postgres::Database;

/// How many rows each tenant has in each table.
pub const ROWS: usize = 3;

/// Whose a row is; 0 is nobody's alone.
pub type Tenant = usize;

/// What the database knows of its tables, a line for each column: table, column, type, the most characters, whether it
/// is set always, the kind of type, whether it alone is unique, whether it is in a key, and the table it links to.
const COLUMNS: &str = "
SELECT concat_ws(E'\\x1f', c.relname, a.attname, format_type(a.atttypid, NULL),
  CASE WHEN a.atttypmod > 4 AND t.typname IN ('varchar', 'bpchar') THEN a.atttypmod - 4 ELSE 0 END, a.attnotnull, t.typtype,
  EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indkey::text = a.attnum::text),
  EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)),
  (SELECT f.relname FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid
   WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum] LIMIT 1))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
ORDER BY c.relname, a.attnum";

struct Column {
    name: String,
    kind: String,
    most: usize,
    is_set: bool,
    is_enum: bool,
    unique: Unique,
    links: Vec<Link>,
}

/// Whether a value may be there twice.
#[derive(PartialEq, Eq)]
enum Unique {
    Not,
    Alone,
    WithOthers,
}

struct Link {
    table: String,
    /// The column that says which table is meant, and what it says.
    when: Option<(String, String)>,
}

type Tables = BTreeMap<String, Vec<Column>>;

/// Whose row a uuid or a number of the filler names; none for anything else.
pub fn tenant_of(text: &str) -> Option<Tenant> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    if let [table, "0000", "4000", tenant, row] = parts[..] {
        let is_ours = table.len() == 8 && row.len() == 12 && digits(table);
        return tenant.get(1..).filter(|_| is_ours)?.parse().ok();
    }
    let number: u64 = text.parse().ok().filter(|number| (1_000_000..1_000_000_000).contains(number))?;
    usize::try_from(number / 1000 % 1000).ok()
}

/// Fills every table.
pub(super) fn fill(database: &Database, links: &str) {
    let (tables, Said { tenant: top, shared }) = read(database, links);
    let mut sql = "SET session_replication_role = replica;\n".to_owned();
    for (table, columns) in &tables {
        let of_each = if table == top { 1 } else { ROWS };
        let of_table: Vec<(Tenant, usize)> = if shared.contains(&table.as_str()) {
            (0..=2 * ROWS).map(|row| (0, row)).collect()
        } else {
            [1, 2].into_iter().flat_map(|tenant| (0..of_each).map(move |row| (tenant, row))).collect()
        };
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        let rows: Vec<String> = of_table
            .into_iter()
            .map(|(tenant, row)| {
                let filler = Filler { tables: &tables, top, shared: &shared, table, tenant, row };
                let values: Vec<String> = columns.iter().map(|column| filler.value(column)).collect();
                format!("({})", values.join(", "))
            })
            .collect();
        let names = names.join(", ");
        writeln!(sql, "INSERT INTO {} ({names}) VALUES\n{};", quoted(table), rows.join(",\n")).unwrap();
    }
    database.psql(&sql);
}

/// What the lines say beside links.
struct Said<'l> {
    /// The table of tenants.
    tenant: &'l str,
    /// Tables whose rows belong to no single tenant.
    shared: Vec<&'l str>,
}

fn read<'l>(database: &Database, links: &'l str) -> (Tables, Said<'l>) {
    let mut tables = Tables::new();
    for line in database.psql(COLUMNS).lines() {
        let mut parts = line.split('\u{1f}');
        let mut next = || parts.next().unwrap_or_default().to_owned();
        let (table, name, kind, most) = (next(), next(), next(), next().parse().unwrap());
        let (is_set, is_enum) = (next() == "t", next() == "e");
        let unique = match (next() == "t", next() == "t") {
            (true, _) => Unique::Alone,
            (false, true) => Unique::WithOthers,
            (false, false) => Unique::Not,
        };
        let linked = next();
        let links = if linked.is_empty() { Vec::new() } else { vec![Link { table: linked, when: None }] };
        let column = Column { name, kind, most, is_set, is_enum, unique, links };
        tables.entry(table).or_default().push(column);
    }
    let mut said = Said { tenant: "", shared: Vec::new() };
    for line in links.lines() {
        if let Some(table) = line.strip_prefix("tenant ") {
            said.tenant = table;
            continue;
        }
        if let Some(table) = line.strip_prefix("shared ") {
            said.shared.push(table);
            continue;
        }
        let (from, to) = line.split_once(" -> ").unwrap();
        let (to, when) = to.split_once(" when ").map_or((to, None), |(to, when)| (to, when.split_once(" = ")));
        let (table, column) = from.split_once('.').unwrap();
        let column = tables.get_mut(table).unwrap().iter_mut().find(|found| found.name == column).unwrap();
        let table = to.split_once('.').unwrap().0.to_owned();
        column.links.push(Link { table, when: when.map(|(column, value)| (column.to_owned(), value.to_owned())) });
    }
    (tables, said)
}

/// Makes one row.
struct Filler<'t> {
    tables: &'t Tables,
    top: &'t str,
    shared: &'t [&'t str],
    table: &'t str,
    tenant: Tenant,
    row: usize,
}

impl Filler<'_> {
    fn value(&self, column: &Column) -> String {
        if let Some(said) = self.said(&column.name) {
            return literal(&said);
        }
        if let Some(link) = column.links.get(self.row % column.links.len().max(1)) {
            return self.link(column, link);
        }
        if column.name == "id" {
            return literal(&self.key(self.table, self.tenant, self.row, &column.kind));
        }
        if !column.is_set && self.row + 1 == ROWS && column.unique == Unique::Not {
            return "NULL".to_owned();
        }
        self.plain(column)
    }

    /// What a column says of the link beside it.
    fn said(&self, name: &str) -> Option<String> {
        let columns = &self.tables[self.table];
        let link = columns.iter().find_map(|column| {
            let link = column.links.get(self.row % column.links.len().max(1))?;
            link.when.as_ref().filter(|(of, _)| of == name)
        });
        link.map(|(_, value)| value.clone())
    }

    fn link(&self, column: &Column, link: &Link) -> String {
        let is_shared = self.shared.contains(&link.table.as_str());
        let (tenant, row) = match (is_shared, link.table == self.table) {
            (true, _) if self.tenant == 0 => (0, self.row),
            // One person is in both tenants.
            (true, _) if self.row + 1 == ROWS && column.unique != Unique::Alone => (0, 2 * ROWS),
            (true, _) => (0, (self.tenant - 1) * ROWS + self.row),
            // The first row is the root of a tree.
            (false, true) if self.row == 0 && !column.is_set => return "NULL".to_owned(),
            (false, true) => (self.tenant, self.row.saturating_sub(1)),
            (false, false) if self.tenant == 0 => (1, 0),
            (false, false) if link.table == self.top => (self.tenant, 0),
            (false, false) => (self.tenant, self.row),
        };
        literal(&self.key(&link.table, tenant, row, &column.kind))
    }

    /// What a row is called: its table, its tenant and its number.
    fn key(&self, table: &str, tenant: Tenant, row: usize, kind: &str) -> String {
        let table = self.tables.keys().position(|name| name == table).unwrap() + 1;
        match kind {
            "uuid" => format!("{table:08}-0000-4000-8{tenant:03}-{row:012}"),
            "smallint" => format!("{}", tenant * 10 + row),
            _ => format!("{}", table * 1_000_000 + tenant * 1000 + row),
        }
    }

    fn plain(&self, column: &Column) -> String {
        let (tenant, row) = (self.tenant, self.row);
        let place = self.tables[self.table].iter().position(|found| found.name == column.name).unwrap();
        match column.kind.as_str() {
            kind if column.is_enum => format!("(enum_range(NULL::{kind}))[1]"),
            kind if kind.ends_with("[]") => literal(if kind == "text[]" { "{\"a b\",\"c,d\"}" } else { "{}" }),
            "uuid" => literal(&format!("{:08}-0000-4000-9{tenant:03}-{place:04}{row:08}", 0)),
            "boolean" => (row % 2 == 1).to_string(),
            "smallint" | "integer" | "bigint" => (tenant * 10 + row).to_string(),
            "numeric" | "double precision" | "real" => format!("{}.5", tenant * 10 + row),
            "json" | "jsonb" => literal(&format!("{{\"of\": [{tenant}, {row}]}}")),
            "bytea" => literal(&format!("\\x00{tenant:02}{row:02}ff")),
            "inet" => literal(&format!("10.0.{tenant}.{row}")),
            "date" => literal(&format!("2026-01-0{}", row + 1)),
            "timestamp with time zone" | "timestamp without time zone" => {
                literal(&format!("2026-01-0{} 0{row}:00:00.123456Z", tenant + 1))
            }
            "tsvector" => literal("some words"),
            _ => {
                let text = format!("{} {tenant}{row}", column.name);
                let fits = column.most == 0 || text.len() <= column.most;
                literal(&if fits {
                    text
                } else {
                    format!("{tenant}{row:02}").split_off(3_usize.saturating_sub(column.most))
                })
            }
        }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_the_row_is() {
        assert_eq!(tenant_of("00000007-0000-4000-8002-000000000001"), Some(2));
        assert_eq!(tenant_of("12001002"), Some(1));
        for neither in ["", "7", "2026-01-02", "deadbeef-0000-4000-8002-000000000001", "name 12"] {
            assert_eq!(tenant_of(neither), None, "{neither}");
        }
    }
}
