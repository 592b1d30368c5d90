//! What each table is. Pure: the catalog and the answers of the rows in, a classification out, and what
//! else the rows have to be asked for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    delegated, framework,
    link::{self, Link, Origin, Schema},
    owned::{self, Owned, Owners},
    polymorphic::{self, Columns, Found},
    shared::{self, Shared},
    study::{Proof, Study},
    words::{are_same, is_audit, is_preference, referred, words},
};
use crate::source::survey::{Answers, Ask, ColumnFacts, Kind, Question};

/// What a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Class {
    /// Its rows belong to one organization each.
    Owned(Owned),
    /// Several organizations name its rows.
    Shared(Shared),
    /// Its rows are nobody's: why.
    Excluded(String),
    /// It cannot be told: why.
    Undecided(String),
}

/// A link of an owned table that leads, in some rows, to another organization than the table's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) link: usize,
    pub(super) rows: u64,
}

/// What every table is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Classes {
    /// By the place of each table.
    pub(super) tables: BTreeMap<usize, Class>,
    /// Which links lead elsewhere in some rows.
    pub(super) foreign: Vec<Foreign>,
    /// The names of columns that rows speak against, by the table: why they are no links.
    pub(super) refuted: BTreeMap<usize, Vec<String>>,
    /// What has to be asked before this is right.
    pub(super) wanted: BTreeSet<Question>,
}

impl Classes {
    /// The owned tables alone.
    pub(super) fn owners(&self) -> Owners {
        let owned = self.tables.iter().filter_map(|(place, class)| match class {
            Class::Owned(owned) => Some((*place, owned.clone())),
            _ => None,
        });
        owned.collect()
    }
}

/// Classifies every table by what is known.
pub(super) fn classify(schema: &Schema<'_>, answers: &Answers) -> Classes {
    let study = Study::new(schema, answers);
    let owners = owned::find(&study);
    let mut tables: BTreeMap<usize, Class> =
        owners.iter().map(|(place, owned)| (*place, Class::Owned(owned.clone()))).collect();
    let open: Vec<usize> = (0..schema.facts.tables.len()).filter(|place| !owners.contains_key(place)).collect();
    for place in &open {
        if let Some(class) = of_framework(schema, *place)
            .or_else(|| of_refused(schema, *place))
            .or_else(|| of_shared(&study, &owners, *place))
        {
            tables.insert(*place, class);
        }
    }
    for place in &open {
        if !tables.contains_key(place)
            && let Some(why) = undecided(&study, &owners, &tables, *place)
        {
            tables.insert(*place, Class::Undecided(why));
        }
    }
    of_shared_only(&study, &open, &mut tables);
    of_named(&study, &owners, &open, &mut tables);
    of_undecided(&study, &open, &mut tables);
    for place in open {
        tables.entry(place).or_insert_with(|| Class::Excluded(nothing_leads(schema)));
    }
    // Ways are compared when they are known.
    let foreign = if study.wanted.borrow().is_empty() { foreign(&study, &owners) } else { Vec::new() };
    let refuted = refuted(&study, &owners);
    Classes { tables, foreign, refuted, wanted: study.wanted.into_inner() }
}

fn of_framework(schema: &Schema<'_>, place: usize) -> Option<Class> {
    let table = schema.table(place);
    let of_schema = table.schema.as_deref().and_then(framework::of_schema);
    framework::of(&table.name).or(of_schema).map(|what| Class::Excluded(what.to_owned()))
}

/// What the admin says is named by a secret alone.
fn of_refused(schema: &Schema<'_>, place: usize) -> Option<Class> {
    let hint = schema.refused.iter().find(|hint| hint.table == place)?;
    let (column, target, key) = (&hint.column, schema.key(hint.target), &hint.key);
    Some(Class::Excluded(format!(
        "{column} leads to an organization by {target}.{key} alone, which looks like a secret that nobody is to read"
    )))
}

fn nothing_leads(schema: &Schema<'_>) -> String {
    format!("nothing in it leads to {}: it belongs to the installation", schema.key(schema.tenant))
}

