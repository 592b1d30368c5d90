//! One table of a draft: its section, its warnings and its `[table.NAME]`.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{Draft, about, comment, has_section, key, strings, text, wrapped};
use crate::{
    define::{
        classify::Class,
        owned::{Owned, Way},
        query::Queries,
        secrets::{holds_secret, is_secret, is_secret_in},
        study::Study,
        uploads,
        words::words,
    },
    source::survey::{Answer, Ask, ColumnFacts, Kind, Question},
};

/// What a draft says of one table.
pub(in crate::define) struct Piece {
    pub(in crate::define) place: usize,
    /// The table, as a definition names it.
    pub(in crate::define) key: String,
    /// Names of its sections.
    pub(in crate::define) names: Vec<String>,
    /// The columns that its rows query writes.
    pub(in crate::define) written: Vec<String>,
    /// `[[section]]` with its comment; empty where it has none.
    pub(in crate::define) section: String,
    /// `[[warning]]`s.
    pub(in crate::define) warnings: String,
    /// `[table.NAME]`.
    pub(in crate::define) table: String,
}

/// The pieces in the order of the archive: the organization, what is shared, then by the length of the
/// way and by name.
pub(super) fn pieces(draft: &Draft<'_>, queries: &Queries<'_>, mut names: Names) -> Vec<Piece> {
    let mut places: Vec<(usize, &Class)> = draft.classes.tables.iter().map(|(place, class)| (*place, class)).collect();
    places.sort_by_key(|(place, class)| {
        let depth = match class {
            Class::Owned(owned) if owned.way == Way::Tenant => 0,
            Class::Shared(_) => 1,
            Class::Owned(owned) => owned.cost.depth + 2,
            Class::Excluded(_) | Class::Undecided(_) => usize::MAX,
        };
        (depth, draft.schema.key(*place))
    });
    places.into_iter().map(|(place, class)| piece(draft, queries, &mut names, place, class)).collect()
}

/// Names that are taken.
#[derive(Default)]
pub(super) struct Names {
    sections: BTreeSet<String>,
    entities: BTreeSet<String>,
}

impl Names {
    /// With those that a definition has already.
    pub(super) fn taken(taken: &[(String, String)]) -> Self {
        let (sections, entities) = taken.iter().cloned().unzip();
        Self { sections, entities }
    }

    /// A section's name and its entity, both new.
    fn of(&mut self, name: &str) -> (String, String) {
        const MAX: usize = 58;
        let clean = |name: &str, allowed: fn(char) -> bool, other: char| {
            let name: String = name.chars().map(|it| if allowed(it) { it } else { other }).take(MAX).collect();
            let name = name.trim_start_matches(['-', '.']).to_owned();
            if name.is_empty() { "table".to_owned() } else { name }
        };
        let section = clean(name, |it| it.is_ascii_alphanumeric() || matches!(it, '_' | '-'), '_');
        let entity = clean(&words(name).join("-"), |it| it.is_ascii_alphanumeric() || it == '-', '-');
        (free(&mut self.sections, section), free(&mut self.entities, entity))
    }
}

fn free(taken: &mut BTreeSet<String>, name: String) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    // Member files of names that only letters' cases tell apart would be one file on some systems.
    let is_free = |name: &String| !taken.iter().any(|other| other.eq_ignore_ascii_case(name));
    let found = [name.clone()].into_iter().chain(numbered).find(is_free).unwrap_or(name);
    taken.insert(found.clone());
    found
}

fn piece(draft: &Draft<'_>, queries: &Queries<'_>, names: &mut Names, place: usize, class: &Class) -> Piece {
    let key = draft.schema.key(place);
    let mut piece = Piece {
        place,
        key: key.clone(),
        names: Vec::new(),
        written: Vec::new(),
        section: String::new(),
        warnings: String::new(),
        table: String::new(),
    };
    if !has_section(class) {
        return piece;
    }
    let table = draft.schema.table(place);
    let (section, entity) = names.of(&match &table.schema {
        Some(schema) => format!("{schema}_{}", table.name),
        None => table.name.clone(),
    });
    piece.written = written(draft, place, class);
    let (condition, about) = match class {
        Class::Shared(shared) => (queries.named_by(place, &shared.by), about::shared(draft, place, shared)),
        Class::Owned(owned) => (queries.condition(place), about::owned(draft, place, owned)),
        Class::Excluded(_) | Class::Undecided(_) => return piece,
    };
    let (order, by_what) = order(draft, queries, place);
    let rows = rows(queries, place, &piece.written, &condition, &order);
    let count = format!("SELECT count(*) FROM {} WHERE {condition}", queries.table(place));
    let mut said = String::from("\n");
    said += &comment(&format!("{key}: {about}"));
    said += &by_what.map(|line| comment(&line)).unwrap_or_default();
    said += &left_out(draft, place, class);
    let single = if matches!(class, Class::Owned(Owned { way: Way::Tenant, .. })) { "single = true\n" } else { "" };
    piece.section = format!(
        "{said}[[section]]\nname = {}\nentity = {}\nmember = {}\ntable = {}\n{single}rows = {}\ncount = {}\n{}",
        text(&section),
        text(&entity),
        text(&format!("{section}.csv")),
        text(&key),
        text(&rows),
        text(&count),
        types(draft, &piece.written, place),
    );
    piece.names.push(section);
    piece.warnings = warnings(draft, queries, place);
    piece
}

