//! Coverage on PostgreSQL.

use std::{io::Write as _, time::Duration};

use orgvault_api::CheckResult::{Failed, Ok};
use orgvault_daemon::{product::Definition, source::Source};

use super::{coverage, failed, only, said};
use crate::source::fixture::{ACME, BUECHER, config, definition, eventually, granted, source, source_with, working};
use orgvault_testing::postgres::{Database, Server};

fn of(database: &Database, definition: Definition) -> Source {
    source(&database.admin_url(), definition)
}

/// One section of `time_logs`, of which Acme has 15 and Bücher 5.
fn logs(database: &Database, rows: &str) -> Source {
    of(database, definition(&[("logs", "time_logs", rows)]))
}

#[tokio::test]
async fn every_section_of_a_product_is_covered_with_its_grants_alone() {
    let database = Database::rytask();
    let source = granted(&database);
    let found = coverage(&source).await;
    assert_eq!(failed(&found), [""; 0], "{found:#?}");
    assert!(said(&found).iter().all(|line| line.ends_with(": covered")), "{:?}", said(&found));
    // The soft-deleted organization counts too.
    assert_eq!((found.organizations, found.sections.len()), (3, source.definition().sections.len()));
    let logs = found.sections.iter().find(|section| section.section == "timeLogs").unwrap();
    assert_eq!((logs.table_rows, logs.rows), (20, 20));
}

#[tokio::test]
async fn a_leak_that_the_count_shares_is_found() {
    let database = Database::rytask();
    database.psql(
        "DELETE FROM time_logs WHERE note IS NULL OR note NOT IN ('note 4', 'note 8', 'note 12', 'note 16');
                   DELETE FROM organizations WHERE slug = 'closed'",
    );
    let leak = "SELECT id, note FROM time_logs WHERE organization_id = $1 OR deleted_at IS NULL ORDER BY id";
    let source = logs(&database, leak);
    let found = coverage(&source).await;
    assert_eq!(said(&found), ["logs: in more than one: 8 of 4"]);
    let section = &found.sections[0];
    assert_eq!((section.result, section.in_several, section.rows, section.table_rows), (Failed, 4, 8, 4));
    assert_eq!(section.details.len(), 4);
    assert_eq!(section.details[0], "00000000-0000-7000-8000-000000003004: in more than one");
    assert!(section.hint.contains("shared = true"), "{}", section.hint);
}

#[tokio::test]
async fn rows_of_nobody_are_named_and_may_be_meant() {
    let database = Database::rytask();
    let rows = "SELECT id FROM time_logs WHERE organization_id = $1 AND number_of(id) <> 3";
    database.psql(
        "CREATE FUNCTION number_of(uuid) RETURNS int IMMUTABLE LANGUAGE sql AS
           $$ SELECT right($1::text, 2)::int $$;
         UPDATE time_logs SET organization_id = gen_random_uuid() WHERE number_of(id) = 20",
    );
    let source = logs(&database, rows);
    let found = coverage(&source).await;
    assert_eq!(said(&found), ["logs: in no organization: 2 of 20"]);
    let nobody = |number| format!("00000000-0000-7000-8000-0000000030{number}: in no organization");
    assert_eq!(found.sections[0].details, [nobody("03"), nobody("20")]);
    let mut meant = definition(&[("logs", "time_logs", rows)]);
    meant.tables.get_mut("time_logs").unwrap().orphans = Some("kept for the books".to_owned());
    let message = only(&of(&database, meant), Ok).await;
    assert_eq!(message, "in no organization: 2 of 20, as is meant: kept for the books");
}

#[tokio::test]
async fn what_several_may_name_is_no_leak() {
    let database = Database::rytask();
    let rows = "SELECT u.id FROM users u WHERE u.id IN (SELECT user_id FROM memberships WHERE organization_id = $1)";
    database.psql(&format!(
        "UPDATE memberships SET user_id = '00000000-0000-7000-8000-0000000000a2'
                            WHERE organization_id = '{BUECHER}'; DELETE FROM users WHERE name = 'Cem'"
    ));
    let mut shared = definition(&[("users", "users", rows)]);
    assert_eq!(only(&of(&database, shared.clone()), Failed).await, "in more than one: 3 of 2");
    shared.tables.get_mut("users").unwrap().is_shared = true;
    assert_eq!(only(&of(&database, shared), Ok).await, "covered");
}

