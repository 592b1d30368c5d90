//! Rows that cannot be read: a fault of the disk, or somebody else's hand. A list leaves them out
//! and says so; mending keeps each as it was in a table of its own, and puts what is missing in it
//! right or removes it.

use orgvault_api::{ExportError, clock::Timestamp};
use sqlx::{AssertSqlSafe, Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    Catalog, CatalogError, archives,
    exports::{self, json},
    failed, runs, schedules, to_micros,
};

const ACT: &str = "mend what cannot be read";

/// Rows that are looked at together.
const PAGE: u32 = 500;

/// That rows cannot be read.
const UNREADABLE: &str = "catalog_unreadable";
/// That rows were set aside.
const SET_ASIDE: &str = "catalog_set_aside";

/// Which rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    /// Those that the daemon goes on with: exports and runs that are not over, and the schedules.
    Open,
    /// All of them.
    Everything,
}

/// How the rows of one table are mended.
struct Table {
    name: &'static str,
    open: &'static str,
    /// What a row needs besides its columns to be read.
    with: &'static str,
    read: fn(&SqliteRow) -> Result<(), CatalogError>,
    /// Puts the documents of row ?1 right, as far as that can be done; ?2 is an error that tells of it.
    mend: Option<&'static str>,
    /// Tells with ?2, where row ?1 is awaited, that it is gone.
    mourn: Option<&'static str>,
}

const TABLES: [Table; 4] = [
    Table {
        name: "schedules",
        open: "true",
        with: "",
        read: |row| schedules::read(row).map(drop).map_err(failed(ACT)),
        mend: None,
        mourn: None,
    },
    Table {
        name: "runs",
        open: "finished_at IS NULL",
        with: ", 0 AS open, 0 AS finished, 0 AS failed",
        read: |row| runs::open(row).map(drop),
        mend: Some(
            "UPDATE runs SET unlisted = '[]', warnings = '[]', failures = CASE WHEN finished_at IS NULL \
             THEN json_array(json_object('source', 'catalog', 'error', json(?2))) ELSE '[]' END WHERE rowid = ?1",
        ),
        mourn: None,
    },
    Table {
        name: "exports",
        open: "state IN ('pending', 'started')",
        with: "",
        read: |row| exports::from_row(row).map(drop),
        mend: Some(
            "UPDATE exports SET error = CASE WHEN state = 'error' THEN ?2 END, warnings = '[]', counts = '[]' \
             WHERE rowid = ?1",
        ),
        mourn: Some(
            "UPDATE runs SET failures = json_insert(failures, '$[#]', json_object('source', e.source, 'error', json(?2))) \
             FROM exports e WHERE e.rowid = ?1 AND e.request = runs.gid AND e.state IN ('pending', 'started') \
             AND json_valid(failures)",
        ),
    },
    Table {
        name: "archives",
        open: "false",
        with: "",
        read: |row| archives::read(row).map(drop),
        mend: None,
        mourn: None,
    },
];

impl CatalogError {
    /// Whether one row cannot be read, which is no fault of the others.
    #[must_use]
    pub fn is_of_a_row(&self) -> bool {
        matches!(
            self,
            Self::Document { .. }
                | Self::Query { cause: sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_), .. }
        )
    }
}

impl Catalog {
    /// What can be read; that there is more is a warning of the daemon.
    pub(super) fn readable<T>(
        &self,
        rows: impl Iterator<Item = Result<T, CatalogError>>,
    ) -> Result<Vec<T>, CatalogError> {
        let mut readable = Vec::new();
        for row in rows {
            match row {
                Ok(row) => readable.push(row),
                Err(error) if error.is_of_a_row() => self.notices().raise_first(UNREADABLE, || {
                    format!("a list leaves out what cannot be read: {error}; run `orgvault catalog rebuild`")
                }),
                Err(error) => return Err(error),
            }
        }
        Ok(readable)
    }

