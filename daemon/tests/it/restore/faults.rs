//! What speaks against a restore: each has a code of its own, and the target stays as it was.

use std::sync::Arc;

use orgvault_api::{RestoreFinding, RestoreMode};
use orgvault_daemon::restore::RestoreError;
use orgvault_testing::postgres::Database;

use super::{
    acme, codes,
    fixture::{Archive, app, filled, fingerprint, named, restore, without_acme},
};

/// Prepares a target, tries, and sees that nothing changed; what the plan found, and why nothing was done.
async fn refused(target: &Database, archive: &Arc<Archive>, mode: RestoreMode) -> (Vec<RestoreFinding>, RestoreError) {
    let before = fingerprint(target);
    let restore = restore(target, archive, mode);
    let plan = restore.plan().await.unwrap();
    let error = restore.apply(Some(&plan.id)).await.expect_err("it must be refused");
    assert_eq!(fingerprint(target), before);
    (plan.findings, error)
}

/// The only finding that blocks.
async fn blocked(target: &Database, archive: &Arc<Archive>, mode: RestoreMode) -> RestoreFinding {
    let (findings, error) = refused(target, archive, mode).await;
    assert_eq!(error.code(), "plan_blocked", "{error}");
    let mut blocking = findings.into_iter().filter(|finding| finding.blocks);
    let first = blocking.next().unwrap();
    assert_eq!(blocking.next(), None, "{error}");
    first
}

#[tokio::test]
async fn a_schema_that_lacks_something_is_told_before_anything_is_staged() {
    let archive = acme().await;
    for (change, code, table) in [
        ("ALTER TABLE tasks RENAME COLUMN title TO headline", "column_missing", "public.tasks"),
        ("ALTER TABLE lines ADD must integer NOT NULL", "column_without_value", "public.lines"),
        ("DROP TABLE lines", "table_missing", "public.lines"),
        (
            "ALTER TABLE lines ENABLE ROW LEVEL SECURITY; ALTER TABLE lines FORCE ROW LEVEL SECURITY",
            "row_security",
            "public.lines",
        ),
        ("CREATE RULE r AS ON INSERT TO lines DO ALSO NOTIFY x", "rule", "public.lines"),
        ("ALTER TABLE lines RENAME TO l; CREATE VIEW lines AS SELECT * FROM l", "not_a_table", "public.lines"),
        ("REVOKE INSERT ON lines FROM CURRENT_USER", "privilege", "public.lines"),
    ] {
        let target = app(Database::new());
        target.psql(&format!("SET ROLE {}; {change}", target.role()));
        let (findings, error) = refused(&target, &archive, RestoreMode::Scratch).await;
        assert_eq!(error.code(), "plan_blocked", "{change}: {error}");
        let first = &findings[0];
        assert_eq!((first.code.as_str(), first.table.as_str(), first.blocks), (code, table, true), "{change}");
    }
}

#[tokio::test]
async fn values_that_the_target_does_not_take_are_named() {
    for (change, code, table, keys) in [
        ("ALTER TYPE mood RENAME VALUE 'done' TO 'over'", "enum_label", "public.members", &[][..]),
        ("ALTER DOMAIN positive ADD CHECK (VALUE > 0.01)", "domain_check", "public.tasks", &[]),
        ("ALTER TABLE tasks ADD CHECK (id < 516)", "check", "public.tasks", &["516"]),
        ("ALTER TABLE tasks ALTER tags SET NOT NULL", "not_null", "public.tasks", &["511"]),
        ("DROP TABLE events_close", "partition_missing", "public.events", &["close, 2"]),
        ("ALTER TABLE tasks ALTER at TYPE timestamptz(0)", "value_changed", "public.tasks", &[]),
    ] {
        let archive = acme().await;
        let target = app(Database::new());
        target.psql(&format!("SET ROLE {}; {change}", target.role()));
        let (findings, error) = refused(&target, &archive, RestoreMode::Scratch).await;
        assert_eq!(error.code(), "plan_blocked", "{change}: {error}");
        let found = findings.iter().find(|it| it.code == code).unwrap_or_else(|| panic!("{change}: {findings:#?}"));
        assert_eq!(
            (found.table.as_str(), found.blocks, &found.keys[..]),
            (table, true, &keys.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()[..]),
            "{change}"
        );
    }
}

