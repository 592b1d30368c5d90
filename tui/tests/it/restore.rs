//! `orgvault restore`: what is printed of a plan, and what has to be typed before it is done.

use orgvault_api::{
    OrganizationKey, RestoreAnswer, RestoreDatabase, RestoreFinding, RestoreMode, RestorePlan, RestoreTable, Restored,
};

use crate::{
    orgvault::run,
    stub::{Reply, Stub},
};

const RESTORES: &str = "POST /v1/restores";

fn answer() -> RestoreAnswer {
    let plan = RestorePlan {
        id: "3f9a".repeat(16),
        mode: RestoreMode::Replace,
        archive: "00".repeat(32),
        organization: "1".to_owned(),
        new_id: None,
        database: RestoreDatabase {
            server: "PostgreSQL 15.8".to_owned(),
            name: "tracker".to_owned(),
            system: "1".to_owned(),
            oid: 5,
        },
        possible: true,
        tables: vec![RestoreTable {
            table: "public.notes".to_owned(),
            rows: 3,
            here: 2,
            new: 2,
            identical: 1,
            only_here: 1,
            ..RestoreTable::default()
        }],
        findings: vec![RestoreFinding {
            code: "only_here".to_owned(),
            blocks: false,
            table: "public.notes".to_owned(),
            message: "rows that the archive lacks are deleted".to_owned(),
            hint: String::new(),
            rows: 1,
            keys: vec!["13".to_owned()],
        }],
        identical: false,
        sequences: Vec::new(),
        ids: Vec::new(),
        schema_hash: "00".repeat(32),
        rows_hash: "00".repeat(32),
    };
    RestoreAnswer {
        archive: None,
        organization: OrganizationKey {
            source: String::new(),
            kind: "organization".to_owned(),
            id: "1".to_owned(),
            name: "Acme".to_owned(),
            slug: "acme".to_owned(),
        },
        target: "back".to_owned(),
        plan,
        restored: None,
        before: None,
    }
}

#[test]
fn a_plan_says_of_which_table_it_speaks() {
    let stub = Stub::start([(RESTORES, Reply::json(&answer()))]);
    let said = run(&stub, &["restore", "acme.json", "--into", "back", "--mode", "replace"]).ok();
    assert!(said.contains("public.notes  2 new, 1 identical, 1 only here"), "{said}");
    assert!(said.contains("note   only_here public.notes: rows that the archive lacks are deleted"), "{said}");
}

#[test]
fn whose_a_file_is_says_the_daemon_before_anything_is_done() {
    let mut done = answer();
    done.restored = Some(Restored {
        plan: done.plan.clone(),
        identical: false,
        inserted: 3,
        deleted: 2,
        sequences: Vec::new(),
        warnings: Vec::new(),
    });
    let stub = Stub::start([(RESTORES, Reply::json(&done))]);
    let restore = |slug: &str| {
        let apply =
            ["restore", "acme.json.gz", "--into", "back", "--mode", "replace", "--apply", "3f9a", "--yes", slug];
        run(&stub, &apply)
    };
    let refused = restore("globex");
    assert!(refused.code != Some(0) && refused.err.contains("acme"), "{}", refused.all());
    let said = restore("acme").ok();
    assert!(said.contains('3') && said.contains("Acme"), "{said}");
}