    /// Sets aside what cannot be read, and mends or removes what stood for it.
    ///
    /// # Errors
    /// When the catalog cannot be read or written.
    pub async fn mend(&self, which: Mend, now: Timestamp) -> Result<(), CatalogError> {
        let mut told = Vec::new();
        for table in &TABLES {
            self.mend_table(table, which, now, &mut told).await?;
        }
        if which == Mend::Everything {
            self.notices().settle(UNREADABLE);
        }
        let message = told.first().map(|first| {
            format!(
                "{} rows of the catalog could not be read, and are kept in its table set_aside; the first: {first}",
                told.len()
            )
        });
        self.notices().set(SET_ASIDE, message);
        Ok(())
    }

    async fn mend_table(
        &self,
        table: &Table,
        which: Mend,
        now: Timestamp,
        told: &mut Vec<String>,
    ) -> Result<(), CatalogError> {
        let condition = if which == Mend::Open { table.open } else { "true" };
        let Table { name, with, .. } = table;
        let query = format!(
            "SELECT rowid AS mended_row, {name}.*{with} FROM {name} WHERE rowid > ? AND {condition} ORDER BY rowid LIMIT {PAGE}"
        );
        let mut after = i64::MIN;
        loop {
            let page = sqlx::query(AssertSqlSafe(query.clone()))
                .bind(after)
                .fetch_all(&self.pool)
                .await
                .map_err(failed(ACT))?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.try_get("mended_row").map_err(failed(ACT))?;
            for row in &page {
                if let Err(error) = (table.read)(row) {
                    let place = row.try_get("mended_row").map_err(failed(ACT))?;
                    tracing::error!(table = name, place, "set aside, because it cannot be read: {error}");
                    told.push(format!("{name} {place}: {error}"));
                    self.mend_row(table, place, &error, now).await?;
                }
            }
        }
    }

    async fn mend_row(
        &self,
        table: &Table,
        place: i64,
        why: &CatalogError,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.write(ACT).await?;
        set_aside(&mut transaction, table.name, place, why, now).await.map_err(failed(ACT))?;
        let error = json(&ExportError {
            code: "catalog".to_owned(),
            message: "what the catalog knew of it could not be read, and was set aside".to_owned(),
            hint: String::new(),
        });
        if let Some(mend) = table.mend {
            act_on(&mut transaction, mend, place, &error).await?;
            let query = format!("SELECT *{} FROM {} WHERE rowid = ?", table.with, table.name);
            let row = sqlx::query(AssertSqlSafe(query))
                .bind(place)
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed(ACT))?;
            if (table.read)(&row).is_ok() {
                return transaction.commit().await.map_err(failed(ACT));
            }
        }
        if let Some(mourn) = table.mourn {
            act_on(&mut transaction, mourn, place, &error).await?;
        }
        let remove = format!("DELETE FROM {} WHERE rowid = ?1", table.name);
        sqlx::query(AssertSqlSafe(remove)).bind(place).execute(&mut *transaction).await.map_err(failed(ACT))?;
        transaction.commit().await.map_err(failed(ACT))
    }
}

async fn act_on(
    connection: &mut SqliteConnection,
    query: &'static str,
    place: i64,
    error: &str,
) -> Result<(), CatalogError> {
    sqlx::query(query).bind(place).bind(error).execute(connection).await.map(drop).map_err(failed(ACT))
}

/// Keeps the row as it is.
async fn set_aside(
    connection: &mut SqliteConnection,
    table: &str,
    place: i64,
    why: &CatalogError,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let columns: String =
        sqlx::query_scalar("SELECT group_concat('''' || name || ''', \"' || name || '\"') FROM pragma_table_info(?)")
            .bind(table)
            .fetch_one(&mut *connection)
            .await?;
    let query =
        format!("INSERT INTO set_aside SELECT ?1, ?2, ?3, json_object({columns}) FROM {table} WHERE rowid = ?4");
    sqlx::query(AssertSqlSafe(query))
        .bind(to_micros(now))
        .bind(table)
        .bind(why.to_string())
        .bind(place)
        .execute(connection)
        .await
        .map(drop)
}
