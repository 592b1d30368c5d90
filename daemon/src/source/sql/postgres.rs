//! PostgreSQL: one `REPEATABLE READ, READ ONLY` transaction for each snapshot, rows by binary
//! COPY.

mod copy;
mod coverage;
mod csv;
mod denied;
mod describe;
mod error;
mod explain;
mod full;
mod grants;
pub(super) mod identifier;
mod intact;
mod invariants;
mod live;
mod parameter;
mod pool;
mod session;
mod shape;
mod snapshot;
mod stream;
mod survey;
mod types;
mod url;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use orgvault_api::CheckLine;
use orgvault_config::{SecretUrl, Tls};
use sqlx::{
    Row, ValueRef,
    postgres::{PgConnectOptions, PgRow},
};

use self::snapshot::Snapshot;
use self::{
    describe::Description,
    live::{Opening, Schema},
    pool::Pool,
    session::{Server, Session, Transaction},
};
use super::{
    Driver, Location, RowsConfig, check, list,
    queries::LIST,
    release::Release,
    schema::{self, Differences},
    seen::Seen,
};
use crate::{
    product::{Definition, Queries},
    source::{
        cluster::{self, Cluster},
        coverage::Counted,
        error::SourceError,
        listing::{Cell, Listed},
        rows::{Rows, RowsSnapshot},
        survey::Surveyor,
    },
    sql::Dialect,
};

/// Reads a URL by the rules for sources; opens nothing.
///
/// # Errors
/// When the URL is none, of another database, or asks for less TLS than `tls`.
pub(super) fn options(name: &Arc<str>, url: &SecretUrl, tls: Tls) -> Result<PgConnectOptions, SourceError> {
    url::read(name, url, tls)
}

/// PostgreSQL servers.
pub(super) const DRIVER: Driver = Driver {
    dialect: Dialect::POSTGRES,
    schemes: &["postgres", "postgresql"],
    locate: |name, url, tls| Ok(Box::new(url::read(name, url, tls)?)),
};

#[async_trait]
impl Location for PgConnectOptions {
    fn shown(&self) -> String {
        url::shown(self)
    }

    fn connect(self: Box<Self>, source: RowsConfig<'_>) -> Arc<dyn Rows> {
        Arc::new(Postgres::new(*self, source))
    }

    async fn survey(self: Box<Self>, name: &Arc<str>) -> Result<Box<dyn Surveyor>, SourceError> {
        Ok(Box::new(survey::Survey::open(name, *self).await?))
    }
}

/// One database on a PostgreSQL server.
pub(super) struct Postgres {
    name: Arc<str>,
    definition: Arc<Definition>,
    queries: Arc<Queries>,
    strict_schema: bool,
    seen: Arc<Seen>,
    pool: Pool,
    /// Of the schema that the last snapshot found.
    described: Mutex<Option<Arc<Description>>>,
}

impl Postgres {
    fn new(options: PgConnectOptions, source: RowsConfig<'_>) -> Self {
        let RowsConfig { name, config, definition, queries, seen, tracker } = source;
        let server = Server {
            name: Arc::clone(&name),
            options,
            connect_timeout: config.connect_timeout,
            statement_timeout: config.statement_timeout,
            first_row_timeout: config.first_row_timeout,
            stall_timeout: config.stall_timeout,
            setting: format!("orgvault.organization_{:016x}", RandomState::new().build_hasher().finish()),
            tracker,
        };
        let pool = Pool::new(Arc::new(server));
        let queries = Arc::new(queries);
        let strict_schema = config.strict_schema;
        Self { name, definition, queries, strict_schema, seen, pool, described: Mutex::default() }
    }

    /// Asks for the organizations inside a transaction.
    async fn list(&self, session: &mut Session, release: &Release) -> Result<Vec<Listed>, SourceError> {
        // In a database of this encoding a name may be any bytes, which the server would refuse to
        // send as UTF-8: then nothing would be listed.
        let as_they_are = "SELECT pg_catalog.set_config('client_encoding', 'SQL_ASCII', true) \
                           WHERE pg_catalog.current_setting('server_encoding') = 'SQL_ASCII'";
        session.command(LIST, as_they_are).await?;
        let rows = session.text(LIST, release.queries.list.clone()).await?;
        list(&self.name, &self.definition.organization, &rows, cell, |error| {
            SourceError::from_sqlx(&self.name, LIST, error)
        })
    }

    /// What of the definition is for the app that is there, inside a transaction.
    async fn release(&self, session: &mut Session) -> Result<Release, SourceError> {
        let whole = Release::whole(&self.definition, &self.queries);
        if !self.definition.is_for_several_releases() {
            return Ok(whole);
        }
        let opening = live::open(session, &self.definition, "").await?;
        let differences = self.differences(&opening.schema).await;
        whole.there(&self.name, DRIVER.dialect, &differences)
    }

