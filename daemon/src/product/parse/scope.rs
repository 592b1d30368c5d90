//! `[scope.NAME]`: the ids of a parent's rows, which queries name as `IN ($NAME)`.

use std::collections::BTreeMap;

use orgvault_config::checked_toml::{Table, Value, closest};
use toml::de::DeValue;

use super::query::{Parameter, query};
use crate::{
    product::Query,
    sql::{Dialect, tokens},
};

/// Every scope by its name, as it stands in the file: it may name others.
#[derive(Default)]
pub(super) struct Scopes(BTreeMap<String, Query>);

/// Why a query cannot have the text of a scope.
pub(super) enum ScopeFault {
    /// There is none of this name.
    Unknown(String),
    /// It would hold itself, by way of these.
    Circle(Vec<String>),
    /// It has no text for this database.
    Unspoken,
}

impl Scopes {
    /// Reads all of them, each with its check.
    pub(super) fn read(root: &Table<'_>) -> Self {
        let scopes = root.table("scope", |scopes| scopes.entries(|_, value| ids(value))).unwrap_or_default();
        let scopes = Self(scopes);
        root.table("scope", |table| table.entries(|name, value| scopes.check(name, value)));
        scopes
    }

    fn check(&self, name: &str, value: &Value<'_>) -> Option<()> {
        if !name_of(&format!("${name}")).is_some_and(str::is_ascii) {
            return value.refuse(format!("{name:?} is no name"), "write letters, digits and _, no digit first");
        }
        value.table(|scope| {
            scope.required("ids", |ids| query(ids, Parameter::Organization(self), |_, _, _| Some(())).map(drop))
        })?
    }

    /// A query in which each `$NAME` is the text of that scope.
    pub(super) fn expand(&self, sql: &str, dialect: Dialect) -> Result<String, ScopeFault> {
        self.expand_in(sql, dialect, &mut Vec::new())
    }

    fn expand_in(&self, sql: &str, dialect: Dialect, within: &mut Vec<String>) -> Result<String, ScopeFault> {
        let mut expanded = String::with_capacity(sql.len());
        for token in tokens(sql) {
            let Some(name) = name_of(token) else {
                expanded.push_str(token);
                continue;
            };
            let scope = self.0.get(name).ok_or_else(|| ScopeFault::Unknown(name.to_owned()))?;
            if within.iter().any(|outer| outer == name) {
                return Err(ScopeFault::Circle(within.iter().cloned().chain([name.to_owned()]).collect()));
            }
            let ids = scope.text(dialect).ok_or(ScopeFault::Unspoken)?;
            within.push(name.to_owned());
            expanded.push_str(&self.expand_in(ids, dialect, within)?);
            within.pop();
        }
        Ok(expanded)
    }

    /// Notes why a query cannot have a scope's text; a circle is noted where it begins.
    pub(super) fn refuse<T>(&self, value: &Value<'_>, fault: ScopeFault) -> Option<T> {
        match fault {
            ScopeFault::Unknown(name) => {
                let near = closest(&name, self.0.keys().map(String::as_str));
                let fix = near.map_or_else(
                    || "the organization's id is $1; add the scope, or correct the name".to_owned(),
                    |near| format!("did you mean ${near}?"),
                );
                value.refuse(format!("names ${name}, and there is no [scope.{name}]"), fix)
            }
            ScopeFault::Circle(names) => {
                let names: Vec<String> = names.into_iter().map(|name| format!("${name}")).collect();
                value.refuse(format!("scopes name each other: {}", names.join(" -> ")), "let one of them name none")
            }
            ScopeFault::Unspoken => {
                value.refuse("names a scope that has no text for this database", "give the scope one for it")
            }
        }
    }
}

/// The name in `$NAME`; none where the token is something else.
pub(super) fn name_of(token: &str) -> Option<&str> {
    let name = token.strip_prefix('$')?;
    let starts = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    (starts && !name.contains('$')).then_some(name)
}

/// The texts of a scope, whether or not they can be used.
fn ids(value: &Value<'_>) -> Option<Query> {
    let ids = value.raw().as_table()?.get("ids")?.get_ref();
    match ids {
        DeValue::String(text) => Some(text.clone().into_owned().into()),
        DeValue::Table(texts) => {
            let text = |dialect: Dialect| Some((dialect, texts.get(dialect.name())?.get_ref().as_str()?.to_owned()));
            Some(Dialect::ALL.into_iter().filter_map(text).collect())
        }
        _ => None,
    }
}
