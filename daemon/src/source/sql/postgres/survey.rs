//! A PostgreSQL database as a whole: its catalog in four queries, and its rows table by table.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, PgConnection, Row,
    postgres::{PgConnectOptions, PgRow},
};
use tokio_util::task::TaskTracker;

use super::{
    identifier,
    session::{Server, Session, Transaction},
};
use crate::{
    source::{
        error::{SourceError, SourceFault},
        sql::question::Writer,
        survey::{Answer, Answers, Ask, ColumnFacts, Facts, ForeignKey, Kind, Question, Surveyor, TableFacts},
    },
    sql::Dialect,
};

const CATALOG: &str = "read the catalog";
const ROWS: &str = "ask the rows";

/// For a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For all that is asked of one table's rows at once: what takes longer stays unknown.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where names are looked up, who asks, and what the database is called.
const SELF: &str = "SELECT pg_catalog.current_setting('search_path') AS path, current_user::text AS role, \
                    pg_catalog.current_database()::text AS database";

/// Ordinary, partitioned and foreign tables of the schemas `$1`, without partitions and without those
/// that belong to an extension.
const TABLES: &str = "
SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usable
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::name[]) AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY pg_catalog.array_position($1::text[], n.nspname::text), c.relname";

/// The columns of the tables `$1`, with the type that a domain is made of.
const COLUMNS: &str = "
WITH RECURSIVE base(oid, root) AS (
  SELECT t.oid, t.oid FROM pg_catalog.pg_type t WHERE t.typtype <> 'd'
  UNION ALL
  SELECT t.oid, b.root FROM pg_catalog.pg_type t JOIN base b ON t.typbasetype = b.oid WHERE t.typtype = 'd')
SELECT a.attrelid::int8 AS oid, a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
  r.typname::text AS root, r.typtype::text AS sort, r.typnamespace = 'pg_catalog'::regnamespace AS own,
  NOT a.attnotnull AS nullable, a.attgenerated <> '' AS generated,
  pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS readable
FROM pg_catalog.pg_attribute a JOIN base b ON b.oid = a.atttypid JOIN pg_catalog.pg_type r ON r.oid = b.root
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum";

/// The unique keys of the tables `$1` that are made of columns alone.
const KEYS: &str = "
SELECT i.indrelid::int8 AS oid, i.indisprimary AS is_primary, ARRAY(
  SELECT a.attname::text FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(number, place)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
  WHERE k.place <= i.indnkeyatts ORDER BY k.place) AS columns
FROM pg_catalog.pg_index i
WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique AND i.indisvalid AND i.indexprs IS NULL
ORDER BY i.indrelid, i.indexrelid";

/// The foreign keys of the tables `$1`.
const LINKS: &str = "
SELECT c.conrelid::int8 AS oid, c.confrelid::int8 AS target, ARRAY(
  SELECT a.attname::text FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY AS k(number, place)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY k.place) AS columns,
  ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY AS k(number, place)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number ORDER BY k.place) AS keys
FROM pg_catalog.pg_constraint c
WHERE c.contype = 'f' AND c.conparentid = 0 AND c.conrelid = ANY ($1::oid[])
ORDER BY c.conrelid, c.conkey, c.oid";

/// The types of PostgreSQL's own that have no order.
const UNORDERED: [&str; 12] =
    ["json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle", "xid", "cid", "txid_snapshot"];

/// One read-only transaction on the database.
pub(super) struct Survey {
    session: Session,
}

/// The tables by what the catalog calls them.
struct Places {
    oids: Vec<i64>,
    by_oid: HashMap<i64, usize>,
}

impl Survey {
    /// Connects and begins to read.
    ///
    /// # Errors
    /// When it cannot connect.
    pub(super) async fn open(name: &Arc<str>, options: PgConnectOptions) -> Result<Self, SourceError> {
        let server = Server {
            name: Arc::clone(name),
            options,
            connect_timeout: CONNECT_TIMEOUT,
            statement_timeout: STATEMENT_TIMEOUT,
            first_row_timeout: Duration::ZERO,
            stall_timeout: STATEMENT_TIMEOUT,
            setting: String::new(),
            tracker: TaskTracker::new(),
        };
        let mut session = Session::connect(&Arc::new(server)).await?;
        session.begin(Transaction::Snapshot).await?;
        Ok(Self { session })
    }

    async fn rows(&mut self, sql: &'static str, oids: &[i64]) -> Result<Vec<PgRow>, SourceError> {
        let query = sqlx::query(sql).bind(oids);
        self.session.run(CATALOG, |connection: &mut PgConnection| query.fetch_all(connection)).await
    }

