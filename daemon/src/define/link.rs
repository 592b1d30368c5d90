//! What refers to what: foreign keys, the admin's hints, and names of columns, which rows have to prove.

use std::collections::{BTreeSet, HashMap};

use super::{
    hints::Hint,
    polymorphic::is_id_of_pair,
    secrets::is_secret_in,
    words::{are_same, is_audit, is_preference, referred, singulars, words},
};
use crate::source::survey::{ColumnFacts, Facts, Kind, TableFacts};

/// From the rows of one table to those of another, or of the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) columns: Vec<String>,
    pub(super) to: usize,
    pub(super) keys: Vec<String>,
    pub(super) origin: Origin,
    /// How like the names are, where it is by name; less is more.
    pub(super) rank: usize,
    /// Whether every row has it.
    pub(super) is_required: bool,
    /// Whether it is of a person's choice (`last_workspace_id`).
    pub(super) is_preference: bool,
    /// Whether it says who touched the row (`created_by_id`).
    pub(super) is_audit: bool,
}

/// How a link is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The admin says so.
    Hint,
    /// By a foreign key.
    Constraint,
    /// By the column's name, which is that of the table.
    Name,
    /// By the column's name, of which the table's is a part, or the other way round.
    Part,
    /// By its values alone: no table is called so, and each value is the key of an organization.
    Values,
}

/// The tables, and all that may link them.
pub(super) struct Schema<'f> {
    pub(super) facts: &'f Facts,
    /// The tenant table.
    pub(super) tenant: usize,
    /// Its primary key.
    pub(super) tenant_key: String,
    pub(super) links: Vec<Link>,
    /// The links of each table, by its place.
    pub(super) from: Vec<Vec<usize>>,
    /// The links to each table, by its place.
    pub(super) to: Vec<Vec<usize>>,
    /// Hints that nobody may follow, because what they name rows by looks like a secret.
    pub(super) refused: Vec<Hint>,
    names: Names,
}

impl<'f> Schema<'f> {
    pub(super) fn new(facts: &'f Facts, tenant: usize, hints: &[Hint]) -> Self {
        let names = Names::new(facts);
        let mut links = Vec::new();
        let required = required_names(facts);
        for place in 0..facts.tables.len() {
            of_table(facts, place, hints, &names, &mut links);
            by_values(facts, place, tenant, &required, &mut links);
        }
        let tenant_key =
            facts.tables.get(tenant).and_then(|table| table.primary_key.first()).cloned().unwrap_or_default();
        let by = |side: fn(&Link) -> usize| {
            let mut places = vec![Vec::new(); facts.tables.len()];
            for (at, link) in links.iter().enumerate() {
                if let Some(place) = places.get_mut(side(link)) {
                    place.push(at);
                }
            }
            places
        };
        let (from, to) = (by(|link| link.from), by(|link| link.to));
        let is_refused = |hint: &&Hint| is_by_secret(facts, hint.target, std::slice::from_ref(&hint.key));
        let refused = hints.iter().filter(is_refused).cloned().collect();
        Self { facts, tenant, tenant_key, links, from, to, refused, names }
    }

    pub(super) fn table(&self, place: usize) -> &'f TableFacts {
        // Places come from the facts themselves.
        self.facts.tables.get(place).unwrap_or(&EMPTY)
    }

    /// The tables by their names.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn key(&self, place: usize) -> String {
        self.table(place).key()
    }

    pub(super) fn links_of(&self, place: usize) -> impl Iterator<Item = (usize, &Link)> {
        self.at(self.from.get(place))
    }

    pub(super) fn links_to(&self, place: usize) -> impl Iterator<Item = (usize, &Link)> {
        self.at(self.to.get(place))
    }

    fn at<'s>(&'s self, places: Option<&'s Vec<usize>>) -> impl Iterator<Item = (usize, &'s Link)> {
        places.into_iter().flatten().filter_map(|at| Some((*at, self.links.get(*at)?)))
    }

    /// Whether a link leads to the organization itself.
    pub(super) fn is_direct(&self, link: &Link) -> bool {
        link.to == self.tenant && link.from != self.tenant
    }
}

static EMPTY: TableFacts = TableFacts {
    schema: None,
    name: String::new(),
    columns: Vec::new(),
    primary_key: Vec::new(),
    unique: Vec::new(),
    foreign_keys: Vec::new(),
    is_readable: false,
};

