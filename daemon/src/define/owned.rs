//! Which rows belong to one organization, and by which way each table finds it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    delegated, framework,
    link::{Link, Origin, Schema},
    polymorphic,
    study::Study,
    words::{are_same, referred, words},
};
use crate::source::survey::{Ask, Route, Step};

/// How the rows of a table find their organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// They are the organizations.
    Tenant,
    /// By a link to the tenant table, or to an owned table.
    Link(usize),
    /// By whichever of several links is set.
    Any(Vec<usize>),
    /// By the table that one column names and the id that another holds.
    Typed(polymorphic::Pair),
    /// By the one row of an owned table that names it by a pair of columns.
    Named(delegated::Naming),
}

/// A table whose rows belong to one organization each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) way: Way,
    /// The link to a row of the same table whose organization is meant where the way is not set.
    pub(super) tree: Option<usize>,
    /// Less is better.
    pub(super) cost: Cost,
    /// What a reader of the definition has to know.
    pub(super) notes: Vec<String>,
}

/// Why one way is preferred: a hint, then no link that may be NULL, then none that says who touched
/// the row, then the shortest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cost {
    is_no_hint: bool,
    loose: usize,
    audits: usize,
    pub(super) depth: usize,
    is_by_name: bool,
    at: usize,
}

impl Cost {
    /// Of one level are ways that only the order of columns tells apart.
    fn level(&self) -> (bool, usize, usize, usize) {
        (self.is_no_hint, self.loose, self.audits, self.depth)
    }

    /// Of a way by the values of two columns.
    pub(super) fn of_pair(depth: usize) -> Self {
        Self { is_no_hint: true, loose: 1, audits: 0, depth, is_by_name: true, at: 0 }
    }
}

/// Every owned table, by its place.
pub(super) type Owners = BTreeMap<usize, Owned>;

/// Finds every owned table.
pub(super) fn find(study: &Study<'_>) -> Owners {
    let schema = study.schema;
    let tenant = Owned { way: Way::Tenant, tree: None, cost: Cost::default(), notes: Vec::new() };
    let mut owners = Owners::from([(schema.tenant, tenant)]);
    for place in 0..schema.facts.tables.len() {
        if place != schema.tenant
            && let Some(owned) = direct(study, place)
        {
            owners.insert(place, owned);
        }
    }
    loop {
        let finders = [required, by_rows, polymorphic::find, delegated::find, polymorphic::find_partly];
        let mut next = finders.iter().map(|find| nearest(find(study, &owners)));
        let Some(next) = next.find(|next| !next.is_empty()) else { break };
        owners.extend(next);
    }
    fall_back(study, &mut owners);
    polymorphic::complete(study.schema, &mut owners);
    owners
}

/// The link to the tenant table, which wins over all others.
fn direct(study: &Study<'_>, place: usize) -> Option<Owned> {
    let schema = study.schema;
    let links: Vec<(usize, &Link)> = schema
        .links_of(place)
        .filter(|(_, link)| schema.is_direct(link) && !link.is_preference && !link.is_audit)
        .collect();
    let named: Vec<usize> = links
        .iter()
        .filter(|(_, link)| link.columns.iter().all(|column| is_named_for(schema, column)))
        .map(|(at, _)| *at)
        .collect();
    let rank = |(at, link): &(usize, &Link)| {
        (link.origin != Origin::Hint, !named.contains(at), !link.is_required, link.origin, *at)
    };
    let mut ranked: Vec<_> = links.into_iter().filter(|(_, link)| study.proof(link).holds()).collect();
    ranked.sort_by_key(rank);
    let (at, link) = *ranked.first()?;
    // Two organizations in one row, and no name says whose it is.
    let is_open = link.origin != Origin::Hint && !named.contains(&at) && ranked.len() > 1;
    (!is_open).then(|| by_link(study, at, link, &Cost::default()))
}

/// Gives rows that name no organization themselves the one to which a link leads that each row has.
fn fall_back(study: &Study<'_>, owners: &mut Owners) {
    let places: Vec<usize> = owners.keys().copied().collect();
    for place in places {
        let Some(second) = second_way(study, owners, place) else { continue };
        if let Some(owned) = owners.get_mut(&place)
            && let Way::Link(first) = owned.way
        {
            owned.way = Way::Any(vec![first, second]);
        }
    }
}

/// The link of such rows, where there are any.
fn second_way(study: &Study<'_>, owners: &Owners, place: usize) -> Option<usize> {
    let schema = study.schema;
    let Owned { way: Way::Link(at), tree: None, .. } = owners.get(&place)? else { return None };
    let first = schema.links.get(*at)?;
    if first.is_required || first.origin == Origin::Hint || !schema.is_direct(first) {
        return None;
    }
    if study.count(place, Ask::Unset(first.columns.clone()))? == 0 {
        return None;
    }
    let fits = |link: &Link| {
        link.is_required
            && !link.is_preference
            && !link.is_audit
            && link.to != schema.tenant
            && owners.contains_key(&link.to)
            && study.proof(link).holds()
            && !leads_over(schema, owners, link.to, place)
    };
    let links = schema.links_of(place).filter(|(_, link)| fits(link));
    links.min_by_key(|(at, link)| (owners.get(&link.to).map(|owned| owned.cost), *at)).map(|(at, _)| at)
}

