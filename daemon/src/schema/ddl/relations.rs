//! What tables get when all of them and all functions are there.

use orgvault_archive::full::schema::{ForeignKey, Table, Trigger};

use super::{
    Statement,
    quoting::{name, qualified},
};

/// How the definition of an index begins.
pub(super) const INDEX: [&str; 2] = ["CREATE INDEX ", "CREATE UNIQUE INDEX "];
/// How the definition of a trigger begins.
pub(super) const TRIGGER: [&str; 2] = ["CREATE TRIGGER ", "CREATE CONSTRAINT TRIGGER "];
/// How the definition of a rule begins.
pub(super) const RULE: [&str; 1] = ["CREATE RULE "];

/// The defaults of its columns, in one statement.
pub(super) fn defaults(table: &Table) -> Option<Statement> {
    let defaults = table.columns.iter().filter_map(|column| Some((&column.name, column.default.as_ref()?)));
    let words = defaults.map(|(column, default)| format!("ALTER COLUMN {} SET DEFAULT {default}", name(column)));
    alter(table, "defaults", words)
}

/// Its keys, checks and exclusions, in one statement.
pub(super) fn constraints(table: &Table) -> Option<Statement> {
    let words = table.constraints.iter().map(|it| format!("ADD CONSTRAINT {} {}", name(&it.name), it.definition));
    alter(table, "constraints", words)
}

fn alter(table: &Table, what: &str, words: impl Iterator<Item = String>) -> Option<Statement> {
    let words: Vec<String> = words.collect();
    let sql = format!("ALTER TABLE {} {}", qualified(&table.name), words.join(", "));
    (!words.is_empty()).then(|| Statement { makes: format!("{what} of {}", table.name), sql })
}

/// What makes it a partition or an heir. A partition gets the keys and indexes of its table by this.
pub(super) fn parents(table: &Table) -> impl Iterator<Item = Statement> {
    let own = qualified(&table.name);
    let partition = table.partition_of.iter().map(move |it| {
        let sql = format!("ALTER TABLE {} ATTACH PARTITION {own} {}", qualified(&it.parent), it.bound);
        Statement { makes: format!("partition {} of {}", table.name, it.parent), sql }
    });
    partition.chain(table.inherits.iter().map(|parent| Statement {
        makes: format!("inheritance of {} from {parent}", table.name),
        sql: format!("ALTER TABLE {} INHERIT {}", qualified(&table.name), qualified(parent)),
    }))
}

/// Its foreign keys, one by one.
pub(super) fn foreign_keys(table: &Table) -> impl Iterator<Item = Statement> {
    table.foreign_keys.iter().map(|key: &ForeignKey| Statement {
        makes: format!("foreign key {} of {}", key.name, table.name),
        sql: format!("ALTER TABLE {} ADD CONSTRAINT {} {}", qualified(&table.name), name(&key.name), key.definition),
    })
}

/// What switches a trigger off.
pub(super) fn disabled(table: &Table, trigger: &Trigger) -> Statement {
    let sql = format!("ALTER TABLE {} DISABLE TRIGGER {}", qualified(&table.name), name(&trigger.name));
    Statement { makes: format!("trigger {} of {}", trigger.name, table.name), sql }
}