#[tokio::test]
async fn a_join_that_gives_rows_again_is_found() {
    let database = Database::rytask();
    let rows = "SELECT w.id, l.label_id FROM work_items w LEFT JOIN work_item_labels l ON l.work_item_id = w.id
                WHERE w.organization_id = $1";
    let source = of(&database, definition(&[("items", "work_items", rows)]));
    let found = coverage(&source).await;
    assert_eq!(said(&found), ["items: more than once in one organization: 1 of 12"]);
    assert_eq!((found.sections[0].rows, found.sections[0].result), (13, Failed));
    let other = "SELECT p.id FROM work_items w LEFT JOIN projects p ON p.id = w.parent_id WHERE w.organization_id = $1";
    let source = of(&database, definition(&[("items", "projects", other)]));
    assert_eq!(only(&source, Failed).await, "in no organization: 2 of 2; not in table projects: 12 of 12");
}

#[tokio::test]
async fn rows_are_told_apart_whatever_the_query_gives() {
    let database = Database::rytask();
    database.psql("CREATE VIEW logs AS SELECT * FROM time_logs; CREATE UNIQUE INDEX ON labels (name)");
    for (table, rows, by_number) in [
        ("time_logs", "SELECT id FROM time_logs WHERE organization_id = $1 ORDER BY id;", false),
        (
            "time_logs",
            "SELECT t.note, t.id AS \"logId\" FROM (SELECT * FROM time_logs WHERE organization_id = $1) t",
            false,
        ),
        ("time_logs", "SELECT id::text, note FROM time_logs WHERE organization_id = $1", false),
        (
            "time_logs",
            "SELECT t.note FROM time_logs AS t JOIN organizations o ON o.id = t.organization_id WHERE o.id = $1",
            false,
        ),
        ("labels", "SELECT lower(name) AS l, name FROM labels WHERE organization_id = $1", false),
        ("work_item_labels", "SELECT label_id FROM work_item_labels WHERE organization_id = $1", false),
        ("time_logs", "SELECT DISTINCT t.note, t.id::text FROM time_logs t WHERE organization_id = $1", true),
        ("time_logs", "SELECT id FROM time_logs WHERE organization_id = $1 UNION ALL SELECT NULL WHERE false", true),
        ("logs", "SELECT id FROM logs WHERE organization_id = $1", true),
    ] {
        let found = coverage(&of(&database, definition(&[("rows", table, rows)]))).await;
        let message = if by_number { "rows: covered, by number only" } else { "rows: covered" };
        assert_eq!(said(&found), [message], "{rows}");
        assert_eq!(found.sections[0].by_number, by_number);
    }
    for (rows, message) in [
        (
            "SELECT DISTINCT note, id::text FROM time_logs WHERE organization_id = $1 AND billable",
            "in no organization: 14 of 20, by number only",
        ),
        (
            "SELECT DISTINCT id::text FROM time_logs WHERE organization_id = $1 OR true",
            "in more than one: 60 of 20, by number only",
        ),
    ] {
        assert_eq!(only(&logs(&database, rows), Failed).await, message, "{rows}");
    }
}

