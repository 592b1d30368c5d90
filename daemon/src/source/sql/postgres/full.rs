//! What a snapshot shows as the tables of a `full` archive: the live schema, and a section for each table.

use std::{collections::BTreeMap, sync::Arc};

use orgvault_archive::full::schema::{QualifiedName, Schema};
use sqlx::{PgConnection, Row};

use super::{
    DRIVER,
    describe::{Bound, Description},
    identifier,
    session::{Session, Statement},
    shape::Query,
    snapshot::text,
};
use crate::{
    product::{Definition, FullRows},
    schema::survey::{SurveyError, survey},
    source::{
        error::{SourceError, SourceFault},
        sql::{
            self,
            full::{self, ACT, Contents, Elsewhere, Words},
            release::Release,
        },
    },
};

const WORDS: Words = Words(DRIVER.dialect);

/// Which of the tables that the definition calls `$3` are there, in the schemas `$1` (empty for the search path).
const NAMES: &str = "
SELECT t.key, n.nspname::text, c.relname::text, pg_catalog.has_table_privilege(c.oid, 'SELECT')
FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]))
  AS t(nsp, rel, key)
JOIN pg_catalog.pg_class c ON c.relname = t.rel::name AND c.relkind IN ('r', 'p')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE CASE t.nsp WHEN '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = t.nsp::name END";

impl Description {
    /// The description of the tables, for the `full` archive of the organization that the session is bound to.
    ///
    /// # Errors
    /// When a table is there of which nobody said whose its rows are, or the server refuses a query.
    pub(super) async fn of_tables(&self, session: &mut Session) -> Result<Self, SourceError> {
        let definition = &self.release.definition;
        full::refuse_unsaid(&session.server.name, &self.differences.tables.unnamed)?;
        let there = there(session, definition).await?;
        refuse_unreadable(session, definition, &there)?;
        let names: BTreeMap<String, QualifiedName> = there.into_iter().map(|it| (it.key, it.name)).collect();
        let schema = live_schema(session, &names).await?;
        let contents = Contents::new(WORDS, definition, &schema, &names);
        refuse_inherited(session, &contents)?;
        let elsewhere = elsewhere(session, contents.questions()).await?;
        let definition = Arc::new(contents.definition(&elsewhere));
        let queries = Arc::new(sql::queries(&session.server.name, DRIVER.dialect, &definition)?);
        self.with(session, Release { definition, queries }).await
    }
}

/// A table that the definition names.
struct There {
    /// What the definition calls it.
    key: String,
    name: QualifiedName,
    /// Whether the role may read every column.
    is_readable: bool,
}

/// The tables that are there.
async fn there(session: &mut Session, definition: &Definition) -> Result<Vec<There>, SourceError> {
    let keys: Vec<&str> = definition.tables.keys().map(String::as_str).collect();
    let (schemas, names): (Vec<String>, Vec<String>) =
        keys.iter().map(|key| identifier::table(key)).map(|(schema, name)| (schema.unwrap_or_default(), name)).unzip();
    let query = sqlx::query(NAMES).bind(schemas).bind(names).bind(keys);
    let rows = session.run(ACT, |connection: &mut PgConnection| query.fetch_all(connection)).await?;
    let read = |row: &sqlx::postgres::PgRow| {
        let name = QualifiedName { schema: row.try_get(1)?, name: row.try_get(2)? };
        Ok(There { key: row.try_get(0)?, name, is_readable: row.try_get(3)? })
    };
    let read = rows.iter().map(read).collect::<Result<_, sqlx::Error>>();
    read.map_err(|error| SourceError::from_sqlx(&session.server.name, ACT, &error))
}

/// A role that exports sections alone may not read every column.
fn refuse_unreadable(session: &Session, definition: &Definition, there: &[There]) -> Result<(), SourceError> {
    let is_held = |it: &&There| !matches!(definition.full_rows(DRIVER.dialect, &it.key), FullRows::Omitted(_));
    let names: Vec<String> =
        there.iter().filter(|it| !it.is_readable).filter(is_held).map(|it| WORDS.table(&it.name)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let words = format!(
        "a full archive holds every column, and the role may not read all of them: GRANT SELECT ON {} TO {}",
        names.join(", "),
        identifier::quoted(session.server.options.get_username()),
    );
    Err(SourceError::fault(&session.server.name, SourceFault::Privilege, ACT, words))
}

/// What `SELECT` gives of a table are the rows of those that inherit from it too, without the columns that they add.
fn refuse_inherited(session: &Session, contents: &Contents<'_>) -> Result<(), SourceError> {
    let pairs: Vec<String> = contents.inherited().iter().map(|(table, of)| format!("{table} from {of}")).collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let words = format!("a full archive holds each row once, and tables inherit from others: {}", pairs.join(", "));
    Err(SourceError::fault(&session.server.name, SourceFault::TableInherits, ACT, words))
}

async fn live_schema(session: &mut Session, names: &BTreeMap<String, QualifiedName>) -> Result<Schema, SourceError> {
    let names: Vec<QualifiedName> = names.values().cloned().collect();
    let asked = session.run(ACT, async |connection: &mut PgConnection| match survey(connection, &names).await {
        Err(SurveyError::Ask { source, .. }) => Err(source),
        asked => Ok(asked),
    });
    asked
        .await?
        .map_err(|error| SourceError::fault(&session.server.name, SourceFault::Protocol, ACT, error.to_string()))
}

/// The keys by which rows of the organization point at rows of another one.
async fn elsewhere(
    session: &mut Session,
    questions: Vec<(Vec<Elsewhere>, String)>,
) -> Result<Vec<Elsewhere>, SourceError> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let asked = questions.iter().map(|(_, sql)| Query { act: ACT.to_owned(), sql }).collect();
    let bound = Bound::ask(session, asked).await?;
    let statements: Vec<Statement<'_>> =
        bound.iter().map(|bound| Statement { act: ACT, sql: bound.sql.clone() }).collect();
    let rows = session.statements(&statements).await?;
    let mut found = Vec::new();
    for ((keys, _), row) in questions.into_iter().zip(&rows) {
        let words = text(row, 0).unwrap_or_default().split(' ');
        found.extend(keys.into_iter().zip(words).filter(|(_, word)| *word == "t").map(|(key, _)| key));
    }
    Ok(found)
}