#[tokio::test]
async fn what_another_organization_holds_is_not_taken_from_it() {
    let archive = acme().await;
    let target = without_acme(Database::new());
    target.psql("UPDATE orgs SET slug = 'acme' WHERE id = 7");
    let found = blocked(&target, &archive, RestoreMode::InsertOnly).await;
    assert_eq!((found.code.as_str(), found.keys.as_slice()), ("unique_held", &["41".to_owned()][..]));

    let target = without_acme(Database::new());
    target.psql("INSERT INTO users VALUES (gen_random_uuid(), 'ADA@example.org')");
    let found = blocked(&target, &archive, RestoreMode::InsertOnly).await;
    assert_eq!((found.code.as_str(), found.table.as_str()), ("unique_held", "public.users"));

    let target = without_acme(Database::new());
    target.psql("INSERT INTO tasks (id, project_id, title, state) VALUES (501, 3, 'of Bolt', 'calm')");
    let found = blocked(&target, &archive, RestoreMode::InsertOnly).await;
    assert_eq!((found.code.as_str(), found.keys.as_slice()), ("id_held", &["501".to_owned()][..]));
    let found = blocked(&target, &archive, RestoreMode::Replace).await;
    assert_eq!(found.code, "id_held");
}

#[tokio::test]
async fn a_unique_value_of_a_row_that_is_only_here_counts_until_it_is_replaced() {
    let archive = acme().await;
    let target = filled(Database::new());
    // The key of project 9 is at another project now, and 9 has another one.
    target.psql("UPDATE projects SET key = 'B' WHERE id = 9; INSERT INTO projects VALUES (99, 41, 501, 'A', false)");
    let plan = restore(&target, &archive, RestoreMode::InsertOnly).plan().await.unwrap();
    assert_eq!(codes(&plan), ["!row_differs", "!unique_held", "only_here"], "{plan:#?}");
    restore(&target, &archive, RestoreMode::Replace).apply(None).await.unwrap();
    assert_eq!(fingerprint(&target), fingerprint(&filled(Database::new())));
}

#[tokio::test]
async fn a_row_that_names_one_which_is_nowhere_is_told() {
    let mut archive = Archive::of(&filled(Database::new()), "41").await;
    archive.tables.retain(|table| table.name != named("users"));
    archive.seal();
    let found = blocked(&app(Database::new()), &Arc::new(archive), RestoreMode::Scratch).await;
    assert_eq!((found.code.as_str(), found.table.as_str(), found.rows), ("reference_missing", "public.members", 2));
}

#[tokio::test]
async fn rows_of_somebody_else_in_an_archive_are_not_written() {
    let archive = Archive::of(&filled(Database::new()), "41").await.with("lines", "41,", "7,");
    let target = without_acme(Database::new());
    let (_, error) = refused(&target, &Arc::new(archive), RestoreMode::InsertOnly).await;
    assert_eq!(error.code(), "rows_differ", "{error}");
    assert!(error.to_string().contains("public.lines, key (7,"), "{error}");
}

