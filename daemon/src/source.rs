//! Sources: read-only snapshots of application databases, as streams of rows.

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

use std::{path::Path, sync::Arc};

use orgvault_api::{Coverage, SourceCheck, Warning, clock::Timestamp};
use orgvault_config::SourceConfig;

use tokio_util::task::TaskTracker;

use self::rows::{Rows, RowsSnapshot};
use crate::{
    product::Definition,
    row::{Column, Message, RowSink, WriterGone},
    uploads::{Uploads, uploads},
};

pub use self::{
    error::{ColumnFault, SourceError, SourceFault, UnfitValue},
    listing::{Listed, ListingFault},
};

/// One connected application database. Connects when it is first asked.
pub struct Source {
    name: Arc<str>,
    config: SourceConfig,
    definition: Arc<Definition>,
    location: String,
    rows: Arc<dyn Rows>,
    uploads: Option<Arc<dyn Uploads>>,
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
        let (location, rows) = sql::connect(&name, &config, &definition, state_dir, tracker)?;
        let uploads = config.files.as_ref().map(uploads);
        Ok(Self { name, config, definition, location, rows, uploads })
    }

    /// Checks what [`Source::new`] does; of a product that is not known, only the URL.
    ///
    /// # Errors
    /// As [`Source::new`].
    pub fn accepts(config: &SourceConfig, definition: Option<&Definition>) -> Result<(), SourceError> {
        sql::accepts(&config.name.as_str().into(), config, definition)
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
        if !self.definition.has_optional_tables() {
            return Arc::clone(&self.definition);
        }
        self.rows.definition().await.unwrap_or_else(|error| {
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
        self.rows.version().await
    }

    /// Every organization, soft-deleted ones too.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn organizations(&self) -> Result<Vec<Listed>, SourceError> {
        self.rows.organizations().await
    }

    /// Looks at every invariant; what fails is a line, not an error.
    pub async fn check(&self) -> SourceCheck {
        let (mut lines, grants) = self.rows.check().await;
        lines.extend(files::check(&self.definition, self.uploads.as_ref()).await);
        SourceCheck { source: self.name.to_string(), lines, grants }
    }

    /// Whether the rows of all organizations together are the rows of their tables. A table that cannot be
    /// looked at is a line, not an error.
    ///
    /// # Errors
    /// When the source cannot be asked at all.
    pub async fn coverage(&self, now: Timestamp) -> Result<Coverage, SourceError> {
        let counted = self.rows.coverage().await?;
        Ok(coverage::judge(&self.name, counted, now))
    }

    /// The GRANT statements of exactly what the definition reads, without a look at the database;
    /// [`Source::check`] has those for what is there. Empty where the database has no roles.
    #[must_use]
    pub fn grants(&self) -> String {
        self.rows.grants()
    }

    /// Opens one read-only transaction, bound to one organization.
    ///
    /// # Errors
    /// When it cannot be opened, the id does not fit its type, or the schema is not readable.
    pub async fn snapshot(&self, organization: &str) -> Result<Snapshot, SourceError> {
        let open = Arc::clone(&self.rows).snapshot(organization).await?;
        Ok(Snapshot { name: Arc::clone(&self.name), open })
    }

    /// Closes the pooled connections.
    pub async fn close(&self) {
        self.rows.close().await;
    }
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
