//! One read-only transaction, bound to one organization.

use std::sync::Arc;

use async_trait::async_trait;
use orgvault_api::Warning;
use sqlx::{Row, postgres::PgRow};

use super::{
    Postgres,
    describe::{Description, SectionPlan},
    intact,
    session::Session,
    stream,
};
use crate::{
    product::Definition,
    row::{Column, RowSink},
    source::{
        error::{SourceError, SourceFault},
        rows::RowsSnapshot,
        sql::{files, queries::rows_act},
    },
};

/// One instant of one organization. Dropped before its end, its connection is closed and its
/// query is ended on the server.
pub(super) struct Snapshot {
    pub(super) source: Arc<Postgres>,
    pub(super) session: Session,
    /// What it shows.
    pub(super) description: Arc<Description>,
    /// The same of the source's own definition.
    pub(super) own: Arc<Description>,
    /// And of the tables of a `full` archive, once somebody asked.
    pub(super) tables: Option<Arc<Description>>,
    pub(super) id: String,
    pub(super) organization: String,
    pub(super) version: String,
}

#[async_trait]
impl RowsSnapshot for Snapshot {
    fn id(&self) -> &str {
        &self.id
    }

    fn server(&self) -> &str {
        &self.version
    }

    fn definition(&self) -> &Arc<Definition> {
        &self.description.release.definition
    }

    async fn show_tables(&mut self) -> Result<(), SourceError> {
        let tables = match &self.tables {
            Some(tables) => tables,
            None => self.tables.insert(Arc::new(self.own.of_tables(&mut self.session).await?)),
        };
        self.description = Arc::clone(tables);
        Ok(())
    }

    fn show_sections(&mut self) {
        self.description = Arc::clone(&self.own);
    }

    async fn warnings(&mut self) -> Result<Vec<Warning>, SourceError> {
        let source = Arc::clone(&self.source);
        let definition = Arc::clone(self.definition());
        let mut warnings = self.description.differences.warnings(&source.name, &definition, source.strict_schema)?;
        if self.description.warnings.is_empty() {
            return Ok(warnings);
        }
        let rows = self.session.text("ask for warnings", self.description.warnings.clone()).await?;
        for (index, query) in definition.warnings.iter().enumerate() {
            let index = index.to_string();
            let own = rows.iter().filter(|row| text(row, 0) == Some(&index));
            let ids: Vec<String> = own.map(|row| text(row, 1).unwrap_or("NULL").to_owned()).collect();
            if !ids.is_empty() {
                warnings.push(Warning { code: query.code.clone(), message: query.message.clone(), ids });
            }
        }
        Ok(warnings)
    }

    async fn counts(&mut self) -> Result<Vec<u64>, SourceError> {
        const ACT: &str = "count the sections";
        let description = Arc::clone(&self.description);
        let counted = self.session.text(ACT, description.counts.clone()).await;
        let intact = match &counted {
            Ok(_) => description.relations.refuse_changed(&mut self.session).await,
            // The snapshot has the schema that the queries were prepared on.
            Err(SourceError::SourceFault { fault: SourceFault::Schema, words, .. }) => {
                Err(intact::changed_error(&self.source.name, words))
            }
            Err(_) => Ok(()),
        };
        if intact.is_err() {
            self.source.forget();
        }
        intact?;
        let rows = counted?;
        let strange =
            || SourceError::fault(&self.source.name, SourceFault::Query, ACT, "a count query gives no single number");
        let row = rows.last().ok_or_else(strange)?;
        let number = |column| text(row, column).and_then(|count| count.parse().ok()).ok_or_else(strange);
        (0..description.sections.len()).map(number).collect()
    }

    async fn named_files(&mut self) -> Result<u64, SourceError> {
        let description = Arc::clone(&self.description);
        let rows = self.session.text(files::COUNT, description.files.clone()).await?;
        let number = rows.first().and_then(|row| text(row, 0)).and_then(|count| count.parse().ok());
        let strange = || SourceError::fault(&self.source.name, SourceFault::Query, files::COUNT, "it gives no number");
        number.ok_or_else(strange)
    }

    async fn columns(&mut self, section: usize) -> Result<Arc<[Column]>, SourceError> {
        self.plan(section).map(|plan| Arc::clone(&plan.columns))
    }

    async fn rows(&mut self, section: usize, sink: &RowSink) -> Result<u64, SourceError> {
        let description = Arc::clone(&self.description);
        let plan = description.sections.get(section).ok_or_else(|| self.no_section(section))?;
        let act = description.release.definition.sections.get(section).map(rows_act).unwrap_or_default();
        stream::send_rows(&mut self.session, plan, &act, sink).await
    }

    async fn confirm(&mut self) -> Result<(), SourceError> {
        let description = Arc::clone(&self.description);
        let binding = description.relations.confirm(&mut self.session).await?;
        let unbound = binding.organization.as_ref() != Some(&self.organization);
        let organization = unbound.then(|| "the organization".to_owned());
        let Some(changed) = organization.or_else(|| self.session.changed_settings(&binding.settings)) else {
            return Ok(());
        };
        let words = format!("a query changed {changed} for those after it");
        Err(SourceError::fault(&self.source.name, SourceFault::Settings, "use the rows", words))
    }

    async fn finish(self: Box<Self>) -> Result<(), SourceError> {
        self.source.pool.end(self.session).await
    }

    async fn abandon(self: Box<Self>) {
        self.session.abandon().await;
    }
}

impl Snapshot {
    fn plan(&self, section: usize) -> Result<&SectionPlan, SourceError> {
        self.description.sections.get(section).ok_or_else(|| self.no_section(section))
    }

    fn no_section(&self, section: usize) -> SourceError {
        let words = format!("the definition has no section {section}");
        SourceError::fault(&self.source.name, SourceFault::Query, "read", words)
    }
}

/// A cell of a row in text form; none for NULL.
pub(super) fn text(row: &PgRow, column: usize) -> Option<&str> {
    row.try_get_unchecked::<Option<&str>, _>(column).ok().flatten()
}
