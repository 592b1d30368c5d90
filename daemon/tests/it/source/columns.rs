//! The names of columns, on both databases.

use orgvault_api::CheckResult;
use orgvault_daemon::{product::Definition, source::Source};

use super::{
    fixture::{definition, read, refused, source},
    sqlite::File,
};
use orgvault_testing::postgres::{Database, Server};

const TABLES: &str = "CREATE TABLE companies (id INTEGER PRIMARY KEY, name TEXT, slug TEXT);
    INSERT INTO companies VALUES (1, 'Acme', 'acme');
    CREATE TABLE entries (id INTEGER PRIMARY KEY, organization_id INTEGER, note TEXT);
    INSERT INTO entries VALUES (7, 1, 'a');";

fn entries(rows: &str) -> Definition {
    let mut definition = definition(&[("entries", "entries", rows)]);
    definition.organization.list = "SELECT id, name, slug FROM companies".into();
    definition
}

/// The same tables in both databases.
struct Both {
    file: File,
    database: Database,
}

impl Both {
    async fn new() -> Self {
        let database = Server::shared().database();
        database.psql(TABLES);
        Self { file: File::new(TABLES).await, database }
    }

    fn sources(&self, definition: &Definition) -> [Source; 2] {
        [self.file.source(definition.clone()), source(&self.database.admin_url(), definition.clone())]
    }
}

#[tokio::test]
async fn columns_of_one_name_and_unnamed_ones_are_refused_by_name() {
    let both = Both::new().await;
    for (rows, sqlite, postgres) in [
        (
            "SELECT e.id, e.note, c.name AS note FROM entries e JOIN companies c ON c.id = e.organization_id \
             WHERE e.organization_id = $1",
            "two columns `note`",
            "two columns `note`",
        ),
        (
            "SELECT * FROM entries e JOIN companies c ON c.id = e.organization_id WHERE e.organization_id = $1",
            "two columns `id`",
            "two columns `id`",
        ),
        (
            "SELECT id, note || '!' FROM entries WHERE organization_id = $1",
            "a column without a name, `note || '!'`",
            "a column without a name, `?column?`",
        ),
        (
            "SELECT id, 7 FROM entries WHERE organization_id = $1",
            "a column without a name, `7`",
            "a column without a name, `?column?`",
        ),
    ] {
        for (source, column) in both.sources(&entries(rows)).iter().zip([sqlite, postgres]) {
            let expected = format!("source tracker: section entries gives {column}");
            let lines = source.check().await.lines;
            let queries = lines.iter().find(|line| line.name == "queries").unwrap();
            assert_eq!(
                (queries.result, &queries.details[..]),
                (CheckResult::Failed, &[expected.clone()][..]),
                "{rows}"
            );
            let error = match source.snapshot("1").await {
                Ok(mut snapshot) => refused(read(&mut snapshot, 0).await),
                Err(error) => error,
            };
            assert_eq!((error.code(), error.to_string()), ("source_columns", expected));
        }
    }
}

#[tokio::test]
async fn columns_with_names_of_their_own_are_read() {
    let both = Both::new().await;
    for rows in [
        "SELECT e.id, e.note, c.name AS \"companyName\", 7 AS \"a b\", length(note) AS n FROM entries e \
         JOIN companies c ON c.id = e.organization_id WHERE e.organization_id = $1",
        "SELECT * FROM entries WHERE organization_id = $1",
        "SELECT x.* FROM (SELECT id, note AS \"note, again\" FROM entries WHERE organization_id = $1) AS x",
    ] {
        for source in both.sources(&entries(rows)) {
            assert_eq!(read(&mut source.snapshot("1").await.unwrap(), 0).await.unwrap().cells.len(), 1, "{rows}");
        }
    }
}

#[tokio::test]
async fn a_list_whose_columns_cannot_be_told_apart_is_refused() {
    let both = Both::new().await;
    for (list, fault) in [
        (
            "SELECT c.id, c.name, c.slug, e.id FROM companies c JOIN entries e ON e.organization_id = c.id",
            "two columns `id`",
        ),
        ("SELECT id, name FROM companies", "no column `slug`"),
    ] {
        let mut definition = entries("SELECT id FROM entries WHERE organization_id = $1");
        definition.organization.list = list.into();
        for source in both.sources(&definition) {
            let expected = format!("source tracker: the list of organizations gives {fault}");
            assert_eq!(refused(source.organizations().await).to_string(), expected);
            let lines = source.check().await.lines;
            let queries = lines.iter().find(|line| line.name == "queries").unwrap();
            assert_eq!((queries.result, &queries.details[..]), (CheckResult::Failed, &[expected][..]));
        }
    }
}