fn of_table(facts: &Facts, place: usize, hints: &[Hint], names: &Names, links: &mut Vec<Link>) {
    let Some(table) = facts.tables.get(place) else { return };
    let link = |columns: Vec<String>, to: usize, keys: Vec<String>, origin: Origin, rank: usize| {
        let is_set = |name: &String| table.column(name).is_some_and(|column| !column.is_nullable);
        let is_hint = origin == Origin::Hint;
        let is = |test: fn(&[String]) -> bool| !is_hint && columns.iter().any(|name| test(&words(name)));
        let is_required = is_hint || columns.iter().all(is_set);
        let (is_preference, is_audit) = (is(is_preference), is(is_audit));
        Link { from: place, columns, to, keys, origin, rank, is_required, is_preference, is_audit }
    };
    let hinted: Vec<&Hint> = hints.iter().filter(|hint| hint.table == place).collect();
    for hint in hinted.iter().filter(|hint| !is_by_secret(facts, hint.target, std::slice::from_ref(&hint.key))) {
        links.push(link(vec![hint.column.clone()], hint.target, vec![hint.key.clone()], Origin::Hint, 0));
    }
    let is_hinted = |columns: &[String]| hinted.iter().any(|hint| columns == [hint.column.clone()]);
    for key in
        table.foreign_keys.iter().filter(|key| !is_hinted(&key.columns) && !is_by_secret(facts, key.table, &key.keys))
    {
        links.push(link(key.columns.clone(), key.table, key.keys.clone(), Origin::Constraint, 0));
    }
    for column in &table.columns {
        let own = [column.name.clone()];
        let is_known = is_hinted(&own) || table.foreign_keys.iter().any(|key| key.columns == own);
        if is_known || column.is_generated || table.primary_key == own {
            continue;
        }
        for (to, rank) in names.of_column(facts, place, column) {
            let origin = if rank < PART { Origin::Name } else { Origin::Part };
            let Some(key) = facts.tables.get(to).and_then(|table| table.primary_key.first()) else { continue };
            links.push(link(own.to_vec(), to, vec![key.clone()], origin, rank));
        }
    }
}

/// The names of columns that refer, where every row of some table has one.
fn required_names(facts: &Facts) -> BTreeSet<&str> {
    let columns = facts.tables.iter().flat_map(|table| &table.columns);
    let refers = |column: &&ColumnFacts| !column.is_nullable && referred(&column.name).is_some();
    columns.filter(refers).map(|column| column.name.as_str()).collect()
}

/// Links to organizations by columns that no table is called after: `workspaceId` where each is a `Project`.
/// Numbers say nothing: those of one table are those of all.
fn by_values(facts: &Facts, place: usize, tenant: usize, required: &BTreeSet<&str>, links: &mut Vec<Link>) {
    let (Some(table), Some(tenants)) = (facts.tables.get(place), facts.tables.get(tenant)) else { return };
    let Some(key) = tenants.primary_key.first().and_then(|key| tenants.column(key)) else { return };
    if place == tenant || !matches!(key.kind, Kind::Uuid | Kind::Text) {
        return;
    }
    for column in table.columns.iter().filter(|column| fit(key, column) && !column.is_generated) {
        let own = [column.name.clone()];
        let is_plain = |link: &Link| link.from == place && link.columns.contains(&column.name) && link.rank < PART;
        if table.primary_key == own
            || !required.contains(column.name.as_str())
            || is_id_of_pair(table, column)
            || links.iter().rev().take_while(|link| link.from == place).any(is_plain)
        {
            continue;
        }
        let name = words(&column.name);
        links.push(Link {
            from: place,
            columns: own.to_vec(),
            to: tenant,
            keys: vec![key.name.clone()],
            origin: Origin::Values,
            rank: VALUES,
            is_required: !column.is_nullable,
            is_preference: is_preference(&name),
            is_audit: is_audit(&name),
        });
    }
}

/// Whether rows are named by a column that looks like a secret, which nobody has to read for it.
pub(super) fn is_by_secret(facts: &Facts, target: usize, keys: &[String]) -> bool {
    let Some(table) = facts.tables.get(target) else { return false };
    keys.iter().any(|name| !table.primary_key.contains(name) && is_secret_in(&table.name, name))
}

/// The tables by the words of their names.
pub(super) struct Names {
    words: Vec<Vec<String>>,
    by_last: HashMap<String, Vec<usize>>,
    by_first: HashMap<String, Vec<usize>>,
}

/// Who people are called in columns.
const PEOPLE: [&str; 24] = [
    "owner",
    "creator",
    "author",
    "assignee",
    "actor",
    "member",
    "reporter",
    "sender",
    "receiver",
    "recipient",
    "user",
    "person",
    "approver",
    "reviewer",
    "invitee",
    "inviter",
    "requester",
    "subscriber",
    "editor",
    "manager",
    "lead",
    "agent",
    "participant",
    "by",
];
/// What tables of people are called.
const PERSONS: [&str; 4] = ["user", "person", "member", "account"];

impl Names {
    pub(super) fn new(facts: &Facts) -> Self {
        let names: Vec<Vec<String>> = facts.tables.iter().map(|table| words(&table.name)).collect();
        let (mut by_last, mut by_first) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for (place, name) in names.iter().enumerate() {
            for form in name.last().into_iter().flat_map(|last| singulars(last)) {
                by_last.entry(form).or_default().push(place);
            }
            for form in name.first().into_iter().flat_map(|first| singulars(first)) {
                by_first.entry(form).or_default().push(place);
            }
        }
        Self { words: names, by_last, by_first }
    }

