//! What has to be true before anything is committed: the target gives the archive's bytes back, and every foreign key
//! leads somewhere. That nothing else was written is counted while it is loaded.

use std::collections::BTreeSet;

use orgvault_api::RestoreMode;
use orgvault_archive::full::{schema::ForeignKey, sqlite::Stored};

use super::{
    plan::{Planned, references},
    session::{Session, text},
    sql::{all, equal},
    table::Table,
};
use crate::{
    restore::error::{ProofFault, RestoreError},
    schema::sqlite::quoted,
};

/// Proves everything; `before` are the keys that led nowhere before anything was written.
///
/// # Errors
/// When something is not as it has to be.
pub(super) async fn prove(
    session: &mut Session,
    planned: &Planned,
    before: &BTreeSet<Dangling>,
) -> Result<(), RestoreError> {
    let id = super::classes::id(session, &planned.tables, &planned.plan.organization).await?;
    for table in &planned.tables {
        let act = format!("read {} back", table.name);
        let replaced = planned.mode == RestoreMode::Replace && !table.shared;
        if !table.is_staged() && !replaced {
            continue;
        }
        let whole = planned.mode != RestoreMode::InsertOnly || table.here == 0;
        if !table.shared && (whole || !table.key.is_empty()) {
            let (rows, hash) = session.hash(&act, table.read_back(!whole), &id).await?;
            if (rows, hash) != (table.rows(), table.hash) {
                return Err(differing(session, table, rows, &id).await?);
            }
            continue;
        }
        let same = session.number_of(&act, table.same_count(), &id).await?;
        let name = table.name.to_string();
        let left = planned.plan.tables.iter().find(|it| (&it.table, it.shared) == (&name, table.shared));
        if same < table.rows().saturating_sub(left.map_or(0, |it| it.differing)) {
            return Err(differing(session, table, same, &id).await?);
        }
    }
    prove_references(session, planned).await?;
    let new = dangling(session, &planned.checked).await?;
    match new.difference(before).find(|it| is_held(planned, it)) {
        None => Ok(()),
        Some(Dangling { table, row, parent, .. }) => {
            let words = format!("a foreign key names a row of {parent} that is not there");
            Err(RestoreError::proof(
                &session.target,
                ProofFault::Dangling,
                format!("main.{table}"),
                (row.clone(), String::new()),
                words,
            ))
        }
    }
}

/// Whether that key has to lead somewhere.
fn is_held(planned: &Planned, dangling: &Dangling) -> bool {
    let table = planned.tables.iter().find(|table| table.name.name == dangling.table);
    let names = |key: &ForeignKey| key.references.name.eq_ignore_ascii_case(&dangling.parent);
    table.is_none_or(|table| table.there.foreign_keys.iter().any(names))
}

/// Which row is not the archive's, and why.
async fn differing(
    session: &mut Session,
    table: &Table,
    rows: u64,
    id: &Stored<'_>,
) -> Result<RestoreError, RestoreError> {
    let at = first(session, table, id).await?;
    let triggers: Vec<&str> = table.there.triggers.iter().map(|trigger| trigger.name.as_str()).collect();
    let counted = if rows == table.rows() {
        String::new()
    } else {
        format!(" ({rows} rows, and the archive has {})", table.rows())
    };
    let (fault, words) = if triggers.is_empty() {
        (ProofFault::RowsDiffer, format!("what the target gives back is not what the archive has{counted}"))
    } else {
        let words = format!("it is not what the archive has{counted}; its triggers are {}", triggers.join(", "));
        (ProofFault::ChangedByTrigger, words)
    };
    Ok(RestoreError::proof(&session.target, fault, table.name.to_string(), at, words))
}

/// The key of the first row that is not the archive's, and the column, where it is one.
async fn first(session: &mut Session, table: &Table, id: &Stored<'_>) -> Result<(String, String), RestoreError> {
    let act = format!("compare {}", table.name);
    if !table.is_staged() {
        return Ok(<(String, String)>::default());
    }
    if let Some(sql) = table.first_difference()
        && let Some(row) = session.rows(&act, sql).await?.first()
    {
        return Ok((text(row, 0), text(row, 1)));
    }
    for sql in table.first_alone() {
        if let Some(key) = session.text_of(&act, sql, id).await? {
            return Ok((key, String::new()));
        }
    }
    Ok(<(String, String)>::default())
}

async fn prove_references(session: &mut Session, planned: &Planned) -> Result<(), RestoreError> {
    for child in planned.tables.iter().filter(|table| table.is_staged()) {
        for key in references(child) {
            let given = key.columns.iter().map(|column| format!("s.{} IS NOT NULL", quoted(column)));
            let from = format!(
                "{} AS s WHERE {} AND NOT EXISTS (SELECT 1 FROM main.{} AS p WHERE {})",
                child.stage(),
                all(given),
                quoted(&key.references.name),
                equal("p", &key.referenced, "s", &key.columns)
            );
            let act = format!("check foreign key {}", key.name);
            let (rows, keys) = session.found(&act, &child.key_text("s"), &from).await?;
            if rows > 0 {
                let words = format!("foreign key {} names a row that is not there", key.name);
                let at = (keys.concat(), key.columns.join(", "));
                return Err(RestoreError::proof(
                    &session.target,
                    ProofFault::Dangling,
                    child.name.to_string(),
                    at,
                    words,
                ));
            }
        }
    }
    Ok(())
}

/// A row whose foreign key leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dangling {
    table: String,
    /// Its number; empty where it has none.
    row: String,
    parent: String,
    /// The number of the key.
    key: String,
}

/// Those that are there.
pub(super) async fn dangling(
    session: &mut Session,
    tables: impl IntoIterator<Item = &String>,
) -> Result<BTreeSet<Dangling>, RestoreError> {
    let mut found = BTreeSet::new();
    for table in tables {
        let sql = format!("PRAGMA main.foreign_key_check({})", quoted(table));
        let rows = session.rows(&format!("check the foreign keys of {table}"), sql).await?;
        found.extend(rows.iter().map(|row| Dangling {
            table: text(row, 0),
            row: text(row, 1),
            parent: text(row, 2),
            key: text(row, 3),
        }));
    }
    Ok(found)
}
