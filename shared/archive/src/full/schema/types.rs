//! Types and collations that columns need.

use serde::{Deserialize, Serialize};

use super::{Constraint, QualifiedName};

/// One collation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collation {
    /// Its name.
    pub name: QualifiedName,
    /// `libc`, `icu` or `builtin`.
    pub provider: String,
    /// Its locale, as the provider names it.
    pub locale: String,
    /// For `libc`: the locale by which characters are told apart, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character_locale: Option<String>,
    /// For `icu`: rules beside those of its locale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
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
        /// The collation by which its bounds are compared, where it is not the subtype's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collation: Option<QualifiedName>,
        /// The operator class by which its bounds are compared, where it is not the subtype's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operator_class: Option<QualifiedName>,
        /// What tells how far two bounds are apart.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        difference: Option<QualifiedName>,
        /// The type of several of its ranges; PostgreSQL 14 and later have one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        multirange: Option<QualifiedName>,
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
    /// Its collation, where it is not its type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<QualifiedName>,
}
