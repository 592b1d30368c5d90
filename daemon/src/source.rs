//! Sources: read-only snapshots of application databases, as streams of rows, and export APIs of apps that make their
//! archives themselves.

pub(crate) mod api;
pub(crate) mod cluster;
mod coverage;
mod error;
mod files;
mod instant;
mod listing;
mod meaning;
mod rows;
mod sql;
pub mod survey;
mod uuid;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use orgvault_api::{
    Coverage, SourceCheck, Warning,
    clock::{Clock, Timestamp},
};
use orgvault_config::{SecretUrl, SourceConfig, Tls};
use sqlx::postgres::PgConnectOptions;

use tokio_util::task::TaskTracker;

use self::{
    api::ApiSource,
    rows::{Rows, RowsSnapshot},
};
use crate::{
    product::Definition,
    row::{Column, Message, RowSink, WriterGone},
    uploads::{Uploads, uploads},
};

pub use self::{
    error::{ColumnFault, SourceError, SourceFault, UnfitValue},
    listing::{Listed, ListingFault},
};

/// One connected application database, or export API. Connects when it is first asked.
pub struct Source {
    name: Arc<str>,
    config: SourceConfig,
    definition: Arc<Definition>,
    location: String,
    shape: Shape,
    uploads: Option<Arc<dyn Uploads>>,
}

/// What a source gives.
enum Shape {
    /// Rows, of which archives are made here.
    Rows(Arc<dyn Rows>),
    /// Archives, which the app makes.
    Api(Arc<ApiSource>),
}

impl Source {
    /// Checks the URL, the TLS rule and the definition's words; opens nothing. Queries that are
    /// abandoned are ended in tasks on `tracker`, so that a stop waits for them.
    ///
    /// # Errors
    /// When the URL is none or asks for less TLS than the configuration allows, or the definition
    /// has no words for such a database.
    pub fn new(config: SourceConfig, definition: Arc<Definition>, tracker: TaskTracker) -> Result<Self, SourceError> {
        Self::connect(config, definition, None, tracker)
    }

    /// As [`Source::new`], with a place for what has to outlive it: which columns the source had when the
    /// definition was first used on it.
    ///
    /// # Errors
    /// As [`Source::new`].
    pub fn kept_in(
        state_dir: &Path,
        config: SourceConfig,
        definition: Arc<Definition>,
        tracker: TaskTracker,
    ) -> Result<Self, SourceError> {
        Self::connect(config, definition, Some(state_dir), tracker)
    }

    fn connect(
        config: SourceConfig,
        definition: Arc<Definition>,
        state_dir: Option<&Path>,
        tracker: TaskTracker,
    ) -> Result<Self, SourceError> {
        let name: Arc<str> = config.name.as_str().into();
        let (location, shape) = if let Some(own) = &config.api {
            let api = ApiSource::new(&config, own, &definition, Clock::system())?;
            (api.location(), Shape::Api(Arc::new(api)))
        } else if definition.api.is_some() {
            return Err(token_missing(&config, &definition));
        } else {
            let (location, rows) = sql::connect(&name, &config, &definition, state_dir, tracker)?;
            (location, Shape::Rows(rows))
        };
        let uploads = config.files.as_ref().map(uploads);
        Ok(Self { name, config, definition, location, shape, uploads })
    }

    /// Checks what [`Source::new`] does; of a product that is not known, only the URL.
    ///
    /// # Errors
    /// As [`Source::new`].
    pub fn accepts(config: &SourceConfig, definition: Option<&Definition>) -> Result<(), SourceError> {
        match (&config.api, definition) {
            (Some(own), Some(definition)) => {
                ApiSource::new(config, own, &Arc::new(definition.clone()), Clock::system()).map(drop)
            }
            (Some(_), None) => Ok(()),
            (None, Some(definition)) if definition.api.is_some() => Err(token_missing(config, definition)),
            (None, _) => sql::accepts(&config.name.as_str().into(), config, definition),
        }
    }

    /// The configured name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is configured as.
    #[must_use]
    pub fn config(&self) -> &SourceConfig {
        &self.config
    }

    /// Its product, for all releases of the app.
    #[must_use]
    pub fn definition(&self) -> &Arc<Definition> {
        &self.definition
    }

    /// Where the app keeps its files, where that is configured.
    #[must_use]
    pub fn uploads(&self) -> Option<&Arc<dyn Uploads>> {
        self.uploads.as_ref()
    }

