//! Drafts a product definition from a database: what the catalog says and what the rows prove becomes a
//! classification of every table, and that the text of a definition.

mod classify;
mod delegated;
mod draft;
mod framework;
mod hints;
mod link;
mod owned;
mod polymorphic;
mod query;
mod secrets;
mod shared;
mod study;
#[cfg(test)]
mod tests;
mod update;
mod uploads;
mod words;

use std::path::Path;

use orgvault_config::{SecretUrl, Tls};

use self::{
    classify::{Classes, classify},
    draft::{Draft, Summary, has_section},
    hints::find,
    link::Schema,
    update::{Update, Updated},
};
use crate::source::{
    SourceError, SourceFault,
    survey::{Answers, Ask, Facts, Kind, Question, Survey, TableFacts},
};

pub use hints::HintError;
pub use update::UpdateError;

/// What a definition is drafted from.
#[derive(Debug)]
pub struct Request<'r> {
    /// The database.
    pub url: &'r SecretUrl,
    /// What TLS has to prove beyond this machine.
    pub tls: Tls,
    /// The table of which each row is an organization: `workspaces`, `app.workspaces`.
    pub tenant: &'r str,
    /// The product's name; the database's without it.
    pub name: Option<&'r str>,
    /// Links that the admin names, and the file that they are from.
    pub links: Option<(&'r Path, &'r str)>,
    /// A definition that is brought up to date, and its file.
    pub update: Option<(&'r Path, &'r str)>,
    /// The day, `2026-01-31`.
    pub date: &'r str,
}

/// A drafted definition.
#[derive(Debug)]
pub struct Outcome {
    /// The definition, TOML.
    pub text: String,
    /// What it says, in some lines for people.
    pub summary: String,
    /// Whether a table is undecided.
    pub is_open: bool,
}

/// Why no definition can be drafted.
#[derive(Debug, thiserror::Error)]
pub enum DefineError {
    /// The database cannot be read.
    #[error("{}{}", said(source), hint(fix(source)))]
    Source {
        /// Why.
        #[from]
        source: SourceError,
    },
    /// There is no such table.
    #[error("there is no table {tenant} in {location}, which has {tables} tables{}", hint(fix))]
    NoTenant {
        /// What was asked for.
        tenant: String,
        /// Where.
        location: String,
        /// How many tables there are.
        tables: usize,
        /// What to do about it.
        fix: String,
    },
    /// An organization is named by one value.
    #[error(
        "{tenant} has {}, and an organization is named by one column (name the table of which each row is an organization)",
        keys(*columns)
    )]
    NoKey {
        /// The table.
        tenant: String,
        /// How many columns its primary key has.
        columns: usize,
    },
    /// A line of the file of links is wrong.
    #[error(transparent)]
    Links(#[from] HintError),
    /// What is to be brought up to date is no definition.
    #[error(transparent)]
    Update(#[from] UpdateError),
    /// The product's name is none.
    #[error("{name:?} is no name of a product (--name: 1 to 63 of a-z, 0-9 and -, no - first)")]
    Name {
        /// What was asked for.
        name: String,
    },
}

/// What went wrong, without the name of a source: a draft has none.
fn said(error: &SourceError) -> String {
    match error {
        SourceError::SourceFault { act, words, .. } => format!("cannot {act}: {words}"),
        other => other.to_string(),
    }
}

/// What to do about it where there is a command line and no configuration.
fn fix(error: &SourceError) -> &'static str {
    let SourceError::SourceFault { fault, hint, .. } = error else { return error.hint() };
    match fault {
        SourceFault::Url => "write postgres://USER@HOST/DATABASE or sqlite:///FILE",
        SourceFault::Tls => {
            "add `sslmode=verify-full` (and `sslrootcert=FILE` for an own authority) to the url and enable TLS on the \
             server, or say `--tls as-url` for a network that you trust"
        }
        SourceFault::Login => "check user and password (url or ~/.pgpass) and the server's pg_hba.conf",
        _ => hint,
    }
}

fn hint(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!(" ({hint})") }
}

fn keys(columns: usize) -> String {
    match columns {
        0 => "no primary key".to_owned(),
        columns => format!("a primary key of {columns} columns"),
    }
}