    fn odd(&self, error: &sqlx::Error) -> SourceError {
        SourceError::from_sqlx(&self.session.server.name, CATALOG, error)
    }

    async fn tables(&mut self, schemas: &[String]) -> Result<(Vec<TableFacts>, Places), SourceError> {
        let query = sqlx::query(TABLES).bind(schemas);
        let rows = self.session.run(CATALOG, |connection: &mut PgConnection| query.fetch_all(connection)).await?;
        let read = |row: &PgRow| -> Result<_, sqlx::Error> {
            let (schema, name): (String, String) = (row.try_get("schema")?, row.try_get("name")?);
            let is_readable = row.try_get("usable")?;
            Ok((row.try_get("oid")?, TableFacts { schema: Some(schema), name, is_readable, ..TableFacts::default() }))
        };
        let rows: Result<Vec<(i64, TableFacts)>, _> = rows.iter().map(read).collect();
        let (oids, tables): (Vec<i64>, Vec<TableFacts>) = rows.map_err(|error| self.odd(&error))?.into_iter().unzip();
        let by_oid = oids.iter().enumerate().map(|(place, oid)| (*oid, place)).collect();
        Ok((tables, Places { oids, by_oid }))
    }

    /// Gives what `read` makes of each row of a query to the table that it is of.
    async fn fill(
        &mut self,
        sql: &'static str,
        places: &Places,
        tables: &mut [TableFacts],
        read: impl Fn(&PgRow, &mut TableFacts) -> Result<(), sqlx::Error>,
    ) -> Result<(), SourceError> {
        for row in self.rows(sql, &places.oids).await? {
            let oid: i64 = row.try_get("oid").map_err(|error| self.odd(&error))?;
            if let Some(table) = places.by_oid.get(&oid).and_then(|place| tables.get_mut(*place)) {
                read(&row, table).map_err(|error| self.odd(&error))?;
            }
        }
        Ok(())
    }

    /// Runs one statement so that its refusal leaves the transaction usable.
    async fn ask(&mut self, sql: String) -> Result<Result<Vec<PgRow>, Refused>, SourceError> {
        self.session.command(ROWS, "SAVEPOINT ask").await?;
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        let answered = self.session.run(ROWS, |connection: &mut PgConnection| query.fetch_all(connection)).await;
        let failed = match answered {
            Ok(rows) => {
                self.session.command(ROWS, "RELEASE SAVEPOINT ask").await?;
                return Ok(Ok(rows));
            }
            Err(error) => error,
        };
        if matches!(failed.kind(), Some(SourceFault::Lost | SourceFault::Unreachable | SourceFault::Stalled)) {
            return Err(failed);
        }
        self.session.command(ROWS, "ROLLBACK TO SAVEPOINT ask").await?;
        Ok(Err(Refused { is_slow: failed.kind() == Some(SourceFault::Timeout), words: words(&failed) }))
    }

    /// Asks all numbers of one table at once, and one by one where that is refused.
    async fn numbers(&mut self, facts: &Facts, table: usize, asked: &[&Ask]) -> Result<Vec<Answer>, SourceError> {
        let writer = Writer { facts, dialect: Dialect::POSTGRES };
        let Some(sql) = writer.numbers(table, asked) else { return Ok(Vec::new()) };
        let why = match self.ask(sql).await? {
            Ok(rows) => {
                let number = |place| rows.first()?.try_get::<i64, _>(place).ok()?.try_into().ok();
                let answer = |place| number(place).map_or(Answer::Unknown(String::new()), Answer::Count);
                return Ok((0..asked.len()).map(answer).collect());
            }
            Err(why) => why,
        };
        if asked.len() == 1 {
            return Ok(vec![Answer::Unknown(why.words)]);
        }
        let mut answers = Vec::with_capacity(asked.len());
        for one in asked {
            // A comparison decides nothing: a big table is not read again for each.
            if why.is_slow && matches!(one, Ask::Differ(..)) {
                answers.push(Answer::Unknown(why.words.clone()));
                continue;
            }
            answers.extend(Box::pin(self.numbers(facts, table, &[*one])).await?);
        }
        Ok(answers)
    }

    async fn values(&mut self, facts: &Facts, question: &Question) -> Result<Answer, SourceError> {
        let Some(sql) = (Writer { facts, dialect: Dialect::POSTGRES }).values(question) else {
            return Ok(Answer::Unknown(String::new()));
        };
        Ok(match self.ask(sql).await? {
            Ok(rows) => {
                let mut values: Vec<String> = rows.iter().filter_map(|row| row.try_get("v").ok()).collect();
                values.sort();
                Answer::Values(values)
            }
            Err(why) => Answer::Unknown(why.words),
        })
    }
}

