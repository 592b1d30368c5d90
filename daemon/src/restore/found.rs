//! What was found, as the plan that people read and agree to. Pure: the same for every kind of database.

use orgvault_api::{
    RestoreDatabase, RestoreFinding, RestoreIds, RestoreMode, RestorePlan, RestoreSequence, RestoreTable,
};
use orgvault_archive::naming::hex;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Everything that was found.
pub(super) struct Found {
    pub(super) mode: RestoreMode,
    /// The SHA-256 of the archive.
    pub(super) archive: String,
    pub(super) organization: String,
    /// The id under which it comes back, where it is another one.
    pub(super) new_id: Option<String>,
    pub(super) ids: Vec<RestoreIds>,
    pub(super) database: RestoreDatabase,
    /// By number.
    pub(super) tables: Vec<RestoreTable>,
    pub(super) findings: Vec<RestoreFinding>,
    pub(super) sequences: Vec<RestoreSequence>,
    pub(super) schema_hash: String,
    pub(super) rows_hash: String,
}

impl Found {
    /// As a plan, whose tables are in the order of these groups of their numbers.
    pub(super) fn plan(mut self, groups: &[Vec<usize>]) -> RestorePlan {
        // Those that block come first, in the order in which they were found.
        self.findings.sort_by_key(|finding| !finding.blocks);
        let possible = self.findings.iter().all(|finding| !finding.blocks);
        let identical = possible && self.tables.iter().all(|table| is_done(table, self.mode));
        let mut tables = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            let of_group = group.iter().filter_map(|number| self.tables.get(*number));
            tables.extend(of_group.map(|table| RestoreTable { group: at, ..table.clone() }));
        }
        let mut plan = RestorePlan {
            id: String::new(),
            mode: self.mode,
            archive: self.archive,
            organization: self.organization,
            new_id: self.new_id,
            ids: self.ids,
            database: self.database,
            possible,
            identical,
            tables,
            findings: self.findings,
            sequences: self.sequences,
            schema_hash: self.schema_hash,
            rows_hash: self.rows_hash,
        };
        plan.id = id(&plan);
        plan
    }
}

/// Whether nothing is to be written into it.
fn is_done(table: &RestoreTable, mode: RestoreMode) -> bool {
    let own_is_done = table.differing == 0 && (mode != RestoreMode::Replace || table.only_here == 0);
    table.new == 0 && (table.shared || own_is_done)
}

/// The SHA-256 of what the plan found. Sequences and new numbers are left out: they move whenever anybody uses the app.
fn id(plan: &RestorePlan) -> String {
    #[derive(Serialize)]
    struct Identity<'p> {
        version: u32,
        mode: RestoreMode,
        archive: &'p str,
        organization: &'p str,
        #[serde(skip_serializing_if = "Option::is_none")]
        new_id: Option<&'p str>,
        system: &'p str,
        database: u32,
        tables: &'p [RestoreTable],
        findings: &'p [RestoreFinding],
        schema_hash: &'p str,
        rows_hash: &'p str,
    }
    let found = Identity {
        version: 1,
        mode: plan.mode,
        archive: &plan.archive,
        organization: &plan.organization,
        new_id: plan.new_id.as_deref(),
        system: &plan.database.system,
        database: plan.database.oid,
        tables: &plan.tables,
        findings: &plan.findings,
        schema_hash: &plan.schema_hash,
        rows_hash: &plan.rows_hash,
    };
    // It is made of text and numbers alone.
    hex(&Sha256::digest(serde_json::to_vec(&found).unwrap_or_default()))
}

/// A key is shown up to so many characters: a table without a key gives whole rows.
pub(super) fn shortened(mut key: String) -> String {
    const LONGEST: usize = 200;
    if let Some((end, _)) = key.char_indices().nth(LONGEST) {
        key.truncate(end);
        key.push('…');
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_done_where_nothing_is_to_be_written() {
        let done =
            |table: RestoreTable| [RestoreMode::InsertOnly, RestoreMode::Replace].map(|mode| is_done(&table, mode));
        assert_eq!(done(RestoreTable::default()), [true, true]);
        assert_eq!(done(RestoreTable { new: 1, shared: true, ..RestoreTable::default() }), [false, false]);
        assert_eq!(done(RestoreTable { differing: 1, shared: true, ..RestoreTable::default() }), [true, true]);
        assert_eq!(done(RestoreTable { only_here: 1, ..RestoreTable::default() }), [true, false]);
    }
}
