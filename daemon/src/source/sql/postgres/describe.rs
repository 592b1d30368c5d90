//! What the definition's queries give on the live schema, asked once for each schema: the
//! columns of the rows queries, the type of `$1`, and the statements that read them.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    sync::Arc,
};

use orgvault_archive::full::NULL;
use sqlx::postgres::types::Oid;

use super::{
    intact::{self, Relations},
    live::Schema,
    parameter,
    session::Session,
    shape::{self, Output, Query},
    types::{self, IdType, Reading, Type},
};
use crate::{
    product::{Definition, Section},
    row::{Column, ColumnType},
    source::{
        error::{SourceError, SourceFault},
        sql::{
            columns::named,
            files,
            queries::{count_act, rows_act, warning_act},
            release::Release,
            schema::{self, Differences},
        },
    },
};

/// What the server calls a column without a name.
const UNNAMED: &str = "?column?";

/// Everything that a snapshot needs to know of the live schema.
pub(super) struct Description {
    /// The schema that it is true for.
    schema: Schema,
    /// What of the source's definition is for it.
    pub(super) release: Release,
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
    pub(super) layout: Layout,
    /// The COPY statement.
    pub(super) copy: String,
}

/// How the server writes the rows of a section.
pub(super) enum Layout {
    /// Binary, with these columns that begin with a version byte; empty where there is none.
    Binary(Box<[bool]>),
    /// CSV, without a header.
    Csv,
}

impl Description {
    /// Asks the server for the columns and parameters of every query.
    ///
    /// # Errors
    /// When something that the definition reads is missing or unreadable, or a query is wrong.
    pub(super) async fn ask(
        session: &mut Session,
        whole: Release,
        schema: Schema,
        differences: Differences,
    ) -> Result<Self, SourceError> {
        refuse(session, &whole.definition, &differences)?;
        let release = whole.there(&session.server.name, super::DRIVER.dialect, &differences)?;
        Self::of(session, release, schema, differences).await
    }

    /// The same of another definition for the same schema.
    ///
    /// # Errors
    /// When the server refuses a query.
    pub(super) async fn with(&self, session: &mut Session, release: Release) -> Result<Self, SourceError> {
        Self::of(session, release, self.schema.clone(), self.differences.clone()).await
    }

    async fn of(
        session: &mut Session,
        release: Release,
        schema: Schema,
        differences: Differences,
    ) -> Result<Self, SourceError> {
        let (definition, queries) = (Arc::clone(&release.definition), Arc::clone(&release.queries));
        let counts = asked(&queries.sections, &definition.sections, count_act, |section| &section.count);
        let rows = asked(&queries.sections, &definition.sections, rows_act, |section| &section.rows);
        let warnings =
            asked(&queries.warnings, &definition.warnings, |warning| warning_act(&warning.code), |rows| rows);
        let counts = Bound::ask(session, counts).await?;
        let counted = intact::locked_oids(session).await?;
        let rows = Bound::ask(session, rows).await?;
        let warnings = Bound::ask(session, warnings).await?;
        let relations = Relations::ask(session, &counted).await?;
        let sections = sections(session, &definition, &rows).await?;
        let naming = definition.sections.iter().zip(&rows).map(|(section, rows)| (&*section.name, &*rows.sql));
        let naming: HashMap<&str, &str> = naming.collect();
        let files = files::count_sql(&definition, "pg_catalog.\"C\"", |section| naming.get(section).copied());
        let id_types = [&counts, &rows, &warnings].into_iter().flatten().filter_map(|query| query.id_type).collect();
        let lock = Some(relations.lock.as_str()).filter(|lock| !lock.is_empty());
        let lock = lock.map(|lock| format!("{lock};\n")).unwrap_or_default();
        let counts: Vec<String> = counts.iter().map(Bound::count).collect();
        let counts = format!("{lock}SELECT {}", counts.join(", "));
        let mut sql = String::new();
        for (index, warning) in warnings.iter().enumerate() {
            append(&mut sql, format_args!("{};\n", warning.warning(index)));
        }
        Ok(Self { schema, release, differences, id_types, sections, relations, counts, warnings: sql, files })
    }

    /// Whether it is true for the schema that a snapshot found.
    pub(super) fn fits(&self, schema: &Schema) -> bool {
        self.schema == *schema
    }

    /// Refuses an id that a query could not be given.
    pub(super) fn check_id(&self, name: &Arc<str>, id: &str) -> Result<(), SourceError> {
        check_id(&self.id_types, name, id)
    }
}

/// Refuses an id that is no value of one of these types.
pub(super) fn check_id<'t>(
    types: impl IntoIterator<Item = &'t IdType>,
    name: &Arc<str>,
    id: &str,
) -> Result<(), SourceError> {
    match types.into_iter().find(|kind| !kind.holds(id)) {
        None => Ok(()),
        Some(kind) => Err(SourceError::OrganizationId {
            name: Arc::clone(name),
            id: id.chars().take(80).collect(),
            expected: kind.name(),
        }),
    }
}

