//! PostgreSQL: one `REPEATABLE READ, READ ONLY` transaction for each snapshot, rows by binary
//! COPY.

mod check;
mod copy;
mod describe;
mod grants;
mod identifier;
mod intact;
mod live;
mod pool;
mod session;
mod snapshot;
mod stream;
mod types;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use orgvault_config::SourceConfig;
use sqlx::{
    Column, Row, ValueRef,
    postgres::{PgConnectOptions, PgRow},
};
use tokio_util::task::TaskTracker;

use self::{
    describe::Description,
    live::Opening,
    pool::Pool,
    session::{Server, Session, Transaction},
};
pub(super) use snapshot::Snapshot;

use super::{
    columns,
    error::SourceError,
    listing::{self, Cell, Listed},
};
use crate::product::Definition;

/// One database on a PostgreSQL server.
pub(super) struct Postgres {
    name: Arc<str>,
    definition: Arc<Definition>,
    strict_schema: bool,
    pool: Pool,
    /// Of the schema that the last snapshot found.
    described: Mutex<Option<Arc<Description>>>,
}

impl Postgres {
    pub(super) fn new(
        name: Arc<str>,
        config: &SourceConfig,
        definition: Arc<Definition>,
        options: PgConnectOptions,
        tracker: TaskTracker,
    ) -> Self {
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
        Self { name, definition, strict_schema: config.strict_schema, pool, described: Mutex::default() }
    }

    pub(super) async fn version(&self) -> Result<String, SourceError> {
        let session = self.pool.begin(Transaction::Statements, Some(self.patience())).await?;
        let version = version(&session);
        self.pool.end(session).await?;
        Ok(version)
    }

    pub(super) async fn organizations(&self) -> Result<Vec<Listed>, SourceError> {
        let mut session = self.pool.begin(Transaction::Statements, Some(self.patience())).await?;
        let listed = self.list(&mut session).await?;
        self.pool.end(session).await?;
        Ok(listed)
    }

    /// Asks for the organizations inside a transaction.
    async fn list(&self, session: &mut Session) -> Result<Vec<Listed>, SourceError> {
        const ACT: &str = "list organizations";
        // In a database of this encoding a name may be any bytes, which the server would refuse to
        // send as UTF-8: then nothing would be listed.
        let as_they_are = "SELECT pg_catalog.set_config('client_encoding', 'SQL_ASCII', true) \
                           WHERE pg_catalog.current_setting('server_encoding') = 'SQL_ASCII'";
        session.command(ACT, as_they_are).await?;
        let rows = session.text(ACT, self.definition.organization.list.clone()).await?;
        if let Some(first) = rows.first() {
            columns::of_list(&self.name, first.columns().iter().map(Column::name))?;
        }
        let rows: Result<Vec<listing::Row>, sqlx::Error> = rows.iter().map(listed).collect();
        let rows = rows.map_err(|error| SourceError::from_sqlx(&self.name, ACT, &error))?;
        Ok(listing::organizations(&self.name, &self.definition.organization, &rows))
    }

    pub(super) fn grants(&self) -> String {
        let options = &self.pool.server.options;
        let role = options.get_username();
        grants::expected(&self.definition, role, options.get_database().unwrap_or(role))
    }

    pub(super) async fn snapshot(self: Arc<Self>, organization: &str) -> Result<Snapshot, SourceError> {
        if let Some(known) = self.described() {
            known.check_id(&self.name, organization)?;
        }
        // The export has limits of its own.
        let mut session = self.pool.begin(Transaction::Snapshot, None).await?;
        // A NUL cannot be sent at all; the check of the id below refuses it.
        let sent = organization.split('\0').next().unwrap_or_default();
        let mut opening = live::open(&mut session, &self.definition, sent).await?;
        let id = std::mem::take(&mut opening.id);
        let description = self.describe(&mut session, opening).await?;
        if let Err(refused) = description.check_id(&self.name, organization) {
            self.pool.end(session).await?;
            return Err(refused);
        }
        let version = version(&session);
        let organization = sent.to_owned();
        Ok(Snapshot { source: self, session, description, id, organization, version })
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    /// For a connection, where others of our own may be in the way.
    fn patience(&self) -> Duration {
        self.pool.server.connect_timeout
    }

    /// The next snapshot describes the schema anew.
    fn forget(&self) {
        *self.described.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn described(&self) -> Option<Arc<Description>> {
        self.described.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The known description, or a fresh one where the schema is another now.
    async fn describe(&self, session: &mut Session, opening: Opening) -> Result<Arc<Description>, SourceError> {
        if let Some(known) = self.described().filter(|known| known.fits(&opening)) {
            return Ok(known);
        }
        let fresh = Arc::new(Description::ask(session, &self.definition, opening).await?);
        *self.described.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }
}

/// The cells of one row of the list of organizations, each in text form.
fn listed(row: &PgRow) -> Result<listing::Row, sqlx::Error> {
    listing::Row::read(|column| {
        let value = match row.try_get_raw(column) {
            Err(sqlx::Error::ColumnNotFound(_)) => return Ok(Cell::Null),
            other => other?,
        };
        if value.is_null() {
            return Ok(Cell::Null);
        }
        // A database in SQL_ASCII gives any bytes.
        value.as_bytes().map(|bytes| Cell::Text(bytes.to_vec())).map_err(sqlx::Error::Decode)
    })
}

fn version(session: &Session) -> String {
    format!("PostgreSQL {}", session.backend.version)
}
