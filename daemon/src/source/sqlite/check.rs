//! Every invariant of an SQLite source.

use orgvault_shared::api::{CheckLine, CheckResult};

use super::{Sqlite, snapshot::prepare};
use crate::source::{
    check::{self, line},
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
        let mut refused = Vec::new();
        let queries = self.queries();
        for (act, sql) in &queries {
            refused.extend(prepare(self, &mut reading, act, sql).await.err());
        }
        lines.push(check::queries(queries.len(), &refused));
        Ok(())
    }

    fn queries(&self) -> Vec<(String, &str)> {
        let definition = &self.definition;
        let mut queries = vec![("list organizations".to_owned(), definition.organization.list.as_str())];
        for section in &definition.sections {
            queries.push((format!("read section {}", section.name), &section.rows));
            queries.push((format!("count section {}", section.name), &section.count));
        }
        let warnings = definition.warnings.iter();
        queries
            .extend(warnings.map(|warning| (format!("ask for the warning {}", warning.code), warning.rows.as_str())));
        queries
    }
}
