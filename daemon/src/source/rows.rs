//! The shape of a source whose rows become archives here: a snapshot of one organization at a time,
//! section by section. Whoever reads a database implements it; nobody else knows which one it is.

use std::sync::Arc;

use async_trait::async_trait;
use orgvault_api::{CheckLine, Warning};

use super::{cluster::Cluster, coverage::Counted, error::SourceError, listing::Listed};
use crate::{
    product::Definition,
    row::{Column, RowSink},
};

/// A database of which snapshots are read.
#[async_trait]
pub(super) trait Rows: Send + Sync {
    /// What the server calls itself.
    async fn version(&self) -> Result<String, SourceError>;

    /// Which PostgreSQL server it is on; none where it is none.
    async fn cluster(&self) -> Result<Option<Cluster>, SourceError> {
        Ok(None)
    }

    /// Every organization, soft-deleted ones too.
    async fn organizations(&self) -> Result<Vec<Listed>, SourceError>;

    /// What of the definition is for the release of the app that is there.
    async fn definition(&self) -> Result<Arc<Definition>, SourceError>;

    /// Looks at every invariant; what fails is a line. Also gives the GRANT statements for what is
    /// there, where the database has such.
    async fn check(&self) -> (Vec<CheckLine>, String);

    /// Counts the rows of every table, and of its sections for all organizations together, at one instant.
    async fn coverage(&self) -> Result<Counted, SourceError>;

    /// The GRANT statements of what the definition reads, without a look at the database; empty where
    /// it has no roles.
    fn grants(&self) -> String;

    /// Opens one read-only transaction, bound to one organization.
    async fn snapshot(self: Arc<Self>, organization: &str) -> Result<Box<dyn RowsSnapshot>, SourceError>;

    /// Closes what waits for the next snapshot.
    async fn close(&self);
}

/// One instant of one organization. Dropped before its end, it ends its query on the server.
#[async_trait]
pub(super) trait RowsSnapshot: Send {
    /// What the source calls this instant.
    fn id(&self) -> &str;

    /// What the server calls itself.
    fn server(&self) -> &str;

    /// What of the source's definition is for the release of the app that it shows; the sections of all other
    /// questions are counted by it.
    fn definition(&self) -> &Arc<Definition>;

    /// From now on shows the tables of a `full` archive, each as a section of the definition.
    async fn show_tables(&mut self) -> Result<(), SourceError>;

    /// From now on shows the sections of the source's own definition again.
    fn show_sections(&mut self);

    /// The warnings of the schema and of the definition's queries.
    async fn warnings(&mut self) -> Result<Vec<Warning>, SourceError>;

    /// The independent count of every section, by the definition's order.
    async fn counts(&mut self) -> Result<Vec<u64>, SourceError>;

    /// How many different files the rows name.
    async fn named_files(&mut self) -> Result<u64, SourceError>;

    /// The columns of a section's rows query.
    async fn columns(&mut self, section: usize) -> Result<Arc<[Column]>, SourceError>;

    /// Sends the section's rows in whole blocks; gives their number.
    async fn rows(&mut self, section: usize, sink: &RowSink) -> Result<u64, SourceError>;

    /// Makes sure that the rows that were sent are those of the instant.
    async fn confirm(&mut self) -> Result<(), SourceError>;

    /// Ends the transaction and gives the connection back.
    async fn finish(self: Box<Self>) -> Result<(), SourceError>;

    /// Ends a query that may still run, at once, and closes the connection.
    async fn abandon(self: Box<Self>);
}
