//! Schemas of twelve tables by chance, with rows of two tenants: keys in circles, identities, generated columns,
//! partitions, types of one's own, and values whose text is unusual.

use std::{
    fmt::Write as _,
    hash::{BuildHasher as _, RandomState},
};

use crate::dice::Dice;

/// How many tables there are, `t0` to `t11`.
pub const TABLES: usize = 12;
/// What `organization_id` is in the rows of each tenant.
pub const TENANTS: [u64; 2] = [1, 2];
/// The rows of each tenant in each table.
pub const ROWS: u64 = 3;

/// The types and functions that the tables are made of.
const TYPES: &str = r#"
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('it''s', 'B', 'a;');
CREATE DOMAIN filled AS text CHECK (VALUE <> '');
CREATE DOMAIN "E-Mail" AS filled CHECK (VALUE LIKE '%@%');
CREATE TYPE place AS (street text, number integer);
CREATE SEQUENCE numbers START 500 INCREMENT 3;
CREATE FUNCTION twice(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION next_number() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN nextval('public.numbers'); END $$;
"#;

/// Types, and literals of each.
const VALUES: [(&str, &[&str]); 30] = [
    ("integer", &["0", "-2147483648", "7"]),
    ("smallint", &["-1", "32767"]),
    ("numeric", &["'NaN'", "0.10", "12345678901234567890.000"]),
    ("numeric(12,3)", &["1.5", "'NaN'"]),
    ("double precision", &["'NaN'", "'-0'", "'-Infinity'", "0.1", "1e-300"]),
    ("real", &["'-0'", "0.1", "'Infinity'"]),
    ("text", &["''", "' '", r"'\N'", r"'\.'", "E'a\\nb'", "'a,\"b'", "'é\u{202e}'", "'NULL'"]),
    ("varchar(20)", &["'x'", "''"]),
    ("character(5)", &["'ab'", "''"]),
    ("timestamptz", &["'infinity'", "'-infinity'", "'0044-03-15 10:00:00+00 BC'", "'2026-01-01 00:00:00.123456+00'"]),
    ("timestamp(3)", &["'2026-02-03 04:05:06.789'", "'infinity'"]),
    ("date", &["'0044-03-15 BC'", "'infinity'", "'10000-01-01'"]),
    ("interval", &["'1 mon -1 day'", "'-00:00:00.1'"]),
    ("timetz", &["'24:00:00-07'", "'01:02:03.4+00'"]),
    ("jsonb", &["'null'", r#"'{"a": [1.0, null, "\u00e9"]}'"#, "'\"x\"'"]),
    ("json", &[r#"'{"b":1,  "a":2}'"#, "'[]'"]),
    ("bytea", &[r"'\x'", r"'\x00ff5c'"]),
    ("boolean", &["true", "false"]),
    ("mood", &["'it''s'", "'a;'"]),
    ("mood[]", &["'{}'", "'{B,NULL,\"it''s\"}'"]),
    ("filled", &["' '", "'x'"]),
    ("\"E-Mail\"", &["'a@b'"]),
    ("integer[]", &["'{1,NULL,3}'", "'[0:1]={1,2}'", "'{{1},{2}}'"]),
    ("text[]", &["'{}'", "'{\"\",NULL,\"NULL\",\"a b\"}'"]),
    ("hstore", &["''", "'a=>1, \"b c\"=>NULL'"]),
    ("citext", &["'Ab'", "'aB'"]),
    ("inet", &["'10.0.0.1/8'", "'::1'"]),
    ("place", &["'(a,1)'", "'(\"x,y\",)'"]),
    ("int8range", &["'empty'", "'[1,5)'", "'(,3)'"]),
    ("tsvector", &["''", "'''a b'':1A c'"]),
];

/// Does `test` with so many seeds by chance. A test that fails tells its seed: `ORGVAULT_SEED=7` is that seed alone, and
/// `ORGVAULT_SEEDS=200` are more seeds than usual.
pub fn with_seeds(usual: u64, mut test: impl FnMut(u64)) {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seeds = if let Some(seed) = number("ORGVAULT_SEED") {
        seed..=seed
    } else {
        let first = RandomState::new().hash_one(usual) >> 1;
        first..=first + number("ORGVAULT_SEEDS").unwrap_or(usual) - 1
    };
    for seed in seeds {
        let _told_when_it_fails = Told(seed);
        test(seed);
    }
}

/// Tells of a seed when the test of it fails.
struct Told(u64);

impl Drop for Told {
    #[expect(clippy::print_stderr, reason = "whoever reads why a test failed has to see it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it fails with ORGVAULT_SEED={}", self.0);
        }
    }
}

/// A schema and its rows.
#[derive(Debug, Clone)]
pub struct RandomSchema {
    /// The names of the tables, as they stand in statements.
    pub names: Vec<String>,
    /// The statements that make the types and tables, as a superuser: they need `hstore` and `citext`.
    pub tables: String,
    /// The statements that fill them, in any order of keys: a superuser's.
    pub rows: String,
}

/// One table.
struct Table {
    name: String,
    key: Key,
    shape: Shape,
    /// The tables that it names, and whether each row has to.
    links: Vec<(usize, bool)>,
    /// Columns beside the key, by their place in [`VALUES`].
    columns: Vec<usize>,
    is_generated: bool,
    is_partitioned: bool,
}

/// What its primary key is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Always,
    ByDefault,
    Serial,
    Uuid,
    Text,
}

/// How its rows are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// By a primary key.
    One,
    /// By a primary key of two columns, of which the organization is one.
    Two,
    /// By what is unique and no primary key.
    Unique,
    /// By nothing: the same row is there twice.
    Bare,
}

impl Shape {
    const SOME: [Self; 7] = [Self::One, Self::One, Self::One, Self::One, Self::Two, Self::Unique, Self::Bare];

    fn words(self) -> &'static str {
        match self {
            Self::One => ", PRIMARY KEY (id)",
            Self::Two => ", PRIMARY KEY (id, organization_id)",
            Self::Unique => ", UNIQUE (id)",
            Self::Bare => "",
        }
    }
}

