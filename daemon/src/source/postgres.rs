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

use orgvault_shared::{api::OrganizationKey, config::SourceConfig};
use sqlx::{
    Row,
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

use super::{Listed, error::SourceError, instant};
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
        let rows = session.text("list organizations", self.definition.organization.list.clone()).await?;
        let listed = rows.iter().map(|row| self.listed(row)).collect::<Result<_, sqlx::Error>>();
        self.pool.end(session).await?;
        listed.map_err(|error| SourceError::from_sqlx(&self.name, "list organizations", &error))
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

    fn listed(&self, row: &PgRow) -> Result<Listed, sqlx::Error> {
        let text = |column: &str| row.try_get_unchecked::<Option<String>, _>(column);
        let optional = |column: &str| match text(column) {
            Err(sqlx::Error::ColumnNotFound(_)) => Ok(None),
            other => other,
        };
        Ok(Listed {
            key: OrganizationKey {
                source: self.name.to_string(),
                kind: optional("kind")?.unwrap_or_else(|| self.definition.organization.kind.clone()),
                id: text("id")?.unwrap_or_default(),
                name: text("name")?.unwrap_or_default(),
                slug: text("slug")?.unwrap_or_default(),
            },
            created_at: optional("created_at")?.as_deref().and_then(instant::parse),
            deleted_at: optional("deleted_at")?.as_deref().map(super::deleted_at),
            in_all: optional("in_all")?.is_none_or(|text| text == "t"),
        })
    }
}

fn version(session: &Session) -> String {
    format!("PostgreSQL {}", session.backend.version)
}