/// The rows query, as a draft writes it.
pub(in crate::define) fn rows(
    queries: &Queries<'_>,
    place: usize,
    written: &[String],
    condition: &str,
    order: &str,
) -> String {
    let table = queries.table(place);
    format!("SELECT {}\nFROM {table}\nWHERE {condition}\nORDER BY {order}", wrapped(&queries.list(written), "  "))
}

/// The columns that are written: all but secrets, search indexes and, in a shared table, what names the
/// rows of some organization.
fn written(draft: &Draft<'_>, place: usize, class: &Class) -> Vec<String> {
    let table = draft.schema.table(place);
    let is_shared = matches!(class, Class::Shared(_));
    let fits = |column: &&ColumnFacts| {
        column.kind != Kind::Search
            && !is_hidden(draft, place, &column.name)
            && !(is_shared && names_owned(draft, place, &column.name))
    };
    table.columns.iter().filter(fits).map(|column| column.name.clone()).collect()
}

/// Whether a column is a secret: one that names a row is none.
fn is_hidden(draft: &Draft<'_>, place: usize, column: &str) -> bool {
    let table = draft.schema.table(place);
    let is_key = || table.primary_key.iter().any(|key| key == column) || names_a_row(draft, place, column);
    table.column(column).is_some_and(|column| holds_secret(&table.name, column)) && !is_key()
}

fn names_a_row(draft: &Draft<'_>, place: usize, column: &str) -> bool {
    let study = Study::new(draft.schema, draft.answers);
    let mut links = draft.schema.links_of(place);
    links.any(|(_, link)| link.columns.iter().any(|name| name == column) && study.proof(link).holds())
}

fn names_owned(draft: &Draft<'_>, place: usize, column: &str) -> bool {
    let study = Study::new(draft.schema, draft.answers);
    let is_owned = |place: usize| matches!(draft.classes.tables.get(&place), Some(Class::Owned(_)));
    draft.schema.links_of(place).any(|(_, link)| {
        link.columns.iter().any(|name| name == column) && is_owned(link.to) && study.proof(link).holds()
    })
}

/// What of a table is not written, as comments.
fn left_out(draft: &Draft<'_>, place: usize, class: &Class) -> String {
    let table = draft.schema.table(place);
    let named = |fits: &dyn Fn(&ColumnFacts) -> bool| {
        let names = table.columns.iter().filter(|column| fits(column)).map(|column| column.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let secrets = named(&|column| is_hidden(draft, place, &column.name));
    let search = named(&|column| column.kind == Kind::Search);
    let links = match class {
        Class::Shared(_) => named(&|column| names_owned(draft, place, &column.name)),
        _ => String::new(),
    };
    let mut said = String::new();
    for (names, why) in [
        (secrets, "secrets by their names"),
        (search, "made from other columns for search"),
        (links, "would name rows of other organizations"),
    ] {
        if !names.is_empty() {
            said += &comment(&format!("Not written: {names} ({why})."));
        }
    }
    let keys: Vec<&str> =
        table.primary_key.iter().map(String::as_str).filter(|key| is_secret_in(&table.name, key)).collect();
    if !keys.is_empty() {
        said += &comment(&format!("Look at {}: it is the primary key, and looks like a secret.", keys.join(", ")));
    }
    for line in draft.classes.refuted.get(&place).into_iter().flatten() {
        said += &comment(&format!("{line}."));
    }
    said + &json_secrets(draft, place) + &files(draft, place, class)
}

/// The columns that seem to name files outside of the database.
fn files(draft: &Draft<'_>, place: usize, class: &Class) -> String {
    let written = written(draft, place, class);
    let is_written = |name: &str| written.iter().any(|column| column == name);
    match uploads::of(draft.schema.table(place)) {
        Some((path, size)) if is_written(path) => {
            let size = size.filter(|size| is_written(size)).map(|size| format!(" and size = \"{size}\""));
            comment(&format!(
                "Files? If {path} names files outside of the database, say so in a [[files]] with path = \"{path}\"{}, and \
                 where they are in `files` of the source.",
                size.unwrap_or_default()
            ))
        }
        _ => String::new(),
    }
}

/// Keys inside JSON columns that look like secrets.
fn json_secrets(draft: &Draft<'_>, place: usize) -> String {
    let columns = draft.schema.table(place).columns.iter().filter(|column| column.kind == Kind::Json);
    let found = columns.filter_map(|column| {
        let question = Question { table: place, ask: Ask::Keys(column.name.clone()) };
        let Some(Answer::Values(keys)) = draft.answers.get(&question) else { return None };
        let keys: Vec<&str> = keys.iter().map(String::as_str).filter(|key| is_secret(key)).collect();
        (!keys.is_empty() && !is_hidden(draft, place, &column.name)).then(|| {
            comment(&format!(
                "Look into {}: its JSON has keys that look like secrets: {}.",
                column.name,
                keys.join(", ")
            ))
        })
    });
    found.collect()
}

/// What rows are sorted by, and a line where that is not the primary key.
fn order(draft: &Draft<'_>, queries: &Queries<'_>, place: usize) -> (String, Option<String>) {
    let table = draft.schema.table(place);
    if !table.primary_key.is_empty() {
        queries.note(place, &table.primary_key);
        return (queries.list(&table.primary_key), None);
    }
    let columns: Vec<&ColumnFacts> =
        table.columns.iter().filter(|it| it.kind != Kind::Search && !is_hidden(draft, place, &it.name)).collect();
    queries.note(place, &columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>());
    let sorted = columns.iter().map(|column| match queries.name(&column.name) {
        name if column.is_orderable => name,
        name => format!("CAST({name} AS text)"),
    });
    let sorted = sorted.collect::<Vec<_>>().join(", ");
    (sorted, Some("It has no primary key: its rows are sorted by all columns that are written.".to_owned()))
}

/// Types that SQLite does not know.
fn types(draft: &Draft<'_>, written: &[String], place: usize) -> String {
    if draft.dialect != crate::sql::Dialect::SQLITE {
        return String::new();
    }
    let table = draft.schema.table(place);
    let typed = written.iter().filter_map(|name| Some((name, declared(&table.column(name)?.type_name)?)));
    let typed: Vec<String> = typed.map(|(name, kind)| format!("{} = {kind:?}", key(name))).collect();
    if typed.is_empty() { String::new() } else { format!("types = {{ {} }}\n", typed.join(", ")) }
}

/// The type that a definition states for one that SQLite only writes down.
fn declared(type_name: &str) -> Option<&'static str> {
    let name = type_name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["bool"]) {
        Some("bool")
    } else if has(&["timestamp", "datetime"]) {
        Some("timestamp")
    } else if name == "date" {
        Some("date")
    } else if has(&["json"]) {
        Some("json")
    } else if has(&["decimal", "numeric"]) {
        Some("numeric")
    } else {
        None
    }
}

