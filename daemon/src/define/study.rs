//! What is known of the links: by the catalog, and by the answers that rows gave so far. What is not
//! known yet is noted, to be asked next.

use std::{cell::RefCell, collections::BTreeSet};

use super::link::{Link, Origin, Schema};
use crate::source::survey::{Answer, Answers, Ask, Question};

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
        let Link { from, columns, to, keys, .. } = link;
        let strays = Ask::Strays { columns: columns.clone(), target: *to, keys: keys.clone(), only: None };
        let (rows, unset) = (self.rows(*from), self.count(*from, Ask::Unset(columns.clone())));
        let strays = self.count(*from, strays);
        let set = rows.zip(unset).map(|(rows, unset)| rows.saturating_sub(unset));
        let is_named = link.origin == Origin::Name;
        match set.zip(strays) {
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
