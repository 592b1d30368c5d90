//! Sources: read-only snapshots of application databases, as streams of rows.

use std::sync::Arc;

use orgvault_shared::{
    api::{OrganizationKey, SourceCheck, Warning},
    clock::Timestamp,
    config::SourceConfig,
};

use crate::{
    product::Definition,
    row::{Column, RowSink},
};

/// One connected application database. Connects when it is first asked.
pub struct Source {}

/// One organization, as the source lists it now.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What names it.
    pub key: OrganizationKey,
    /// When the app says it was created.
    pub created_at: Option<Timestamp>,
    /// When the app soft-deleted it.
    pub deleted_at: Option<Timestamp>,
    /// Whether `--all` and schedules take it (before the soft-deleted are left out).
    pub in_all: bool,
}

/// Why a source could not be read: each variant names the source and has a stable code.
#[derive(Debug, thiserror::Error)]
#[error("source")]
pub enum SourceError {
    WriterGone {},
}

impl SourceError {
    /// Stable: `source_unreachable`, `source_login`, `source_tls`, `source_database`,
    /// `source_schema`, `source_privilege`, `source_row_filter`, `source_lost`,
    /// `source_stalled`, `source_timeout`, `organization_id`, …
    #[must_use]
    pub fn code(&self) -> &'static str {
        unimplemented!()
    }

    pub fn is_transient(&self) -> bool {
        false
    }
    /// What to do about it; may be empty.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        unimplemented!()
    }
}

impl Source {
    /// Checks the URL and the TLS rule; opens nothing.
    ///
    /// # Errors
    /// When the URL is none, or asks for less TLS than the configuration allows.
    pub fn new(
        _config: SourceConfig,
        _definition: Arc<Definition>,
        _t: tokio_util::task::TaskTracker,
    ) -> Result<Self, SourceError> {
        unimplemented!()
    }

    /// The configured name.
    #[must_use]
    pub fn name(&self) -> &str {
        unimplemented!()
    }

    /// What it is configured as.
    #[must_use]
    pub fn config(&self) -> &SourceConfig {
        unimplemented!()
    }

    /// Its product.
    #[must_use]
    pub fn definition(&self) -> &Arc<Definition> {
        unimplemented!()
    }

    /// Where it is, without secrets.
    #[must_use]
    pub fn location(&self) -> String {
        unimplemented!()
    }

    /// What the server calls itself: `PostgreSQL 15.18`.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn version(&self) -> Result<String, SourceError> {
        unimplemented!()
    }

    /// Every organization, soft-deleted ones too.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn organizations(&self) -> Result<Vec<Listed>, SourceError> {
        unimplemented!()
    }

    /// Looks at every invariant; what fails is a line, not an error.
    pub async fn check(&self) -> SourceCheck {
        unimplemented!()
    }

    /// Opens one read-only transaction, bound to one organization.
    ///
    /// # Errors
    /// When it cannot be opened, the id does not fit its type, or the schema is not readable.
    pub async fn snapshot(&self, _organization: &str) -> Result<Snapshot, SourceError> {
        unimplemented!()
    }

    /// Closes the pooled connections.
    pub async fn close(&self) {
        unimplemented!()
    }
}

/// One instant of one organization. Dropped without [`Snapshot::finish`], it closes its
/// connection and ends its query on the server.
pub struct Snapshot {}

impl Snapshot {
    /// What the source calls this instant; two archives with one id show the same data.
    #[must_use]
    pub fn id(&self) -> &str {
        unimplemented!()
    }

    /// What the server calls itself.
    #[must_use]
    pub fn server(&self) -> &str {
        unimplemented!()
    }

    /// Differences between the live schema and the definition's, and the definition's warning
    /// queries.
    ///
    /// # Errors
    /// When a query fails, or with `strict_schema` when the schema is newer.
    pub async fn warnings(&mut self) -> Result<Vec<Warning>, SourceError> {
        unimplemented!()
    }

    /// The independent count of every section, by the definition's order.
    ///
    /// # Errors
    /// When a query fails.
    pub async fn counts(&mut self) -> Result<Vec<u64>, SourceError> {
        unimplemented!()
    }

    /// The columns of a section's rows query.
    ///
    /// # Errors
    /// When a query fails, or a column has a type that no format can write.
    pub async fn columns(&mut self, _section: usize) -> Result<Arc<[Column]>, SourceError> {
        unimplemented!()
    }

    /// Sends `Begin`, the section's rows in whole blocks, and `End`; gives the number of rows.
    ///
    /// # Errors
    /// When a query fails or stalls. A writer that is gone is its own variant: the writer knows
    /// the cause.
    pub async fn rows(&mut self, _section: usize, _sink: &RowSink) -> Result<u64, SourceError> {
        unimplemented!()
    }

    /// Ends the transaction and gives the connection back.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn finish(self) -> Result<(), SourceError> {
        unimplemented!()
    }

    /// Ends a query that may still run on the server, at once, and closes the connection.
    pub async fn abandon(self) {
        unimplemented!()
    }
}
