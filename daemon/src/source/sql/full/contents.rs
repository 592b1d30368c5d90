//! Which tables a `full` archive holds, and which of their rows. Pure.

use std::collections::BTreeMap;

use orgvault_api::Format;
use orgvault_archive::full::{
    member,
    report::Omission,
    schema::{ForeignKey, QualifiedName, Schema, Table},
};

use super::statement::{Pointing, Words};
use crate::product::{Definition, Full, FullRows, FullTable, Reference, Section};

/// The tables of a live schema, each with what the definition says of its rows.
pub(in crate::source::sql) struct Contents<'s> {
    words: Words,
    definition: &'s Definition,
    schema: &'s Schema,
    tables: BTreeMap<&'s QualifiedName, Held<'s>>,
}

/// A table that is in the archive.
struct Held<'s> {
    /// Its name in the definition.
    key: &'s str,
    live: &'s Table,
    rows: Rows,
    /// Its foreign keys, and what else the definition says that its columns name.
    keys: Vec<ForeignKey>,
}

enum Rows {
    Own(String),
    Shared(Option<String>),
}

/// A foreign key of one of the organization's own tables that points at another.
pub(in crate::source::sql) type Elsewhere = (QualifiedName, String);

impl<'s> Contents<'s> {
    /// `names`: the definition's key of each table that is there.
    pub(in crate::source::sql) fn new(
        words: Words,
        definition: &'s Definition,
        schema: &'s Schema,
        names: &'s BTreeMap<String, QualifiedName>,
    ) -> Self {
        let held = |(key, name): (&'s String, &'s QualifiedName)| {
            let live = schema.table(name)?;
            let rows = match definition.full_rows(words.0, key) {
                FullRows::Own(condition) => Rows::Own(condition),
                FullRows::Shared(condition) => Rows::Shared(condition),
                FullRows::Omitted(_) | FullRows::Unsaid => return None,
            };
            Some((name, Held { key, live, rows, keys: keys(definition, key, live, names) }))
        };
        Self { words, definition, schema, tables: names.iter().filter_map(held).collect() }
    }

    /// Tables that inherit from one of the archive without being partitions, and from which, where their rows would be
    /// in the archive twice, or without some of their columns.
    pub(in crate::source::sql) fn inherited(&self) -> Vec<(&'s QualifiedName, &'s QualifiedName)> {
        let is_known = |of: &Table, name: &str| of.columns.iter().any(|column| column.name == name);
        let pairs =
            self.schema.tables.iter().flat_map(|table| self.ancestors(table).into_iter().map(move |of| (table, of)));
        let faulty = pairs.filter(|(table, of)| {
            let is_wider = table.columns.iter().any(|column| !is_known(of, &column.name));
            self.tables.contains_key(&of.name) && (self.tables.contains_key(&table.name) || is_wider)
        });
        faulty.map(|(table, of)| (&table.name, &of.name)).collect()
    }

