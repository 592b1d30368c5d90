//! Whether an export can ask every query of a definition: each is planned as it is asked there, and begun, and no row
//! of it is read. A right that is missing is told then, and not at night.

use std::{collections::HashMap, sync::Arc};

use orgvault_api::CheckLine;
use sqlx::postgres::types::Oid;

use super::{
    Postgres,
    denied::{self, Denied},
    describe::{self, Bound},
    identifier,
    session::{Session, Statement},
    shape::{self, Output, Query},
    types::{self, Type},
};
use crate::{
    product::Definition,
    source::{
        error::{SourceError, SourceFault},
        sql::{
            check, columns,
            queries::{self, Asked},
            release::Release,
        },
    },
};

/// A query of the definition on its way, with whatever refused it.
struct Explained<'q> {
    asked: Asked<'q>,
    /// As it stands in the definition.
    sql: &'q str,
    bound: Option<Bound>,
    outputs: Vec<Output>,
    refused: Option<SourceError>,
}

impl Postgres {
    /// The line `queries`: one that is refused hides no other. `ids` are those of the organizations; `unreadable` was
    /// told in another line.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn explain(
        &self,
        session: &mut Session,
        release: &Release,
        ids: &[&str],
        unreadable: &[String],
    ) -> Result<CheckLine, SourceError> {
        let all = queries::all(&release.definition, &release.queries);
        let mut explained: Vec<Explained<'_>> = all.into_iter().map(Explained::new).collect();
        for query in &mut explained {
            query.describe(session).await;
        }
        let types = shape::types(session, explained.iter().flat_map(|query| &query.outputs)).await?;
        let mut id = None;
        for query in &mut explained {
            query.plan(release, session, &types, ids, &mut id).await?;
        }
        let asked = explained.len();
        let mut denied = Denied::default();
        let mut refused = Vec::new();
        for Explained { sql, refused: error, .. } in explained {
            let Some(error) = error else { continue };
            if error.kind() != Some(SourceFault::Privilege) {
                refused.push(error);
                continue;
            }
            let lacks = denied::look(session, sql, &error.to_string()).await?;
            if !lacks.are_all(|schema, table, column| self.is_told(unreadable, schema, table, column)) {
                refused.push(named(error, &lacks));
                denied.extend(lacks);
            }
        }
        let mut line = check::queries(asked, &refused);
        if !denied.is_empty() {
            line.hint = format!(
                "as the owner of the tables: {} (what `reads` lists is in `orgvault check SOURCE --grants` too)",
                denied.grants()
            );
        }
        Ok(line)
    }

    /// Whether a column is among those that the line `readable` has.
    fn is_told(&self, unreadable: &[String], schema: &str, table: &str, column: &str) -> bool {
        let mut keys = self.definition.tables.keys().filter(|key| {
            let (of_key, name) = identifier::table(key);
            name == table && of_key.is_none_or(|of_key| of_key == schema)
        });
        keys.any(|key| unreadable.contains(&format!("{key}.{column}")))
    }
}

impl<'q> Explained<'q> {
    fn new(asked: Asked<'q>) -> Self {
        let sql = match asked {
            Asked::List(sql) | Asked::Rows(_, sql) | Asked::Count(_, sql) | Asked::Warning(_, sql) => sql,
        };
        Self { asked, sql, bound: None, outputs: Vec::new(), refused: None }
    }

    /// Asks for the type of `$1` and for the columns.
    async fn describe(&mut self, session: &mut Session) {
        let query = Query { act: self.asked.act(), sql: self.sql };
        let described = async {
            let bound = Bound::ask(session, vec![query]).await?.pop();
            let outputs = match (&self.asked, &bound) {
                (Asked::List(_) | Asked::Rows(..), Some(bound)) => {
                    shape::outputs(session, &[bound.query()]).await?.pop()
                }
                _ => None,
            };
            Ok((bound, outputs.unwrap_or_default()))
        };
        match described.await {
            Ok((bound, outputs)) => (self.bound, self.outputs) = (bound, outputs),
            Err(error) => self.refused = Some(error),
        }
    }

    /// Plans and begins it for an organization.
    ///
    /// # Errors
    /// When the connection is lost.
    async fn plan(
        &mut self,
        release: &Release,
        session: &mut Session,
        types: &HashMap<Oid, Type>,
        ids: &[&str],
        id: &mut Option<String>,
    ) -> Result<(), SourceError> {
        let Some(bound) = &self.bound else { return Ok(()) };
        let sql = match self.as_exported(&session.server.name, &release.definition, bound, types) {
            Ok(sql) => sql,
            Err(error) => {
                self.refused = Some(error);
                return Ok(());
            }
        };
        if let Some(kind) = bound.id_type {
            let fitting = ids.iter().find(|id| kind.holds(id)).copied().unwrap_or(kind.example());
            if id.as_deref() != Some(fitting) {
                bind(session, fitting).await?;
                *id = Some(fitting.to_owned());
            }
        }
        let statements = [
            Statement { act: &bound.act, sql: format!("EXPLAIN {sql}") },
            // A foreign server is not asked, and an empty materialized view not noticed, before a query begins.
            Statement { act: &bound.act, sql: format!("SELECT FROM (\n{sql}\n) AS q LIMIT 0") },
        ];
        self.refused = session.statements(&statements).await.err();
        Ok(())
    }

    /// The text that an export asks.
    fn as_exported(
        &self,
        name: &Arc<str>,
        definition: &Definition,
        bound: &Bound,
        types: &HashMap<Oid, Type>,
    ) -> Result<String, SourceError> {
        Ok(match &self.asked {
            Asked::List(sql) => {
                columns::of_list(name, self.outputs.iter().map(|output| output.name.as_str()))?;
                (*sql).to_owned()
            }
            Asked::Rows(section, _) => {
                let (_, readings) = describe::columns(name, section, &self.outputs, types)?;
                let names = self.outputs.iter().map(|output| output.name.as_str());
                columns::of_files(name, definition, section, names)?;
                types::readable(&bound.sql, &readings)
            }
            Asked::Count(..) => format!("SELECT {} AS count", bound.count()),
            Asked::Warning(..) => bound.warning(0),
        })
    }
}

/// Binds the connection to an organization; it is closed after the check.
async fn bind(session: &mut Session, id: &str) -> Result<(), SourceError> {
    let setting = session.server.setting.clone();
    let query = sqlx::query("SELECT pg_catalog.set_config($1, $2, false)").bind(&setting).bind(id);
    session.run("bind an organization", |connection: &mut sqlx::PgConnection| query.execute(connection)).await.map(drop)
}

/// The server's words, and the columns that they leave out.
fn named(error: SourceError, lacks: &Denied) -> SourceError {
    match error {
        SourceError::SourceFault { name, fault, act, words, .. } if !lacks.is_empty() => {
            SourceError::fault(&name, fault, act, format!("{words}: {}", lacks.names()))
        }
        error => error,
    }
}
