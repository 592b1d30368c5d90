//! An archive in memory, made of a real database, and restores of it.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read},
    str::FromStr as _,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::TryStreamExt as _;
use orgvault_api::RestoreMode;
use orgvault_archive::full::schema::{Column, QualifiedName, Schema, Table};
use orgvault_daemon::restore::{ArchivedRows, ArchivedTable, Restore, Target, Tenant, TenantTable};
use orgvault_testing::postgres::Database;
use sha2::{Digest as _, Sha256};
use sqlx::{ConnectOptions as _, PgConnection, Row as _, postgres::PgConnectOptions};

pub(super) const APP: &str = include_str!("app.sql");
pub(super) const ROWS: &str = include_str!("rows.sql");

/// Each table, which of its rows are the organization's, and whether it is shared.
pub(super) const TABLES: [(&str, &str, bool); 7] = [
    ("orgs", "id = $1", false),
    ("users", "id IN (SELECT user_id FROM members WHERE org_id = $1)", true),
    ("members", "org_id = $1", false),
    ("projects", "org_id = $1", false),
    ("tasks", "project_id IN (SELECT p.id FROM projects p WHERE p.org_id = $1)", false),
    ("events", "org_id = $1", false),
    ("lines", "org_id = $1", false),
];

pub(super) fn named(name: &str) -> QualifiedName {
    QualifiedName { schema: "public".to_owned(), name: name.to_owned() }
}

/// A database with the app's tables, which its plain role owns.
pub(super) fn app(database: Database) -> Database {
    database.psql("CREATE EXTENSION hstore");
    database.psql(&format!("GRANT ALL ON SCHEMA public TO {0}; SET ROLE {0}; {APP}", database.role()));
    database
}

/// The same with both organizations.
pub(super) fn filled(database: Database) -> Database {
    let database = app(database);
    database.psql(ROWS);
    database
}

/// The same with the second organization alone, and some sequences where the app left them.
pub(super) fn without_acme(database: Database) -> Database {
    let database = filled(database);
    database.psql(
        "DELETE FROM lines WHERE org_id = 41; DELETE FROM events WHERE org_id = 41;
         WITH p AS (DELETE FROM projects WHERE org_id = 41) DELETE FROM tasks WHERE project_id IN (9, 12);
         DELETE FROM members WHERE org_id = 41; DELETE FROM orgs WHERE id = 41;
         DELETE FROM users WHERE email LIKE 'Ada%'",
    );
    database
}

/// Called with a table's name whenever bytes of it are read.
pub(super) type Hook = Box<dyn Fn(&str) + Send + Sync>;

/// The rows of one organization.
pub(super) struct Archive {
    pub(super) schema: Schema,
    pub(super) tables: Vec<ArchivedTable>,
    pub(super) csv: BTreeMap<QualifiedName, Vec<u8>>,
    pub(super) sha256: String,
    pub(super) hook: Option<Arc<Hook>>,
}

impl ArchivedRows for Archive {
    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn tables(&self) -> &[ArchivedTable] {
        &self.tables
    }

    fn csv(&self, table: &ArchivedTable) -> io::Result<Box<dyn Read + Send>> {
        if let Some(hook) = &self.hook {
            hook(&table.name.name);
        }
        Ok(Box::new(Cursor::new(self.csv[&table.name].clone())))
    }
}

impl Archive {
    /// The organization's rows of a database.
    pub(super) async fn of(database: &Database, id: &str) -> Self {
        Self::of_tables(database, &TABLES, id).await
    }