    /// Its product as the release of the app has it that is there: without the sections of tables that only other
    /// releases have. Where that cannot be asked, the whole of it: whatever follows meets the same fault.
    pub async fn definition_now(&self) -> Arc<Definition> {
        let Some(rows) = self.rows().filter(|_| self.definition.has_optional_tables()) else {
            return Arc::clone(&self.definition);
        };
        rows.definition().await.unwrap_or_else(|error| {
            tracing::debug!("which release the app has is not known: {error}");
            Arc::clone(&self.definition)
        })
    }

    /// Where it is, without secrets.
    #[must_use]
    pub fn location(&self) -> String {
        self.location.clone()
    }

    /// What the server calls itself: `PostgreSQL 15.18`.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn version(&self) -> Result<String, SourceError> {
        match &self.shape {
            Shape::Rows(rows) => rows.version().await,
            Shape::Api(api) => api.version().await,
        }
    }

    /// Which PostgreSQL server it is on; none where it is none.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn cluster(&self) -> Result<Option<cluster::Cluster>, SourceError> {
        match &self.shape {
            Shape::Rows(rows) => rows.cluster().await,
            Shape::Api(_) => Ok(None),
        }
    }

    /// Every organization, soft-deleted ones too.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn organizations(&self) -> Result<Vec<Listed>, SourceError> {
        match &self.shape {
            Shape::Rows(rows) => rows.organizations().await,
            Shape::Api(api) => api.organizations().await,
        }
    }

    /// Looks at every invariant; what fails is a line, not an error.
    pub async fn check(&self) -> SourceCheck {
        let (mut lines, grants) = match &self.shape {
            Shape::Rows(rows) => rows.check().await,
            Shape::Api(api) => (api.check().await, String::new()),
        };
        lines.extend(files::check(&self.definition, self.uploads.as_ref()).await);
        SourceCheck { source: self.name.to_string(), lines, grants }
    }

    /// Whether the rows of all organizations together are the rows of their tables. A table that cannot be
    /// looked at is a line, not an error.
    ///
    /// # Errors
    /// When the source cannot be asked at all.
    pub async fn coverage(&self, now: Timestamp) -> Result<Coverage, SourceError> {
        let Some(rows) = self.rows() else {
            let words = "its archives are made by the app, whose tables nobody sees";
            return Err(SourceError::fault(&self.name, SourceFault::Dialect, "look at its coverage", words));
        };
        let counted = rows.coverage().await?;
        Ok(coverage::judge(&self.name, counted, now))
    }

    /// The GRANT statements of exactly what the definition reads, without a look at the database;
    /// [`Source::check`] has those for what is there. Empty where the database has no roles.
    #[must_use]
    pub fn grants(&self) -> String {
        self.rows().map_or_else(String::new, |rows| rows.grants())
    }

    /// Opens one read-only transaction, bound to one organization.
    ///
    /// # Errors
    /// When it cannot be opened, the id does not fit its type, or the schema is not readable.
    pub async fn snapshot(&self, organization: &str) -> Result<Snapshot, SourceError> {
        let Some(rows) = self.rows() else {
            let words = "its archives are made by the app";
            return Err(SourceError::fault(&self.name, SourceFault::Dialect, "read its rows", words));
        };
        let open = Arc::clone(rows).snapshot(organization).await?;
        Ok(Snapshot { name: Arc::clone(&self.name), open })
    }

    /// Closes the pooled connections.
    pub async fn close(&self) {
        if let Some(rows) = self.rows() {
            rows.close().await;
        }
    }

    /// The export API that it is; none where it is a database.
    pub(crate) fn api(&self) -> Option<&Arc<ApiSource>> {
        match &self.shape {
            Shape::Api(api) => Some(api),
            Shape::Rows(_) => None,
        }
    }

    fn rows(&self) -> Option<&Arc<dyn Rows>> {
        match &self.shape {
            Shape::Rows(rows) => Some(rows),
            Shape::Api(_) => None,
        }
    }
}

/// How to connect to a PostgreSQL database that is no source, by the rules for those.
///
/// # Errors
/// When the URL is none, of another database, or asks for less TLS than is allowed.
pub(crate) fn postgres_options(name: &str, url: &SecretUrl, tls: Tls) -> Result<PgConnectOptions, SourceError> {
    sql::postgres_options(&name.into(), url, tls)
}

