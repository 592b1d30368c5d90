//! `schema.json` of a `full` archive: the schema of the PostgreSQL database that the rows come from, as far as
//! they need it. Definitions are the server's own words (`pg_get_constraintdef`, `format_type`, ..): what an
//! archive from elsewhere says is untrusted, and runs only in a scratch database, as a role that may do little.

use serde::{Deserialize, Serialize};

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

/// One collation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collation {
    /// Its name.
    pub name: QualifiedName,
    /// `libc` or `icu`.
    pub provider: String,
    /// Its locale, as the provider names it.
    pub locale: String,
    /// Whether equal values have equal bytes.
    pub deterministic: bool,
}

/// One type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Type {
    /// Its name.
    pub name: QualifiedName,
    /// What it is.
    #[serde(flatten)]
    pub kind: TypeKind,
}

/// What a type is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TypeKind {
    /// An enum and its labels, in their order.
    Enum {
        /// In their order.
        labels: Vec<String>,
    },
    /// A domain.
    Domain {
        /// The type below it, as `format_type` has it.
        base: String,
        /// Whether NULL is refused.
        not_null: bool,
        /// Its default expression.
        default: Option<String>,
        /// Its collation, where it is not its base type's.
        collation: Option<QualifiedName>,
        /// Its checks.
        checks: Vec<Constraint>,
    },
    /// A composite type.
    Composite {
        /// Name and type of each attribute.
        attributes: Vec<Attribute>,
    },
    /// A range over another type.
    Range {
        /// The type of its bounds.
        subtype: String,
    },
}

/// One attribute of a composite type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// As `format_type` has it.
    #[serde(rename = "type")]
    pub kind: String,
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
    /// Its columns, in the table's order.
    pub columns: Vec<Column>,
    /// The columns of its primary key, in the key's order; empty where it has none.
    pub primary_key: Vec<String>,
    /// Primary key, unique, check and exclusion constraints, by name. No foreign keys.
    pub constraints: Vec<Constraint>,
    /// Its unique keys, constraints or indexes.
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
    /// Its expression, where the server computes it: such a column is compared and never loaded.
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
    /// `GENERATED BY DEFAULT`.
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
}

impl std::fmt::Display for QualifiedName {
    /// `public.users`, for people; SQL quotes its parts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}
