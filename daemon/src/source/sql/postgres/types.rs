//! Which types of PostgreSQL a format can write, and which a `$1` may have.

use sqlx::{
    TypeInfo,
    postgres::{PgTypeInfo, PgTypeKind},
};

use crate::{
    product::DeclaredType,
    row::{ColumnType, Element},
};

/// What the cells of a column hold, and whether they start with a version byte; none for a type
/// that has to be cast to text.
pub(super) fn column_type(info: &PgTypeInfo, declared: Option<DeclaredType>) -> Option<(ColumnType, bool)> {
    let (kind, versioned) = natural_type(info)?;
    // The server knows its types better than a definition that has to serve SQLite too.
    Some(match (kind, declared) {
        (ColumnType::Text, Some(DeclaredType::List)) => (ColumnType::List, versioned),
        (ColumnType::Text, Some(DeclaredType::Json)) => (ColumnType::Json, versioned),
        _ => (kind, versioned),
    })
}

fn natural_type(info: &PgTypeInfo) -> Option<(ColumnType, bool)> {
    match info.kind() {
        PgTypeKind::Domain(base) => natural_type(base),
        PgTypeKind::Enum(_) => Some((ColumnType::Text, false)),
        PgTypeKind::Array(of) => element(of).map(|element| (ColumnType::Array(element), false)),
        PgTypeKind::Simple => simple(info.name()),
        PgTypeKind::Pseudo | PgTypeKind::Composite(_) | PgTypeKind::Range(_) => None,
    }
}

fn element(info: &PgTypeInfo) -> Option<Element> {
    match natural_type(info)? {
        (ColumnType::Bool, _) => Some(Element::Bool),
        (ColumnType::Int, _) => Some(Element::Int),
        (ColumnType::Float, _) => Some(Element::Float),
        (ColumnType::Numeric, _) => Some(Element::Numeric),
        (ColumnType::Text, false) => Some(Element::Text),
        (ColumnType::Uuid, _) => Some(Element::Uuid),
        (ColumnType::Timestamp, _) => Some(Element::Timestamp),
        (ColumnType::Date, _) => Some(Element::Date),
        _ => None,
    }
}

/// By sqlx's name: upper case for the server's own types, else as the extension has it.
fn simple(name: &str) -> Option<(ColumnType, bool)> {
    let bare = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
    let kind = match bare.to_ascii_uppercase().as_str() {
        "BOOL" => ColumnType::Bool,
        "INT2" | "INT4" | "INT8" => ColumnType::Int,
        "FLOAT4" | "FLOAT8" => ColumnType::Float,
        "NUMERIC" => ColumnType::Numeric,
        "TEXT" | "VARCHAR" | "NAME" | "CITEXT" => ColumnType::Text,
        "CHAR" if name == "CHAR" => ColumnType::Text,
        "LTREE" => return Some((ColumnType::Text, true)),
        "UUID" => ColumnType::Uuid,
        "TIMESTAMP" | "TIMESTAMPTZ" => ColumnType::Timestamp,
        "DATE" => ColumnType::Date,
        "JSON" => ColumnType::Json,
        "JSONB" => return Some((ColumnType::Json, true)),
        _ => return None,
    };
    Some((kind, false))
}

/// The type that a query compares the organization's id with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum IdType {
    Uuid,
    Int2,
    Int4,
    Int8,
    Text,
    Varchar,
    Char,
}

impl IdType {
    pub(super) fn of(info: &PgTypeInfo) -> Option<Self> {
        Some(match info.name() {
            "UUID" => Self::Uuid,
            "INT2" => Self::Int2,
            "INT4" => Self::Int4,
            "INT8" => Self::Int8,
            "TEXT" => Self::Text,
            "VARCHAR" => Self::Varchar,
            "CHAR" => Self::Char,
            _ => return None,
        })
    }

    /// The id that is bound in `setting`, as SQL in place of `$1`.
    pub(super) fn expression(self, setting: &str) -> String {
        let name = match self {
            Self::Uuid => "uuid",
            Self::Int2 => "int2",
            Self::Int4 => "int4",
            Self::Int8 => "int8",
            Self::Text => "text",
            Self::Varchar => "varchar",
            Self::Char => "bpchar",
        };
        format!("(pg_catalog.current_setting('{setting}')::pg_catalog.{name})")
    }

    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Uuid => "UUID",
            Self::Int2 => "integer of 16 bits",
            Self::Int4 => "integer of 32 bits",
            Self::Int8 => "integer of 64 bits",
            Self::Text | Self::Varchar | Self::Char => "text without a NUL character",
        }
    }

    /// Whether an id is a value of this type, written as the database itself prints it.
    pub(super) fn holds(self, id: &str) -> bool {
        let canonical = |printed: Option<String>| printed.as_deref() == Some(id);
        match self {
            Self::Uuid => crate::source::uuid::parse(id).is_some(),
            Self::Int2 => canonical(id.parse::<i16>().ok().map(|id| id.to_string())),
            Self::Int4 => canonical(id.parse::<i32>().ok().map(|id| id.to_string())),
            Self::Int8 => canonical(id.parse::<i64>().ok().map(|id| id.to_string())),
            Self::Text | Self::Varchar | Self::Char => !id.contains('\0'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_value_of_its_type() {
        let uuid = "0190a6e0-7c1c-7000-8000-00000000000a";
        assert!(IdType::Uuid.holds(uuid) && IdType::Uuid.holds(&uuid.to_uppercase()) && IdType::Text.holds(uuid));
        assert!(IdType::Int4.holds("-7") && IdType::Int2.holds("32767") && IdType::Text.holds(""));
        for (kind, id) in [
            (IdType::Uuid, "'; DROP TABLE x; --"),
            (IdType::Uuid, ""),
            (IdType::Uuid, "{0190a6e0-7c1c-7000-8000-00000000000a}"),
            (IdType::Int4, "'; DROP TABLE x; --"),
            (IdType::Int4, "+1"),
            (IdType::Int4, "01"),
            (IdType::Int4, "2147483648"),
            (IdType::Int2, "32768"),
            (IdType::Text, "a\0b"),
        ] {
            assert!(!kind.holds(id), "{kind:?} {id:?}");
        }
    }
}
