//! An SQLite file as a whole: its tables by pragmas, and their rows.

use std::{
    borrow::Cow,
    collections::HashMap,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::time::timeout;

use crate::{
    source::{
        error::{SourceError, SourceFault},
        sql::{postgres::identifier, question::Writer},
        survey::{Answer, Answers, ColumnFacts, Facts, ForeignKey, Kind, Question, Surveyor, TableFacts},
    },
    sql::Dialect,
};

/// For opening the file, where somebody else holds a lock.
const BUSY: Duration = Duration::from_secs(5);
/// For all that is asked of one table's rows at once.
const LIMIT: Duration = Duration::from_secs(20);

/// SQLite asks this often, in steps of its machine, whether it is to go on.
const STEPS: i32 = 20_000;

/// Words that SQLite, beside PostgreSQL, does not take as names.
/// <https://www.sqlite.org/lang_keywords.html>
const KEYWORDS: [&str; 24] = [
    "add",
    "alter",
    "autoincrement",
    "commit",
    "delete",
    "drop",
    "escape",
    "exists",
    "if",
    "index",
    "indexed",
    "insert",
    "nothing",
    "notnull",
    "raise",
    "regexp",
    "replace",
    "rowid",
    "set",
    "transaction",
    "trigger",
    "update",
    "view",
    "glob",
];

/// Without virtual tables, and without those that keep their rows.
const TABLES: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
                      AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";

/// Every column; `hidden` is 2 or 3 where it is computed.
const COLUMNS: &str = "SELECT m.name AS tbl, c.name AS name, c.type AS type, c.\"notnull\" AS required, c.pk AS pk, \
                       c.hidden AS hidden FROM pragma_table_list AS m, pragma_table_xinfo(m.name) AS c \
                       WHERE m.schema = 'main' AND m.type = 'table' AND c.hidden <> 1 ORDER BY m.name, c.cid";

const KEYS: &str = "SELECT m.name AS tbl, i.name AS idx, k.name AS name FROM pragma_table_list AS m, \
                    pragma_index_list(m.name) AS i, pragma_index_info(i.name) AS k \
                    WHERE m.schema = 'main' AND m.type = 'table' AND i.\"unique\" = 1 ORDER BY m.name, i.seq, k.seqno";

const LINKS: &str = "SELECT m.name AS tbl, f.id AS id, f.\"table\" AS target, f.\"from\" AS name, f.\"to\" AS key, \
                     f.seq AS seq FROM pragma_table_list AS m, pragma_foreign_key_list(m.name) AS f \
                     WHERE m.schema = 'main' AND m.type = 'table' ORDER BY m.name, f.id, f.seq";

/// A name as SQLite's SQL writes it.
pub(in crate::source::sql) fn quoted(name: &str) -> Cow<'_, str> {
    match identifier::quoted(name) {
        Cow::Borrowed(plain) if !KEYWORDS.contains(&plain) => Cow::Borrowed(plain),
        _ => Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))),
    }
}

/// One read transaction on the file.
pub(super) struct Survey {
    name: Arc<str>,
    path: PathBuf,
    connection: SqliteConnection,
    /// Ends the query that runs.
    stop: Arc<AtomicBool>,
}