fn of_shared(study: &Study<'_>, owners: &Owners, place: usize) -> Option<Class> {
    if has_lost_organization(study, place) {
        return None;
    }
    let shared = shared::find(study, owners, place)?;
    let is_needed = |at: &usize| study.schema.links.get(*at).is_some_and(|link| link.is_required);
    // What belongs to people stays theirs, also where an owned row may name it.
    let of_people = shared::belongs(study, place)
        .iter()
        .any(|link| link.to != place && shared::is_of_people(study.schema, link.to) && !owners.contains_key(&link.to));
    if of_people && !shared.are_members && !shared.by.iter().any(is_needed) {
        return None;
    }
    Some(Class::Shared(shared))
}

/// Whether a column is called as the tenant table is, and its rows name no organization that is there.
fn has_lost_organization(study: &Study<'_>, place: usize) -> bool {
    let mut links = study.schema.links_of(place).map(|(_, link)| link);
    links.any(|link| {
        let is_plain = link.origin == Origin::Name && !link.is_preference && !link.is_audit;
        is_plain && study.schema.is_direct(link) && matches!(study.proof(link), Proof::Fails(_))
    })
}

/// Leaves open what rows of owned tables name by pairs of columns, and nothing else speaks of.
fn of_named(study: &Study<'_>, owners: &Owners, open: &[usize], tables: &mut BTreeMap<usize, Class>) {
    for (place, naming) in delegated::named(study, owners) {
        if open.contains(&place) && !tables.contains_key(&place) {
            let (by, kind, id) = (study.schema.key(naming.by), &naming.pair.kind, &naming.pair.id);
            let why = format!("rows of {by} name its rows by {kind} and {id}, and not each is named once");
            tables.insert(place, Class::Undecided(why));
        }
    }
}

/// Leaves open what hangs on tables that are: what belongs to one, and what only rows of one name.
fn of_undecided(study: &Study<'_>, open: &[usize], tables: &mut BTreeMap<usize, Class>) {
    loop {
        let is_open = |place: usize| matches!(tables.get(&place), Some(Class::Undecided(_)));
        let found = open.iter().filter(|place| !tables.contains_key(place)).find_map(|place| {
            let above = shared::belongs(study, *place).into_iter().find(|link| is_open(link.to));
            let above = above.map(|link| {
                let (columns, target) = (link.columns.join(", "), study.schema.key(link.to));
                format!("{columns} names a row of {target}, which is undecided")
            });
            let below = || {
                let mut links = study.schema.links_to(*place).map(|(_, link)| link);
                let named = links.find(|link| {
                    link.from != *place && link.is_required && is_open(link.from) && study.proof(link).holds()
                })?;
                Some(format!("rows of {}, which is undecided, name its rows", study.schema.key(named.from)))
            };
            Some((*place, above.or_else(below)?))
        });
        let Some((place, why)) = found else { return };
        tables.insert(place, Class::Undecided(why));
    }
}

/// Excludes what belongs to a shared table, and what belongs to that.
fn of_shared_only(study: &Study<'_>, open: &[usize], tables: &mut BTreeMap<usize, Class>) {
    let mut roots: BTreeMap<usize, usize> = tables
        .iter()
        .filter(|(_, class)| matches!(class, Class::Shared(_)))
        .map(|(place, _)| (*place, *place))
        .collect();
    loop {
        let found = open.iter().filter(|place| !tables.contains_key(place)).find_map(|place| {
            let links = shared::belongs(study, *place);
            let people = |root: &usize| shared::is_of_people(study.schema, *root);
            let mut found: Vec<usize> = links.iter().filter_map(|link| roots.get(&link.to).copied()).collect();
            found.extend(polymorphic::only_target(study, *place, &roots).and_then(|target| roots.get(&target)));
            found.iter().find(|root| people(root)).or(found.first()).map(|root| (*place, *root))
        });
        let Some((place, root)) = found else { return };
        let whom = if shared::is_of_people(study.schema, root) { "whom" } else { "which" };
        let root_name = study.schema.key(root);
        tables.insert(place, Class::Excluded(format!("belongs to {root_name}, {whom} several organizations share")));
        roots.insert(place, root);
    }
}

