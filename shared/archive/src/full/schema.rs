//! `schema.json` of a `full` archive: the schema of the database that the rows come from, as far as they need it.
//! Definitions are the database's own words (`pg_get_constraintdef`, `format_type`, ..; of SQLite what its schema table
//! has): what an archive from elsewhere says is untrusted, and runs only in a scratch database, as a role that may do
//! little.

mod types;

use serde::{Deserialize, Serialize};

pub use types::{Attribute, Collation, Type, TypeKind};

/// The version of `schema.json` that this program writes, and the newest that it reads.
pub const SCHEMA_VERSION: u32 = 1;

/// A table, type, sequence or function with its schema: `public.users`, without quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QualifiedName {
    /// `public`.
    pub schema: String,
    /// `users`.
    pub name: String,
}

/// What the rows of an archive need around them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What kind of database it is.
    #[serde(default, skip_serializing_if = "is_postgres")]
    pub kind: ServerKind,
    /// What the server called itself: `PostgreSQL 15.18`.
    pub server: String,
    /// The database's encoding: `UTF8`.
    pub encoding: String,
    /// The settings of the session that wrote the rows' text, by name.
    pub settings: Vec<Setting>,
    /// Extensions that types, functions and defaults need.
    #[serde(default)]
    pub extensions: Vec<Extension>,
    /// Collations that the database itself has; those of `pg_catalog` are not among them.
    #[serde(default)]
    pub collations: Vec<Collation>,
    /// Types that columns need, each after those that it is made of.
    #[serde(default)]
    pub types: Vec<Type>,
    /// Sequences, of identity columns too.
    #[serde(default)]
    pub sequences: Vec<Sequence>,
    /// Functions that defaults, generated columns, checks, indexes and triggers call.
    #[serde(default)]
    pub functions: Vec<Function>,
    /// Every table that the product's definition knows and that is there, by name.
    pub tables: Vec<Table>,
    /// In which order types, functions and tables can be made, where it is another one than all types, then all
    /// functions, then all tables: a function that takes a table's rows comes after the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<Made>,
    /// What something here needs and this document has no words for, as `pg_identify_object` names it:
    /// `operator public.===(integer,integer)`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undescribed: Vec<String>,
}

/// A kind of database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerKind {
    /// PostgreSQL.
    #[default]
    Postgres,
    /// SQLite: its rows are written as [`super::sqlite`] says, and its schema is called `main`.
    Sqlite,
}

impl ServerKind {
    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

/// What every archive was of before it was said.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_postgres(kind: &ServerKind) -> bool {
    *kind == ServerKind::Postgres
}

/// What is made before what needs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// One of [`Schema::types`].
    Type(QualifiedName),
    /// One of [`Schema::functions`].
    Function {
        /// Its name.
        name: QualifiedName,
        /// Its [`Function::arguments`].
        arguments: String,
    },
    /// One of [`Schema::tables`].
    Table(QualifiedName),
}

/// One setting of the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// `DateStyle`.
    pub name: String,
    /// `ISO, YMD`.
    pub value: String,
}

/// One extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// `hstore`.
    pub name: String,
    /// `1.8`.
    pub version: String,
    /// Where its objects are: `public`.
    pub schema: String,
}

/// One sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Its name.
    pub name: QualifiedName,
    /// `bigint`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it began.
    pub start: i64,
    /// Its step.
    pub increment: i64,
    /// Its least value.
    pub minimum: i64,
    /// Its greatest value.
    pub maximum: i64,
    /// Values that a session takes at once.
    pub cache: i64,
    /// Whether it begins anew at its end.
    pub cycle: bool,
    /// The column that owns it: `owner` of an identity column is where its `identity` is set.
    pub owner: Option<SequenceOwner>,
}

/// The column that owns a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceOwner {
    /// Its table.
    pub table: QualifiedName,
    /// Its column.
    pub column: String,
}

/// One function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: QualifiedName,
    /// What `pg_get_function_identity_arguments` says.
    pub arguments: String,
    /// `sql`, `plpgsql`.
    #[serde(default)]
    pub language: String,
    /// What `pg_get_functiondef` says.
    pub definition: String,
}