/// A row that two have and one that nobody has are as many as there should be.
#[tokio::test]
async fn rows_without_a_key_are_told_apart_by_where_they_lie() {
    let database = Database::rytask();
    database.psql(&format!(
        "CREATE TABLE visits (organization_id uuid, page text);
         CREATE TABLE parted (organization_id uuid, page text) PARTITION BY LIST (page);
         CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b'); CREATE TABLE parted_other PARTITION OF parted DEFAULT;
         CREATE TABLE parent (organization_id uuid, page text, id int PRIMARY KEY); CREATE TABLE child () INHERITS (parent);
         INSERT INTO visits VALUES ('{ACME}', 'a'), ('{BUECHER}', 'b'), (NULL, 'a');
         INSERT INTO parted SELECT * FROM visits;
         INSERT INTO parent SELECT *, 1 FROM visits WHERE page = 'b'; INSERT INTO child SELECT *, 1 FROM visits WHERE page = 'a';
         GRANT SELECT (organization_id, page) ON visits TO {role}; GRANT SELECT ON organizations TO {role}",
        role = database.role()
    ));
    for (table, orphan) in [("visits", "visits/(0,3)"), ("parted", "parted_other/(0,2)"), ("parent", "child/(0,2)")] {
        let mine = format!("SELECT page FROM {table} WHERE organization_id = $1");
        let source = of(&database, definition(&[("rows", table, &mine)]));
        let found = coverage(&source).await;
        assert_eq!(said(&found), ["rows: in no organization: 1 of 3"], "{table}");
        assert_eq!(found.sections[0].details, [format!("{orphan}: in no organization")]);
        let leak = format!("{mine} OR (page = 'b' AND $1 = '{ACME}'::uuid)");
        let source = of(&database, definition(&[("rows", table, &leak)]));
        assert_eq!(only(&source, Failed).await, "in no organization: 1 of 3; in more than one: 3 of 3", "{table}");
    }
    let leak = format!("SELECT page FROM visits WHERE organization_id = $1 OR (page = 'b' AND $1 = '{ACME}'::uuid)");
    let reader = source(&database.url(), definition(&[("rows", "visits", &leak)]));
    assert_eq!(only(&reader, Ok).await, "covered, by number only", "it may not read where a row lies");
}

/// An index that leaves rows out, or takes NULL as often as it comes, tells nothing apart.
#[tokio::test]
async fn an_index_is_a_key_where_it_tells_every_row_apart() {
    let database = Database::rytask();
    database.psql(&format!(
        "CREATE TABLE partly (organization_id uuid, n int NOT NULL); INSERT INTO partly VALUES ('{ACME}', 1), (NULL, 1);
         CREATE UNIQUE INDEX ON partly (n) WHERE organization_id IS NOT NULL;
         CREATE TABLE nullable (organization_id uuid, n int UNIQUE); INSERT INTO nullable VALUES ('{ACME}', NULL), (NULL, NULL)"
    ));
    for table in ["partly", "nullable"] {
        let rows = format!("SELECT n FROM {table} WHERE organization_id = $1");
        let message = only(&of(&database, definition(&[("rows", table, &rows)])), Failed).await;
        assert_eq!(message, "in no organization: 1 of 2", "{table}");
    }
}

#[tokio::test]
async fn each_of_two_sections_may_have_all_rows_of_a_view() {
    let database = Database::rytask();
    database.psql("CREATE VIEW logs AS SELECT * FROM time_logs");
    let rows = "SELECT id FROM logs WHERE organization_id = $1";
    let found = coverage(&of(&database, definition(&[("one", "logs", rows), ("two", "logs", rows)]))).await;
    assert_eq!(said(&found), ["one: covered, by number only", "two: covered, by number only"]);
}

#[tokio::test]
async fn sections_of_one_table_are_looked_at_together() {
    let database = Database::rytask();
    let part =
        |condition: &str| format!("SELECT id FROM time_logs WHERE organization_id = $1 AND {condition} ORDER BY id");
    let (done, open) = (part("billable"), part("NOT billable"));
    let split = |first: &str, second: &str| {
        of(&database, definition(&[("done", "time_logs", first), ("open", "time_logs", second)]))
    };
    let found = coverage(&split(&done, &open)).await;
    assert_eq!(said(&found), ["done: covered", "open: covered"]);
    assert_eq!(found.sections.iter().map(|section| section.rows).collect::<Vec<_>>(), [6, 14]);
    // Both have every row, each for formats of its own.
    let all = part("true");
    assert_eq!(said(&coverage(&split(&all, &all)).await), ["done: covered", "open: covered"]);
    let found = coverage(&split(&done, "SELECT id FROM time_logs WHERE NOT billable")).await;
    assert_eq!(said(&found), ["done: covered", "open: in more than one: 48 of 20"]);
    let missing = "in no organization: 1 of 20";
    let found = coverage(&split(&done, &part("NOT billable AND note IS DISTINCT FROM 'note 4'"))).await;
    assert_eq!(said(&found), [format!("done: {missing}"), format!("open: {missing}")]);
}