impl Survey {
    /// Opens the file and begins to read.
    ///
    /// # Errors
    /// When it is not there or no database.
    pub(super) async fn open(name: &Arc<str>, path: PathBuf) -> Result<Self, SourceError> {
        const ACT: &str = "open the database";
        if let Err(error) = tokio::fs::metadata(&path).await {
            let words = format!("{}: {error}", path.display());
            return Err(SourceError::fault(name, SourceFault::Unreachable, ACT, words));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let opening = async {
            let options = SqliteConnectOptions::new().filename(&path).read_only(true).busy_timeout(BUSY);
            let options = options.pragma("query_only", "ON").disable_statement_logging();
            let mut connection = options.connect().await?;
            connection.lock_handle().await?.set_progress_handler(STEPS, move || !stopped.load(Ordering::Relaxed));
            sqlx::raw_sql("BEGIN; SELECT count(*) FROM sqlite_schema").execute(&mut connection).await?;
            Ok(connection)
        };
        let failed = |error: sqlx::Error| SourceError::fault(name, SourceFault::Unreachable, ACT, error.to_string());
        let connection = opening.await.map_err(failed)?;
        Ok(Self { name: Arc::clone(name), path, connection, stop })
    }

    fn failed(&self, error: &sqlx::Error) -> SourceError {
        SourceError::fault(&self.name, SourceFault::Query, "read the schema", error.to_string())
    }

    async fn rows(&mut self, sql: &'static str) -> Result<Vec<sqlx::sqlite::SqliteRow>, SourceError> {
        sqlx::raw_sql(sql).fetch_all(&mut self.connection).await.map_err(|error| self.failed(&error))
    }

    async fn catalog(&mut self) -> Result<Vec<TableFacts>, SourceError> {
        let names = self.rows(TABLES).await?;
        let (columns, keys, links) = (self.rows(COLUMNS).await?, self.rows(KEYS).await?, self.rows(LINKS).await?);
        let mut read = Reading::default();
        let filled = read.tables(&names).and_then(|()| {
            columns.iter().try_for_each(|row| read.column(row))?;
            keys.iter().try_for_each(|row| read.key(row))?;
            links.iter().try_for_each(|row| read.link(row))
        });
        filled.map_err(|error| self.failed(&error))?;
        Ok(read.finish())
    }

    async fn ask(&mut self, sql: String) -> Result<Vec<sqlx::sqlite::SqliteRow>, String> {
        let mut asked = pin!(sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection));
        if let Ok(answered) = timeout(LIMIT, &mut asked).await {
            return answered.map_err(|error| error.to_string());
        }
        self.stop.store(true, Ordering::Relaxed);
        let ended = asked.await;
        self.stop.store(false, Ordering::Relaxed);
        ended.map_err(|_interrupted| format!("no answer within {} s", LIMIT.as_secs()))
    }
}

/// What pragmas say, until all of it is known.
#[derive(Default)]
struct Reading {
    tables: Vec<TableFacts>,
    /// In lower case: SQLite does not tell letters apart.
    places: HashMap<String, usize>,
    /// The position of each column in its primary key.
    primary: Vec<Vec<(i64, String)>>,
    /// The unique key or foreign key that is read now.
    current: Option<(usize, String)>,
}

impl Reading {
    fn tables(&mut self, rows: &[sqlx::sqlite::SqliteRow]) -> Result<(), sqlx::Error> {
        for row in rows {
            let name: String = row.try_get("name")?;
            self.places.insert(name.to_lowercase(), self.tables.len());
            self.tables.push(TableFacts { name, is_readable: true, ..TableFacts::default() });
        }
        self.primary.resize(self.tables.len(), Vec::new());
        Ok(())
    }

    fn place(&self, row: &sqlx::sqlite::SqliteRow, column: &str) -> Result<Option<usize>, sqlx::Error> {
        Ok(self.places.get(&row.try_get::<String, _>(column)?.to_lowercase()).copied())
    }

    fn column(&mut self, row: &sqlx::sqlite::SqliteRow) -> Result<(), sqlx::Error> {
        let Some(place) = self.place(row, "tbl")? else { return Ok(()) };
        let (name, type_name): (String, String) = (row.try_get("name")?, row.try_get("type")?);
        let position: i64 = row.try_get("pk")?;
        if let Some(primary) = self.primary.get_mut(place).filter(|_| position > 0) {
            primary.push((position, name.clone()));
        }
        if let Some(table) = self.tables.get_mut(place) {
            table.columns.push(ColumnFacts {
                kind: kind(&type_name),
                is_nullable: row.try_get::<i64, _>("required")? == 0 && position == 0,
                is_generated: row.try_get::<i64, _>("hidden")? >= 2,
                is_orderable: true,
                name,
                type_name,
            });
        }
        Ok(())
    }

    fn key(&mut self, row: &sqlx::sqlite::SqliteRow) -> Result<(), sqlx::Error> {
        let Some(place) = self.place(row, "tbl")? else { return Ok(()) };
        let (index, name): (String, Option<String>) = (row.try_get("idx")?, row.try_get("name")?);
        let begins = self.begins(place, index);
        if let Some(table) = self.tables.get_mut(place) {
            if begins {
                table.unique.push(Vec::new());
            }
            // An expression has no name; then it is no key of columns.
            if let Some(key) = table.unique.last_mut() {
                key.push(name.unwrap_or_default());
            }
        }
        Ok(())
    }

