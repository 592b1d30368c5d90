//! One read-only transaction, bound to one organization.

use std::sync::Arc;

use orgvault_shared::api::Warning;
use sqlx::{Row, postgres::PgRow};

use super::{
    Postgres,
    describe::{Description, SectionPlan},
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
        let rows = self.session.text(ACT, self.description.counts.clone()).await?;
        let sections = self.description.sections.len();
        let strange =
            || SourceError::fault(&self.source.name, Fault::Query, ACT, "a count query gives no single number");
        let row = rows.first().ok_or_else(strange)?;
        self.refuse_rewritten(text(row, sections))?;
        let number = |column| text(row, column).and_then(|count| count.parse().ok()).ok_or_else(strange);
        (0..sections).map(number).collect()
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
        let rows = self.session.text("confirm the snapshot", self.description.rewritten.clone()).await?;
        self.refuse_rewritten(rows.first().and_then(|row| text(row, 0)))
    }

    pub(in crate::source) async fn finish(mut self) -> Result<(), SourceError> {
        self.session.command("end the snapshot", "COMMIT").await?;
        self.source.pool.keep(self.session);
        Ok(())
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

    fn refuse_rewritten(&self, tables: Option<&str>) -> Result<(), SourceError> {
        let Some(tables) = tables else { return Ok(()) };
        let words = format!("rewritten or emptied while the snapshot was open: {tables}");
        Err(SourceError::fault(&self.source.name, Fault::Changed, "use the snapshot", words))
    }
}

/// A cell of a row in text form; none for NULL.
pub(super) fn text(row: &PgRow, column: usize) -> Option<&str> {
    row.try_get_unchecked::<Option<&str>, _>(column).ok().flatten()
}
