//! The queries of a drafted definition: each way to the organization as a condition, and a scope for
//! each table whose ids several conditions need.

use std::{cell::RefCell, collections::BTreeMap};

use super::{
    classify::{Class, Classes},
    delegated::Naming,
    link::{Link, Schema},
    owned::{Owned, Owners, Way},
    polymorphic::{Pair, Types},
};
use crate::{
    source::survey::{Kind, quoted},
    sql::Dialect,
};

/// Writes the queries of one definition.
pub(super) struct Queries<'s> {
    schema: &'s Schema<'s>,
    owners: Owners,
    dialect: Dialect,
    /// The scopes that are used: the table and its columns, by their names.
    scopes: RefCell<BTreeMap<String, Scope>>,
    /// The columns of each table that conditions read.
    reads: RefCell<BTreeMap<usize, Vec<String>>>,
}

/// A scope: which columns of which table it gives, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    table: usize,
    columns: Vec<String>,
    is_tree: bool,
    pub(super) ids: String,
}

impl<'s> Queries<'s> {
    pub(super) fn new(schema: &'s Schema<'s>, classes: &Classes, dialect: Dialect) -> Self {
        Self { schema, owners: classes.owners(), dialect, scopes: RefCell::default(), reads: RefCell::default() }
    }

    /// The scopes that conditions named so far, by name.
    pub(super) fn scopes(&self) -> Vec<(String, String)> {
        self.scopes.borrow().iter().map(|(name, scope)| (name.clone(), scope.ids.clone())).collect()
    }

    /// The columns of a table that conditions read so far.
    pub(super) fn reads(&self, place: usize) -> Vec<String> {
        self.reads.borrow().get(&place).cloned().unwrap_or_default()
    }

    /// Notes that a query reads columns.
    pub(super) fn note(&self, place: usize, columns: &[String]) {
        self.reads.borrow_mut().entry(place).or_default().extend_from_slice(columns);
    }

    pub(super) fn name(&self, name: &str) -> String {
        quoted(name, self.dialect)
    }

    pub(super) fn table(&self, place: usize) -> String {
        self.schema.table(place).sql(self.dialect)
    }

    /// Several names, in a row.
    pub(super) fn list(&self, names: &[String]) -> String {
        names.iter().map(|name| self.name(name)).collect::<Vec<_>>().join(", ")
    }

    /// The condition under which a row of an owned table is the organization's.
    pub(super) fn condition(&self, place: usize) -> String {
        let Some(owned) = self.owners.get(&place) else { return String::new() };
        if owned.tree.is_some() {
            let key = self.schema.table(place).primary_key.clone();
            return format!("{} IN (${})", self.tuple(place, &key), self.scope(place, &key));
        }
        self.own_condition(place, owned)
    }

    /// The same without rows that belong by others of their table.
    fn own_condition(&self, place: usize, owned: &Owned) -> String {
        match &owned.way {
            Way::Tenant => {
                self.note(place, std::slice::from_ref(&self.schema.tenant_key));
                format!("{} = $1", self.name(&self.schema.tenant_key))
            }
            Way::Link(at) => self.schema.links.get(*at).map(|link| self.by_link(link)).unwrap_or_default(),
            Way::Any(ways) => self.by_first(ways),
            Way::Typed(pair) => self.by_pair(place, pair),
            Way::Named(naming) => self.by_naming(place, naming),
        }
    }

    /// The condition of several links of which the first that is set counts: a row that names two
    /// organizations is in the archive of one.
    fn by_first(&self, ways: &[usize]) -> String {
        let mut unset = String::new();
        let arms = ways.iter().filter_map(|at| self.schema.links.get(*at)).map(|link| {
            let arm = format!("{unset}{}", self.by_link(link));
            let is_null: Vec<String> = link.columns.iter().map(|name| format!("{} IS NULL", self.name(name))).collect();
            let is_null = if is_null.len() == 1 { is_null.concat() } else { format!("({})", is_null.join(" OR ")) };
            unset.push_str(&is_null);
            unset.push_str(" AND ");
            arm
        });
        arms.collect::<Vec<_>>().join("\n   OR ")
    }

    /// The condition of one link.
    pub(super) fn by_link(&self, link: &Link) -> String {
        let columns = self.tuple(link.from, &link.columns);
        let is_to_key = link.to == self.schema.tenant && link.keys == [self.schema.tenant_key.clone()];
        let casts = self.casts(link);
        if is_to_key && casts.is_none() {
            return format!("{columns} = $1");
        }
        let scope = self.scope(link.to, &link.keys);
        match casts {
            None => format!("{columns} IN (${scope})"),
            Some(cast) => format!("{columns} IN (SELECT {cast} FROM {} WHERE {})", self.table(link.to), {
                let key = &self.schema.table(link.to).primary_key;
                let key = if key.len() == 1 { key.clone() } else { link.keys.clone() };
                format!("{} IN (${})", self.tuple(link.to, &key), self.scope(link.to, &key))
            }),
        }
    }