fn warnings(draft: &Draft<'_>, queries: &Queries<'_>, place: usize) -> String {
    let of_table = draft.classes.foreign.iter().filter_map(|foreign| {
        let link = draft.schema.links.get(foreign.link)?;
        (link.from == place).then_some((foreign, link))
    });
    let mut said = String::new();
    for (foreign, link) in of_table {
        let Some(rows) = queries.foreign(link) else { continue };
        let (table, target, columns) = (draft.schema.key(place), draft.schema.key(link.to), link.columns.join(", "));
        let found = format!(
            "{} of {table} name, by {columns}, what belongs in {target} to another organization. The query costs time at each export.",
            about::rows_of(foreign.rows)
        );
        let message =
            format!("rows of {table} name, by {columns}, rows of {target} that belong to another organization");
        write!(
            said,
            "\n{}[[warning]]\ncode = \"foreign_rows\"\nmessage = {}\nrows = {}\n",
            comment(&found),
            text(&message),
            text(&rows)
        )
        .unwrap_or_default();
    }
    said
}

/// Writes `[table.NAME]` of every piece, when it is known what all queries read.
pub(super) fn give_reads(draft: &Draft<'_>, queries: &Queries<'_>, pieces: &mut [Piece]) {
    for piece in pieces {
        let columns = &draft.schema.table(piece.place).columns;
        let noted = queries.reads(piece.place);
        let is_read = |name: &String| piece.written.contains(name) || noted.contains(name);
        let (reads, known): (Vec<String>, Vec<String>) =
            columns.iter().map(|column| column.name.clone()).partition(is_read);
        let mut said = format!("\n[table.{}]\n", key(&piece.key));
        let mut line = |key: &str, value: String| writeln!(said, "{key} = {value}").unwrap_or_default();
        let class = draft.classes.tables.get(&piece.place);
        match class {
            Some(Class::Shared(_)) => {
                line("shared", "true".to_owned());
                line("orphans", text("no organization names such a row"));
            }
            Some(Class::Excluded(why)) => line("excluded", text(why)),
            Some(Class::Undecided(why)) => line("undecided", text(why)),
            Some(Class::Owned(owned)) => {
                if let Some((why, _)) = about::orphans(draft, piece.place, owned) {
                    line("orphans", text(&why));
                }
            }
            None => {}
        }
        if matches!(class, Some(Class::Excluded(_))) && !reads.is_empty() {
            line("reads", strings(&reads));
        }
        if class.is_some_and(has_section) {
            line("reads", strings(&reads));
            // Also where it is empty: then each column that comes later is a new one.
            line("known", strings(&known));
        }
        piece.table = said;
    }
}
