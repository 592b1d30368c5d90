//! Drills, in the catalog.

use std::collections::HashMap;

use orgvault_api::{Drill, LastDrill, Tenant, Verdict, clock::Timestamp, gid::Gid};
use serde::de::Error as _;
use sqlx::{Row, Sqlite, query::Query, sqlite::SqliteRow};

use super::{Catalog, CatalogError, Followed, exports::json, failed, from_micros, to_micros};

/// What the drills of an organization say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drilled {
    /// The last one that has ended.
    pub last: Option<LastDrill>,
    /// The last one that says something of its archive.
    pub conclusive: Option<LastDrill>,
    /// The last one that passed.
    pub passed: Option<LastDrill>,
}

const PUT: &str = "INTO drills (gid, archive, source, kind, organization_id, state, verdict, ended_at, document) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Of each organization of a source the newest of each verdict.
const NEWEST: &str = "SELECT gid, document FROM drills WHERE gid IN (\
    SELECT max(gid) FROM drills WHERE source = ? AND verdict IS NOT NULL GROUP BY kind, organization_id, verdict)";

/// What ended before an instant, but for what [`NEWEST`] is made of.
const FORGET: &str = "DELETE FROM drills WHERE state = 'ended' AND ended_at < ? AND gid NOT IN (\
    SELECT max(gid) FROM drills WHERE verdict IS NOT NULL GROUP BY source, kind, organization_id, verdict)";

impl Catalog {
    /// Keeps a drill as it is now.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn put_drill(&self, drill: &Drill) -> Result<(), CatalogError> {
        let put = bound("INSERT OR REPLACE ", drill).execute(&self.pool).await;
        put.map(drop).map_err(failed("keep a drill"))
    }

    /// Keeps a drill that is written beside its archive, where it is not known.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn learn_drill(&self, drill: &Drill) -> Result<(), CatalogError> {
        let put = bound("INSERT OR IGNORE ", drill).execute(&self.pool).await;
        put.map(drop).map_err(failed("take a drill over"))
    }

    /// One drill; none where there is none with this id.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn drill(&self, gid: Gid) -> Result<Option<Drill>, CatalogError> {
        let row = sqlx::query("SELECT gid, document FROM drills WHERE gid = ?").bind(number(gid));
        let row = row.fetch_optional(&self.pool).await.map_err(failed("read a drill"))?;
        row.map(|row| read(&row)).transpose()
    }

    /// The newest, newest first, at most so many; of one archive where that is asked.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn drills(&self, archive: Option<Gid>, limit: u32) -> Result<Vec<Drill>, CatalogError> {
        let rows = sqlx::query(
            "SELECT gid, document FROM drills WHERE archive = coalesce(?1, archive) ORDER BY gid DESC LIMIT ?2",
        );
        let rows = rows.bind(archive.map(number)).bind(limit).fetch_all(&self.pool).await;
        self.readable(rows.map_err(failed("list the drills"))?.iter().map(read))
    }

    /// Those that have not ended, the oldest first.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn open_drills(&self) -> Result<Vec<Drill>, CatalogError> {
        let rows = sqlx::query("SELECT gid, document FROM drills WHERE state <> 'ended' ORDER BY gid");
        let rows = rows.fetch_all(&self.pool).await.map_err(failed("list the drills that are open"))?;
        self.readable(rows.iter().map(read))
    }

    /// What the drills of a source's organizations say of them.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn drilled(&self, source: &str) -> Result<HashMap<Tenant, Drilled>, CatalogError> {
        let rows = sqlx::query(NEWEST).bind(source).fetch_all(&self.pool).await;
        let rows = rows.map_err(failed("read the last drills"))?;
        let mut drilled: HashMap<Tenant, Drilled> = HashMap::new();
        for drill in self.readable(rows.iter().map(read))? {
            let Some(last) = LastDrill::of(&drill) else { continue };
            drilled.entry(drill.organization.tenant()).or_default().take(&last);
        }
        Ok(drilled)
    }

    /// Forgets drills that ended before an instant; what says how an organization is stays. Gives how many.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn forget_drills(&self, before: Timestamp) -> Result<u64, CatalogError> {
        let done = sqlx::query(FORGET).bind(to_micros(before)).execute(&self.pool).await;
        done.map(|done| done.rows_affected()).map_err(failed("forget drills"))
    }

    /// How far each drill of a configuration was followed, by name.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn drill_schedules(&self) -> Result<HashMap<String, Followed>, CatalogError> {
        const ACT: &str = "list how far drills were followed";
        let rows = sqlx::query("SELECT * FROM drill_schedules").fetch_all(&self.pool).await.map_err(failed(ACT))?;
        let followed = |row: &SqliteRow| {
            let since = row.try_get::<Option<i64>, _>("since")?.map(from_micros);
            let followed = Followed { calendar: row.try_get("calendar")?, since, paused: false };
            Ok((row.try_get("name")?, followed))
        };
        let all: Result<_, sqlx::Error> = rows.iter().map(followed).collect();
        all.map_err(failed(ACT))
    }

    /// Keeps how far a drill of the configuration was followed.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn put_drill_schedule(&self, name: &str, followed: &Followed) -> Result<(), CatalogError> {
        sqlx::query("INSERT OR REPLACE INTO drill_schedules (name, calendar, since) VALUES (?, ?, ?)")
            .bind(name)
            .bind(&followed.calendar)
            .bind(followed.since.map(to_micros))
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed("keep how far a drill was followed"))
    }
}

impl Drilled {
    fn take(&mut self, drill: &LastDrill) {
        let newer = |known: &Option<LastDrill>| known.as_ref().is_none_or(|known| known.gid < drill.gid);
        if newer(&self.last) {
            self.last = Some(drill.clone());
        }
        if drill.verdict != Verdict::Inconclusive && newer(&self.conclusive) {
            self.conclusive = Some(drill.clone());
        }
        if drill.verdict == Verdict::Passed && newer(&self.passed) {
            self.passed = Some(drill.clone());
        }
    }
}

fn bound<'q>(insert: &'static str, drill: &'q Drill) -> Query<'q, Sqlite, <Sqlite as sqlx::Database>::Arguments> {
    let organization = &drill.organization;
    sqlx::query(sqlx::AssertSqlSafe(format!("{insert}{PUT}")))
        .bind(number(drill.gid))
        .bind(number(drill.archive))
        .bind(&organization.source)
        .bind(&organization.kind)
        .bind(&organization.id)
        .bind(drill.state.name())
        .bind(drill.verdict.map(Verdict::name))
        .bind(drill.ended_at.map(to_micros))
        .bind(json(drill))
}

fn number(gid: Gid) -> i64 {
    gid.get().cast_signed()
}

fn read(row: &SqliteRow) -> Result<Drill, CatalogError> {
    let document = |cause| CatalogError::Document { gid: row.try_get("gid").unwrap_or_default(), cause };
    let text: &str = row.try_get("document").map_err(|cause| document(serde_json::Error::custom(cause)))?;
    serde_json::from_str(text).map_err(document)
}
