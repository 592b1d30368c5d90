//! One read-only transaction, bound to one organization.

use std::sync::Arc;

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
    row::{Column, RowSink},
    source::error::{Fault, SourceError},
};

/// One instant of one organization. Dropped before its end, its connection is closed and its
/// query is ended on the server.
pub(in crate::source) struct Snapshot {
    pub(super) source: Arc<Postgres>,
    pub(super) session: Session,
    pub(super) description: Arc<Description>,
    pub(super) id: String,
    pub(super) organization: String,
    pub(super) version: String,
}

impl Snapshot {
    pub(in crate::source) fn id(&self) -> &str {
        &self.id
    }

    pub(in crate::source) fn server(&self) -> &str {
        &self.version
    }

    pub(in crate::source) async fn warnings(&mut self) -> Result<Vec<Warning>, SourceError> {
        let source = Arc::clone(&self.source);
        let definition = &source.definition;
        let newer = self.description.differences.warning(definition);
        if source.strict_schema && newer.is_some() {
            let words = self.description.differences.newer_words(definition);
            return Err(SourceError::fault(&source.name, Fault::SchemaNewer, "use the schema", words));
        }
        let mut warnings: Vec<Warning> = newer.into_iter().collect();
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

    pub(in crate::source) async fn counts(&mut self) -> Result<Vec<u64>, SourceError> {
        const ACT: &str = "count the sections";
        let description = Arc::clone(&self.description);
        let counted = self.session.text(ACT, description.counts.clone()).await;
        let intact = match &counted {
            Ok(_) => description.relations.refuse_changed(&mut self.session).await,
            // The snapshot has the schema that the queries were prepared on.
            Err(SourceError::Fault { fault: Fault::Schema, words, .. }) => {
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
            || SourceError::fault(&self.source.name, Fault::Query, ACT, "a count query gives no single number");
        let row = rows.last().ok_or_else(strange)?;
        let number = |column| text(row, column).and_then(|count| count.parse().ok()).ok_or_else(strange);
        (0..description.sections.len()).map(number).collect()
    }

    pub(in crate::source) fn columns(&self, section: usize) -> Result<Arc<[Column]>, SourceError> {
        self.plan(section).map(|plan| Arc::clone(&plan.columns))
    }

    pub(in crate::source) async fn rows(&mut self, section: usize, sink: &RowSink) -> Result<u64, SourceError> {
        let description = Arc::clone(&self.description);
        let plan = description.sections.get(section).ok_or_else(|| self.no_section(section))?;
        let name = self.source.definition.sections.get(section).map_or("", |section| section.name.as_str());
        stream::send_rows(&mut self.session, plan, &format!("read section {name}"), sink).await
    }

    pub(in crate::source) async fn confirm(&mut self) -> Result<(), SourceError> {
        let description = Arc::clone(&self.description);
        let binding = description.relations.confirm(&mut self.session).await?;
        let unbound = binding.organization.as_ref() != Some(&self.organization);
        let organization = unbound.then(|| "the organization".to_owned());
        let Some(changed) = organization.or_else(|| self.session.changed_settings(&binding.settings)) else {
            return Ok(());
        };
        let words = format!("a query changed {changed} for those after it");
        Err(SourceError::fault(&self.source.name, Fault::Settings, "use the rows", words))
    }

    pub(in crate::source) async fn finish(self) -> Result<(), SourceError> {
        self.source.pool.end(self.session).await
    }

    pub(in crate::source) async fn abandon(self) {
        self.session.abandon().await;
    }

    fn plan(&self, section: usize) -> Result<&SectionPlan, SourceError> {
        self.description.sections.get(section).ok_or_else(|| self.no_section(section))
    }

    fn no_section(&self, section: usize) -> SourceError {
        let words = format!("the definition has no section {section}");
        SourceError::fault(&self.source.name, Fault::Query, "read", words)
    }
}

/// A cell of a row in text form; none for NULL.
pub(super) fn text(row: &PgRow, column: usize) -> Option<&str> {
    row.try_get_unchecked::<Option<&str>, _>(column).ok().flatten()
}