impl Key {
    const ALL: [Self; 5] = [Self::Always, Self::ByDefault, Self::Serial, Self::Uuid, Self::Text];

    fn kind(self) -> &'static str {
        match self {
            Self::Always | Self::ByDefault | Self::Serial => "bigint",
            Self::Uuid => "uuid",
            Self::Text => "varchar(40)",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Always => "bigint GENERATED ALWAYS AS IDENTITY",
            Self::ByDefault => "bigint GENERATED BY DEFAULT AS IDENTITY (START 100 INCREMENT 7)",
            Self::Serial => "bigserial",
            Self::Uuid => "uuid DEFAULT gen_random_uuid()",
            Self::Text => "varchar(40)",
        }
    }

    /// The key of a tenant's row.
    fn value(self, tenant: u64, row: u64) -> String {
        let number = tenant * 10 + row;
        match self {
            Self::Always | Self::ByDefault | Self::Serial => number.to_string(),
            Self::Uuid => format!("'00000000-0000-4000-8000-0000000000{number}'"),
            // Their order is another one in most locales than by bytes.
            Self::Text => {
                format!(
                    "'{}{tenant}'",
                    if row == 0 {
                        "a"
                    } else if row == 1 {
                        "BB"
                    } else {
                        "aaa"
                    }
                )
            }
        }
    }
}

impl RandomSchema {
    /// The schema of a seed; any but 0.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut tables: Vec<Table> = (0..TABLES).map(|number| table(&mut dice, number)).collect();
        let bare: Vec<bool> = tables.iter().map(|table| table.shape == Shape::Bare).collect();
        for table in &mut tables {
            table.links.retain(|(target, _)| !bare[*target]);
        }
        let mut words = TYPES.to_owned();
        for table in &tables {
            table.create(&tables, &mut words);
        }
        for table in &tables {
            table.link(&tables, &mut words);
        }
        // Rows of circles of keys go in one by one.
        let mut rows = "SET session_replication_role = replica;\n".to_owned();
        for tenant in TENANTS {
            for table in &tables {
                table.fill(&tables, tenant, &mut dice, &mut rows);
            }
        }
        rows.push_str("SET session_replication_role = origin;\n");
        Self { names: tables.into_iter().map(|table| table.name).collect(), tables: words, rows }
    }
}

fn below(dice: &mut Dice, count: usize) -> usize {
    usize::try_from(dice.next(count as u64)).unwrap()
}

fn table(dice: &mut Dice, number: usize) -> Table {
    let links = (0..dice.next(4)).map(|_| (below(dice, TABLES), dice.next(2) == 0)).collect();
    let columns = (0..2 + dice.next(5)).map(|_| below(dice, VALUES.len())).collect();
    let key = Key::ALL[below(dice, Key::ALL.len())];
    Table {
        name: if dice.next(4) == 0 && number > 0 { format!("\"T.{number} \"\"x\"") } else { format!("t{number}") },
        key,
        // The first one has a key in each schema.
        shape: if number == 0 { Shape::One } else { Shape::SOME[below(dice, Shape::SOME.len())] },
        links,
        columns,
        is_generated: dice.next(2) == 0,
        // Before PostgreSQL 17 no partitioned table has an identity.
        is_partitioned: dice.next(4) == 0 && !matches!(key, Key::Always | Key::ByDefault),
    }
}

