//! `[organization] list`: from the columns of the tenant table that are there.

use super::Draft;
use crate::{
    define::{query::Queries, words::words},
    source::survey::{ColumnFacts, Kind},
    sql::Dialect,
};

/// What names are called, the best first.
const NAMES: [&str; 9] = [
    "name",
    "title",
    "display name",
    "company name",
    "organization name",
    "full name",
    "label",
    "company",
    "legal name",
];
/// What slugs are called, the best first.
const SLUGS: [&str; 12] = [
    "slug",
    "subdomain",
    "hostname",
    "handle",
    "identifier",
    "short name",
    "shortname",
    "url slug",
    "path",
    "code",
    "domain",
    "username",
];
const CREATED: [&str; 5] = ["created at", "created", "created on", "creation date", "inserted at"];
const DELETED: [&str; 6] = ["deleted at", "deleted on", "deleted", "archived at", "closed at", "trashed at"];

/// The query that lists organizations.
pub(super) fn list(draft: &Draft<'_>, queries: &Queries<'_>) -> String {
    let schema = draft.schema;
    let (place, key) = (schema.tenant, schema.tenant_key.clone());
    let columns = &schema.table(place).columns;
    let find = |names: &[&str], fits: fn(&ColumnFacts) -> bool| {
        let named = |name: &&str| columns.iter().find(|column| words(&column.name).join(" ") == **name && fits(column));
        names.iter().find_map(named)
    };
    let id = queries.name(&key);
    let own_name = format!("{} name", words(&schema.table(place).name).join(" ").trim_end_matches('s'));
    let name = find(&NAMES, is_text).or_else(|| find(&[own_name.as_str()], is_text));
    let slug = find(&SLUGS, is_text);
    let text_id = format!("CAST({id} AS text)");
    let name_sql = name.map_or_else(|| format!("{text_id} AS name"), |name| or_id(queries, name, &text_id, "name"));
    let slug_sql = match (slug, name) {
        (Some(slug), _) => or_id(queries, slug, &text_id, "slug"),
        (None, Some(name)) => format!("{} AS slug", from_name(draft.dialect, &queries.name(&name.name), &text_id)),
        (None, None) => format!("{text_id} AS slug"),
    };
    let (created, deleted) = (find(&CREATED, is_time), find(&DELETED, is_time));
    let aliased = |column: &ColumnFacts, alias: &str| match queries.name(&column.name) {
        name if name == alias => format!(", {name}"),
        name => format!(", {name} AS {alias}"),
    };
    let times = created.map(|column| aliased(column, "created_at")).unwrap_or_default()
        + &deleted.map(|column| aliased(column, "deleted_at")).unwrap_or_default();
    let read = [name, slug, created, deleted].into_iter().flatten().map(|column| column.name.clone());
    queries.note(place, &read.chain([key]).collect::<Vec<_>>());
    let id = if id == "id" { id } else { format!("{id} AS id") };
    let table = queries.table(place);
    let order = queries.name(&schema.tenant_key);
    format!("SELECT {id}, {name_sql}, {slug_sql}{times}\nFROM {table}\nORDER BY {order}")
}

/// A column, or the id where it is NULL.
fn or_id(queries: &Queries<'_>, column: &ColumnFacts, id: &str, alias: &str) -> String {
    let name = queries.name(&column.name);
    if column.is_nullable {
        return format!("coalesce({name}, {id}) AS {alias}");
    }
    if name == alias { name } else { format!("{name} AS {alias}") }
}

/// A slug that is made from a name; two organizations of one name are told apart by their ids.
fn from_name(dialect: Dialect, name: &str, id: &str) -> String {
    if dialect == Dialect::SQLITE {
        return format!("coalesce(replace(lower({name}), ' ', '-'), {id})");
    }
    format!("coalesce(trim(BOTH '-' FROM regexp_replace(lower({name}), '[^a-z0-9]+', '-', 'g')), {id})")
}

fn is_text(column: &ColumnFacts) -> bool {
    column.kind == Kind::Text
}

fn is_time(column: &ColumnFacts) -> bool {
    let kind = column.type_name.to_ascii_lowercase();
    ["time", "date"].iter().any(|word| kind.contains(word)) || matches!(column.kind, Kind::Text | Kind::Integer)
}
