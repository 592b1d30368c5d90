//! Every invariant of an SQLite source, looked at one after the other.

use orgvault_api::{CheckLine, CheckResult};
use sqlx::Statement as _;

use super::{
    Reading, Sqlite,
    snapshot::{layout, prepare},
};
use crate::source::{
    error::SourceError,
    rows::Rows as _,
    sql::{
        check::{self, line},
        columns,
        queries::{self, Asked},
        release::Release,
    },
};

impl Sqlite {
    /// Adds line after line in the order of their names.
    pub(super) async fn look(&self, lines: &mut Vec<CheckLine>) -> Result<(), SourceError> {
        let mut reading = self.begin().await?;
        lines.push(line("reachable", CheckResult::Ok, "the file can be read"));
        lines.push(line("version", CheckResult::Ok, reading.version.clone()));
        lines.push(line("pooler", CheckResult::Ok, "a file has no pooler"));
        lines.push(line("read_only", CheckResult::Ok, "the file is opened read-only"));
        let differences = self.differences(&mut reading).await?;
        lines.extend(check::of_schema(&self.definition, &differences, self.strict_schema));
        let release = Release::whole(&self.definition, &self.queries);
        let release = release.there(&self.name, super::DRIVER.dialect, &differences)?;
        lines.push(self.queries(&mut reading, &release).await);
        drop(reading);
        lines.push(check::organizations(self.organizations().await));
        Ok(())
    }

    async fn queries(&self, reading: &mut Reading, release: &Release) -> CheckLine {
        let asked = queries::all(&release.definition, &release.queries);
        let mut refused = Vec::new();
        for query in &asked {
            refused.extend(self.prepare(reading, release, query).await.err());
        }
        check::queries(asked.len(), &refused)
    }

    async fn prepare(&self, reading: &mut Reading, release: &Release, query: &Asked<'_>) -> Result<(), SourceError> {
        let act = query.act();
        match query {
            Asked::List(list) => {
                let statement = prepare(self, reading, &act, list).await?;
                columns::of_list(&self.name, statement.columns().iter().map(sqlx::Column::name))
            }
            Asked::Rows(section, rows) => {
                let layout = layout(self, reading, section, rows).await?;
                columns::of_files(&self.name, &release.definition, section, layout.names.iter().map(String::as_str))
            }
            Asked::Count(_, sql) | Asked::Warning(_, sql) => prepare(self, reading, &act, sql).await.map(drop),
        }
    }
}
