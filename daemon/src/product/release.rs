//! One definition for several releases of an app: what of it is for an app that lacks tables or columns that only
//! some releases have.

use std::collections::BTreeSet;

use orgvault_api::Format;

use super::{Definition, Query, Section};
use crate::sql::{Names, table_name};

/// The optional tables and columns that an app does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Tables, by the definition's names.
    pub tables: BTreeSet<String>,
    /// Columns of tables that it has: the table, and the column.
    pub columns: BTreeSet<(String, String)>,
}

impl Lacking {
    /// Whether it lacks nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty()
    }

    /// `table` and `table.column`, by name.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let columns = self.columns.iter().map(|(table, column)| format!("{table}.{column}"));
        self.tables.iter().cloned().chain(columns)
    }

    fn is_read_by(&self, query: &Query) -> bool {
        let reads = |text| {
            let names = Names::new(text);
            self.tables.iter().any(|table| names.reads(&table_name(table)))
        };
        query.texts().any(|(_, text)| reads(text))
    }

    fn leaves_out(&self, section: &Section) -> bool {
        self.tables.contains(&section.table) || self.is_read_by(&section.rows) || self.is_read_by(&section.count)
    }
}

impl Definition {
    /// Whether an app may lack some of it.
    #[must_use]
    pub fn is_for_several_releases(&self) -> bool {
        self.tables.values().any(|table| table.is_optional || !table.optional_columns.is_empty())
    }

    /// Whether an app may lack a table, so that its archives hold fewer sections.
    #[must_use]
    pub fn has_optional_tables(&self) -> bool {
        self.tables.values().any(|table| table.is_optional)
    }

    /// The table whose absence keeps the release of an app from having an archive.
    #[must_use]
    pub fn lacks_for(&self, format: Format, entity: Option<&str>) -> Option<&str> {
        if !self.formats.contains(&format) {
            return self.format_tables.get(&format).map(String::as_str);
        }
        let meant = self.left_out.iter().find(|section| entity.is_some() && section.entity.as_deref() == entity);
        meant.map(|section| section.table.as_str())
    }

    /// What it is for an app that lacks some of it: without the sections and warnings that read a table that is not
    /// there, and without the items of rows queries that name a column that is not.
    #[must_use]
    pub fn for_release(&self, lacking: &Lacking) -> Self {
        let mut release = self.clone();
        release.left_out = release.sections.extract_if(.., |section| lacking.leaves_out(section)).collect();
        release.files.retain(|files| release.sections.iter().any(|section| section.name == files.section));
        release.warnings.retain(|warning| !lacking.is_read_by(&warning.rows));
        release.formats.retain(|format| {
            let needed = self.format_tables.get(format);
            needed.is_none_or(|table| !lacking.tables.contains(table))
        });
        if !release.formats.contains(&release.default_format) {
            release.default_format = release.formats.first().copied().unwrap_or(release.default_format);
        }
        for (table, column) in &lacking.columns {
            let table = table_name(table);
            release.organization.list = release.organization.list.map(|sql| Names::new(sql).with_null(&table, column));
            for section in &mut release.sections {
                let outputs = section.leave_out(&table, column);
                let is_out = |column: &String| outputs.contains(column);
                release.files.retain(|files| files.section != section.name || !is_out(&files.path));
                for files in release.files.iter_mut().filter(|files| files.section == section.name) {
                    files.size = files.size.take().filter(|size| !is_out(size));
                    files.sha256 = files.sha256.take().filter(|sha256| !is_out(sha256));
                }
            }
        }
        release
    }
}

impl Section {
    /// Leaves the items of its rows query out that name a column, and them out of its CSV; what they are called.
    fn leave_out(&mut self, table: &str, column: &str) -> Vec<String> {
        let outputs: Vec<String> =
            self.rows.texts().flat_map(|(_, sql)| Names::new(sql).outputs(table, column)).flatten().collect();
        self.csv.retain(|(_, column)| !outputs.contains(column));
        // A definition that leaves no item is refused when it is read.
        self.rows = self.rows.map(|sql| Names::new(sql).without(table, column).unwrap_or_else(|| sql.to_owned()));
        outputs
    }
}
