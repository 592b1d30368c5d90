//! One table of a draft: its section, its warnings and its `[table.NAME]`.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{Draft, comment, has_section, key, strings, text, wrapped};
use crate::{
    define::{
        classify::Class,
        link::{Link, Origin},
        owned::{Owned, Way},
        query::Queries,
        secrets::{is_secret, is_secret_in},
        shared::Shared,
        study::{Proof, Study},
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
        let clean = |allowed: fn(char) -> bool, other: char| {
            let name: String = name.chars().map(|it| if allowed(it) { it } else { other }).take(MAX).collect();
            let name = name.trim_start_matches(['-', '.']).to_owned();
            if name.is_empty() { "table".to_owned() } else { name }
        };
        let section = clean(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '-'), '_');
        let entity = clean(|it| it.is_ascii_alphanumeric() || it == '-', '-').to_ascii_lowercase();
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
        Class::Shared(shared) => (queries.named_by(place, &shared.by), about_shared(draft, place, shared)),
        Class::Owned(owned) => (queries.condition(place), about_owned(draft, place, owned)),
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

/// Whether a column is a secret: one of a key is none.
fn is_hidden(draft: &Draft<'_>, place: usize, column: &str) -> bool {
    let table = draft.schema.table(place);
    let is_key = table.primary_key.iter().any(|key| key == column)
        || table.foreign_keys.iter().any(|key| key.columns.iter().any(|name| name == column));
    !is_key && is_secret_in(&table.name, column)
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
    for line in draft.classes.refuted.get(&place).into_iter().flatten() {
        said += &comment(&format!("{line}."));
    }
    said + &json_secrets(draft, place)
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

/// How a table finds its organization, as a sentence.
fn about_owned(draft: &Draft<'_>, place: usize, owned: &Owned) -> String {
    let mut said = match &owned.way {
        Way::Tenant => "the organization itself.".to_owned(),
        Way::Link(at) => format!("{}.", path(draft, *at)),
        Way::Any(ways) => {
            let paths: Vec<String> = ways.iter().map(|at| path(draft, *at)).collect();
            format!("{}: one of them is set in every row.", paths.join(", or "))
        }
        Way::Typed(pair) => {
            let arms: Vec<String> =
                pair.arms.iter().map(|arm| format!("{:?} is {}", arm.value, draft.schema.key(arm.table))).collect();
            format!("{} says whose row {} names: {}.", pair.kind, pair.id, arms.join(", "))
        }
    };
    if let Some(parent) = owned.tree.and_then(|at| draft.schema.links.get(at)) {
        let parent = parent.columns.join(", ");
        write!(said, " Rows without belong where {parent} leads.").unwrap_or_default();
    }
    for note in owned.notes.iter().cloned().chain(orphans(draft, place, owned).map(|(_, note)| note)) {
        write!(said, "\n{note}.").unwrap_or_default();
    }
    said
}

/// `project_id -> projects.workspace_id -> workspaces`, with what makes each step certain.
fn path(draft: &Draft<'_>, at: usize) -> String {
    let Some(link) = draft.schema.links.get(at) else { return String::new() };
    let (columns, target) = (link.columns.join(", "), draft.schema.key(link.to));
    let said = format!("{columns} names {target} ({})", how(draft, link));
    let next = match draft.classes.tables.get(&link.to) {
        Some(Class::Owned(Owned { way: Way::Link(next), .. })) if link.to != draft.schema.tenant => Some(*next),
        _ => None,
    };
    next.map_or(said.clone(), |next| format!("{said}, whose {}", path(draft, next)))
}

fn how(draft: &Draft<'_>, link: &Link) -> String {
    let null = if link.is_required { "NOT NULL" } else { "may be NULL" };
    match link.origin {
        Origin::Hint => "as the file of links says".to_owned(),
        Origin::Constraint => format!("foreign key, {null}"),
        Origin::Name | Origin::Part => match Study::new(draft.schema, draft.answers).proof(link) {
            Proof::Holds(Some(why)) => format!("{why}, {null}"),
            _ => format!("by name, {null}"),
        },
    }
}

fn about_shared(draft: &Draft<'_>, place: usize, shared: &Shared) -> String {
    let links = shared.by.iter().filter_map(|at| draft.schema.links.get(*at));
    let named: Vec<String> =
        links.map(|link| format!("{}.{}", draft.schema.key(link.from), link.columns.join(", "))).collect();
    let is_of_people = crate::define::shared::is_of_people(draft.schema, place);
    let what = if shared.are_members && is_of_people { "the members" } else { "the rows" };
    format!("several organizations share it. Here are {what} that {} names.", named.join(" or "))
}

/// Why rows may belong to no organization, and the same with their number.
fn orphans(draft: &Draft<'_>, place: usize, owned: &Owned) -> Option<(String, String)> {
    let Way::Link(at) = &owned.way else { return None };
    let link = draft.schema.links.get(*at)?;
    let is_nullable = |name: &String| draft.schema.table(place).column(name).is_some_and(|column| column.is_nullable);
    // Of what was decided by its rows, one without is news.
    let is_meant = draft.schema.is_direct(link) || link.origin == Origin::Hint;
    if !is_meant || !link.columns.iter().any(is_nullable) {
        return None;
    }
    let question = |ask: Ask| match draft.answers.get(&Question { table: place, ask }) {
        Some(Answer::Count(count)) => Some(*count),
        _ => None,
    };
    let columns = link.columns.join(", ");
    let parent = owned.tree.and_then(|at| draft.schema.links.get(at)).map(|link| link.columns.join(", "));
    let and_parent = parent.map(|parent| format!(" and {parent}")).unwrap_or_default();
    let why = format!("{columns}{and_parent} may be NULL: such a row belongs to no organization");
    let unset = question(Ask::Unset(link.columns.clone()));
    let note = match unset {
        Some(0) => format!("{columns} is NULL in no row now"),
        Some(unset) => format!("{columns} is NULL in {}, which belong to no organization", rows_of(unset)),
        None => why.clone(),
    };
    if owned.tree.is_some() {
        return Some((why.clone(), why));
    }
    Some((why, note))
}

fn rows_of(number: u64) -> String {
    if number == 1 { "1 row".to_owned() } else { format!("{number} rows") }
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
            rows_of(foreign.rows)
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
            Some(Class::Shared(_)) => line("shared", "true".to_owned()),
            Some(Class::Excluded(why)) => line("excluded", text(why)),
            Some(Class::Undecided(why)) => line("undecided", text(why)),
            Some(Class::Owned(owned)) => {
                if let Some((why, _)) = orphans(draft, piece.place, owned) {
                    line("orphans", text(&why));
                }
            }
            None => {}
        }
        if class.is_some_and(has_section) {
            line("reads", strings(&reads));
            // Also where it is empty: then each column that comes later is a new one.
            line("known", strings(&known));
        }
        piece.table = said;
    }
}
