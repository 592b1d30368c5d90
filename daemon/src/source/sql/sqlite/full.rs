//! What a snapshot shows as the tables of a `full` archive: the live schema, and a section for each table.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use orgvault_archive::full::schema::Schema;
use sqlx::{AssertSqlSafe, Row as _, sqlite::SqliteRow};

use super::{DRIVER, Reading, Sqlite, organization::OrganizationId, snapshot::Layout, value::Stored};
use crate::{
    product::{Definition, FullRows},
    row::MAX_CELL_BYTES,
    schema::sqlite::{ENCODING, survey},
    source::{
        error::{SourceError, SourceFault, UnfitValue},
        sql::{
            self,
            full::{self, ACT, Contents, Elsewhere, Words},
            release::Release,
            schema::Differences,
        },
    },
};

const VIRTUAL: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual' ORDER BY name";

impl Sqlite {
    /// The release's definition of the tables, for the `full` archive of an organization.
    ///
    /// # Errors
    /// When a table is there of which nobody said whose its rows are, or that cannot be archived.
    pub(super) async fn of_tables(
        &self,
        reading: &mut Reading,
        differences: &Differences,
        release: &Release,
        organization: &OrganizationId,
    ) -> Result<Release, SourceError> {
        let definition = &release.definition;
        full::refuse_unsaid(&self.name, &differences.tables.unnamed)?;
        self.refuse_virtual(reading, definition).await?;
        let names: BTreeSet<&str> = definition.tables.keys().map(String::as_str).collect();
        let schema = self.bounded(ACT, survey(&mut reading.connection, &names)).await?;
        self.refuse_unsaid(definition, &schema)?;
        let names = schema.tables.iter().map(|table| (table.name.name.clone(), table.name.clone()));
        let names: BTreeMap<_, _> = names.collect();
        let contents = Contents::new(Words(DRIVER.dialect), definition, &schema, &names);
        let mut elsewhere: Vec<Elsewhere> = Vec::new();
        for (keys, sql) in contents.questions() {
            let query = organization.bind(sqlx::query(AssertSqlSafe(sql)));
            let rows = self.bounded(ACT, query.fetch_all(&mut reading.connection)).await?;
            let words: String = rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or_default();
            elsewhere
                .extend(keys.into_iter().zip(words.split(' ')).filter(|(_, word)| *word == "t").map(|(key, _)| key));
        }
        let definition = Arc::new(contents.definition(&elsewhere));
        let queries = Arc::new(sql::queries(&self.name, DRIVER.dialect, &definition)?);
        Ok(Release { definition, queries })
    }

    fn refuse_unsaid(&self, definition: &Definition, schema: &Schema) -> Result<(), SourceError> {
        if schema.encoding != ENCODING {
            // Such a text can hold what no UTF-8 has, and SQLite would give another one.
            let words = format!("a full archive is made of texts in {ENCODING}, and the file has {}", schema.encoding);
            return Err(self.fault(SourceFault::Dialect, ACT, words));
        }
        let is_unsaid = |name: &&String| definition.full_rows(DRIVER.dialect, name) == FullRows::Unsaid;
        let names: Vec<String> =
            schema.tables.iter().map(|table| &table.name.name).filter(is_unsaid).cloned().collect();
        full::refuse_unsaid(&self.name, &names)
    }

    /// What a module of the app makes of its rows cannot be told, nor made again.
    async fn refuse_virtual(&self, reading: &mut Reading, definition: &Definition) -> Result<(), SourceError> {
        let names: Vec<String> =
            self.bounded(ACT, sqlx::query_scalar(VIRTUAL).fetch_all(&mut reading.connection)).await?;
        let is_held = |name: &String| {
            matches!(definition.full_rows(DRIVER.dialect, name), FullRows::Own(_) | FullRows::Shared(_))
        };
        let names: Vec<String> = names.into_iter().filter(is_held).collect();
        if names.is_empty() {
            return Ok(());
        }
        let words = format!(
            "a full archive holds no virtual table, and the definition says whose rows are in {}",
            names.join(", ")
        );
        let hint = "write `excluded = \"reason\"` and no `tenant` into its [table.NAME]";
        Err(SourceError::fault(&self.name, SourceFault::Dialect, ACT, words).with_hint(hint))
    }
}

/// One row as an archive has it.
///
/// # Errors
/// When a value is longer than an archive may have it.
pub(super) fn write(
    source: &Sqlite,
    layout: &Layout<'_>,
    row: &SqliteRow,
    act: &str,
    bytes: &mut Vec<u8>,
) -> Result<(), SourceError> {
    let stored =
        |column: usize| row.try_get_raw(column).and_then(Stored::of).map_err(|error| source.failed(act, &error));
    bytes.clear();
    for column in 0..layout.names.len() {
        if column > 0 {
            bytes.push(b',');
        }
        let (value, begin) = (stored(column)?, bytes.len());
        value.in_archive().write(bytes);
        if bytes.len() - begin > MAX_CELL_BYTES {
            return Err(SourceError::Value(Box::new(UnfitValue {
                name: Arc::clone(&source.name),
                table: layout.section.table.clone(),
                id: stored(layout.id)?.id(),
                column: layout.names.get(column).cloned().unwrap_or_default(),
                value: value.to_string(),
                expected: "value of at most 64 MiB, as a full archive writes it",
            })));
        }
    }
    bytes.push(b'\n');
    Ok(())
}
