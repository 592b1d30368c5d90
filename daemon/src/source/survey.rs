//! A database as a whole: what it is made of, and what its rows say of its links. For whoever drafts
//! a definition; nothing here knows one.

mod question;

use std::sync::Arc;

use async_trait::async_trait;
use orgvault_config::{SecretUrl, Tls};

use super::{error::SourceError, sql};
use crate::sql::Dialect;

pub use question::{Answer, Answers, Ask, Question, Route, Step};

/// Everything that the catalog of a database says.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What the database is called.
    pub database: String,
    /// What the server calls itself: `PostgreSQL 15.18`.
    pub server: String,
    /// Ordinary, partitioned and foreign tables, by schema and name.
    pub tables: Vec<TableFacts>,
    /// Who reads; empty where the database has no roles.
    pub role: String,
}

/// One table.
#[derive(Debug, Clone, Default)]
pub struct TableFacts {
    /// Its schema; none where the database has none, or where its name alone finds it.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// In the table's own order.
    pub columns: Vec<ColumnFacts>,
    /// The columns of its primary key; empty where it has none.
    pub primary_key: Vec<String>,
    /// The columns of each unique key, also of those that hold for some rows only.
    pub unique: Vec<Vec<String>>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Whether the role may read all of its columns.
    pub is_readable: bool,
}

/// One column.
#[derive(Debug, Clone, Default)]
pub struct ColumnFacts {
    /// Its name.
    pub name: String,
    /// Its type, as the database writes it.
    pub type_name: String,
    /// What its values may be compared with.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub is_nullable: bool,
    /// Whether the database computes it.
    pub is_generated: bool,
    /// Whether rows can be sorted by it.
    pub is_orderable: bool,
}

/// What the values of a column may be compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// UUIDs.
    Uuid,
    /// Integers of any size.
    Integer,
    /// Text of any length.
    Text,
    /// JSON.
    Json,
    /// What a search index is made of.
    Search,
    /// Anything else.
    #[default]
    Other,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table that they refer to, by its place in [`Facts::tables`].
    pub table: usize,
    /// The columns that are referred to.
    pub keys: Vec<String>,
}

impl TableFacts {
    /// How a definition names it: `users`, `billing.invoices`, `"my.app"."users"`.
    #[must_use]
    pub fn key(&self) -> String {
        let is_plain = |name: &str| !name.contains(['.', '"']);
        match &self.schema {
            None if is_plain(&self.name) => self.name.clone(),
            None => double_quoted(&self.name),
            Some(schema) if is_plain(schema) && is_plain(&self.name) => format!("{schema}.{}", self.name),
            Some(schema) => format!("{}.{}", double_quoted(schema), double_quoted(&self.name)),
        }
    }

    /// How SQL names it.
    #[must_use]
    pub fn sql(&self, dialect: Dialect) -> String {
        let name = sql::quoted(&self.name, dialect);
        match &self.schema {
            None => name.into_owned(),
            Some(schema) => format!("{}.{name}", sql::quoted(schema, dialect)),
        }
    }

    /// A column of it.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnFacts> {
        self.columns.iter().find(|column| column.name == name)
    }
}

fn double_quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name as SQL writes it.
#[must_use]
pub fn quoted(name: &str, dialect: Dialect) -> String {
    sql::quoted(name, dialect).into_owned()
}

/// What a database answers of itself, in one read-only transaction.
#[async_trait]
pub(super) trait Surveyor: Send {
    /// Reads the catalog. `schema` is looked at beside those that names are looked up in.
    async fn facts(&mut self, schema: Option<&str>) -> Result<Facts, SourceError>;

    /// Answers what can be answered; what cannot is [`Answer::Unknown`].
    async fn answers(&mut self, facts: &Facts, questions: &[Question]) -> Result<Answers, SourceError>;

    /// Ends the transaction.
    async fn finish(self: Box<Self>) -> Result<(), SourceError>;
}

/// A look at one database, in one read-only transaction.
pub struct Survey {
    dialect: Dialect,
    location: String,
    surveyor: Box<dyn Surveyor>,
}

impl Survey {
    /// Connects and begins to read. `name` is what errors call the database.
    ///
    /// # Errors
    /// When the URL is none, asks for less TLS than `tls`, or the database cannot be reached.
    pub async fn open(name: &str, url: &SecretUrl, tls: Tls) -> Result<Self, SourceError> {
        let (dialect, location, surveyor) = sql::survey(&Arc::from(name), url, tls).await?;
        Ok(Self { dialect, location, surveyor })
    }

    /// What kind of database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Where it is, without secrets.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// What the database is made of. `schema` is looked at beside those that names are looked up in.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn facts(&mut self, schema: Option<&str>) -> Result<Facts, SourceError> {
        self.surveyor.facts(schema).await
    }

    /// What the rows say: one answer to each question.
    ///
    /// # Errors
    /// When the connection is lost. What is refused or takes too long is [`Answer::Unknown`].
    pub async fn answers(&mut self, facts: &Facts, questions: &[Question]) -> Result<Answers, SourceError> {
        self.surveyor.answers(facts, questions).await
    }

    /// Ends the transaction.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn finish(self) -> Result<(), SourceError> {
        self.surveyor.finish().await
    }
}