    /// The tables that a column may refer to by its name and its type.
    fn of_column(&self, facts: &Facts, from: usize, column: &ColumnFacts) -> Vec<(usize, usize)> {
        let (name, is_bare) = match referred(&column.name) {
            Some(name) => (name, false),
            None => (words(&column.name), true),
        };
        let is_by = name.last().is_some_and(|last| last == "by");
        if is_bare && column.kind != Kind::Uuid && !(is_by && column.kind == Kind::Integer) {
            return Vec::new();
        }
        let mut found = self.ranked(from, &name);
        found.retain(|(to, rank)| {
            let fits = facts.tables.get(*to).is_some_and(|table| match table.primary_key.as_slice() {
                [key] => table.column(key).is_some_and(|key| fit(key, column)),
                _ => false,
            });
            fits && (!is_bare || is_by || *rank < PART)
        });
        found
    }

    /// The tables that words mean best.
    pub(super) fn named(&self, from: usize, name: &[String]) -> Vec<(usize, Origin)> {
        let ranked = self.ranked(from, name);
        let best = ranked.first().map(|(_, rank)| *rank);
        let origin = |rank| if rank < PART { Origin::Name } else { Origin::Part };
        ranked.into_iter().filter(|(_, rank)| Some(*rank) == best).map(|(place, rank)| (place, origin(rank))).collect()
    }

    /// The tables that words may mean, the likest first; where one is plainly meant, it alone.
    fn ranked(&self, from: usize, name: &[String]) -> Vec<(usize, usize)> {
        let Some(last) = name.last() else { return Vec::new() };
        if matches!(name, [only] if only == "parent" || only == "ancestor") {
            return vec![(from, 0)];
        }
        let own = self.words.get(from).map(Vec::as_slice).unwrap_or_default();
        let mut ranked: Vec<(usize, usize)> = Vec::new();
        for place in places(&self.by_last, last) {
            let Some(table) = self.words.get(place) else { continue };
            ranked.extend(likeness(own, name, table).map(|rank| (place, rank)));
        }
        let begins =
            |place: &usize| self.words.get(*place).is_some_and(|table| starts(table, std::slice::from_ref(last)));
        ranked.extend(places(&self.by_first, last).into_iter().filter(begins).map(|place| (place, 40)));
        if PEOPLE.contains(&last.as_str()) {
            for (more, person) in PERSONS.iter().enumerate() {
                let people = places(&self.by_last, person).into_iter();
                let people = people.filter(|place| self.words.get(*place).is_some_and(|name| name.len() <= 2));
                ranked.extend(people.map(|place| (place, 50 + more)));
            }
        }
        ranked.sort_by_key(|(place, rank)| (*rank, *place));
        let mut seen = BTreeSet::new();
        ranked.retain(|(place, _)| seen.insert(*place));
        let plain = ranked.first().map(|(_, rank)| *rank).filter(|rank| *rank < PART);
        // `oauth_tokens.client_id` may mean `oauth_clients`, though there are `clients`.
        ranked.retain(|(_, rank)| plain.is_none_or(|plain| *rank == plain || *rank == LABELED));
        ranked.truncate(CANDIDATES);
        ranked
    }
}

/// The rank of a table that is called so behind the label of the column's own.
const LABELED: usize = 10;
/// From this rank on, rows have to prove what a name says.
const PART: usize = 20;
/// The rank of a link that only values speak for.
const VALUES: usize = 90;
/// So many tables are tried for one column.
const CANDIDATES: usize = 6;

/// How like a table's name is what a column is named for; less is more.
fn likeness(own: &[String], name: &[String], table: &[String]) -> Option<usize> {
    let ends = |long: &[String], short: &[String]| {
        long.len().checked_sub(short.len()).is_some_and(|at| long.get(at..).is_some_and(|end| are_same(end, short)))
    };
    if are_same(name, table) {
        return Some(0);
    }
    if ends(table, name) {
        // `core_issue.project_id` means `core_project`.
        let label = table.len() - name.len();
        return Some(if own.get(..label) == table.get(..label) { LABELED } else { 20 });
    }
    // `assignee_user_id` means `users`; the longer the part, the better.
    ends(name, table).then(|| 39 - table.len().min(9))
}

fn starts(table: &[String], name: &[String]) -> bool {
    table.get(..name.len()).is_some_and(|start| are_same(start, name))
}

/// Whether the values of a key and of a column can be the same.
fn fit(key: &ColumnFacts, column: &ColumnFacts) -> bool {
    key.kind == column.kind && key.kind != Kind::Other
}

/// The tables that a word is of, whatever its number.
fn places(index: &HashMap<String, Vec<usize>>, word: &str) -> BTreeSet<usize> {
    singulars(word).iter().filter_map(|form| index.get(form)).flatten().copied().collect()
}
