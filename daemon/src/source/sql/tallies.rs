//! The SQL that compares a table's rows with those that organizations have, the same on every database:
//! it is given the keys of both in one stream.

use std::fmt::Write as _;

use crate::source::coverage::{NAMED, SectionTally, Tally};

/// The keys of a table's rows and of those that organizations have, to be grouped by key.
pub(super) struct Grouped {
    /// A query of `k0`, `k1`, .., the number of the organization as `n` (NULL of the table's own rows),
    /// and that of the section as `s`.
    pub(super) rows: String,
    /// How many columns a key has.
    pub(super) keys: usize,
    /// How many sections there are.
    pub(super) sections: usize,
}

/// Rows that are not as they should be: of the table, or of one of its sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    Orphans,
    Several(usize),
    Repeated(usize),
    Strange(usize),
}

impl Problem {
    /// Those of which a tally has any.
    pub(super) fn of(tally: &Tally) -> Vec<Self> {
        let of_section = |(at, section): (usize, &SectionTally)| {
            let SectionTally { in_several, repeated, strange, .. } = *section;
            [(in_several, Self::Several(at)), (repeated, Self::Repeated(at)), (strange, Self::Strange(at))]
        };
        let of_sections = tally.sections.iter().enumerate().flat_map(of_section);
        let all = std::iter::once((tally.in_none, Self::Orphans)).chain(of_sections);
        all.filter(|(number, _)| *number > 0).map(|(_, problem)| problem).collect()
    }

    /// Which groups they are.
    fn condition(self) -> String {
        match self {
            Self::Orphans => "own > 0 AND held = 0".to_owned(),
            Self::Several(at) => format!("own > 0 AND held{at} > 0 AND lowest <> highest"),
            Self::Repeated(at) => format!("own > 0 AND held{at} > 1 AND lowest{at} = highest{at}"),
            Self::Strange(at) => format!("own = 0 AND held{at} > 0"),
        }
    }

    /// Keeps what names its rows.
    pub(super) fn keep(self, tally: &mut Tally, ids: Vec<String>) {
        let Tally { orphans, sections, .. } = tally;
        let place = match self {
            Self::Orphans => Some(orphans),
            Self::Several(at) => sections.get_mut(at).map(|section| &mut section.several_ids),
            Self::Repeated(at) => sections.get_mut(at).map(|section| &mut section.repeated_ids),
            Self::Strange(at) => sections.get_mut(at).map(|section| &mut section.strange_ids),
        };
        if let Some(place) = place {
            *place = ids;
        }
    }
}

impl Grouped {
    /// One row of numbers, for [`Grouped::tally`].
    pub(super) fn totals(&self) -> String {
        let count = |problem: Problem| format!("count(*) FILTER (WHERE {})", problem.condition());
        let sum = |what: &str| format!("CAST(coalesce(sum({what}), 0) AS bigint)");
        let mut numbers = vec![sum("own"), count(Problem::Orphans)];
        for at in 0..self.sections {
            let strange = format!("CASE WHEN own = 0 THEN held{at} END");
            numbers.extend([
                sum(&format!("held{at}")),
                count(Problem::Several(at)),
                count(Problem::Repeated(at)),
                sum(&strange),
            ]);
        }
        format!("SELECT {} FROM (\n{}\n) AS x", numbers.join(", "), self.groups())
    }

    /// What the row of [`Grouped::totals`] says; none where it has no such numbers.
    pub(super) fn tally(&self, number: impl Fn(usize) -> Option<u64>) -> Option<Tally> {
        let section = |at: usize| {
            let number = |column: usize| number(2 + 4 * at + column);
            let (rows, in_several, repeated, strange) = (number(0)?, number(1)?, number(2)?, number(3)?);
            Some(SectionTally { rows, in_several, repeated, strange, ..SectionTally::default() })
        };
        Some(Tally {
            rows: number(0)?,
            in_none: number(1)?,
            sections: (0..self.sections).map(section).collect::<Option<_>>()?,
            ..Tally::default()
        })
    }

    /// The first rows of a problem, each by the texts of its key: of the column of a place that is called so.
    pub(super) fn ids(&self, problem: Problem, text: impl Fn(usize, &str) -> String) -> String {
        let names = self.names();
        let text = |(place, name): (usize, &String)| format!("coalesce({}, 'NULL')", text(place, name));
        let texts: Vec<String> = names.iter().enumerate().map(text).collect();
        let (id, order, condition) = (texts.join(" || '/' || "), names.join(", "), problem.condition());
        format!("SELECT {id} FROM (\n{}\n) AS x WHERE {condition} ORDER BY {order} LIMIT {NAMED}", self.groups())
    }

    /// A row for each key: how often the table has it, how often organizations do, and the lowest and the
    /// highest number of those that do; the same of each section.
    fn groups(&self) -> String {
        let keys = self.names().join(", ");
        let mut sql = format!("SELECT {keys}, count(*) FILTER (WHERE n IS NULL) AS own");
        let mut held = |of: &str, which: &str| {
            // Writing to a string cannot fail.
            write!(sql, ", count(n){which} AS held{of}, min(n){which} AS lowest{of}, max(n){which} AS highest{of}")
                .unwrap_or_default();
        };
        held("", "");
        for at in 0..self.sections {
            let which = if self.sections == 1 { String::new() } else { format!(" FILTER (WHERE s = {at})") };
            held(&at.to_string(), &which);
        }
        format!("{sql} FROM (\n{}\n) AS u GROUP BY {keys}", self.rows)
    }

    fn names(&self) -> Vec<String> {
        (0..self.keys).map(|at| format!("k{at}")).collect()
    }
}