/// One table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    #[serde(flatten)]
    pub name: QualifiedName,
    /// For a partitioned table: `LIST (kind)`. Its rows are written with it, not with its partitions.
    pub partition_key: Option<String>,
    /// For a partition: of what, and which rows it takes.
    pub partition_of: Option<Partition>,
    /// Tables that it inherits from without being a partition, in their order: its rows are rows of theirs too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<QualifiedName>,
    /// Its columns, in the table's order.
    pub columns: Vec<Column>,
    /// The columns of its primary key, in the key's order; empty where it has none.
    pub primary_key: Vec<String>,
    /// Primary key, unique, check and exclusion constraints, by name. No foreign keys, and of a partition none that
    /// its partitioned table makes for it.
    pub constraints: Vec<Constraint>,
    /// Its unique keys, constraints or indexes, by name; the primary key too.
    pub unique: Vec<UniqueKey>,
    /// Its foreign keys, by name.
    pub foreign_keys: Vec<ForeignKey>,
    /// Indexes that no constraint made, by name; the definition is `pg_get_indexdef`'s.
    pub indexes: Vec<Constraint>,
    /// Triggers that are not the server's own, by name; the definition is `pg_get_triggerdef`'s.
    pub triggers: Vec<Trigger>,
    /// Whether row security filters what its readers see.
    pub row_security: RowSecurity,
    /// Its policies, by name.
    pub policies: Vec<Policy>,
    /// Rules that rewrite what is done to it, by name; the definition is `pg_get_ruledef`'s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Constraint>,
    /// Of SQLite: the `CREATE TABLE` that made it, which alone has its checks, collations and computed columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Of SQLite: whether its columns take values of their own types alone.
    #[serde(default, skip_serializing_if = "orgvault_api::is_false")]
    pub strict: bool,
    /// Of SQLite: whether its rows have no number beside their key.
    #[serde(default, skip_serializing_if = "orgvault_api::is_false")]
    pub without_rowid: bool,
}

/// For a partition: of what, and which rows it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// The partitioned table.
    pub parent: QualifiedName,
    /// `FOR VALUES IN ('open')`, or `DEFAULT`.
    pub bound: String,
}

/// One column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// As `format_type` has it: `character varying(80)`, `public.mood[]`. Types that are not of `pg_catalog` have
    /// their schema.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Its default expression; none for a generated column.
    pub default: Option<String>,
    /// Its expression, where the server computes it: such a column is compared and never loaded. Of SQLite `virtual` or
    /// `stored`; the expression is in the table's definition.
    pub generated: Option<String>,
    /// Whether it numbers its rows by itself.
    pub identity: Option<Identity>,
    /// Its collation, where it is not its type's.
    pub collation: Option<QualifiedName>,
}

/// How an identity column numbers its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// `GENERATED ALWAYS`: an `INSERT` needs `OVERRIDING SYSTEM VALUE`.
    Always,
    /// `GENERATED BY DEFAULT`; of SQLite `AUTOINCREMENT`.
    ByDefault,
}

/// One constraint or index, in the server's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// Its definition.
    pub definition: String,
}

/// One unique key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueKey {
    /// The name of its constraint or index.
    pub name: String,
    /// What is unique: a column's name in SQL, or an expression (`lower(name)`).
    pub expressions: Vec<String>,
    /// The condition of a partial index.
    pub predicate: Option<String>,
    /// Whether NULL equals NULL.
    pub nulls_not_distinct: bool,
}

/// One foreign key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that they name.
    pub references: QualifiedName,
    /// The columns over there, in the same order.
    pub referenced: Vec<String>,
    /// Whether a part of it may be NULL: `MATCH FULL` says no.
    pub match_full: bool,
    /// `NO ACTION`, `RESTRICT`, `CASCADE`, `SET NULL`, `SET DEFAULT`.
    pub on_delete: String,
    /// As `on_delete`.
    pub on_update: String,
    /// Whether it may be checked at the end of a transaction.
    pub deferrable: bool,
    /// Whether rows from before it may break it: `NOT VALID`.
    #[serde(default, skip_serializing_if = "orgvault_api::is_false")]
    pub not_valid: bool,
    /// What `pg_get_constraintdef` says.
    pub definition: String,
}

/// One trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Its definition.
    pub definition: String,
    /// Whether it fires for an ordinary session.
    pub enabled: bool,
}

/// Whether row security filters what readers of a table see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowSecurity {
    /// It does not.
    #[default]
    Off,
    /// All but the owner's.
    Enabled,
    /// The owner's too.
    Forced,
}

/// One policy of row security.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// `ALL`, `SELECT`, `INSERT`, `UPDATE`, `DELETE`.
    pub command: String,
    /// Whether it widens or narrows.
    pub permissive: bool,
    /// The roles that it is for; empty for everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Its `USING` expression.
    pub using: Option<String>,
    /// Its `WITH CHECK` expression.
    pub with_check: Option<String>,
}

impl Schema {
    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &QualifiedName) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == *name)
    }

    /// The order in which types, functions and tables can be made.
    #[must_use]
    pub fn making_order(&self) -> Vec<Made> {
        if self.order.is_empty() { self.usual_order() } else { self.order.clone() }
    }

    /// All types, all functions, all tables.
    #[must_use]
    pub fn usual_order(&self) -> Vec<Made> {
        let types = self.types.iter().map(|it| Made::Type(it.name.clone()));
        let tables = self.tables.iter().map(|table| Made::Table(table.name.clone()));
        types.chain(self.functions.iter().map(Function::made)).chain(tables).collect()
    }
}

impl Function {
    /// What it is called in an order.
    #[must_use]
    pub fn made(&self) -> Made {
        Made::Function { name: self.name.clone(), arguments: self.arguments.clone() }
    }
}

impl std::fmt::Display for QualifiedName {
    /// `public.users`, for people; SQL quotes its parts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}
