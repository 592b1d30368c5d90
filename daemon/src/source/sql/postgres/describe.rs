//! What the definition's queries give on the live schema, asked once for each schema: the
//! columns of the rows queries, the type of `$1`, and the statements that read them.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    sync::Arc,
};

use sqlx::{
    AssertSqlSafe, Column as _, Connection, Either, Executor, PgConnection, SqlSafeStr, Statement, TypeInfo,
    postgres::{PgColumn, PgStatement},
};

use super::{
    intact::{self, Relations},
    live::{self, Opening},
    parameter,
    session::Session,
    types::{self, IdType},
};
use crate::{
    product::{Definition, Queries, Section, SectionQueries},
    row::{Column, ColumnType},
    source::{
        error::{SourceError, SourceFault},
        sql::{
            columns::named,
            files,
            queries::{count_act, rows_act, warning_act},
            schema::{self, Differences},
        },
    },
};

/// What the server calls a column without a name.
const UNNAMED: &str = "?column?";

/// Everything that a snapshot needs to know of the live schema.
pub(super) struct Description {
    /// The schema that it is true for, as compared text.
    pub(super) columns: Vec<String>,
    pub(super) beside: Vec<String>,
    /// How that schema differs from the definition.
    pub(super) differences: Differences,
    /// Every type that an organization's id has to have.
    pub(super) id_types: HashSet<IdType>,
    /// By the definition's order.
    pub(super) sections: Vec<SectionPlan>,
    /// What all queries read.
    pub(super) relations: Relations,
    /// Locks all that is read, and gives one row with a count for each section.
    pub(super) counts: String,
    /// Rows of a warning's index and an id; empty where the definition has no such query.
    pub(super) warnings: String,
    /// How many files the rows name.
    pub(super) files: String,
}

/// How one section is read.
pub(super) struct SectionPlan {
    pub(super) columns: Arc<[Column]>,
    /// Columns with a version byte; empty where there is none.
    pub(super) versioned: Box<[bool]>,
    /// The COPY statement.
    pub(super) copy: String,
}

impl Description {
    /// Asks the server for the columns and parameters of every query.
    ///
    /// # Errors
    /// When something that the definition reads is missing or unreadable, or a query is wrong.
    pub(super) async fn ask(
        session: &mut Session,
        definition: &Definition,
        queries: &Queries,
        opening: Opening,
    ) -> Result<Self, SourceError> {
        let (live, _) = live::live_columns(&opening.columns);
        let differences = schema::compare(definition, &live, &opening.beside);
        refuse(session, definition, &differences)?;
        let mut id_types = HashSet::new();
        let mut counts = Vec::with_capacity(definition.sections.len());
        for (section, SectionQueries { count, .. }) in definition.sections.iter().zip(&queries.sections) {
            let (_, id_type) = query(session, &count_act(section), count).await?;
            id_types.extend(id_type);
            counts.push(format!("(\n{}\n)::pg_catalog.text", bound(session, count, id_type)));
        }
        let counted = intact::locked_oids(session).await?;
        let mut sections = Vec::with_capacity(definition.sections.len());
        let mut naming = HashMap::new();
        for (section, SectionQueries { rows: sql, .. }) in definition.sections.iter().zip(&queries.sections) {
            let (rows, id_type) = query(session, &rows_act(section), sql).await?;
            id_types.extend(id_type);
            let (columns, versioned): (Vec<_>, Vec<_>) = columns(session, section, &rows)?.into_iter().unzip();
            let rows = bound(session, sql, id_type);
            sections.push(SectionPlan::new(columns, versioned, &rows));
            if definition.files.iter().any(|files| files.section == section.name) {
                naming.insert(section.name.as_str(), rows);
            }
        }
        let files = files::count_sql(definition, "pg_catalog.\"C\"", |section| naming.get(section).map(String::as_str));
        let mut warnings = String::new();
        for (index, (warning, rows)) in definition.warnings.iter().zip(&queries.warnings).enumerate() {
            let (_, id_type) = query(session, &warning_act(&warning.code), rows).await?;
            id_types.extend(id_type);
            append(&mut warnings, format_args!("{};\n", warning_sql(index, &bound(session, rows, id_type))));
        }
        let relations = Relations::ask(session, &counted).await?;
        // They would only take the server's memory.
        session.run("forget described queries", Connection::clear_cached_statements).await?;
        let lock = Some(relations.lock.as_str()).filter(|lock| !lock.is_empty());
        let counts =
            format!("{}SELECT {}", lock.map(|lock| format!("{lock};\n")).unwrap_or_default(), counts.join(", "));
        let Opening { columns, beside, .. } = opening;
        Ok(Self { columns, beside, differences, id_types, sections, relations, counts, warnings, files })
    }