    fn link(&mut self, row: &sqlx::sqlite::SqliteRow) -> Result<(), sqlx::Error> {
        let (Some(place), Some(target)) = (self.place(row, "tbl")?, self.place(row, "target")?) else { return Ok(()) };
        let id = format!("link {}", row.try_get::<i64, _>("id")?);
        let (column, key): (String, Option<String>) = (row.try_get("name")?, row.try_get("key")?);
        let begins = self.begins(place, id);
        let seq = usize::try_from(row.try_get::<i64, _>("seq")?).unwrap_or_default();
        // Without a column the primary key is meant.
        let mut primary = self.primary.get(target).cloned().unwrap_or_default();
        primary.sort();
        let key = key.or_else(|| primary.get(seq).map(|(_, name)| name.clone())).unwrap_or_default();
        let key = self.spelled(target, key);
        let column = self.spelled(place, column);
        if let Some(table) = self.tables.get_mut(place) {
            if begins {
                table.foreign_keys.push(ForeignKey { columns: Vec::new(), table: target, keys: Vec::new() });
            }
            if let Some(link) = table.foreign_keys.last_mut() {
                link.columns.push(column);
                link.keys.push(key);
            }
        }
        Ok(())
    }

    /// A column's name as its table spells it.
    fn spelled(&self, table: usize, name: String) -> String {
        let columns = self.tables.get(table).map(|table| table.columns.as_slice()).unwrap_or_default();
        columns.iter().find(|column| column.name.eq_ignore_ascii_case(&name)).map_or(name, |column| column.name.clone())
    }

    fn begins(&mut self, place: usize, what: String) -> bool {
        let now = Some((place, what));
        std::mem::replace(&mut self.current, now.clone()) != now
    }

    fn finish(mut self) -> Vec<TableFacts> {
        for (table, mut primary) in self.tables.iter_mut().zip(self.primary) {
            primary.sort();
            table.primary_key = primary.into_iter().map(|(_, name)| name).collect();
            table.unique.retain(|key| !key.iter().any(String::is_empty));
            if !table.primary_key.is_empty() && !table.unique.contains(&table.primary_key) {
                table.unique.push(table.primary_key.clone());
            }
        }
        self.tables
    }
}

/// What a declared type says: <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>.
fn kind(declared: &str) -> Kind {
    let declared = declared.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if has(&["uuid", "guid"]) {
        Kind::Uuid
    } else if has(&["json"]) {
        Kind::Json
    } else if has(&["int", "serial"]) {
        Kind::Integer
    } else if has(&["char", "clob", "text", "string"]) {
        Kind::Text
    } else {
        Kind::Other
    }
}

#[async_trait]
impl Surveyor for Survey {
    async fn facts(&mut self, _schema: Option<&str>) -> Result<Facts, SourceError> {
        let tables = self.catalog().await?;
        let version = self.rows("SELECT sqlite_version() AS v").await?;
        let version: String = version.first().and_then(|row| row.try_get("v").ok()).unwrap_or_default();
        let database = self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Facts { database, server: format!("SQLite {version}"), tables, role: String::new() })
    }

    async fn answers(&mut self, facts: &Facts, questions: &[Question]) -> Result<Answers, SourceError> {
        let writer = Writer { facts, dialect: Dialect::SQLITE };
        let mut answers = Answers::new();
        for question in questions {
            let numbers = writer.numbers(question.table, &[&question.ask]);
            let Some(sql) = numbers.or_else(|| writer.values(question)) else { continue };
            let answer = match self.ask(sql).await {
                Err(why) => Answer::Unknown(why),
                Ok(rows) if question.ask.is_of_values() => {
                    let mut values: Vec<String> = rows.iter().filter_map(|row| row.try_get("v").ok()).collect();
                    values.sort();
                    Answer::Values(values)
                }
                Ok(rows) => {
                    let number = rows.first().and_then(|row| row.try_get::<i64, _>(0).ok()?.try_into().ok());
                    number.map_or(Answer::Unknown(String::new()), Answer::Count)
                }
            };
            answers.insert(question.clone(), answer);
        }
        Ok(answers)
    }

    async fn finish(self: Box<Self>) -> Result<(), SourceError> {
        // Its transaction ends with the connection.
        Ok(())
    }
}
