//! Restores into real databases, as the plain role that owns the app's tables.

mod faults;
pub(crate) mod fixture;
pub(crate) mod killed;
pub(crate) mod random;
mod renewed;
mod schema;
mod sqlite;

use std::sync::Arc;

use orgvault_api::{RestoreMode, RestorePlan};
use orgvault_testing::postgres::Database;

use self::fixture::{Archive, app, bolt, filled, fingerprint, restore, without_acme};

async fn acme() -> Arc<Archive> {
    Arc::new(Archive::of(&filled(Database::new()), "41").await)
}

/// The codes that a plan has, those that block with a mark.
fn codes(plan: &RestorePlan) -> Vec<String> {
    let code = |blocks: bool, code: &str| if blocks { format!("!{code}") } else { code.to_owned() };
    plan.findings.iter().map(|finding| code(finding.blocks, &finding.code)).collect()
}

#[tokio::test]
async fn an_organization_goes_into_empty_tables_and_comes_out_the_same() {
    let target = app(Database::new());
    let archive = acme().await;
    let restore = restore(&target, &archive, RestoreMode::Scratch);
    let before = fingerprint(&target);
    let plan = restore.plan().await.unwrap();
    assert!(plan.possible, "{plan:#?}");
    assert_eq!(fingerprint(&target), before);
    assert_eq!(restore.plan().await.unwrap().id, plan.id);

    let done = restore.apply(Some(&plan.id)).await.unwrap();
    assert_eq!((done.inserted, done.deleted, done.identical), (19, 0, false));
    let again = Archive::of(&target, "41").await;
    assert_eq!(again.csv, archive.csv);
    assert_eq!(target.psql("SELECT count(*) FROM orgs"), "1");
}

#[tokio::test]
async fn the_apps_next_row_has_an_id_of_its_own_by_every_sequence() {
    let target = app(Database::new());
    let archive = acme().await;
    let done = restore(&target, &archive, RestoreMode::Scratch).apply(None).await.unwrap();
    let moved: Vec<(&str, i64)> = done.sequences.iter().map(|it| (it.sequence.as_str(), it.to)).collect();
    assert_eq!(moved, [("public.orgs_id_seq", 41), ("public.projects_id_seq", 12), ("public.tasks_id_seq", 516)]);
    let next = "INSERT INTO orgs (name, slug) VALUES ('C', 'c');
         WITH p AS (INSERT INTO projects (org_id, first_task, key) VALUES (41, 501, 'N') RETURNING id)
         INSERT INTO tasks (project_id, title, state) SELECT 9, 't', 'calm' RETURNING id";
    assert_eq!(target.psql(next), "521");
}

#[tokio::test]
async fn beside_another_organization_shared_rows_are_kept_and_nobody_else_changes() {
    let target = without_acme(Database::new());
    target.psql("UPDATE users SET email = 'BOTH@example.org' WHERE email LIKE 'both%'");
    let archive = acme().await;
    let others = bolt(&target);
    let restore = restore(&target, &archive, RestoreMode::InsertOnly);
    let plan = restore.plan().await.unwrap();
    assert_eq!(codes(&plan), ["shared_differs", "shared_missing"], "{plan:#?}");
    restore.apply(Some(&plan.id)).await.unwrap();
    assert_eq!(bolt(&target), others);
    let emails = "SELECT string_agg(email, ' ' ORDER BY id) FROM users";
    assert_eq!(target.psql(emails), "Ada@example.org BOTH@example.org bob@example.org");
}

#[tokio::test]
async fn the_second_time_everything_is_identical_and_nothing_is_written() {
    let target = without_acme(Database::new());
    let archive = acme().await;
    restore(&target, &archive, RestoreMode::InsertOnly).apply(None).await.unwrap();
    let before = (fingerprint(&target), target.psql("SELECT xmin, ctid FROM tasks"));
    let again = restore(&target, &archive, RestoreMode::InsertOnly);
    let plan = again.plan().await.unwrap();
    assert!(plan.identical && plan.possible, "{plan:#?}");
    let done = again.apply(Some(&plan.id)).await.unwrap();
    assert_eq!((done.identical, done.inserted), (true, 0));
    assert_eq!((fingerprint(&target), target.psql("SELECT xmin, ctid FROM tasks")), before);
    let scratch = restore(&target, &archive, RestoreMode::Scratch).plan().await.unwrap();
    assert!(codes(&scratch).contains(&"!tenant_present".to_owned()));
}

#[tokio::test]
async fn rows_that_were_lost_come_back_beside_newer_ones() {
    let target = filled(Database::new());
    let archive = acme().await;
    target.psql("DELETE FROM events WHERE org_id = 41 AND kind = 'open'; INSERT INTO lines VALUES (41, 'newer')");
    let restore = restore(&target, &archive, RestoreMode::InsertOnly);
    let plan = restore.plan().await.unwrap();
    assert_eq!(codes(&plan), ["only_here"], "{plan:#?}");
    let done = restore.apply(Some(&plan.id)).await.unwrap();
    assert_eq!(done.inserted, 1);
    target.psql("DELETE FROM lines WHERE line = 'newer'");
    assert_eq!(fingerprint(&target), fingerprint(&filled(Database::new())));
}

#[tokio::test]
async fn replace_makes_the_organization_what_the_archive_holds() {
    let target = filled(Database::new());
    let archive = acme().await;
    target.psql(
        "UPDATE orgs SET name = 'Changed' WHERE id = 41; UPDATE tasks SET score = 0 WHERE score = '-0' AND id = 506;
         DELETE FROM lines WHERE line = '\\N'; INSERT INTO events VALUES (9, 41, 'open', NULL)",
    );
    let others = bolt(&target);
    let insert_only = restore(&target, &archive, RestoreMode::InsertOnly).plan().await.unwrap();
    assert_eq!(codes(&insert_only), ["!row_differs", "!row_differs", "only_here"], "{insert_only:#?}");
    let differing: Vec<String> = insert_only.findings.iter().flat_map(|finding| finding.keys.clone()).collect();
    assert_eq!(differing, ["41", "506", "open, 9"]);

    let restore = restore(&target, &archive, RestoreMode::Replace);
    let plan = restore.plan().await.unwrap();
    assert!(plan.possible, "{plan:#?}");
    let done = restore.apply(Some(&plan.id)).await.unwrap();
    assert!(done.deleted > 0 && done.inserted > 0);
    assert_eq!(bolt(&target), others);
    assert_eq!(fingerprint(&target), fingerprint(&filled(Database::new())));
}

#[tokio::test]
async fn a_plan_is_done_only_while_it_is_true() {
    let target = filled(Database::new());
    let archive = acme().await;
    let restore = restore(&target, &archive, RestoreMode::Replace);
    let plan = restore.plan().await.unwrap();
    for change in [
        "UPDATE orgs SET settings = '{}' WHERE id = 41",
        "ALTER TABLE lines ADD note text",
        "INSERT INTO lines VALUES (41, 'x')",
    ] {
        target.psql(change);
        let before = fingerprint(&target);
        let error = restore.apply(Some(&plan.id)).await.unwrap_err();
        assert_eq!(error.code(), "plan_changed", "{change}: {error}");
        assert_ne!(error.plan().unwrap().id, plan.id);
        assert_eq!(fingerprint(&target), before);
    }
}