    /// Whether it is true for the schema that a snapshot found.
    pub(super) fn fits(&self, opening: &Opening) -> bool {
        self.columns == opening.columns && self.beside == opening.beside
    }

    /// Refuses an id that a query could not be given.
    pub(super) fn check_id(&self, name: &Arc<str>, id: &str) -> Result<(), SourceError> {
        match self.id_types.iter().find(|kind| !kind.holds(id)) {
            None => Ok(()),
            Some(kind) => Err(SourceError::OrganizationId {
                name: Arc::clone(name),
                id: id.chars().take(80).collect(),
                expected: kind.name(),
            }),
        }
    }
}

/// Prepares a query: what it gives, and the type of its `$1`, where it has one.
///
/// # Errors
/// When the server refuses it, or `$1` has a type that an id cannot be checked against.
pub(super) async fn query(
    session: &mut Session,
    act: &str,
    sql: &str,
) -> Result<(PgStatement, Option<IdType>), SourceError> {
    let text = AssertSqlSafe(sql.to_owned()).into_sql_str();
    let statement = session.run(act, |connection: &mut PgConnection| connection.prepare(text)).await?;
    let parameters = match statement.parameters() {
        Some(Either::Left(types)) => types,
        _ => &[],
    };
    let name = &session.server.name;
    let id_type = match parameters {
        [] => None,
        [info] => Some(IdType::of(info).ok_or_else(|| {
            // A cast of `$1` alone would only state the type that it has anyway, and a cast to
            // text would compare as text does.
            let kind = info.name().to_lowercase();
            let words = format!("`$1` has the type {kind} there: write `$1::text::{kind}`");
            SourceError::fault(name, SourceFault::Query, act, words)
        })?),
        _ => {
            let words = "it has more parameters than `$1`";
            return Err(SourceError::fault(name, SourceFault::Query, act, words));
        }
    };
    Ok((statement, id_type))
}

/// The columns of a rows query.
///
/// # Errors
/// When one has a type that no format can write, or no name of its own.
pub(super) fn columns(
    session: &Session,
    section: &Section,
    rows: &PgStatement,
) -> Result<Vec<(Column, bool)>, SourceError> {
    let names = rows.columns().iter().map(|column| (column.name(), column.name() == UNNAMED));
    named(&session.server.name, &section.name, names)?;
    let column = |column: &PgColumn| {
        let declared = section.types.get(column.name()).copied();
        let kind = types::column_type(column.type_info(), declared);
        let (kind, versioned): (ColumnType, bool) = kind.ok_or_else(|| SourceError::ColumnType {
            name: Arc::clone(&session.server.name),
            section: section.name.clone(),
            column: column.name().to_owned(),
            kind: column.type_info().name().to_owned(),
        })?;
        Ok((Column { name: column.name().to_owned(), kind }, versioned))
    };
    rows.columns().iter().map(column).collect()
}

impl SectionPlan {
    fn new(columns: Vec<Column>, versioned: Vec<bool>, rows: &str) -> Self {
        let versioned = if versioned.contains(&true) { versioned } else { Vec::new() };
        let copy = format!("COPY (\n{rows}\n) TO STDOUT (FORMAT binary)");
        Self { columns: columns.into(), versioned: versioned.into(), copy }
    }
}

/// Something missing, unreadable or filtered is refused with the whole list.
fn refuse(session: &Session, definition: &Definition, differences: &Differences) -> Result<(), SourceError> {
    let name = &session.server.name;
    let refusal = |fault, words: &str, names: &[String]| {
        let words = format!("{words}: {}", names.join(", "));
        Err(SourceError::fault(name, fault, "read what the definition reads", words))
    };
    match differences {
        Differences { missing, .. } if !missing.is_empty() => {
            refusal(SourceFault::Schema, &differences.missing_words(definition), missing)
        }
        Differences { unreadable, .. } if !unreadable.is_empty() => {
            refusal(SourceFault::Privilege, "the role has no SELECT on it", unreadable)
        }
        Differences { filtered, .. } if !filtered.is_empty() => {
            refusal(SourceFault::RowFilter, "row-level security applies to the role", filtered)
        }
        _ => Ok(()),
    }
}

/// A query with the bound id in place of `$1`; never the id itself.
fn bound(session: &Session, sql: &str, id_type: Option<IdType>) -> String {
    let setting = &session.server.setting;
    id_type.map_or_else(|| sql.to_owned(), |kind| parameter::replace(sql, &kind.expression(setting)))
}

fn warning_sql(index: usize, rows: &str) -> String {
    let limit = schema::WARNING_IDS;
    format!("SELECT '{index}' AS warning, w.id::pg_catalog.text AS id FROM (\n{rows}\n) AS w(id) LIMIT {limit}")
}

fn append(sql: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    sql.write_fmt(text).unwrap_or_default();
}
