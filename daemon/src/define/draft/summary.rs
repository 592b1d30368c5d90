//! How many tables are what, and which.

use std::fmt::Write as _;

use crate::{
    define::{
        classify::{Class, Classes},
        link::Schema,
    },
    sql::Dialect,
};

/// The names of the tables by what they are.
pub(in crate::define) struct Summary {
    owned: Vec<String>,
    shared: Vec<String>,
    excluded: Vec<String>,
    undecided: Vec<(String, String)>,
    unreadable: Vec<String>,
    role: String,
}

impl Summary {
    pub(in crate::define) fn new(schema: &Schema<'_>, classes: &Classes) -> Self {
        let mut summary = Self {
            owned: Vec::new(),
            shared: Vec::new(),
            excluded: Vec::new(),
            undecided: Vec::new(),
            unreadable: Vec::new(),
            role: schema.facts.role.clone(),
        };
        for (place, class) in &classes.tables {
            let key = schema.key(*place);
            match class {
                Class::Owned(_) => summary.owned.push(key),
                Class::Shared(_) => summary.shared.push(key),
                Class::Excluded(_) => summary.excluded.push(key),
                Class::Undecided(why) => summary.undecided.push((key, why.clone())),
            }
        }
        let unreadable = schema.facts.tables.iter().filter(|table| !table.is_readable);
        summary.unreadable = unreadable.map(|table| table.sql(Dialect::POSTGRES)).collect();
        summary
    }

    /// Whether something has to be decided by hand.
    pub(in crate::define) fn is_open(&self) -> bool {
        !self.undecided.is_empty()
    }

    /// Some lines.
    pub(in crate::define) fn text(&self) -> String {
        let Self { owned, shared, excluded, undecided, .. } = self;
        let mut said = String::new();
        let undecided_names: Vec<String> = undecided.iter().map(|(name, _)| name.clone()).collect();
        for (what, names) in
            [("owned", owned), ("shared", shared), ("excluded", excluded), ("undecided", &undecided_names)]
        {
            let listed = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
            writeln!(said, "{what} {}{listed}", names.len()).unwrap_or_default();
        }
        for (name, why) in undecided {
            writeln!(said, "{name} is undecided: {why}").unwrap_or_default();
        }
        if !self.unreadable.is_empty() {
            writeln!(
                said,
                "{} may not read {} tables, so that nothing is known of their rows: GRANT SELECT ON {} TO {}",
                self.role,
                self.unreadable.len(),
                self.unreadable.join(", "),
                self.role
            )
            .unwrap_or_default();
        }
        said
    }

    /// What to do with the draft.
    pub(in crate::define) fn next(&self, name: &str) -> String {
        let first = if self.is_open() {
            "decide on each undecided table: a line `table.column -> table.column` in a file for `--links`, or \
             `excluded = \"reason\"` below"
        } else {
            "read it, above all what is excluded and what is not written"
        };
        format!(
            "Next: {first}.\nThen put it into products_dir as {name}.toml, name it in a [[source]] (product = {name:?}), \
             and run `orgvaultd check-config` and `orgvault check SOURCE --coverage`."
        )
    }
}
