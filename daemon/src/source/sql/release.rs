//! What of a definition is for the release of the app that is there.

use std::sync::Arc;

use super::schema::Differences;
use crate::{
    product::{Definition, Lacking, Queries},
    source::error::SourceError,
    sql::Dialect,
};

/// A definition without what the app does not have, and its queries.
#[derive(Clone)]
pub(super) struct Release {
    pub(super) definition: Arc<Definition>,
    pub(super) queries: Arc<Queries>,
}

impl Release {
    /// All of a definition.
    pub(super) fn whole(definition: &Arc<Definition>, queries: &Arc<Queries>) -> Self {
        Self { definition: Arc::clone(definition), queries: Arc::clone(queries) }
    }

    /// What is for the app that differs so.
    ///
    /// # Errors
    /// When the definition has no words for such a database, which was found out before.
    pub(super) fn there(
        self,
        name: &Arc<str>,
        dialect: Dialect,
        differences: &Differences,
    ) -> Result<Self, SourceError> {
        if differences.lacking.is_empty() {
            return Ok(self);
        }
        let definition = Arc::new(self.definition.for_release(&differences.lacking));
        let queries = Arc::new(super::queries(name, dialect, &definition)?);
        Ok(Self { definition, queries })
    }
}

impl Differences {
    /// Takes out of what is missing what only some releases have.
    pub(super) fn set_optional_aside(&mut self, definition: &Definition) {
        let mut lacking = Lacking::default();
        self.missing.retain(|missing| {
            let is_lacking = definition.tables.iter().any(|(key, table)| {
                if table.is_optional && missing == key {
                    return lacking.tables.insert(key.clone());
                }
                let column = missing.strip_prefix(key.as_str()).and_then(|rest| rest.strip_prefix('.'));
                let column = column.filter(|column| table.optional_columns.iter().any(|optional| optional == column));
                column.is_some_and(|column| lacking.columns.insert((key.clone(), column.to_owned())))
            });
            !is_lacking
        });
        self.lacking = lacking;
    }
}