    /// The same of an app with these tables.
    pub(super) async fn of_tables(database: &Database, tables: &[(&str, &str, bool)], id: &str) -> Self {
        let mut connection = connect(&database.admin_url()).await;
        let settings = "SET TimeZone TO 'UTC'; SET IntervalStyle TO postgres; SET extra_float_digits TO 1";
        sqlx::raw_sql(settings).execute(&mut connection).await.unwrap();
        let mut archive = Self {
            schema: Schema::default(),
            tables: Vec::new(),
            csv: BTreeMap::new(),
            sha256: String::new(),
            hook: None,
        };
        for &(name, condition, _) in tables {
            let columns = columns(&mut connection, name).await;
            let quoted = |column: &Column| format!("\"{}\"", column.name.replace('"', "\"\""));
            let list = columns.iter().map(quoted).collect::<Vec<_>>().join(",");
            let condition = condition.replace("$1", &format!("'{id}'"));
            let copy = format!("COPY (SELECT {list} FROM {name} WHERE {condition}) TO STDOUT (FORMAT csv, NULL '\\N')");
            let mut csv = list.replace("\"id\"", "id").into_bytes();
            csv.push(b'\n');
            let mut rows = 0;
            let mut stream = connection.copy_out_raw(&copy).await.unwrap();
            while let Some(row) = stream.try_next().await.unwrap() {
                csv.extend_from_slice(&row);
                rows += 1;
            }
            drop(stream);
            if rows > 0 {
                archive.tables.push(ArchivedTable { name: named(name), named: false, rows });
                archive.csv.insert(named(name), csv);
            }
            archive.schema.tables.push(Table { name: named(name), columns, ..Table::default() });
        }
        archive.seal();
        archive
    }

    /// Gives it its hash.
    pub(super) fn seal(&mut self) {
        let all = self.csv.values().flatten().copied().collect::<Vec<u8>>();
        self.sha256 = Sha256::digest(&all).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    }

    /// With some text of one table exchanged.
    pub(super) fn with(mut self, table: &str, old: &str, new: &str) -> Self {
        let csv = self.csv.get_mut(&named(table)).unwrap();
        let text = String::from_utf8(csv.clone()).unwrap();
        assert!(text.contains(old), "{text}");
        *csv = text.replace(old, new).into_bytes();
        self.seal();
        self
    }
}

async fn connect(url: &str) -> PgConnection {
    PgConnectOptions::from_str(url).unwrap().extra_float_digits(None).connect().await.unwrap()
}

async fn columns(connection: &mut PgConnection, table: &str) -> Vec<Column> {
    let sql = "SELECT attname::text, format_type(atttypid, atttypmod), NOT attnotnull, attgenerated <> ''
               FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    let path = "SET search_path TO pg_catalog";
    sqlx::raw_sql(path).execute(&mut *connection).await.unwrap();
    let rows = sqlx::query(sql).bind(format!("public.{table}")).fetch_all(&mut *connection).await;
    sqlx::raw_sql("RESET search_path").execute(&mut *connection).await.unwrap();
    let column = |row: &sqlx::postgres::PgRow| Column {
        name: row.get(0),
        kind: row.get(1),
        nullable: row.get(2),
        generated: row.get::<bool, _>(3).then(String::new),
        ..Column::default()
    };
    rows.unwrap().iter().map(column).collect()
}

pub(super) fn tenant(id: &str) -> Tenant {
    let table = |(name, condition, shared): (&str, &str, bool)| {
        (named(name), TenantTable { condition: Some(condition.to_owned()), shared })
    };
    Tenant { id: id.to_owned(), tables: TABLES.into_iter().map(table).collect(), references: Vec::new() }
}

/// A restore of organization 41 as the role that owns the tables.
pub(super) fn restore(target: &Database, archive: &Arc<Archive>, mode: RestoreMode) -> Restore {
    let mut at = Target::new("test", PgConnectOptions::from_str(&target.url()).unwrap());
    at.lock_timeout = Duration::from_secs(5);
    Restore { target: at, rows: Arc::<Archive>::clone(archive), tenant: tenant("41"), mode, renewal: None }
}

/// A hash of every row of every table of the app, and of the partitions and what else is there.
pub(super) fn fingerprint(database: &Database) -> String {
    let tables = "SELECT string_agg(format('SELECT %L, md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %s t',
                  oid::regclass, oid::regclass), ' UNION ALL ' ORDER BY relname)
                  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    let sql = database.psql(tables);
    database.psql(&sql)
}

/// The rows of the other organization.
pub(super) fn bolt(database: &Database) -> String {
    let rows = |(table, condition, _): (&str, &str, bool)| {
        let condition = condition.replace("$1", "7");
        format!("SELECT '{table}', md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {table} t WHERE {condition}")
    };
    database.psql(&TABLES.map(rows).join(" UNION ALL "))
}

/// Waits until the server is back and no restore is at work on it.
pub(crate) fn settled(database: &Database) {
    until("the restore is gone", || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orgvault'";
        let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| database.psql(sql)));
        asked.is_ok_and(|count| count == "0")
    });
}

pub(super) fn until(what: &str, mut is: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !is() {
        assert!(Instant::now() < limit, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
