//! Old ids in values that nobody declared: in columns that name something without a foreign key or `references`, and
//! within JSON, text, arrays and `hstore`. There they would go on to name the organization that is there.

use orgvault_api::RestoreFinding;

use super::{
    Work, ids,
    links::{is_number, is_text},
    staged,
    words::is_id,
};
use crate::restore::{
    error::RestoreError,
    facts::ColumnFacts,
    finding::Code,
    plan::rows_of,
    session::Session,
    sql::{counted, literal},
    table::Table,
};

/// Types in whose values no id is looked for.
const PLAIN: &[&str] =
    &["boolean", "date", "interval", "bytea", "inet", "cidr", "macaddr", "real", "money", "tsvector"];
const PLAIN_BEGIN: &[&str] = &["time", "double", "bit", "public.geometry", "numeric"];

/// A key of JSON or `hstore` that is an id by its name, and its number or list, also within a JSON text that is a string.
const JSON_NUMBERS: &str =
    r#""(?:[^"]*(?:[_-][iI][dD][sS]?|[a-z0-9]I[dD]s?)|[iI][dD][sS]?)\\*"\s*(?::|=>)\s*\\*"?(\[[^]]*\]|-?[0-9]+)"#;

/// What is looked into: one column of the staged rows.
struct Place<'p> {
    column: &'p ColumnFacts,
    /// In SQL.
    value: String,
    /// Whether a whole number in it is an id by the column's name.
    named: bool,
}

pub(super) async fn find(
    session: &mut Session,
    work: &Work<'_>,
    tables: &[Table],
) -> Result<Vec<RestoreFinding>, RestoreError> {
    let kinds = "SELECT DISTINCT kind FROM orgvault_sought";
    let kinds = session.texts("look for old ids", kinds.to_owned()).await?;
    let mut findings = Vec::new();
    for table in tables.iter().filter(|table| table.is_staged() && !table.shared) {
        for place in work.facts.columns_of(table.oid).filter_map(|column| place(work, table, column)) {
            let holds = holds(&place, &kinds);
            if holds.is_empty() {
                continue;
            }
            let from = format!(
                "{} s CROSS JOIN LATERAL (SELECT {} AS value) c WHERE c.value IS NOT NULL AND ({})",
                table.stage(),
                place.value,
                holds.join(" OR ")
            );
            let act = format!("look for old ids in {}", table.name);
            let rows = rows_of(session, &act, counted(&table.key_text("s"), &from)).await?;
            let message = format!("column {} holds old ids, and nothing says where", place.column.name);
            findings.extend(Code::IdElsewhere.of_rows(work.mode(), &table.name, rows, message));
        }
    }
    Ok(findings)
}

fn place<'p>(work: &Work<'_>, table: &Table, column: &'p ColumnFacts) -> Option<Place<'p>> {
    let is_there = table.columns.contains(&column.name) && !column.generated;
    let of = (table.number, column.name.clone());
    if !is_there || work.links.outside.contains(&of) || is_plain(column) {
        return None;
    }
    let in_key = work.links.keys.iter().any(|key| key.contains(&of));
    let named = is_id(&column.name) && !in_key;
    let staged = staged(&column.name);
    let text = match column.kind.strip_suffix("[]") {
        Some(_) => format!("to_json({staged})::text"),
        None => format!("{staged}::text"),
    };
    if let Some(class) = work.class_of(table.number, &column.name) {
        // Whatever it names has a new id, or is nobody's that has one: a text may hold it in another form.
        let known = format!("EXISTS (SELECT FROM orgvault_ids i WHERE i.class = {class} AND i.old = {text})");
        let value = format!("CASE WHEN NOT {known} THEN {text} END");
        return is_text(column).then_some(Place { column, value, named: false });
    }
    let is_counted = is_number(column) || matches!(column.kind.as_str(), "smallint[]" | "integer[]" | "bigint[]");
    (named || !is_counted).then_some(Place { column, value: text, named })
}

fn is_plain(column: &ColumnFacts) -> bool {
    let kind = column.kind.strip_suffix("[]").unwrap_or(&column.kind);
    column.class == "e" || PLAIN.contains(&kind) || PLAIN_BEGIN.iter().any(|begin| kind.starts_with(begin))
}

/// Conditions in SQL, each true where `c.value` holds an old id.
fn holds(place: &Place<'_>, kinds: &[String]) -> Vec<String> {
    let sought = |found: &str, kind: &str, id: &str| {
        format!("EXISTS (SELECT FROM {found} JOIN orgvault_sought i ON i.kind = '{kind}' AND i.sought = {id})")
    };
    let matches =
        |pattern: &str, flags: &str| format!("regexp_matches(c.value, {}, '{flags}') AS m(m)", literal(pattern));
    let whole =
        |kind: &str| format!("EXISTS (SELECT FROM orgvault_sought i WHERE i.kind = '{kind}' AND i.sought = c.value)");
    let quoted = matches(r#""((?:[^"\\]|\\.)*)""#, "g");
    let mut holds = Vec::new();
    for kind in kinds {
        match kind.as_str() {
            "u" => holds.push(sought(&matches(ids::UUID, "gi"), kind, "lower(replace(m.m[1], '-', ''))")),
            "t" => {
                holds.push(sought(&matches("[0-9A-Za-z]{8,}", "g"), kind, "m.m[1]"));
                holds.push(sought(&matches("[0-9A-Za-z_-]{8,}", "g"), kind, "m.m[1]"));
            }
            "s" => {
                holds.push(whole(kind));
                holds.push(sought(&quoted, kind, "m.m[1]"));
            }
            _ if place.named && is_text(place.column) => holds.push(whole(kind)),
            _ if place.named => holds.push(sought(&matches("-?[0-9]+", "g"), kind, "m.m[1]")),
            _ => {}
        }
        if kind == "n" && !is_number(place.column) {
            let numbers = format!("{}, regexp_matches(m.m[1], '-?[0-9]+', 'g') AS d(d)", matches(JSON_NUMBERS, "g"));
            holds.push(sought(&numbers, kind, "d.d[1]"));
        }
    }
    holds
}