/// Whether the way of one table's rows goes over rows of another.
pub(super) fn leads_over(schema: &Schema<'_>, owners: &Owners, from: usize, over: usize) -> bool {
    let (mut open, mut seen) = (vec![from], BTreeSet::new());
    while let Some(place) = open.pop() {
        if place == over {
            return true;
        }
        if seen.insert(place)
            && let Some(owned) = owners.get(&place)
        {
            open.extend(owned.way.tables(schema));
        }
    }
    false
}

impl Way {
    /// The tables to whose rows it leads first.
    fn tables(&self, schema: &Schema<'_>) -> Vec<usize> {
        let to = |at: &usize| schema.links.get(*at).map(|link| link.to);
        match self {
            Self::Tenant => Vec::new(),
            Self::Link(at) => to(at).into_iter().collect(),
            Self::Any(ways) => ways.iter().filter_map(to).collect(),
            Self::Typed(pair) => pair.arms.iter().map(|arm| arm.table).collect(),
            Self::Named(naming) => vec![naming.by],
        }
    }
}

/// Whether a column is called as the tenant table is.
fn is_named_for(schema: &Schema<'_>, column: &str) -> bool {
    let tenant = words(&schema.table(schema.tenant).name);
    let name = referred(column).unwrap_or_else(|| words(column));
    let end = tenant.len().checked_sub(name.len()).and_then(|at| tenant.get(at..));
    end.is_some_and(|end| are_same(end, &name))
}

fn by_link(study: &Study<'_>, at: usize, link: &Link, target: &Cost) -> Owned {
    let is_no_hint = link.origin != Origin::Hint;
    let is_by_name = !matches!(link.origin, Origin::Hint | Origin::Constraint);
    let cost = Cost {
        is_no_hint,
        loose: target.loose + usize::from(!link.is_required),
        audits: target.audits + usize::from(link.is_audit),
        depth: target.depth + 1,
        is_by_name,
        at,
    };
    let tree = if is_set_in_every_row(link) { None } else { tree(study, link.from, &link.columns) };
    Owned { way: Way::Link(at), tree, cost, notes: Vec::new() }
}

/// A hint may be of a column that is NULL in some rows.
fn is_set_in_every_row(link: &Link) -> bool {
    link.is_required && link.origin != Origin::Hint
}

/// The link from a row to another of its table, where rows without `columns` belong where that leads.
fn tree(study: &Study<'_>, place: usize, columns: &[String]) -> Option<usize> {
    let table = study.schema.table(place);
    let mut links = study.schema.links_of(place).filter(|(_, link)| {
        let is_other = link.columns.first().is_some_and(|column| !columns.contains(column));
        link.to == place && link.columns.len() == 1 && link.keys == table.primary_key && is_other
    });
    links.find_map(|(at, link)| {
        let parent = link.columns.first()?;
        if !study.proof(link).holds() {
            return None;
        }
        let below = study.count(place, Ask::Below(columns.to_vec(), parent.clone()));
        let rows = study.rows(place);
        // Of an empty table nothing is known, and a row that has the link is found both ways.
        (below? > 0 || rows == Some(0)).then_some(at)
    })
}

/// A table of a framework is the app's own only by what the catalog says.
fn may_be_owned(schema: &Schema<'_>, place: usize, link: &Link) -> bool {
    framework::of(&schema.table(place).name).is_none() || link.is_required
}

/// Of the tables that could be owned next, each by its best way: those that are as near as can be.
fn nearest(found: Vec<(usize, Owned)>) -> Owners {
    let Some(level) = found.iter().map(|(_, owned)| owned.cost.level()).min() else { return Owners::new() };
    let mut nearest = Owners::new();
    for (place, owned) in found.into_iter().filter(|(_, owned)| owned.cost.level() == level) {
        match nearest.get(&place) {
            Some(other) if other.cost <= owned.cost => {}
            _ => drop(nearest.insert(place, owned)),
        }
    }
    nearest
}

/// By links that every row has, to owned tables.
fn required(study: &Study<'_>, owners: &Owners) -> Vec<(usize, Owned)> {
    let schema = study.schema;
    let links = schema.links.iter().enumerate().filter(|(_, link)| {
        link.is_required && !link.is_preference && !owners.contains_key(&link.from) && !schema.is_direct(link)
    });
    let ways = links.filter_map(|(at, link)| {
        let target = owners.get(&link.to)?;
        study.proof(link).holds().then(|| (link.from, by_link(study, at, link, &target.cost)))
    });
    ways.collect()
}

/// By a link that may be NULL and is set in every row, or by several of which one always is.
fn by_rows(study: &Study<'_>, owners: &Owners) -> Vec<(usize, Owned)> {
    let open = (0..study.schema.facts.tables.len()).filter(|place| !owners.contains_key(place));
    open.filter_map(|place| Some((place, table_by_rows(study, owners, place)?))).collect()
}