impl Table {
    fn create(&self, tables: &[Self], words: &mut String) {
        let mut columns = vec![
            format!("id {} NOT NULL", self.key.words()),
            "organization_id integer NOT NULL".to_owned(),
            "number bigint DEFAULT next_number()".to_owned(),
        ];
        for (place, (target, is_needed)) in self.links.iter().enumerate() {
            let not_null = if *is_needed { " NOT NULL" } else { "" };
            columns.push(format!("\"Link {place}\" {}{not_null}", tables[*target].key.kind()));
        }
        columns.extend(self.columns.iter().enumerate().map(|(place, of)| format!("c{place} {}", VALUES[*of].0)));
        if self.is_generated {
            columns.push("doubled bigint GENERATED ALWAYS AS (twice(organization_id)) STORED".to_owned());
        }
        columns.push("CHECK (organization_id > 0)".to_owned());
        let key = self.shape.words();
        let partition = if self.is_partitioned { " PARTITION BY HASH (id)" } else { "" };
        writeln!(words, "CREATE TABLE {} ({}{key}){partition};", self.name, columns.join(", ")).unwrap();
        if self.is_partitioned {
            self.partitions(words);
        }
        writeln!(words, "CREATE INDEX ON {} (organization_id, id);", self.name).unwrap();
    }

    fn partitions(&self, words: &mut String) {
        let own = self.name.trim_matches('"');
        let partition = |number: u32| format!("\"part {number} of {own}\"");
        let of = |parent: &str, number: u32, rest: &str| {
            format!(
                "CREATE TABLE {} PARTITION OF {parent} FOR VALUES WITH (MODULUS 2, REMAINDER {rest};\n",
                partition(number)
            )
        };
        words.push_str(&of(&self.name, 0, "0)"));
        words.push_str(&of(&self.name, 1, "1) PARTITION BY HASH (id)"));
        words.push_str(&of(&partition(1), 2, "0)"));
        words.push_str(&of(&partition(1), 3, "1)"));
    }

    fn link(&self, tables: &[Self], words: &mut String) {
        for (place, (target, _)) in self.links.iter().enumerate() {
            let Self { name: target, shape, .. } = &tables[*target];
            let (own, theirs) = match shape {
                Shape::Two => ("organization_id, ", "organization_id, id"),
                _ => ("", "id"),
            };
            let action = ["", " ON DELETE CASCADE", " DEFERRABLE INITIALLY DEFERRED"][place % 3];
            let name = &self.name;
            writeln!(
                words,
                "ALTER TABLE {name} ADD FOREIGN KEY ({own}\"Link {place}\") REFERENCES {target} ({theirs}){action};"
            )
            .unwrap();
        }
    }

    /// How often each row is there.
    fn times(&self) -> u32 {
        if self.shape == Shape::Bare { 2 } else { 1 }
    }

    fn fill(&self, tables: &[Self], tenant: u64, dice: &mut Dice, rows: &mut String) {
        for row in 0..ROWS {
            let mut names = vec!["id".to_owned(), "organization_id".to_owned()];
            let mut values = vec![self.key.value(tenant, row), tenant.to_string()];
            if self.times() > 1 {
                names.push("number".to_owned());
                values.push(row.to_string());
            }
            for (place, (target, is_needed)) in self.links.iter().enumerate() {
                let key = tables[*target].key.value(tenant, dice.next(ROWS));
                names.push(format!("\"Link {place}\""));
                values.push(if *is_needed || dice.next(3) > 0 { key } else { "NULL".to_owned() });
            }
            for (place, of) in self.columns.iter().enumerate() {
                let literals = VALUES[*of].1;
                let literal = literals.get(below(dice, literals.len() + 1));
                names.push(format!("c{place}"));
                values.push((*literal.unwrap_or(&"NULL")).to_owned());
            }
            let (name, names, values) = (&self.name, names.join(", "), values.join(", "));
            for _ in 0..self.times() {
                writeln!(rows, "INSERT INTO {name} ({names}) OVERRIDING SYSTEM VALUE VALUES ({values});").unwrap();
            }
        }
    }
}