/// Drafts a definition.
///
/// # Errors
/// When the database cannot be read, the tenant table cannot be one, or the request is wrong.
pub async fn define(request: &Request<'_>) -> Result<Outcome, DefineError> {
    let mut survey = Survey::open("define", request.url, request.tls).await?;
    let schema_name = request.tenant.split_once('.').map(|(schema, _)| schema.trim_matches('"'));
    let facts = survey.facts(schema_name).await?;
    let tenant = tenant(&facts, request.tenant, survey.location())?;
    let hints = match request.links {
        Some((file, text)) => hints::read(text, file, &facts)?,
        None => Vec::new(),
    };
    let name = product_name(request.name, &facts.database)?;
    let schema = Schema::new(&facts, tenant, &hints);
    let (classes, answers) = ask(&mut survey, &facts, &schema).await?;
    let dialect = survey.dialect();
    survey.finish().await?;
    let draft =
        Draft { schema: &schema, classes: &classes, answers: &answers, dialect, name, date: request.date.to_owned() };
    let summary = Summary::new(&schema, &classes);
    let is_open = summary.is_open();
    let Some((file, before)) = request.update else {
        return Ok(Outcome { text: draft.write(&[]).text(), summary: summary.text(), is_open });
    };
    let document = update::read(file, before)?;
    let drafted = draft.write(&update::section_names(&document));
    let update = Update { schema: &schema, classes: &classes, drafted: &drafted, dialect, date: request.date };
    let Updated { text, difference } = update.apply(document, before);
    let difference = if difference.is_empty() { "nothing is another now".to_owned() } else { difference.join("\n") };
    Ok(Outcome { text, summary: difference, is_open })
}

/// Classifies, asks what that needs to know, and classifies again until nothing is left to ask.
async fn ask(survey: &mut Survey, facts: &Facts, schema: &Schema<'_>) -> Result<(Classes, Answers), SourceError> {
    let mut answers = Answers::new();
    loop {
        let classes = classify(schema, &answers);
        let wanted: Vec<Question> = classes.wanted.iter().cloned().collect();
        if !wanted.is_empty() {
            answers.extend(survey.answers(facts, &wanted).await?);
            // What was not answered at all is not asked again.
            for question in wanted {
                answers.entry(question).or_insert_with(|| crate::source::survey::Answer::Unknown(String::new()));
            }
            continue;
        }
        let more = for_comments(schema, &classes);
        answers.extend(survey.answers(facts, &more).await?);
        return Ok((classes, answers));
    }
}

/// What decides nothing, and is told.
fn for_comments(schema: &Schema<'_>, classes: &Classes) -> Vec<Question> {
    let mut questions = Vec::new();
    for place in classes.tables.iter().filter(|(_, class)| has_section(class)).map(|(place, _)| *place) {
        let json = schema.table(place).columns.iter().filter(|column| column.kind == Kind::Json);
        questions.extend(json.map(|column| Question { table: place, ask: Ask::Keys(column.name.clone()) }));
    }
    for (place, owned) in classes.owners() {
        let table = schema.table(place);
        if let owned::Way::Link(at) = owned.way
            && let Some(link) = schema.links.get(at)
            && link.columns.iter().any(|name| table.column(name).is_some_and(|column| column.is_nullable))
        {
            questions.push(Question { table: place, ask: Ask::Unset(link.columns.clone()) });
        }
    }
    questions
}

/// The place of the tenant table.
fn tenant(facts: &Facts, name: &str, location: &str) -> Result<usize, DefineError> {
    let Some((place, table)) = find(facts, name) else {
        let names: Vec<String> = facts.tables.iter().map(TableFacts::key).collect();
        let fix = match hints::near(name, names.iter().map(String::as_str)) {
            _ if names.is_empty() => {
                "does the role's search_path show the app's schema? or name it: schema.table".to_owned()
            }
            near => near,
        };
        let (tenant, location) = (name.to_owned(), location.to_owned());
        return Err(DefineError::NoTenant { tenant, location, tables: facts.tables.len(), fix });
    };
    match table.primary_key.len() {
        1 => Ok(place),
        columns => Err(DefineError::NoKey { tenant: name.to_owned(), columns }),
    }
}

/// The product's name: what was asked for, or what can be made of the database's.
fn product_name(asked: Option<&str>, database: &str) -> Result<String, DefineError> {
    let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    let is_name = |name: &str| (1..=63).contains(&name.len()) && name.chars().all(fits) && !name.starts_with('-');
    if let Some(name) = asked {
        return if is_name(name) { Ok(name.to_owned()) } else { Err(DefineError::Name { name: name.to_owned() }) };
    }
    let clean: String = database.to_lowercase().chars().map(|it| if fits(it) { it } else { '-' }).take(63).collect();
    let clean = clean.trim_matches('-').to_owned();
    Ok(if clean.is_empty() { "app".to_owned() } else { clean })
}