/// The links of a table to owned ones that may be NULL.
pub(super) fn loose_links<'s>(study: &Study<'s>, owners: &Owners, place: usize) -> Vec<(usize, &'s Link)> {
    let schema = study.schema;
    let fits = |link: &Link| {
        owners.contains_key(&link.to)
            && link.to != place
            && !link.is_preference
            && !link.is_audit
            && may_be_owned(schema, place, link)
    };
    schema.links_of(place).filter(|(_, link)| fits(link) && study.proof(link).holds()).collect()
}

fn table_by_rows(study: &Study<'_>, owners: &Owners, place: usize) -> Option<Owned> {
    let links = loose_links(study, owners, place);
    if links.is_empty() || study.rows(place)? == 0 {
        return None;
    }
    let single = links.iter().filter_map(|(at, link)| {
        let target = owners.get(&link.to)?;
        is_always_set(study, place, &link.columns)?.then(|| by_link(study, *at, link, &target.cost))
    });
    let found = single.min_by_key(|owned| owned.cost).or_else(|| any(study, owners, place, &links))?;
    (!is_shared(study, owners, place, &found)).then_some(found)
}

/// Whether each row has the link, or is below one that has it.
fn is_always_set(study: &Study<'_>, place: usize, columns: &[String]) -> Option<bool> {
    let unset = study.count(place, Ask::Unset(columns.to_vec()))?;
    if unset == 0 {
        return Some(true);
    }
    let Some(parent) = tree(study, place, columns) else { return Some(false) };
    let parent = study.schema.links.get(parent)?.columns.first()?.clone();
    let below = study.count(place, Ask::Below(columns.to_vec(), parent))?;
    Some(below == unset && unset < study.rows(place)?)
}

fn any(study: &Study<'_>, owners: &Owners, place: usize, links: &[(usize, &Link)]) -> Option<Owned> {
    if links.len() < 2 {
        return None;
    }
    let columns: Vec<String> = links.iter().flat_map(|(_, link)| link.columns.clone()).collect();
    if !is_always_set(study, place, &columns)? {
        return None;
    }
    let targets = links.iter().filter_map(|(_, link)| owners.get(&link.to));
    let depth = targets.map(|target| target.cost.depth).max().unwrap_or_default() + 1;
    let at = links.first().map(|(at, _)| *at).unwrap_or_default();
    let cost = Cost { is_no_hint: true, loose: links.len(), audits: 0, depth, is_by_name: false, at };
    let ways = links.iter().map(|(at, _)| *at).collect();
    Some(Owned { way: Way::Any(ways), tree: tree(study, place, &columns), cost, notes: Vec::new() })
}

/// Whether rows of several organizations name one row of this table, if it were owned so.
fn is_shared(study: &Study<'_>, owners: &Owners, place: usize, as_owned: &Owned) -> bool {
    let incoming: Vec<(usize, &Link)> = study
        .schema
        .links_to(place)
        .filter(|(_, link)| owners.contains_key(&link.from) && link.from != place && study.proof(link).holds())
        .collect();
    if incoming.is_empty() {
        return false;
    }
    if incoming.iter().any(|(_, link)| super::shared::is_membership(study.schema, owners, link)) {
        return true;
    }
    let mut with = owners.clone();
    with.insert(place, as_owned.clone());
    incoming.iter().any(|(_, link)| {
        let theirs = routes(study.schema, owners, link.from);
        let Some((theirs, own)) = theirs.zip(by(study.schema, &with, link)) else { return true };
        study.count(link.from, Ask::Differ(theirs, own)) != Some(0)
    })
}

/// So many routes of one table are followed at most.
const ROUTES: usize = 8;

/// The routes of an owned table's rows to their organization, of which the first that leads anywhere
/// counts; none where a pair of columns decides.
pub(super) fn routes(schema: &Schema<'_>, owners: &Owners, place: usize) -> Option<Vec<Route>> {
    let ways = match &owners.get(&place)?.way {
        Way::Tenant => return Some(vec![Route { steps: Vec::new(), last: schema.tenant_key.clone() }]),
        Way::Link(at) => vec![*at],
        Way::Any(ways) => ways.clone(),
        Way::Typed(_) | Way::Named(_) => return None,
    };
    let mut routes = Vec::new();
    for at in ways {
        let link = schema.links.get(at)?;
        routes.extend(by(schema, owners, link)?);
    }
    (routes.len() <= ROUTES).then_some(routes)
}

/// The routes that begin with a link to an owned table.
pub(super) fn by(schema: &Schema<'_>, owners: &Owners, link: &Link) -> Option<Vec<Route>> {
    if link.to == schema.tenant && link.keys == [schema.tenant_key.clone()] {
        return Some(vec![Route { steps: Vec::new(), last: link.columns.first()?.clone() }]);
    }
    let step = Step { columns: link.columns.clone(), table: link.to, keys: link.keys.clone() };
    let mut routes = routes(schema, owners, link.to)?;
    for route in &mut routes {
        route.steps.insert(0, step.clone());
    }
    Some(routes)
}
