//! The lines of `orgvault check`.

use orgvault_api::{CheckLine, CheckResult};
use orgvault_daemon::{export::representable, source::Source};

use super::fixture::{config, granted, rytask, source, source_with};
use orgvault_testing::postgres::{Database, Server};

const NAMES: [&str; 10] = [
    "reachable",
    "version",
    "pooler",
    "read_only",
    "readable",
    "row_filter",
    "schema",
    "tables",
    "queries",
    "organizations",
];

pub(super) async fn check(source: &Source) -> Vec<CheckLine> {
    let check = source.check().await;
    assert_eq!(check.source, "tracker");
    assert_eq!(check.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), NAMES);
    check.lines
}

pub(super) fn line<'l>(lines: &'l [CheckLine], name: &str) -> &'l CheckLine {
    lines.iter().find(|line| line.name == name).unwrap()
}

#[tokio::test]
async fn a_source_with_its_grants_passes_every_line() {
    let database = Database::rytask();
    let source = granted(&database);
    for line in check(&source).await {
        assert_eq!(line.result, CheckResult::Ok, "{line:?}");
    }
    let grants = source.check().await.grants;
    let (name, role) = (database.name(), database.role());
    let begin = format!("GRANT CONNECT ON DATABASE {name} TO {role};\nGRANT USAGE ON SCHEMA public TO {role};\n");
    assert!(grants.starts_with(&begin), "{grants}");
    assert!(grants.contains("GRANT SELECT (id, organization_id, email, name) ON public.users TO "), "{grants}");
    assert!(!grants.contains("password_hash"));
}

#[tokio::test]
async fn everything_wrong_is_a_line_of_its_own() {
    let database = Database::rytask();
    let source = granted(&database);
    database.psql(&format!(
        "ALTER TABLE work_items RENAME title TO headline; ALTER TABLE labels DROP COLUMN color;
         REVOKE SELECT (note) ON time_logs FROM {0}; GRANT INSERT, UPDATE (note) ON time_logs TO {0};
         ALTER TABLE comments ENABLE ROW LEVEL SECURITY; ALTER TABLE users DROP COLUMN password_hash",
        database.role()
    ));
    let lines = check(&source).await;
    let result = |name| line(&lines, name).result;
    assert_eq!(result("read_only"), CheckResult::Warning);
    assert_eq!(line(&lines, "read_only").details, ["time_logs (INSERT, UPDATE)"]);
    assert_eq!(result("readable"), CheckResult::Failed);
    let readable = ["labels.color: missing", "work_items.title: missing", "time_logs.note: not readable"];
    assert_eq!(line(&lines, "readable").details, readable);
    assert_eq!(
        (result("row_filter"), &line(&lines, "row_filter").details[..]),
        (CheckResult::Failed, &["comments".to_owned()][..])
    );
    assert_eq!(line(&lines, "schema").details, ["work_items.headline: new", "users.password_hash: gone"]);
    assert_eq!((result("schema"), result("queries")), (CheckResult::Warning, CheckResult::Failed));
    let queries = line(&lines, "queries");
    // Row-level security makes even the description of a query fail.
    assert_eq!(queries.details.len(), 4, "{queries:?}");
    assert!(queries.details[0].contains("read section labels: column \"color\" does not exist"), "{queries:?}");
}

#[tokio::test]
async fn a_superuser_is_a_warning_and_a_strict_schema_fails() {
    let database = Database::rytask();
    let plain = source(&database.admin_url(), rytask());
    let lines = check(&plain).await;
    assert_eq!(line(&lines, "read_only").result, CheckResult::Warning);
    assert!(line(&lines, "read_only").message.contains("superuser"));
    database.psql("ALTER TABLE users ADD COLUMN locale text");
    assert_eq!(line(&check(&plain).await, "schema").result, CheckResult::Warning);
    let mut config = config(&database.admin_url());
    config.strict_schema = true;
    let strict = source_with(config, rytask());
    assert_eq!(line(&check(&strict).await, "schema").result, CheckResult::Failed);
}

#[tokio::test]
async fn a_database_that_is_down_skips_the_rest() {
    let server = Server::start();
    let database = server.database();
    let source = source(&database.url(), rytask());
    server.stop();
    let lines = check(&source).await;
    assert_eq!(lines[0].result, CheckResult::Failed);
    assert!(!lines[0].hint.is_empty());
    assert!(lines[1..].iter().all(|line| line.result == CheckResult::Skipped));
}

#[tokio::test]
async fn a_deep_check_names_every_value_that_no_archive_can_hold() {
    let database = Database::rytask();
    let source = granted(&database);
    let line = representable(&source).await;
    assert_eq!((line.name.as_str(), line.result), ("representable", CheckResult::Ok), "{line:?}");
    assert_eq!(line.message, "all 48 rows of 3 organizations can be written as json");
    database.psql(
        "UPDATE time_logs SET ended_at = 'infinity' WHERE note = 'note 4';
         UPDATE work_items SET completed_at = '0044-03-15 BC' WHERE number = 2",
    );
    let line = representable(&source).await;
    assert_eq!(line.result, CheckResult::Failed);
    assert_eq!(line.details.len(), 2, "{line:?}");
    assert!(line.details[0].starts_with("acme: work_items.completedAt of row "), "{line:?}");
    assert!(line.details[1].starts_with("acme: time_logs.endedAt of row "), "{line:?}");
    database.psql("DROP TABLE comments");
    let line = representable(&source).await;
    assert_eq!((line.result, line.details.len()), (CheckResult::Failed, 3), "{line:?}");
}