/// Queries of a definition, each with what it is asked for.
fn asked<'q, Q, P>(
    queries: &'q [Q],
    parts: &[P],
    act: impl Fn(&P) -> String,
    sql: impl Fn(&'q Q) -> &'q String,
) -> Vec<Query<'q>> {
    parts.iter().zip(queries).map(|(part, query)| Query { act: act(part), sql: sql(query) }).collect()
}

/// A query with the bound id in place of `$1`; never the id itself.
pub(super) struct Bound {
    /// For errors: `read section timeLogs`.
    pub(super) act: String,
    pub(super) sql: String,
    /// The same for no organization, which is planned before an id is bound.
    of_none: String,
    /// The type of its `$1`, where it has one.
    pub(super) id_type: Option<IdType>,
}

impl Bound {
    /// Asks for the type of every `$1`.
    ///
    /// # Errors
    /// As [`shape::parameters`].
    pub(super) async fn ask(session: &mut Session, queries: Vec<Query<'_>>) -> Result<Vec<Self>, SourceError> {
        let parameters = shape::parameters(session, &queries).await?;
        let setting = &session.server.setting;
        let bind = |(query, id_type): (Query<'_>, Option<IdType>)| {
            let put = |value: Option<String>| {
                value.map_or_else(|| query.sql.to_owned(), |value| parameter::replace(query.sql, &value))
            };
            let sql = put(id_type.map(|kind| kind.expression(setting)));
            Self { sql, of_none: put(id_type.map(IdType::null)), act: query.act, id_type }
        };
        Ok(queries.into_iter().zip(parameters).map(bind).collect())
    }

    /// As it is asked for its columns.
    pub(super) fn query(&self) -> Query<'_> {
        Query { act: self.act.clone(), sql: &self.of_none }
    }

    /// A count query as one column of others.
    pub(super) fn count(&self) -> String {
        format!("(\n{}\n)::pg_catalog.text", self.sql)
    }

    /// The rows of a warning: its index and an id.
    pub(super) fn warning(&self, index: usize) -> String {
        let (limit, rows) = (schema::WARNING_IDS, &self.sql);
        format!("SELECT '{index}' AS warning, w.id::pg_catalog.text AS id FROM (\n{rows}\n) AS w(id) LIMIT {limit}")
    }
}

/// How every section is read.
async fn sections(
    session: &mut Session,
    definition: &Definition,
    rows: &[Bound],
) -> Result<Vec<SectionPlan>, SourceError> {
    let queries: Vec<Query<'_>> = rows.iter().map(Bound::query).collect();
    let outputs = shape::outputs(session, &queries).await?;
    if definition.full.is_some() {
        return Ok(outputs.iter().zip(rows).map(|(outputs, rows)| SectionPlan::csv(outputs, &rows.sql)).collect());
    }
    let types = shape::types(session, outputs.iter().flatten()).await?;
    let name = &session.server.name;
    let plan = |((section, outputs), rows): ((&Section, &Vec<Output>), &Bound)| {
        let (columns, readings) = columns(name, section, outputs, &types)?;
        Ok(SectionPlan::new(columns, &readings, &rows.sql))
    };
    definition.sections.iter().zip(&outputs).zip(rows).map(plan).collect()
}

/// The columns of a rows query, and how each is read.
///
/// # Errors
/// When one has no name of its own.
pub(super) fn columns(
    source: &Arc<str>,
    section: &Section,
    outputs: &[Output],
    types: &HashMap<Oid, Type>,
) -> Result<(Vec<Column>, Vec<Reading>), SourceError> {
    named(source, &section.name, outputs.iter().map(|output| (output.name.as_str(), output.name == UNNAMED)))?;
    let column = |output: &Output| {
        let reading = types::reading(types, output.oid, section.types.get(&output.name).copied());
        (Column { name: output.name.clone(), kind: reading.kind }, reading)
    };
    Ok(outputs.iter().map(column).unzip())
}

impl SectionPlan {
    fn new(columns: Vec<Column>, readings: &[Reading], rows: &str) -> Self {
        let versioned: Vec<bool> = readings.iter().map(|reading| reading.is_versioned).collect();
        let versioned = if versioned.contains(&true) { versioned } else { Vec::new() };
        let copy = format!("COPY (\n{}\n) TO STDOUT (FORMAT binary)", types::readable(rows, readings));
        Self { columns: columns.into(), layout: Layout::Binary(versioned.into()), copy }
    }

    /// Rows in the server's own text.
    fn csv(outputs: &[Output], rows: &str) -> Self {
        let column = |output: &Output| Column { name: output.name.clone(), kind: ColumnType::Text };
        let copy = format!("COPY (\n{rows}\n) TO STDOUT (FORMAT csv, NULL '{NULL}')");
        Self { columns: outputs.iter().map(column).collect(), layout: Layout::Csv, copy }
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
            refusal(SourceFault::Privilege, "the role has no SELECT on it", &differences.unreadable_words(definition))
        }
        Differences { filtered, .. } if !filtered.is_empty() => {
            refusal(SourceFault::RowFilter, "row-level security applies to the role", filtered)
        }
        _ => Ok(()),
    }
}

fn append(sql: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    sql.write_fmt(text).unwrap_or_default();
}