    /// How the key of a link's table has to be written where its column is of another kind.
    fn casts(&self, link: &Link) -> Option<String> {
        let ([column], [key]) = (link.columns.as_slice(), link.keys.as_slice()) else { return None };
        let kind = |place: usize, name: &str| self.schema.table(place).column(name).map(|column| column.kind);
        let (ours, theirs) = (kind(link.from, column)?, kind(link.to, key)?);
        (ours == Kind::Text && theirs != Kind::Text).then(|| format!("CAST({} AS text)", self.name(key)))
    }

    fn by_pair(&self, place: usize, pair: &Pair) -> String {
        self.note(place, std::slice::from_ref(&pair.id));
        let id = self.name(&pair.id);
        let arms = pair.arms.iter().map(|arm| {
            let key = self.schema.table(arm.table).primary_key.clone();
            let link = Link {
                from: place,
                columns: vec![pair.id.clone()],
                to: arm.table,
                keys: key,
                origin: super::link::Origin::Name,
                rank: 0,
                is_required: false,
                is_preference: false,
                is_audit: false,
            };
            let condition = self.by_link(&link);
            debug_assert!(condition.starts_with(&id), "{condition}");
            format!("({} AND {condition})", self.is_kind(place, pair, &arm.value))
        });
        arms.collect::<Vec<_>>().join("\n   OR ")
    }

    /// The condition under which a pair names rows of the table that a value stands for.
    fn is_kind(&self, place: usize, pair: &Pair, value: &str) -> String {
        self.note(place, std::slice::from_ref(&pair.kind));
        let kind = self.name(&pair.kind);
        let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let Some(types) = &pair.types else { return format!("{kind} = {}", literal(value)) };
        // The numbers of types are others in each installation; their names are not.
        let (app, model) = value.split_once('.').unwrap_or(("", value));
        self.note(types.table, &[types.key.clone(), Types::APP.to_owned(), Types::MODEL.to_owned()]);
        format!(
            "{kind} IN (SELECT {} FROM {} WHERE {} = {} AND {} = {})",
            self.name(&types.key),
            self.table(types.table),
            self.name(Types::APP),
            literal(app),
            self.name(Types::MODEL),
            literal(model),
        )
    }

    /// The condition of rows that an owned row names by a pair of columns.
    fn by_naming(&self, place: usize, naming: &Naming) -> String {
        let Naming { by, pair } = naming;
        let keys = &self.schema.table(place).primary_key;
        self.note(place, keys);
        self.note(*by, std::slice::from_ref(&pair.id));
        let kind = |place: usize, name: &str| self.schema.table(place).column(name).map(|column| column.kind);
        let key = keys.first().map(String::as_str).unwrap_or_default();
        let is_alike = kind(place, key) == kind(*by, &pair.id);
        let key = if is_alike { self.name(key) } else { format!("CAST({} AS text)", self.name(key)) };
        let is_kind = pair.arms.iter().map(|arm| self.is_kind(*by, pair, &arm.value)).collect::<Vec<_>>().join(" OR ");
        let (id, table) = (self.name(&pair.id), self.table(*by));
        format!("{key} IN (SELECT {id} FROM {table} WHERE {is_kind} AND ({}))", self.condition(*by))
    }

    /// Columns as they are compared: one, or several in brackets.
    pub(super) fn tuple(&self, place: usize, columns: &[String]) -> String {
        self.note(place, columns);
        if columns.len() == 1 { self.list(columns) } else { format!("({})", self.list(columns)) }
    }

    /// The name of the scope that gives columns of a table's rows of the organization.
    pub(super) fn scope(&self, place: usize, columns: &[String]) -> String {
        let known = self
            .scopes
            .borrow()
            .iter()
            .find(|(_, it)| it.table == place && it.columns == columns)
            .map(|(name, _)| name.clone());
        if let Some(name) = known {
            return name;
        }
        let name = self.free_name(place, columns);
        let owned = self.owners.get(&place);
        let is_tree = owned.is_some_and(|owned| owned.tree.is_some());
        let scope = Scope { table: place, columns: columns.to_vec(), is_tree, ids: String::new() };
        self.scopes.borrow_mut().insert(name.clone(), scope);
        self.note(place, columns);
        let ids = match owned.and_then(|owned| Some((owned, self.schema.links.get(owned.tree?)?))) {
            Some((owned, parent)) if self.schema.table(place).primary_key == columns => self.tree(place, owned, parent),
            _ => format!("SELECT {} FROM {} WHERE {}", self.list(columns), self.table(place), self.condition(place)),
        };
        if let Some(scope) = self.scopes.borrow_mut().get_mut(&name) {
            scope.ids = ids;
        }
        name
    }

