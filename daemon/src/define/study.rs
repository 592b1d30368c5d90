//! What is known of the links: by the catalog, and by the answers that rows gave so far. What is not
//! known yet is noted, to be asked next.

use std::{cell::RefCell, collections::BTreeSet};

use super::link::{Link, Origin, Schema};
use crate::source::survey::{Answer, Answers, Ask, Kind, Question};

/// The catalog and the answers.
pub(super) struct Study<'s> {
    pub(super) schema: &'s Schema<'s>,
    pub(super) answers: &'s Answers,
    /// What there is no answer to yet.
    pub(super) wanted: RefCell<BTreeSet<Question>>,
}

/// Whether a link holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// By the catalog, by the admin, or by all rows; the words say why where it is by name.
    Holds(Option<String>),
    /// The name is right and no row proves it.
    Unproven(String),
    /// Rows say otherwise.
    Fails(String),
}

impl Proof {
    pub(super) fn holds(&self) -> bool {
        matches!(self, Self::Holds(_))
    }
}

impl<'s> Study<'s> {
    pub(super) fn new(schema: &'s Schema<'s>, answers: &'s Answers) -> Self {
        Self { schema, answers, wanted: RefCell::default() }
    }

    fn answer(&self, table: usize, ask: Ask) -> Option<&'s Answer> {
        let question = Question { table, ask };
        let answer = self.answers.get(&question);
        if answer.is_none() {
            self.wanted.borrow_mut().insert(question);
        }
        answer
    }

    /// A number of rows; none where it is not known.
    pub(super) fn count(&self, table: usize, ask: Ask) -> Option<u64> {
        match self.answer(table, ask)? {
            Answer::Count(count) => Some(*count),
            Answer::Values(_) | Answer::Unknown(_) => None,
        }
    }

    /// Values of a column; none where they are not known.
    pub(super) fn values(&self, table: usize, ask: Ask) -> Option<&'s [String]> {
        match self.answer(table, ask)? {
            Answer::Values(values) => Some(values),
            Answer::Count(_) | Answer::Unknown(_) => None,
        }
    }

    pub(super) fn rows(&self, table: usize) -> Option<u64> {
        self.count(table, Ask::Rows)
    }

    /// Whether a link holds: a name is proven by rows of which each value is there.
    pub(super) fn proof(&self, link: &Link) -> Proof {
        if matches!(link.origin, Origin::Hint | Origin::Constraint) {
            return Proof::Holds(None);
        }
        let found = self.set_and_strays(link);
        if link.origin == Origin::Values {
            return self.proof_by_values(link, found);
        }
        let is_named = link.origin == Origin::Name && !self.is_labeled_beside_another(link);
        match found {
            None if is_named => Proof::Holds(Some("by name; its rows could not be asked".to_owned())),
            None => Proof::Unproven("its rows could not be asked".to_owned()),
            Some((0, _)) if is_named => Proof::Holds(Some("by name; no rows to prove it".to_owned())),
            Some((0, _)) => Proof::Unproven("no rows prove it".to_owned()),
            Some((set, 0)) => self.unless_another_fits(link, set),
            Some((set, strays)) if is_named && self.schema.is_direct(link) && strays < set => {
                Proof::Holds(Some(format!("by name; {strays} of {set} values name no organization that is there")))
            }
            Some((set, strays)) => Proof::Fails(format!("{strays} of {set} values are not there")),
        }
    }

    /// Whether some of a link's values are there, and some are not.
    pub(super) fn is_partly(&self, link: &Link) -> bool {
        self.set_and_strays(link).is_some_and(|(set, strays)| 0 < strays && strays < set)
    }

    /// How many rows have a link, and how many of these name nothing that is there.
    fn set_and_strays(&self, link: &Link) -> Option<(u64, u64)> {
        let Link { from, columns, to, keys, .. } = link;
        let strays = Ask::Strays { columns: columns.clone(), target: *to, keys: keys.clone(), only: None };
        let (rows, unset) = (self.rows(*from), self.count(*from, Ask::Unset(columns.clone())));
        let strays = self.count(*from, strays);
        let set = rows.zip(unset).map(|(rows, unset)| rows.saturating_sub(unset));
        set.zip(strays)
    }

    /// Whether another table is more plainly meant, so that rows have to speak for this one.
    fn is_labeled_beside_another(&self, link: &Link) -> bool {
        let mut links = self.schema.links_of(link.from).map(|(_, other)| other);
        link.rank > 0 && links.any(|other| other.columns == link.columns && other.rank < link.rank)
    }

    /// What values alone say: each has to be an organization, here or in a column of this name elsewhere.
    fn proof_by_values(&self, link: &Link, found: Option<(u64, u64)>) -> Proof {
        let like = || {
            let mut others = self.schema.links_to(link.to).map(|(_, other)| other);
            let is_like = |other: &Link| other.origin == Origin::Values && other.columns == link.columns;
            others.find(|other| other.from != link.from && is_like(other) && self.are_organizations(other))
        };
        match found {
            None => Proof::Unproven("its rows could not be asked".to_owned()),
            Some((set, 0)) if set > 0 && self.keys_tell() => match self.unless_another_fits(link, set) {
                Proof::Holds(_) => Proof::Holds(Some(format!("by its values, {set} of {set}"))),
                other => other,
            },
            Some((set, strays)) if strays < set || set == 0 => match like() {
                Some(other) => Proof::Holds(Some(format!("as in {}, by its values", self.schema.key(other.from)))),
                None if set == 0 => Proof::Unproven("no rows prove it".to_owned()),
                None => Proof::Fails(format!("{strays} of {set} values are not there")),
            },
            Some((set, strays)) => Proof::Fails(format!("{strays} of {set} values are not there")),
        }
    }

    fn are_organizations(&self, link: &Link) -> bool {
        matches!(self.set_and_strays(link), Some((1.., 0))) && self.keys_tell()
    }

    /// Whether the ids of organizations are those of nothing else: UUIDs, or texts of some length.
    fn keys_tell(&self) -> bool {
        const SHORT: usize = 6;
        let (tenant, key) = (self.schema.tenant, &self.schema.tenant_key);
        if self.schema.table(tenant).column(key).is_some_and(|key| key.kind == Kind::Uuid) {
            return true;
        }
        let ids = self.values(tenant, Ask::Values(key.clone()));
        ids.is_some_and(|ids| ids.iter().all(|id| id.chars().count() >= SHORT))
    }

    /// Of several tables that a part of a name may mean the likest holds, and none where two are as like.
    fn unless_another_fits(&self, link: &Link, set: u64) -> Proof {
        let others = self.schema.links_of(link.from).map(|(_, other)| other).filter(|other| {
            other.to != link.to
                && other.columns == link.columns
                && other.origin >= Origin::Name
                && other.rank <= link.rank
        });
        let fits = |other: &Link| {
            let keys = other.keys.clone();
            let strays = Ask::Strays { columns: other.columns.clone(), target: other.to, keys, only: None };
            self.count(other.from, strays) == Some(0)
        };
        let other = others.filter(|other| fits(other)).min_by_key(|other| other.rank);
        match other {
            Some(other) if other.rank < link.rank => {
                Proof::Fails(format!("they are those of {}, which is more like it", self.schema.key(other.to)))
            }
            Some(other) => Proof::Unproven(format!("its values are those of {} too", self.schema.key(other.to))),
            None => Proof::Holds(Some(format!("by name; each of {set} values is there"))),
        }
    }
}