#[tokio::test]
async fn one_row_of_somebody_else_is_named_in_every_mode() {
    for (table, old, new, named) in [
        ("lines", "41,\"a\r", "7,\"a\r", "public.lines, key (7,\"a\r\nb\")"),
        ("events", "2,41,", "2,7,", "public.events, key close, 2"),
        (
            "members",
            "41,00000000-0000-4000-8000-000000000001",
            "7,00000000-0000-4000-8000-000000000001",
            "public.members, key 7, ",
        ),
    ] {
        let archive = Arc::new(Archive::of(&filled(Database::new()), "41").await.with(table, old, new));
        for mode in [RestoreMode::InsertOnly, RestoreMode::Replace] {
            // What is changed is not there: else it is told that it is another organization's, or differs.
            let target = filled(Database::new());
            target.psql("DELETE FROM lines WHERE line LIKE 'a%'; DELETE FROM events WHERE id = 2; DELETE FROM members WHERE org_id = 41 AND role = 'done'");
            let (_, error) = refused(&target, &archive, mode).await;
            assert_eq!(error.code(), "rows_differ", "{table} {mode:?}: {error}");
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}

#[tokio::test]
async fn what_a_delete_would_take_with_it_is_told() {
    let archive = acme().await;
    for (change, code) in [
        (
            "CREATE TABLE notes (task bigint REFERENCES tasks ON DELETE CASCADE); INSERT INTO notes VALUES (501)",
            "cascade_reach",
        ),
        (
            "CREATE TABLE notes (task bigint REFERENCES tasks ON DELETE SET NULL); INSERT INTO notes VALUES (501)",
            "cascade_reach",
        ),
        ("CREATE TABLE notes (task bigint REFERENCES tasks); INSERT INTO notes VALUES (501)", "still_referenced"),
    ] {
        let target = filled(Database::new());
        target.psql(&format!(
            "{change}; UPDATE orgs SET name = 'x' WHERE id = 41; GRANT SELECT ON notes TO {}",
            target.role()
        ));
        let found = blocked(&target, &archive, RestoreMode::Replace).await;
        assert_eq!((found.code.as_str(), found.table.as_str(), found.rows), (code, "public.notes", 1), "{change}");
    }
    // Into another organization.
    let target = filled(Database::new());
    target.psql("INSERT INTO tasks (id, project_id, parent_id, title, state) VALUES (900, 3, 501, 'x', 'calm'); UPDATE orgs SET name = 'x' WHERE id = 41");
    let found = blocked(&target, &archive, RestoreMode::Replace).await;
    assert_eq!((found.code.as_str(), found.keys.as_slice()), ("still_referenced", &["900".to_owned()][..]));
}

#[tokio::test]
async fn triggers_are_listed_and_what_they_change_is_caught() {
    let archive = acme().await;
    for (body, when, code, named) in [
        (
            "NEW.at := CASE WHEN NEW.at = 'infinity' THEN now() ELSE NEW.at END; RETURN NEW",
            "BEFORE",
            "changed_by_trigger",
            "key 501, column at",
        ),
        ("IF NEW.id = 516 THEN RETURN NULL; END IF; RETURN NEW", "BEFORE", "changed_by_trigger", "3 rows"),
        ("UPDATE orgs SET name = 'x' WHERE id = 7; RETURN NEW", "BEFORE", "other_rows_changed", "public.orgs"),
        ("INSERT INTO audit VALUES (NEW.id); RETURN NEW", "AFTER", "other_rows_changed", "public.audit"),
        ("DELETE FROM lines WHERE org_id = 7; RETURN NEW", "AFTER", "other_rows_changed", "public.lines"),
        ("TRUNCATE audit; RETURN NEW", "BEFORE", "other_rows_changed", "public.audit: it was emptied"),
        ("RAISE 'not today'", "BEFORE", "refused_by_trigger", "not today"),
    ] {
        let target = without_acme(Database::new());
        target.psql(&format!(
            "SET ROLE {}; CREATE TABLE audit (id bigint); INSERT INTO audit VALUES (1);
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body}; END$$;
             CREATE TRIGGER stamp {when} INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION f()",
            target.role()
        ));
        let (findings, error) = refused(&target, &archive, RestoreMode::InsertOnly).await;
        assert!(findings.iter().any(|it| it.code == "trigger" && !it.blocks && it.message.contains("stamp")));
        assert_eq!(error.code(), code, "{body}: {error}");
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn a_generated_column_that_is_computed_in_another_way_is_caught() {
    let archive = acme().await;
    let target = app(Database::new());
    target.psql(
        "ALTER TABLE tasks DROP title_length; ALTER TABLE tasks ADD title_length int GENERATED ALWAYS AS (length(title) + 1) STORED",
    );
    let (_, error) = refused(&target, &archive, RestoreMode::Scratch).await;
    assert_eq!(error.code(), "generated_differs", "{error}");
    assert!(error.to_string().contains("public.tasks, key 501, column title_length"), "{error}");
}

#[tokio::test]
async fn an_archive_that_is_not_what_it_says_is_an_error() {
    let target = app(Database::new());
    let mut short = Archive::of(&filled(Database::new()), "41").await;
    short.tables[0].rows += 1;
    let error = restore(&target, &Arc::new(short), RestoreMode::Scratch).plan().await.unwrap_err();
    assert_eq!(error.code(), "archive_rows", "{error}");
    let mut twice = Archive::of(&filled(Database::new()), "41").await;
    twice.tables.iter_mut().filter(|table| table.name == named("orgs")).for_each(|table| table.rows *= 2);
    let row = twice.csv[&named("orgs")].iter().position(|byte| *byte == b'\n').unwrap();
    let again = twice.csv[&named("orgs")][row + 1..].to_vec();
    twice.csv.get_mut(&named("orgs")).unwrap().extend(again);
    let error = restore(&target, &Arc::new(twice), RestoreMode::Scratch).apply(None).await.unwrap_err();
    assert_eq!(error.code(), "unique_held", "{error}");
    let header = Archive::of(&filled(Database::new()), "41").await.with("lines", "line", "text");
    let error = restore(&target, &Arc::new(header), RestoreMode::Scratch).plan().await.unwrap_err();
    assert_eq!(error.code(), "archive_columns", "{error}");
    let mut unknown = restore(&target, &acme().await, RestoreMode::Scratch);
    unknown.tenant.tables.remove(&named("lines"));
    assert_eq!(codes(&unknown.plan().await.unwrap()), ["!table_unknown"]);
}