    /// The rows that have the way, and all below them that have not.
    fn tree(&self, place: usize, owned: &Owned, parent: &Link) -> String {
        let (key, table) = (self.list(&self.schema.table(place).primary_key), self.table(place));
        let own = self.own_condition(place, owned);
        self.note(place, &parent.columns);
        let unset =
            self.way_columns(owned).iter().map(|column| format!("r.{} IS NULL", self.name(column))).collect::<Vec<_>>();
        // A row that has the way itself is where that leads, whoever is above it.
        format!(
            "WITH RECURSIVE orgvault_tree(tree_id) AS (\n  SELECT {key} FROM {table} WHERE {own}\n  UNION\n  \
             SELECT r.{key} FROM {table} AS r JOIN orgvault_tree AS o ON r.{} = o.tree_id WHERE {}\n)\n\
             SELECT tree_id FROM orgvault_tree",
            self.list(&parent.columns),
            unset.join(" AND ")
        )
    }

    fn way_columns(&self, owned: &Owned) -> Vec<String> {
        let ways = match &owned.way {
            Way::Link(at) => vec![*at],
            Way::Any(ways) => ways.clone(),
            Way::Tenant | Way::Typed(_) | Way::Named(_) => Vec::new(),
        };
        ways.iter().filter_map(|at| self.schema.links.get(*at)).flat_map(|link| link.columns.clone()).collect()
    }

    /// `projects`, or with its columns behind it where they are not the key.
    fn free_name(&self, place: usize, columns: &[String]) -> String {
        let table = self.schema.table(place);
        let mut name = table.schema.iter().chain([&table.name]).cloned().collect::<Vec<_>>().join("_");
        if table.primary_key != columns {
            name = format!("{name}_{}", columns.join("_"));
        }
        let mut clean: String =
            name.chars().map(|it| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '_' }).collect();
        if !clean.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            clean.insert(0, '_');
        }
        let scopes = self.scopes.borrow();
        let numbered = (2..).map(|number| format!("{clean}_{number}"));
        [clean.clone()].into_iter().chain(numbered).find(|name| !scopes.contains_key(name)).unwrap_or(clean)
    }

    /// The condition under which a row of a shared table is named by owned ones.
    pub(super) fn named_by(&self, place: usize, links: &[usize]) -> String {
        let links = links.iter().filter_map(|at| self.schema.links.get(*at));
        let named = links.map(|link| {
            let (key, columns) = (self.tuple(place, &link.keys), self.list(&link.columns));
            self.note(link.from, &link.columns);
            format!("{key} IN (SELECT {columns} FROM {} WHERE {})", self.table(link.from), self.condition(link.from))
        });
        named.collect::<Vec<_>>().join("\n   OR ")
    }

    /// The ids of rows whose link leads to another organization.
    pub(super) fn foreign(&self, link: &Link) -> Option<String> {
        let key = &self.schema.table(link.from).primary_key;
        let id: Vec<String> = key.iter().map(|name| format!("CAST({} AS text)", self.name(name))).collect();
        if id.is_empty() {
            return None;
        }
        let columns = self.tuple(link.from, &link.columns);
        let set: Vec<String> = link.columns.iter().map(|column| format!("{} IS NOT NULL", self.name(column))).collect();
        let is_to_key = link.to == self.schema.tenant && link.keys == [self.schema.tenant_key.clone()];
        let elsewhere = if is_to_key {
            format!("{columns} <> $1")
        } else {
            format!("{columns} NOT IN (${})", self.scope(link.to, &link.keys))
        };
        Some(format!(
            "SELECT {} AS id\nFROM {}\nWHERE ({}) AND {} AND {elsewhere}\nORDER BY {}",
            id.join(" || '/' || "),
            self.table(link.from),
            self.condition(link.from),
            set.join(" AND "),
            self.list(key),
        ))
    }

    /// Whether a table is in the archive by a section of its own.
    pub(super) fn is_read(class: &Class) -> bool {
        matches!(class, Class::Owned(_) | Class::Shared(_))
    }
}
