//! What may be asked of the rows of a table.

use std::collections::BTreeMap;

/// A question about the rows of one table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The table, by its place in the facts.
    pub table: usize,
    /// What is asked.
    pub ask: Ask,
}

/// What may be asked of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// How many there are.
    Rows,
    /// In how many all of these columns are NULL.
    Unset(Vec<String>),
    /// In how many all of the first columns are NULL, and the other is not.
    Below(Vec<String>, String),
    /// How many have values, and not those of any row of another table. `only` looks at the rows
    /// that have a value in a further column.
    Strays {
        /// The columns of this table.
        columns: Vec<String>,
        /// The other table.
        target: usize,
        /// Its columns.
        keys: Vec<String>,
        /// A column of this table and its value.
        only: Option<(String, String)>,
    },
    /// How many are led to two different organizations by the first of these routes that leads anywhere, and
    /// by the first of those.
    Differ(Vec<Route>, Vec<Route>),
    /// The values of a column, without NULL; more than [`Ask::VALUES`] are not looked at.
    Values(String),
    /// The rows of a table of types that a column names, each by two of its columns: `tracker.issue`.
    Types {
        /// The column of this table.
        column: String,
        /// The table of types.
        target: usize,
        /// Its column.
        key: String,
        /// What is told of it.
        labels: [String; 2],
    },
    /// How many values of a column several rows have. `only` looks at the rows that have a value in a further
    /// column.
    Repeated {
        /// The column.
        column: String,
        /// A column of this table and its value.
        only: Option<(String, String)>,
    },
    /// The keys that the objects in a JSON column have, of some of the rows.
    Keys(String),
}

impl Ask {
    /// At most so many values of a column are told apart.
    pub const VALUES: usize = 64;

    /// Whether the answer is values, and no number.
    #[must_use]
    pub fn is_of_values(&self) -> bool {
        matches!(self, Self::Values(_) | Self::Types { .. } | Self::Keys(_))
    }
}

/// How a row finds its organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// From table to table.
    pub steps: Vec<Step>,
    /// The column of the last table that holds the organization's id.
    pub last: String,
}

/// From a row to the one that it refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table that they refer to.
    pub table: usize,
    /// Its columns.
    pub keys: Vec<String>,
}

/// What the rows say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A number of rows.
    Count(u64),
    /// Values or keys.
    Values(Vec<String>),
    /// It could not be asked: why.
    Unknown(String),
}

/// The answers that there are.
pub type Answers = BTreeMap<Question, Answer>;