#[tokio::test]
async fn a_membership_below_a_membership_is_looked_at_in_one_pass() {
    let database = Database::rytask();
    let rows = "SELECT * FROM work_item_labels WHERE work_item_id IN (SELECT id FROM work_items -- of its projects
                WHERE project_id IN (SELECT id FROM projects WHERE organization_id = $1))";
    let named = rows.replace('*', "label_id, work_item_id");
    for rows in [rows, &named] {
        let source = of(&database, definition(&[("labels", "work_item_labels", rows)]));
        assert_eq!(only(&source, Ok).await, "covered");
    }
    database.psql("INSERT INTO work_item_labels SELECT organization_id, gen_random_uuid(), id FROM labels");
    let source = of(&database, definition(&[("labels", "work_item_labels", &named)]));
    assert_eq!(only(&source, Failed).await, "in no organization: 2 of 4");
}

#[tokio::test]
async fn what_cannot_be_looked_at_hides_nothing_else() {
    let database = Database::rytask();
    let all = "SELECT id FROM time_logs WHERE organization_id = $1";
    let mut definition = definition(&[
        ("gone", "shifts", "SELECT id FROM shifts WHERE organization_id = $1"),
        ("later", "sprints", "SELECT id FROM sprints WHERE organization_id = $1"),
        (
            "wrong",
            "labels",
            "SELECT id FROM labels WHERE organization_id = $1 AND 1 / length(name) > length(id::text) / 0",
        ),
        ("secret", "comments", "SELECT id FROM comments WHERE organization_id = $1"),
        ("logs", "time_logs", all),
    ]);
    definition.tables.get_mut("sprints").unwrap().is_optional = true;
    let role = database.role();
    database.psql(&format!("GRANT SELECT ON organizations, labels, time_logs TO {role}"));
    let found = coverage(&source(&database.url(), definition)).await;
    let results: Vec<_> = found.sections.iter().map(|section| section.result).collect();
    assert_eq!(results, [Failed, Failed, Failed, Ok], "{found:#?}");
    let messages: Vec<&str> = found.sections.iter().map(|section| section.message.as_str()).collect();
    assert!(messages[0].contains("the table shifts is not there"), "{messages:?}");
    assert!(messages[1].contains("division by zero"), "{messages:?}");
    assert!(messages[2].contains("permission denied for table comments"), "{messages:?}");
}

#[tokio::test]
async fn only_organizations_that_exports_take_count() {
    let database = Database::rytask();
    let rows = "SELECT id FROM time_logs WHERE organization_id = $1";
    let mut some = definition(&[("logs", "time_logs", rows)]);
    some.organization.list = "SELECT id, name, slug, slug <> 'buecher' AS in_all FROM organizations".into();
    assert_eq!(only(&of(&database, some.clone()), Failed).await, "in no organization: 5 of 20");
    some.organization.list = format!(
        "SELECT id::text, name, slug FROM organizations UNION ALL SELECT 'x', 'X', 'x' UNION ALL SELECT '{ACME}', 'A', 'a'"
    )
    .as_str()
    .into();
    let found = coverage(&of(&database, some.clone())).await;
    assert_eq!(said(&found), ["logs: in no organization: 15 of 20"]);
    assert_eq!(found.organizations, 2);
    let refused = found.refused.join("\n");
    assert!(refused.contains("(Acme) is listed 2 times") && refused.contains("`x` is no UUID"), "{refused}");
    some.organization.list = "SELECT id, name, slug FROM organizations WHERE false".into();
    assert_eq!(only(&of(&database, some), Failed).await, "in no organization: 20 of 20");
}

#[tokio::test]
async fn kinds_with_equal_ids_share_what_both_archives_have() {
    let database = Database::rytask();
    let mut kinds = definition(&[("logs", "time_logs", "SELECT id FROM time_logs WHERE organization_id = $1")]);
    kinds.organization.default_kinds = vec!["program".to_owned(), "project".to_owned()];
    let list = "SELECT id, name, slug, 'program' AS kind FROM organizations UNION ALL
                SELECT id, name, slug, 'project' FROM organizations WHERE slug = 'buecher'";
    kinds.organization.list = list.into();
    assert_eq!(only(&of(&database, kinds.clone()), Failed).await, "in more than one: 25 of 20");
    kinds.organization.default_kinds = vec!["program".to_owned()];
    assert_eq!(only(&of(&database, kinds), Ok).await, "covered");
}