/// Why it cannot be told what a table is; none where nothing in it may lead to an organization.
fn undecided(study: &Study<'_>, owners: &Owners, tables: &BTreeMap<usize, Class>, place: usize) -> Option<String> {
    let mut reasons: Vec<String> = study
        .schema
        .links_of(place)
        .filter(|(_, link)| study.schema.is_direct(link) && !link.is_preference && !link.is_audit)
        .filter(|(_, link)| study.proof(link).holds())
        .map(|(_, link)| format!("{} names an organization too", link.columns.join(", ")))
        .collect();
    reasons.extend(owned::loose_links(study, owners, place).iter().map(|(_, link)| loose(study, link)));
    let pairs = polymorphic::pairs(study.schema, place);
    let of_pairs =
        |column: &ColumnFacts| pairs.iter().any(|pair| pair.kind.name == column.name || pair.id.name == column.name);
    let shared =
        tables.iter().filter(|(_, class)| matches!(class, Class::Shared(_))).map(|(place, _)| (*place, *place));
    if polymorphic::only_target(study, place, &shared.collect()).is_none() {
        reasons.extend(pairs.iter().filter_map(|columns| pair(study, owners, place, columns)));
    }
    let keys = study.schema.table(place).foreign_keys.iter();
    reasons.extend(keys.filter(|key| link::is_by_secret(study.schema.facts, key.table, &key.keys)).map(|key| {
        let (columns, target) = (key.columns.join(", "), study.schema.key(key.table));
        format!("{columns} names a row of {target} by {}, which looks like a secret", key.keys.join(", "))
    }));
    let columns = study.schema.table(place).columns.iter().filter(|column| !of_pairs(column));
    reasons.extend(columns.filter_map(|column| reference(study, owners, tables, place, column)));
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

fn loose(study: &Study<'_>, link: &Link) -> String {
    let (column, target) = (link.columns.join(", "), study.schema.key(link.to));
    let unset = study.count(link.from, Ask::Unset(link.columns.clone()));
    let state = match (study.rows(link.from), unset) {
        (Some(0), _) => "there are no rows to see whether it always is set".to_owned(),
        (Some(rows), Some(unset)) if unset > 0 => format!("{unset} of {rows} rows have none"),
        (Some(_), Some(_)) => "rows of several organizations name one row".to_owned(),
        _ => "its rows could not be asked".to_owned(),
    };
    format!("{column} names a row of {target} and may be NULL: {state}")
}

fn pair(study: &Study<'_>, owners: &Owners, place: usize, pair: &Columns<'_>) -> Option<String> {
    let columns = format!("{} and {} name rows of several tables", pair.kind.name, pair.id.name);
    match polymorphic::look(study, owners, place, pair) {
        Found::Owned(_) => None,
        Found::Empty => Some(format!("{columns}, and there are none to see which")),
        Found::Unknown => Some(format!("{columns}, and they could not be asked")),
        Found::Strange(values) => {
            let values: Vec<String> = values.iter().take(8).map(|value| format!("{value:?}")).collect();
            Some(format!("{columns}, and no owned table is called {}", values.join(", ")))
        }
    }
}

/// Words of ids that somebody else gave.
const OTHERS: [&str; 25] = [
    "external",
    "stripe",
    "github",
    "gitlab",
    "slack",
    "remote",
    "provider",
    "client",
    "request",
    "trace",
    "correlation",
    "session",
    "device",
    "legacy",
    "message",
    "transaction",
    "customer",
    "subscription",
    "oauth",
    "scim",
    "saml",
    "ldap",
    "google",
    "upstream",
    "instance",
];

/// A column that looks as if it referred to something, and nobody knows to what.
fn reference(
    study: &Study<'_>,
    owners: &Owners,
    tables: &BTreeMap<usize, Class>,
    place: usize,
    column: &ColumnFacts,
) -> Option<String> {
    let schema = study.schema;
    let table = schema.table(place);
    let stem = referred(&column.name)?;
    let of_column = words(&column.name);
    let own = words(&table.name);
    let is_own = are_same(&stem, &own) || own.last().is_some_and(|last| are_same(&stem, std::slice::from_ref(last)));
    if table.primary_key == [column.name.clone()] || is_own || is_preference(&of_column) || is_audit(&of_column) {
        return None;
    }
    let links: Vec<&Link> =
        schema.links_of(place).map(|(_, link)| link).filter(|link| link.columns.contains(&column.name)).collect();
    if links.iter().any(|link| link.origin <= Origin::Constraint || study.proof(link).holds()) {
        return None;
    }
    let links: Vec<&Link> = links.into_iter().filter(|link| link.origin < Origin::Values).collect();
    if links.is_empty() {
        return without_candidate(study, owners, tables, place, column, &stem);
    }
    let mine: Vec<&&Link> = links.iter().filter(|link| owners.contains_key(&link.to)).collect();
    let first = mine.first()?;
    let targets: Vec<String> = mine.iter().map(|link| schema.key(link.to)).collect();
    let why = match study.proof(first) {
        Proof::Unproven(why) | Proof::Fails(why) => why,
        Proof::Holds(_) => return None,
    };
    Some(format!("{} may name a row of {}: {why}", column.name, targets.join(" or ")))
}

/// One whose name is of no table's, or whose type is of another kind.
fn without_candidate(
    study: &Study<'_>,
    owners: &Owners,
    tables: &BTreeMap<usize, Class>,
    place: usize,
    column: &ColumnFacts,
    stem: &[String],
) -> Option<String> {
    // What is no number, UUID or text holds no key.
    if column.kind == Kind::Other || stem.iter().any(|word| OTHERS.contains(&word.as_str())) {
        return None;
    }
    let found = study.schema.names().named(place, stem);
    let mine: Vec<String> = found
        .iter()
        .filter(|(to, _)| owners.contains_key(to) && *to != place)
        .map(|(to, _)| study.schema.key(*to))
        .collect();
    if !mine.is_empty() {
        return Some(format!("{} ({}) may name a row of {}", column.name, column.type_name, mine.join(" or ")));
    }
    let is_elsewhere = found.iter().any(|(to, _)| tables.contains_key(to) || *to == place);
    // Where the ids of organizations are texts, those of other rows are too.
    let key = study.schema.table(study.schema.tenant).column(&study.schema.tenant_key);
    let is_text = column.kind == Kind::Text
        && !column.is_nullable
        && key.is_some_and(|key| key.kind == Kind::Text)
        && shared::belongs(study, place).is_empty();
    let is_id = is_text || matches!(column.kind, Kind::Uuid | Kind::Integer);
    (is_id && !is_elsewhere).then(|| format!("{} may name a row of some table", column.name))
}

/// Links of owned tables that lead to another organization than their way does.
fn foreign(study: &Study<'_>, owners: &Owners) -> Vec<Foreign> {
    let mut found = Vec::new();
    for place in owners.keys() {
        let own = owned::routes(study.schema, owners, *place).filter(|_| *place != study.schema.tenant);
        let Some(own) = own else { continue };
        for (at, link) in study.schema.links_of(*place) {
            let is_way = owners.get(place).is_some_and(|owned| owned.way == owned::Way::Link(at));
            if is_way || link.is_preference || !owners.contains_key(&link.to) || !study.proof(link).holds() {
                continue;
            }
            let Some(other) = owned::by(study.schema, owners, link) else { continue };
            if let Some(rows) = study.count(*place, Ask::Differ(own.clone(), other)).filter(|rows| *rows > 0) {
                found.push(Foreign { link: at, rows });
            }
        }
    }
    found
}

/// Names of columns that rows speak against, where that was looked at: those that are called as a table
/// is, and those of which some rows name one.
fn refuted(study: &Study<'_>, owners: &Owners) -> BTreeMap<usize, Vec<String>> {
    let schema = study.schema;
    let mut found: BTreeMap<(usize, &[String]), Refuted> = BTreeMap::new();
    for link in schema.links.iter().filter(|link| link.origin >= Origin::Name && owners.contains_key(&link.to)) {
        let is_asked =
            study.answers.contains_key(&Question { table: link.from, ask: Ask::Unset(link.columns.clone()) });
        let mut others = schema.links_of(link.from).map(|(_, other)| other);
        let is_known = others.any(|other| other.columns == link.columns && study.proof(other).holds());
        if !is_asked || is_known || link.origin > Origin::Name && !study.is_partly(link) {
            continue;
        }
        if let Proof::Fails(why) = study.proof(link) {
            let refuted = found.entry((link.from, &link.columns)).or_default();
            refuted.targets.push(schema.key(link.to));
            refuted.why = why;
        }
    }
    let mut lines: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for ((from, columns), Refuted { targets, why }) in found {
        let line = format!("{} is no link to {}: {why}", columns.join(", "), targets.join(" or "));
        lines.entry(from).or_default().push(line);
    }
    lines
}

/// The tables that a column is no link to, and why.
#[derive(Default)]
struct Refuted {
    targets: Vec<String>,
    why: String,
}