    /// For a connection, where others of our own may be in the way.
    fn connect_timeout(&self) -> Duration {
        self.pool.server.connect_timeout
    }

    /// The next snapshot describes the schema anew.
    fn forget(&self) {
        *self.described.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn described(&self) -> Option<Arc<Description>> {
        self.described.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How the live schema differs from the definition.
    async fn differences(&self, schema: &Schema) -> Differences {
        let live = schema.live();
        let seen = self.seen.columns(&self.definition, &live.columns).await;
        schema::compare(&self.definition, &live, &seen)
    }

    /// The known description, or a fresh one where the schema is another now.
    async fn describe(&self, session: &mut Session, schema: Schema) -> Result<Arc<Description>, SourceError> {
        if let Some(known) = self.described().filter(|known| known.fits(&schema)) {
            return Ok(known);
        }
        let differences = self.differences(&schema).await;
        let whole = Release::whole(&self.definition, &self.queries);
        let fresh = Arc::new(Description::ask(session, whole, schema, differences).await?);
        *self.described.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }
}

#[async_trait]
impl Rows for Postgres {
    async fn version(&self) -> Result<String, SourceError> {
        let session = self.pool.begin(Transaction::Statements, Some(self.connect_timeout())).await?;
        let version = version(&session);
        self.pool.end(session).await?;
        Ok(version)
    }

    async fn cluster(&self) -> Result<Option<Cluster>, SourceError> {
        const ACT: &str = "ask which server it is";
        let mut session = self.pool.begin(Transaction::Statements, Some(self.connect_timeout())).await?;
        let first = |rows: &[PgRow]| rows.first().and_then(|row| row.try_get_unchecked::<String, _>(0).ok());
        let may = first(&session.command(ACT, cluster::MAY_ASK).await?).is_some_and(|may| may == "t");
        let system = if may { first(&session.command(ACT, cluster::SYSTEM).await?) } else { None };
        let started = first(&session.command(ACT, cluster::STARTED).await?).unwrap_or_default();
        self.pool.end(session).await?;
        Ok(Some(Cluster { system, started }))
    }

    async fn organizations(&self) -> Result<Vec<Listed>, SourceError> {
        let mut session = self.pool.begin(Transaction::Statements, Some(self.connect_timeout())).await?;
        let release = self.release(&mut session).await?;
        let listed = self.list(&mut session, &release).await?;
        self.pool.end(session).await?;
        Ok(listed)
    }

    async fn definition(&self) -> Result<Arc<Definition>, SourceError> {
        let mut session = self.pool.begin(Transaction::Statements, Some(self.connect_timeout())).await?;
        let release = self.release(&mut session).await?;
        self.pool.end(session).await?;
        Ok(release.definition)
    }

    async fn check(&self) -> (Vec<CheckLine>, String) {
        let mut lines = Vec::with_capacity(check::NAMES.len());
        let mut grants = self.grants();
        let looked = self.look(&mut lines, &mut grants).await;
        (check::finished(lines, looked), grants)
    }

    async fn coverage(&self) -> Result<Counted, SourceError> {
        self.cover().await
    }

    fn grants(&self) -> String {
        let options = &self.pool.server.options;
        let role = options.get_username();
        grants::expected(&self.definition, role, options.get_database().unwrap_or(role))
    }

    async fn snapshot(self: Arc<Self>, organization: &str) -> Result<Box<dyn RowsSnapshot>, SourceError> {
        if let Some(known) = self.described() {
            known.check_id(&self.name, organization)?;
        }
        // The export has limits of its own.
        let mut session = self.pool.begin(Transaction::Snapshot, None).await?;
        // A NUL cannot be sent at all; the check of the id below refuses it.
        let sent = organization.split('\0').next().unwrap_or_default();
        let Opening { id, schema } = live::open(&mut session, &self.definition, sent).await?;
        let description = self.describe(&mut session, schema).await?;
        if let Err(refused) = description.check_id(&self.name, organization) {
            self.pool.end(session).await?;
            return Err(refused);
        }
        let version = version(&session);
        let organization = sent.to_owned();
        let own = Arc::clone(&description);
        Ok(Box::new(Snapshot { source: self, session, description, own, tables: None, id, organization, version }))
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

/// A cell of the list of organizations, in text form.
fn cell(row: &PgRow, column: &str) -> Result<Cell, sqlx::Error> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    // A database in SQL_ASCII gives any bytes.
    value.as_bytes().map(|bytes| Cell::Text(bytes.to_vec())).map_err(sqlx::Error::Decode)
}

fn version(session: &Session) -> String {
    format!("PostgreSQL {}", session.backend.version)
}
