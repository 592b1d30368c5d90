//! Every invariant of an SQLite source.

use orgvault_api::{CheckLine, CheckResult};

use sqlx::Statement as _;

use super::{
    Reading, Sqlite,
    snapshot::{layout, prepare},
};
use crate::source::{
    check::{self, line},
    columns,
    error::SourceError,
};

impl Sqlite {
    /// Looks at every invariant.
    pub(in crate::source) async fn check(&self) -> Vec<CheckLine> {
        let mut lines = Vec::with_capacity(check::NAMES.len());
        if let Err(error) = self.look(&mut lines).await {
            let name = check::NAMES.get(lines.len()).copied().unwrap_or("queries");
            lines.push(check::failed(name, &error));
        }
        check::skip_rest(&mut lines);
        lines
    }

    /// Adds line after line in the order of their names.
    async fn look(&self, lines: &mut Vec<CheckLine>) -> Result<(), SourceError> {
        let mut reading = self.begin().await?;
        lines.push(line("reachable", CheckResult::Ok, "the file can be read"));
        lines.push(line("version", CheckResult::Ok, reading.version.clone()));
        lines.push(line("pooler", CheckResult::Ok, "a file has no pooler"));
        lines.push(line("read_only", CheckResult::Ok, "the file is opened read-only"));
        let differences = self.differences(&mut reading).await?;
        lines.push(check::readable(&self.definition, &differences));
        lines.push(check::row_filter(&differences));
        lines.push(check::schema(&self.definition, &differences, self.strict_schema));
        lines.push(self.queries(&mut reading).await);
        drop(reading);
        lines.push(check::organizations(self.organizations().await));
        Ok(())
    }

    async fn queries(&self, reading: &mut Reading) -> CheckLine {
        let definition = &self.definition;
        let mut refused = Vec::new();
        refused.extend(self.list_query(reading).await.err());
        for section in &definition.sections {
            refused.extend(layout(self, reading, section).await.err());
            let act = format!("count section {}", section.name);
            refused.extend(prepare(self, reading, &act, &section.count).await.err());
        }
        for warning in &definition.warnings {
            let act = format!("ask for the warning {}", warning.code);
            refused.extend(prepare(self, reading, &act, &warning.rows).await.err());
        }
        check::queries(1 + 2 * definition.sections.len() + definition.warnings.len(), &refused)
    }

    async fn list_query(&self, reading: &mut Reading) -> Result<(), SourceError> {
        let statement = prepare(self, reading, "list organizations", &self.definition.organization.list).await?;
        columns::of_list(&self.name, statement.columns().iter().map(sqlx::Column::name))
    }
}
