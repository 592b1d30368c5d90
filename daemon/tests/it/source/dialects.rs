//! One definition for two databases, each read in its own words.

use orgvault_daemon::{product::Query, sql::Dialect};
use orgvault_testing::postgres::Server;

use super::{
    fixture::{config, definition, read, source},
    sqlite::File,
};

const SETUP: &str = "CREATE TABLE entries (id INTEGER, organization_id TEXT, note TEXT);
    INSERT INTO entries VALUES (1, 'a', 'x'), (2, 'a', 'y'), (3, 'b', 'z');";

fn words(postgres: &str, sqlite: &str) -> Query {
    [(Dialect::POSTGRES, postgres.to_owned()), (Dialect::SQLITE, sqlite.to_owned())].into_iter().collect()
}

#[tokio::test]
async fn each_database_is_asked_in_its_own_words() {
    let mut definition = definition(&[("entries", "entries", "")]);
    definition.organization.list = words(
        "SELECT DISTINCT organization_id::text COLLATE \"C\" AS id, '' AS name, '' AS slug FROM entries ORDER BY 1",
        "SELECT DISTINCT organization_id AS id, '' AS name, '' AS slug FROM entries GROUP BY organization_id",
    );
    definition.sections[0].rows = words(
        "SELECT id::text, 'postgres'::text AS words FROM entries WHERE organization_id = $1 ORDER BY id;\n",
        "SELECT CAST(id AS text) AS id, typeof(id) AS words FROM entries WHERE organization_id = $1 ORDER BY id",
    );
    definition.sections[0].count = words(
        "SELECT count(*)::bigint FROM entries WHERE organization_id = $1",
        "SELECT count(iif(organization_id = $1, 1, NULL)) FROM entries",
    );
    let database = Server::shared().database();
    database.psql(SETUP);
    let file = File::new(SETUP).await;
    for (source, own) in
        [(source(&database.admin_url(), definition.clone()), "postgres"), (file.source(definition), "integer")]
    {
        let failed: Vec<_> = source.check().await.lines.into_iter().filter(|line| line.name == "queries").collect();
        assert_eq!(failed[0].message, "all 3 queries are understood");
        let listed = source.organizations().await.unwrap();
        assert_eq!(listed.iter().map(|one| one.key.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let mut snapshot = source.snapshot("a").await.unwrap();
        assert_eq!(snapshot.counts().await.unwrap(), [2]);
        let rows = read(&mut snapshot, 0).await.unwrap();
        assert_eq!(rows.text("id"), [Some("1".to_owned()), Some("2".to_owned())]);
        assert_eq!(rows.text("words")[0].as_deref(), Some(own));
        snapshot.finish().await.unwrap();
        source.close().await;
    }
}

#[test]
fn a_database_that_the_definition_has_no_words_for_is_refused_before_it_is_asked() {
    let mut definition = definition(&[("entries", "entries", "SELECT id FROM entries WHERE organization_id = $1")]);
    definition.sections[0].rows =
        [(Dialect::POSTGRES, "SELECT id FROM entries WHERE organization_id = $1".to_owned())].into_iter().collect();
    source("postgres://127.0.0.1/x", definition.clone());
    let config = config("sqlite:///var/lib/app/app.db");
    let refused = orgvault_daemon::source::Source::accepts(&config, Some(&definition)).unwrap_err();
    assert_eq!(refused.code(), "source_dialect");
    assert_eq!(
        refused.to_string(),
        "source tracker: cannot use its definition: product rytask says `section.rows of entries` only for other \
         databases than SQLite"
    );
    assert!(refused.hint().contains("for this database too"), "{}", refused.hint());
}