/// Why a statement has no answer.
struct Refused {
    /// It took too long.
    is_slow: bool,
    words: String,
}

#[async_trait]
impl Surveyor for Survey {
    async fn facts(&mut self, schema: Option<&str>) -> Result<Facts, SourceError> {
        let row = self.session.text(CATALOG, SELF.to_owned()).await?;
        let text = |column: &str| {
            row.first().and_then(|row| row.try_get_unchecked::<String, _>(column).ok()).unwrap_or_default()
        };
        let role = text("role");
        let path = identifier::search_path(&text("path"), &role);
        let mut schemas = path.clone();
        schemas.extend(schema.map(str::to_owned).filter(|schema| !path.contains(schema)));
        let (mut tables, places) = self.tables(&schemas).await?;
        self.fill(COLUMNS, &places, &mut tables, column).await?;
        self.fill(KEYS, &places, &mut tables, key).await?;
        self.fill(LINKS, &places, &mut tables, |row, table| link(row, table, &places)).await?;
        shorten(&mut tables, &path);
        let server = format!("PostgreSQL {}", self.session.backend.version);
        Ok(Facts { database: text("database"), server, tables, role })
    }

    async fn answers(&mut self, facts: &Facts, questions: &[Question]) -> Result<Answers, SourceError> {
        let mut answers = Answers::new();
        let mut numbers: HashMap<usize, Vec<&Ask>> = HashMap::new();
        for question in questions {
            if question.ask.is_of_values() {
                answers.insert(question.clone(), self.values(facts, question).await?);
            } else {
                numbers.entry(question.table).or_default().push(&question.ask);
            }
        }
        for (table, asked) in numbers {
            let found = self.numbers(facts, table, &asked).await?;
            let question = |ask: &&Ask| Question { table, ask: (*ask).clone() };
            answers.extend(asked.iter().map(question).zip(found));
        }
        Ok(answers)
    }

    async fn finish(mut self: Box<Self>) -> Result<(), SourceError> {
        self.session.end().await.map(drop)
    }
}

/// The server's own words of a refusal.
fn words(error: &SourceError) -> String {
    match error {
        SourceError::SourceFault { words, .. } => words.clone(),
        other => other.to_string(),
    }
}

fn column(row: &PgRow, table: &mut TableFacts) -> Result<(), sqlx::Error> {
    let (root, sort): (String, String) = (row.try_get("root")?, row.try_get("sort")?);
    let is_own: bool = row.try_get("own")?;
    let element = root.trim_start_matches('_');
    let is_orderable = match sort.as_str() {
        "b" => is_own && !UNORDERED.contains(&element),
        other => other != "c",
    };
    let kind = match root.as_str() {
        "uuid" => Kind::Uuid,
        "int2" | "int4" | "int8" => Kind::Integer,
        "text" | "varchar" | "bpchar" | "citext" | "name" => Kind::Text,
        "json" | "jsonb" => Kind::Json,
        "tsvector" => Kind::Search,
        _ => Kind::Other,
    };
    table.is_readable &= row.try_get::<bool, _>("readable")?;
    table.columns.push(ColumnFacts {
        name: row.try_get("name")?,
        type_name: row.try_get("type")?,
        kind,
        is_nullable: row.try_get("nullable")?,
        is_generated: row.try_get("generated")?,
        is_orderable: is_orderable || root == "citext",
    });
    Ok(())
}

fn key(row: &PgRow, table: &mut TableFacts) -> Result<(), sqlx::Error> {
    let columns: Vec<String> = row.try_get("columns")?;
    if row.try_get("is_primary")? {
        table.primary_key.clone_from(&columns);
    }
    table.unique.push(columns);
    Ok(())
}

fn link(row: &PgRow, table: &mut TableFacts, places: &Places) -> Result<(), sqlx::Error> {
    let target: i64 = row.try_get("target")?;
    if let Some(target) = places.by_oid.get(&target) {
        let (columns, keys) = (row.try_get("columns")?, row.try_get("keys")?);
        table.foreign_keys.push(ForeignKey { columns, table: *target, keys });
    }
    Ok(())
}

/// Leaves out the schema where a table's name alone finds it.
fn shorten(tables: &mut [TableFacts], path: &[String]) {
    let mut found = std::collections::HashSet::new();
    for table in tables {
        let in_path = table.schema.as_ref().is_some_and(|schema| path.contains(schema));
        if in_path && found.insert(table.name.clone()) {
            table.schema = None;
        }
    }
}