#[tokio::test]
async fn a_table_of_partitions_and_one_with_a_strange_name_are_covered() {
    let database = Database::rytask();
    database.psql(&format!(
        "CREATE TABLE \"Order \"\"s\" (\"Select\" int, organization_id uuid, at date, PRIMARY KEY (\"Select\", at)) PARTITION BY RANGE (at);
         CREATE TABLE p1 PARTITION OF \"Order \"\"s\" FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
         CREATE TABLE p2 PARTITION OF \"Order \"\"s\" DEFAULT;
         INSERT INTO \"Order \"\"s\" VALUES (1, '{ACME}', '2026-01-02'), (1, '{BUECHER}', '2026-03-02'), (2, NULL, '2026-03-03')"
    ));
    let rows = "SELECT \"Select\", at FROM \"Order \"\"s\" WHERE organization_id = $1";
    let found = coverage(&of(&database, definition(&[("orders", "Order \"s", rows)]))).await;
    assert_eq!(said(&found), ["orders: in no organization: 1 of 3"]);
    assert_eq!(found.sections[0].details, ["2/2026-03-03: in no organization"]);
}

#[tokio::test]
async fn all_of_it_shows_one_instant() {
    let database = Database::rytask();
    // While the first section waits, all rows of the second go to nobody.
    database.psql(
        "CREATE FUNCTION waits() RETURNS boolean LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock_shared(7) IS NULL $$",
    );
    let waits = "SELECT id, waits() FROM comments WHERE organization_id = $1 AND waits() IS NOT NULL";
    let all = "SELECT id FROM time_logs WHERE organization_id = $1";
    let source = of(&database, definition(&[("waits", "comments", waits), ("logs", "time_logs", all)]));
    let mut lock = database.session();
    writeln!(lock.stdin.as_mut().unwrap(), "SELECT pg_advisory_lock(7);").unwrap();
    let locks = |granted: bool| {
        let sql = format!("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted = {granted}");
        database.psql(&sql) == "1"
    };
    eventually("the lock is held", || locks(true)).await;
    let changing = async {
        eventually("the look waits", || locks(false)).await;
        database.psql("UPDATE time_logs SET organization_id = gen_random_uuid()");
        lock.kill().unwrap();
        lock.wait().unwrap();
    };
    let (found, ()) = tokio::join!(coverage(&source), changing);
    assert_eq!(said(&found), ["waits: covered", "logs: covered"]);
    assert_eq!(failed(&coverage(&source).await), ["logs"]);
}

#[tokio::test]
async fn a_look_that_is_given_up_ends_its_query() {
    let database = Database::rytask();
    let sleeps = "SELECT id, pg_sleep(1000)::text AS nap FROM time_logs WHERE organization_id = $1 OFFSET 0";
    database.psql(&format!("GRANT SELECT ON time_logs, organizations TO {}", database.role()));
    let source = source(&database.url(), definition(&[("naps", "time_logs", sleeps)]));
    let given_up = tokio::time::timeout(Duration::from_millis(500), coverage(&source)).await;
    assert!(given_up.is_err());
    eventually("the query is gone", || working(&database) == 0).await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_the_outcome_of_its_table() {
    let database = Database::rytask();
    let sleeps = "SELECT DISTINCT id::text, pg_sleep(1000)::text AS nap FROM time_logs WHERE organization_id = $1";
    let all = "SELECT id FROM comments WHERE organization_id = $1";
    let mut config = config(&database.admin_url());
    config.first_row_timeout = Duration::from_millis(300);
    let source = source_with(config, definition(&[("naps", "time_logs", sleeps), ("comments", "comments", all)]));
    let found = coverage(&source).await;
    assert_eq!(failed(&found), ["naps"]);
    assert!(found.sections[0].message.contains("statement timeout"), "{found:?}");
}

#[tokio::test]
async fn a_server_that_is_down_is_an_error() {
    let server = Server::start();
    let database = server.database();
    let source =
        source(&database.url(), definition(&[("logs", "time_logs", "SELECT id FROM time_logs WHERE id = $1")]));
    server.stop();
    let error = source.coverage(orgvault_api::clock::Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert_eq!(error.code(), "source_unreachable");
}