    /// Every table whose rows those of this one are too, without being a partition of it.
    fn ancestors(&self, table: &Table) -> Vec<&'s Table> {
        let mut found: Vec<&Table> = table.inherits.iter().filter_map(|name| self.schema.table(name)).collect();
        let mut at = 0;
        while let Some(ancestor) = found.get(at).copied() {
            let more = ancestor.inherits.iter().filter_map(|name| self.schema.table(name));
            let more: Vec<&Table> = more.filter(|it| !found.iter().any(|known| known.name == it.name)).collect();
            found.extend(more);
            at += 1;
        }
        found
    }

    /// For each of the organization's own tables whose keys may point at rows of another one: a query whose only
    /// row has a word for each of them, `t` where one does.
    pub(in crate::source::sql) fn questions(&self) -> Vec<(Vec<Elsewhere>, String)> {
        let question = |held: &Held<'s>| {
            let Rows::Own(condition) = &held.rows else { return None };
            let keys: Vec<(&ForeignKey, &str)> =
                held.keys.iter().filter_map(|key| Some((key, self.doubtful(held, key)?))).collect();
            let names = keys.iter().map(|(key, _)| (held.live.name.clone(), key.name.clone())).collect();
            let sql = || self.words.points_elsewhere(held.live, condition, &keys);
            (!keys.is_empty()).then(|| (names, sql()))
        };
        self.tables.values().filter_map(question).collect()
    }

    /// The condition of the rows that a key ought to point at, where it may point at others.
    fn doubtful(&self, held: &Held<'s>, key: &ForeignKey) -> Option<&str> {
        let Rows::Own(condition) = &held.rows else { return None };
        let Rows::Own(own) = &self.tables.get(&key.references)?.rows else { return None };
        let pointing = Pointing { from: held.live, condition, key };
        (!pointing.is_own(own)).then_some(own)
    }

    /// The definition of the archive: a section for each table. `elsewhere`: the keys by which rows of other
    /// organizations are named.
    pub(in crate::source::sql) fn definition(&self, elsewhere: &[Elsewhere]) -> Definition {
        let mut full = Full { schema: self.schema.clone(), omissions: self.omissions(), ..Full::default() };
        let mut sections = Vec::new();
        for held in self.tables.values() {
            let shared = matches!(held.rows, Rows::Shared(_));
            let condition = self.condition(held, &[]);
            self.add(held, member(&held.live.name, false), shared, &condition, (&mut full, &mut sections));
        }
        for held in self.tables.values() {
            let by = self.by(held, |name| elsewhere.contains(name));
            if let Rows::Own(own) = &held.rows
                && !by.is_empty()
            {
                let condition = self.words.foreign(own, &by);
                self.add(held, member(&held.live.name, true), true, &condition, (&mut full, &mut sections));
            }
        }
        Definition {
            formats: vec![Format::Full],
            default_format: Format::Full,
            sections,
            warnings: Vec::new(),
            full: Some(full.into()),
            ..self.definition.clone()
        }
    }

    fn add(
        &self,
        held: &Held<'s>,
        file: String,
        shared: bool,
        condition: &str,
        (full, sections): (&mut Full, &mut Vec<Section>),
    ) {
        let Held { key, live, .. } = held;
        let is_single = |section: &Section| section.single && section.table == *key;
        let name = live.name.to_string();
        sections.push(Section {
            name: if shared && !matches!(held.rows, Rows::Shared(_)) { format!("named {name}") } else { name },
            entity: None,
            member: Some(file.clone()),
            formats: vec![Format::Full],
            table: (*key).to_owned(),
            rows: self.words.rows(live, condition).into(),
            count: self.words.count(live, condition).into(),
            types: BTreeMap::new(),
            csv: Vec::new(),
            id: live.primary_key.first().cloned(),
            single: !shared && self.definition.sections.iter().any(is_single),
            counted: false,
        });
        full.tables.push(FullTable { name: live.name.clone(), file, shared });
    }

    /// Which rows of a table are in the archive. Rows of shared tables may name each other: `within` are those whose
    /// condition this one is a part of.
    fn condition(&self, held: &Held<'s>, within: &[&QualifiedName]) -> String {
        let condition = match &held.rows {
            Rows::Own(condition) => return condition.clone(),
            Rows::Shared(condition) => condition,
        };
        let within = [within, &[&held.live.name]].concat();
        let own = self.by(held, |_any| true).into_iter().map(|pointing| self.words.named(&[pointing]));
        let by_shared = self.tables.values().filter(|from| matches!(from.rows, Rows::Shared(_)));
        let by_shared = by_shared.filter(|from| !within.contains(&&from.live.name)).flat_map(|from| {
            let keys = from.keys.iter().filter(|key| key.references == held.live.name);
            keys.map(|key| {
                let condition = self.condition(from, &within);
                self.words.named(&[Pointing { from: from.live, condition: &condition, key }])
            })
        });
        let parts: Vec<String> = condition.iter().map(|own| format!("({own})")).chain(own).chain(by_shared).collect();
        let all = if parts.is_empty() { "false".to_owned() } else { parts.join("\n  OR ") };
        self.words.with_named_by_itself(held.live, all, &itself(held))
    }

    /// The keys of the organization's own tables that point at a table.
    fn by<'t>(&'t self, held: &Held<'s>, counts: impl Fn(&Elsewhere) -> bool) -> Vec<Pointing<'t>> {
        let mut found = Vec::new();
        for from in self.tables.values() {
            let Rows::Own(condition) = &from.rows else { continue };
            let keys = from.keys.iter().filter(|key| key.references == held.live.name);
            let keys = keys.filter(|key| counts(&(from.live.name.clone(), key.name.clone())));
            found.extend(keys.map(|key| Pointing { from: from.live, condition, key }));
        }
        found
    }

    fn omissions(&self) -> Vec<Omission> {
        let omission = |key: &String| match self.definition.full_rows(self.words.0, key) {
            FullRows::Omitted(reason) => Some(Omission { table: key.clone(), reason: reason.to_owned() }),
            _ => None,
        };
        self.definition.tables.keys().filter_map(omission).collect()
    }
}

/// The keys of a table that lead to itself, by the columns that the first of them names.
fn itself<'h>(held: &'h Held<'_>) -> Vec<&'h ForeignKey> {
    let mut keys: Vec<&ForeignKey> = held.keys.iter().filter(|key| key.references == held.live.name).collect();
    let referenced = keys.first().map(|key| key.referenced.clone());
    keys.retain(|key| Some(&key.referenced) == referenced.as_ref());
    keys
}

/// The foreign keys of a table, and what else the definition says that its columns name.
fn keys(definition: &Definition, key: &str, live: &Table, names: &BTreeMap<String, QualifiedName>) -> Vec<ForeignKey> {
    let told = definition.tables.get(key).map_or(&[][..], |table| &table.references);
    let is_there = |reference: &&Reference| live.columns.iter().any(|column| column.name == reference.column);
    let told = told.iter().filter(is_there).filter_map(|Reference { column, table, referenced }| {
        Some(ForeignKey {
            name: format!("{column} -> {table}.{referenced}"),
            columns: vec![column.clone()],
            references: names.get(table)?.clone(),
            referenced: vec![referenced.clone()],
            ..ForeignKey::default()
        })
    });
    let mut keys = live.foreign_keys.clone();
    for key in told {
        let is_same = |other: &ForeignKey| (&other.columns, &other.references) == (&key.columns, &key.references);
        if !keys.iter().any(is_same) {
            keys.push(key);
        }
    }
    keys
}