/// The file of an SQLite database that is no source.
///
/// # Errors
/// When the URL is none, or of another database.
pub(crate) fn sqlite_file(name: &str, url: &SecretUrl) -> Result<PathBuf, SourceError> {
    sql::sqlite_file(&name.into(), url)
}

/// A database's source of a product that is an export API.
fn token_missing(config: &SourceConfig, definition: &Definition) -> SourceError {
    let words = format!("product {} is an export API, which wants a token and no database", definition.name);
    let hint = "write `token_file = ..` or `token_credential = ..`, and `url = \"https://..\"` where it is another one";
    SourceError::fault(&config.name.as_str().into(), SourceFault::Url, "use its definition", words).with_hint(hint)
}

/// One instant of one organization. Dropped without [`Snapshot::finish`], it closes its
/// connection and ends its query on the server.
pub struct Snapshot {
    name: Arc<str>,
    open: Box<dyn RowsSnapshot>,
}

impl Snapshot {
    /// What the source calls this instant; two archives with one id show the same data.
    #[must_use]
    pub fn id(&self) -> &str {
        self.open.id()
    }

    /// What the server calls itself.
    #[must_use]
    pub fn server(&self) -> &str {
        self.open.server()
    }

    /// The source's product as the release of the app has it that this instant shows: the sections of the questions
    /// below are counted by it.
    #[must_use]
    pub fn definition(&self) -> &Arc<Definition> {
        self.open.definition()
    }

    /// From now on shows the tables of a `full` archive, each as a section of [`Snapshot::definition`].
    ///
    /// # Errors
    /// When it has tables of which nobody said whose their rows are, or no such archive is made of it.
    pub async fn show_tables(&mut self) -> Result<(), SourceError> {
        self.open.show_tables().await
    }

    /// From now on shows the sections of the source's own definition again.
    pub fn show_sections(&mut self) {
        self.open.show_sections();
    }

    /// Differences between the live schema and the definition's, and the definition's warning
    /// queries.
    ///
    /// # Errors
    /// When a query fails, or with `strict_schema` when the schema is newer or has tables that the definition
    /// says nothing of.
    pub async fn warnings(&mut self) -> Result<Vec<Warning>, SourceError> {
        self.open.warnings().await
    }

    /// The independent count of every section, by the definition's order. Call it first: in
    /// PostgreSQL it takes the locks that keep the tables from being rewritten meanwhile.
    ///
    /// # Errors
    /// When a query fails, or a table was rewritten since the snapshot was opened.
    pub async fn counts(&mut self) -> Result<Vec<u64>, SourceError> {
        self.open.counts().await
    }

    /// How many different files of the app the rows name.
    ///
    /// # Errors
    /// When a query fails.
    pub async fn named_files(&mut self) -> Result<u64, SourceError> {
        self.open.named_files().await
    }

    /// The columns of a section's rows query.
    ///
    /// # Errors
    /// When a query fails, or a column has a type that no format can write.
    pub async fn columns(&mut self, section: usize) -> Result<Arc<[Column]>, SourceError> {
        self.open.columns(section).await
    }

    /// Sends `Begin`, the section's rows in whole blocks, and `End`; gives the number of rows.
    ///
    /// # Errors
    /// When a query fails or stalls. A writer that is gone is its own variant: the writer knows
    /// the cause. After an error only [`Snapshot::abandon`] is left.
    pub async fn rows(&mut self, section: usize, sink: &RowSink) -> Result<u64, SourceError> {
        let columns = self.columns(section).await?;
        let name = Arc::clone(&self.name);
        let gone = |WriterGone| SourceError::WriterGone { name };
        sink.send(Message::Begin { section, columns }).await.map_err(gone.clone())?;
        let rows = self.open.rows(section, sink).await?;
        sink.send(Message::End).await.map_err(gone)?;
        Ok(rows)
    }

    /// Makes sure that no table was rewritten before it was read: `Finish` is sent after it.
    ///
    /// # Errors
    /// When the connection is lost, or a table was rewritten since the snapshot was opened.
    pub async fn confirm(&mut self) -> Result<(), SourceError> {
        self.open.confirm().await
    }

    /// Ends the transaction and gives the connection back.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn finish(self) -> Result<(), SourceError> {
        self.open.finish().await
    }

    /// Ends a query that may still run on the server, at once, and closes the connection.
    pub async fn abandon(self) {
        self.open.abandon().await;
    }
}
