//! How the types of PostgreSQL are read: in binary form where their values have a meaning here, else in
//! PostgreSQL's own text. And which types a `$1` may have.

use std::{collections::HashMap, fmt::Write as _};

use sqlx::postgres::types::Oid;

use crate::{
    product::DeclaredType,
    row::{ColumnType, Element},
};

/// The first oid that is not of the server's own types.
const FIRST_CUSTOM: u32 = 16_384;

/// What the server knows of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) oid: Oid,
    /// In the catalog: `int4`.
    pub(super) name: String,
    pub(super) class: Class,
    /// Of a domain, the type below it.
    pub(super) base: Option<Oid>,
    /// Of an array, the type of its elements, and the character between them.
    pub(super) element: Option<(Oid, char)>,
}

/// How a type came to be, as far as it says how its values are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// It has functions of its own.
    Base,
    /// Its values are names.
    Enum,
    /// It is made of others: a row, a range. What it is called says nothing of it.
    Made,
}

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// What they hold then.
    pub(super) kind: ColumnType,
    /// Whether they start with a version byte.
    pub(super) is_versioned: bool,
    /// What the server has to make of them before it sends them.
    pub(super) text: Option<Text>,
}

/// How the server makes text of a value, which no cast does: a cast may print another text than the
/// type's own, as that of `inet` does, or an extension may have made one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// The type's own text.
    Own,
    /// The same of an array, behind the character that separates its elements.
    Array(char),
    /// The name of an object, with its schema: the type's own text leaves out a schema that the role's
    /// `search_path` shows.
    Name(&'static Named),
}

/// A type whose values are objects of a catalog.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its name in the catalog.
    kind: &'static str,
    /// The catalog.
    catalog: &'static str,
    /// The name of its row `o`.
    name: &'static str,
}

/// Those whose text depends on the `search_path`.
const NAMED: [Named; 9] = [
    Named { kind: "regclass", catalog: "pg_class", name: IDENTITY },
    Named { kind: "regtype", catalog: "pg_type", name: IDENTITY },
    Named { kind: "regprocedure", catalog: "pg_proc", name: IDENTITY },
    Named { kind: "regoperator", catalog: "pg_operator", name: IDENTITY },
    Named { kind: "regconfig", catalog: "pg_ts_config", name: IDENTITY },
    Named { kind: "regdictionary", catalog: "pg_ts_dict", name: IDENTITY },
    Named { kind: "regcollation", catalog: "pg_collation", name: IDENTITY },
    // These two leave out the arguments.
    Named {
        kind: "regproc",
        catalog: "pg_proc",
        name: "(SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(o.proname) FROM \
               pg_catalog.pg_namespace n WHERE n.oid = o.pronamespace)",
    },
    Named {
        kind: "regoper",
        catalog: "pg_operator",
        name: "(SELECT pg_catalog.quote_ident(n.nspname) || '.' || o.oprname FROM pg_catalog.pg_namespace n \
               WHERE n.oid = o.oprnamespace)",
    },
];

const IDENTITY: &str = "(pg_catalog.pg_identify_object(o.tableoid, o.oid, 0)).identity";

impl Text {
    /// The text of `value`, which is SQL itself. A row of nothing but NULL is a value.
    pub(super) fn sql(self, value: &str) -> String {
        let own = format!("pg_catalog.format('%s', {value})");
        let text = match self {
            Self::Own => own,
            Self::Array(delimiter) => format!("'{delimiter}' || {own}"),
            Self::Name(Named { catalog, name, .. }) => {
                format!(
                    "coalesce((SELECT {name} FROM pg_catalog.{catalog} o WHERE o.oid = {value}::pg_catalog.oid), {own})"
                )
            }
        };
        format!("CASE WHEN {value} IS NOT DISTINCT FROM NULL THEN NULL ELSE {text} END")
    }
}

/// How a column of this type is read.
pub(super) fn reading(types: &HashMap<Oid, Type>, oid: Oid, declared: Option<DeclaredType>) -> Reading {
    let reading = natural(types, oid);
    // The server knows its types better than a definition that has to serve SQLite too.
    let kind = match (reading.kind, declared) {
        (ColumnType::Text, Some(DeclaredType::List)) => ColumnType::List,
        (ColumnType::Text, Some(DeclaredType::Json)) => ColumnType::Json,
        (kind, _) => kind,
    };
    Reading { kind, ..reading }
}

/// A rows query whose columns are read like this: as it stands where all are read in binary form. A
/// subquery gives its rows in its own order.
pub(super) fn readable(rows: &str, readings: &[Reading]) -> String {
    if readings.iter().all(|reading| reading.text.is_none()) {
        return rows.to_owned();
    }
    let (mut values, mut names) = (String::new(), String::new());
    for (index, reading) in readings.iter().enumerate() {
        let name = format!("c{index}");
        let value = reading.text.map_or_else(|| format!("q.{name}"), |text| text.sql(&format!("q.{name}")));
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        write!(values, "{comma}{value}").unwrap_or_default();
        write!(names, "{comma}{name}").unwrap_or_default();
    }
    format!("SELECT {values} FROM (\n{rows}\n) AS q({names})")
}

