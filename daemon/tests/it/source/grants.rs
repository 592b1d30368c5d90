//! What `check --grants` prints runs, and is enough.

use orgvault_api::CheckResult;
use orgvault_daemon::{
    product::{Definition, Table},
    source::Source,
};

use super::fixture::{definition, source};
use orgvault_testing::postgres::Database;

/// A definition that reads `reads` of `tables`; its one section reads the first.
fn reading(tables: &[(&str, &[&str])], from: &str) -> Definition {
    let mut definition = definition(&[("all", "t", &format!("SELECT 1 AS one FROM {from}"))]);
    definition.sections[0].count = format!("SELECT count(*) FROM {from}").into();
    let owned = |reads: &[&str]| reads.iter().map(|read| (*read).to_owned()).collect();
    definition.tables = tables
        .iter()
        .map(|(key, reads)| {
            ((*key).to_owned(), Table { reads: owned(reads), known: Some(Vec::new()), ..Table::default() })
        })
        .collect();
    definition.organization.list = "SELECT '1' AS id, '' AS name, '' AS slug".into();
    definition
}

/// Runs what is printed, and has every line hold.
async fn run_and_check(database: &Database, source: &Source) -> String {
    let grants = source.check().await.grants;
    database.psql(&grants);
    for line in source.check().await.lines {
        assert_ne!(line.result, CheckResult::Failed, "{line:?}\n{grants}");
    }
    let mut snapshot = source.snapshot("1").await.unwrap();
    snapshot.counts().await.unwrap();
    grants
}

#[tokio::test]
async fn every_name_is_written_as_sql_reads_it() {
    let database = Database::new();
    database.psql(
        "CREATE SCHEMA \"My.App \"\"1\"\"\"; CREATE SCHEMA \"select\";
         CREATE TABLE \"My.App \"\"1\"\"\".\"a.b\" (\"x\"\"y\" int, \"Ünï 🚀\" int, \"a.b\" int, \"from\" int, \"new\nline\" int);
         CREATE TABLE \"select\".\"user\" (\"primary\" int, \"to\" int, \"left\" int, \"between\" int, name int, \"1\" int)",
    );
    let tables: [(&str, &[&str]); 2] = [
        ("\"My.App \"\"1\"\"\".\"a.b\"", &["x\"y", "Ünï 🚀", "a.b", "from", "new\nline"]),
        ("select.user", &["primary", "to", "left", "between", "name", "1"]),
    ];
    let source = source(&database.url(), reading(&tables, "\"select\".\"user\""));
    let grants = run_and_check(&database, &source).await;
    assert!(
        grants.contains(
            "GRANT SELECT (\"primary\", \"to\", \"left\", \"between\", name, \"1\") ON \"select\".\"user\" TO"
        )
    );
    assert!(grants.lines().all(|line| line.ends_with(';')), "{grants}");
}

#[tokio::test]
async fn every_keyword_of_the_server_may_be_a_name() {
    let database = Database::new();
    let words = database.psql(
        "SELECT format('CREATE TABLE %I (%I int)', word, word) FROM pg_get_keywords() \\gexec
         SELECT word FROM pg_get_keywords()",
    );
    let words: Vec<&str> = words.lines().collect();
    assert!(words.len() > 400);
    let columns: Vec<[&str; 1]> = words.iter().map(|word| [*word]).collect();
    let tables: Vec<(&str, &[&str])> = columns.iter().map(|column| (column[0], &column[..])).collect();
    let source = source(&database.url(), reading(&tables, "\"table\""));
    let grants = run_and_check(&database, &source).await;
    let expected = database.psql("SELECT quote_ident(word) FROM pg_get_keywords() ORDER BY word COLLATE \"C\"");
    for (word, quoted) in words.iter().zip(expected.lines()) {
        let select = format!("GRANT SELECT ({quoted}) ON public.{quoted} TO {};\n", database.role());
        assert!(grants.contains(&select), "{word}");
    }
}

#[tokio::test]
async fn tables_are_granted_where_the_search_path_finds_them() {
    let role_paths = ["app, public", "\"$user\", app", "public"];
    for path in role_paths {
        let database = Database::new();
        database.psql(&format!(
            "CREATE SCHEMA app; CREATE SCHEMA other; CREATE TABLE app.users (id int, secret int);
             CREATE TABLE other.invoices (id int); CREATE TABLE app.gone_columns (id int);
             ALTER ROLE {0} SET search_path = {path};
             REVOKE CONNECT ON DATABASE {1} FROM PUBLIC; GRANT CONNECT ON DATABASE {1} TO {0}",
            database.role(),
            database.name()
        ));
        let tables: [(&str, &[&str]); 2] = [("users", &["id"]), ("other.invoices", &["id"])];
        let source = source(&database.url(), reading(&tables, "users"));
        let grants = run_and_check(&database, &source).await;
        assert!(
            grants.contains(" (id) ON app.users TO ") && grants.contains(" (id) ON other.invoices TO "),
            "{grants}"
        );
        assert_eq!(grants.contains("SET search_path"), path == "public", "{grants}");
        assert_eq!(
            database
                .psql(&format!("SELECT has_column_privilege('{}', 'app.users', 'secret', 'SELECT')", database.role())),
            "f"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_and_the_rest_runs() {
    let database = Database::new();
    database.psql("CREATE TABLE t (id int)");
    let source = source(&database.url(), reading(&[("t", &["id", "gone"]), ("nowhere", &["id"])], "t"));
    let grants = source.check().await.grants;
    assert!(grants.contains("-- there is no table nowhere\n") && grants.contains("-- there is no column t.gone\n"));
    database.psql(&grants);
}

#[tokio::test]
async fn the_rights_go_to_the_role_that_the_login_becomes() {
    let database = Database::new();
    let role = database.role();
    database.psql(&format!(
        "CREATE TABLE t (id int); CREATE ROLE {role}_app NOLOGIN; GRANT {role}_app TO {role};
         ALTER ROLE {role} SET role = '{role}_app'"
    ));
    let source = source(&database.url(), reading(&[("t", &["id"])], "t"));
    let grants = run_and_check(&database, &source).await;
    assert!(grants.contains(&format!("GRANT SELECT (id) ON public.t TO {role}_app;")), "{grants}");
}