fn natural(types: &HashMap<Oid, Type>, oid: Oid) -> Reading {
    match types.get(&oid) {
        None | Some(Type { class: Class::Made, base: None, .. }) => text(Text::Own),
        Some(Type { base: Some(base), .. }) => natural(types, *base),
        Some(Type { class: Class::Enum, .. }) => binary(ColumnType::Text),
        Some(Type { element: Some((of, delimiter)), .. }) => match element(natural(types, *of)) {
            Some(element) => binary(ColumnType::Array(element)),
            None => Reading { kind: ColumnType::ArrayText, ..text(Text::Array(*delimiter)) },
        },
        Some(simple) => simple_reading(simple),
    }
}

fn binary(kind: ColumnType) -> Reading {
    Reading { kind, is_versioned: false, text: None }
}

fn text(text: Text) -> Reading {
    Reading { kind: ColumnType::Text, is_versioned: false, text: Some(text) }
}

fn element(reading: Reading) -> Option<Element> {
    let Reading { kind, is_versioned, text: None } = reading else { return None };
    Some(match (kind, is_versioned) {
        (ColumnType::Bool, _) => Element::Bool,
        (ColumnType::Int, _) => Element::Int,
        (ColumnType::Float, _) => Element::Float,
        (ColumnType::Numeric, _) => Element::Numeric,
        (ColumnType::Text, false) => Element::Text,
        (ColumnType::Uuid, _) => Element::Uuid,
        (ColumnType::Timestamp, _) => Element::Timestamp,
        (ColumnType::Date, _) => Element::Date,
        (ColumnType::Json, false) => Element::Json,
        (ColumnType::Json, true) => Element::Jsonb,
        (ColumnType::Bytes, _) => Element::Bytes,
        _ => return None,
    })
}

/// By its name: of the server's own types, or of an extension's.
fn simple_reading(simple: &Type) -> Reading {
    let versioned = |kind| Reading { is_versioned: true, ..binary(kind) };
    match (simple.oid.0 >= FIRST_CUSTOM, simple.name.as_str()) {
        (true, "ltree") => versioned(ColumnType::Text),
        (false, "bool") => binary(ColumnType::Bool),
        (false, "int2" | "int4" | "int8") => binary(ColumnType::Int),
        (false, "float4" | "float8") => binary(ColumnType::Float),
        (false, "numeric") => binary(ColumnType::Numeric),
        (true, "citext") | (false, "text" | "varchar" | "name" | "bpchar") => binary(ColumnType::Text),
        (false, "uuid") => binary(ColumnType::Uuid),
        (false, "timestamp" | "timestamptz") => binary(ColumnType::Timestamp),
        (false, "date") => binary(ColumnType::Date),
        (false, "bytea") => binary(ColumnType::Bytes),
        (false, "json") => binary(ColumnType::Json),
        (false, "jsonb") => versioned(ColumnType::Json),
        (false, name) => text(named(name).map_or(Text::Own, Text::Name)),
        (true, _) => text(Text::Own),
    }
}

fn named(name: &str) -> Option<&'static Named> {
    NAMED.iter().find(|named| named.kind == name)
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
    /// By the oids of the server's own types.
    pub(super) fn of(oid: Oid) -> Option<Self> {
        Some(match oid {
            Oid(2950) => Self::Uuid,
            Oid(21) => Self::Int2,
            Oid(23) => Self::Int4,
            Oid(20) => Self::Int8,
            Oid(25) => Self::Text,
            Oid(1043) => Self::Varchar,
            Oid(1042) => Self::Char,
            _ => return None,
        })
    }

    /// The id that is bound in `setting`, as SQL in place of `$1`.
    pub(super) fn expression(self, setting: &str) -> String {
        format!("(pg_catalog.current_setting('{setting}')::pg_catalog.{})", self.catalog_name())
    }

    /// No id, as SQL in place of `$1`.
    pub(super) fn null(self) -> String {
        format!("(NULL::pg_catalog.{})", self.catalog_name())
    }

    /// What the server calls it.
    pub(super) fn catalog_name(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Int2 => "int2",
            Self::Int4 => "int4",
            Self::Int8 => "int8",
            Self::Text => "text",
            Self::Varchar => "varchar",
            Self::Char => "bpchar",
        }
    }

    /// An id of this type for whoever has none.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Uuid => "00000000-0000-0000-0000-000000000000",
            _ => "0",
        }
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
