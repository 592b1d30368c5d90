//! The examples of the documentation are definitions, and they run.

use std::{collections::BTreeSet, ops::Bound};

use sqlx::{AssertSqlSafe, Column, Connection, Row};

use super::*;

const DOCUMENTATION: &str = include_str!("../../../../../docs/products.md");
const AFTERNOON: &str = include_str!("../../../../../docs/your-own-app.md");

/// The first block of this language in the documentation.
fn documented(language: &str) -> &'static str {
    let (_, example) = DOCUMENTATION.split_once("## A complete example").unwrap();
    let (_, block) = example.split_once(&format!("```{language}\n")).unwrap();
    block.split_once("```").unwrap().0
}

#[test]
fn the_documentation_has_every_key_that_is_read_and_no_other() {
    let more =
        "[scope.NAME]\nids = \"SELECT id FROM teams WHERE id = $1\"\n[[files]]\nsection = \"users\"\npath = \"name\"\n";
    let text = TRACKER.to_owned() + more;
    let document = Document::parse(&text, Path::new("tracker.toml")).unwrap();
    let (_, _, asked) = document.read_and_list(definition);
    let is_container = |key: &&String| {
        asked
            .range::<str, _>((Bound::Excluded(key.as_str()), Bound::Unbounded))
            .next()
            .is_some_and(|next| next.starts_with(&format!("{key}.")))
    };
    let known: BTreeSet<String> = asked
        .iter()
        .filter(|key| !is_container(key) || ["json.head", "zip.meta"].contains(&key.as_str()))
        .map(|key| {
            key.replace("table.teams.", "table.NAME.")
                .replace("table.time_entries.", "table.NAME.")
                .replace("table.users.", "table.NAME.")
        })
        .map(|key| key.split_once("section.types.").map_or(key.clone(), |_| "section.types".into()))
        .collect();
    let (_, table) = DOCUMENTATION.split_once("## Every key").unwrap();
    let rows = table.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let shown: BTreeSet<String> =
        cells.flat_map(|cell| cell.split(',')).map(|key| key.trim().trim_matches('`').to_owned()).collect();
    assert_eq!(shown, known);
}

/// The documented definition on a database of the documented tables: what a query names is there.
#[tokio::test]
async fn the_documented_example_runs() {
    let example = read(documented("toml")).unwrap();
    assert_eq!(example.formats, [Format::Json, Format::Csv, Format::Zip, Format::Full]);
    let mut database = sqlx::SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let rows = "INSERT INTO companies VALUES (1, 'Acme', 'acme', '2025-11-03 08:00:00', NULL);
        INSERT INTO employees VALUES (7, 1, 'Ada', 'x');
        INSERT INTO shifts VALUES (40, 1, 7, '2026-01-30 06:00:00', 1, NULL);";
    sqlx::raw_sql(AssertSqlSafe(format!("{}{rows}", documented("sql")))).execute(&mut database).await.unwrap();
    let queries = example.queries(Dialect::SQLITE).unwrap();
    let listed = sqlx::raw_sql(AssertSqlSafe(queries.list)).fetch_all(&mut database).await.unwrap();
    assert_eq!(listed.len(), 1);
    for (section, asked) in example.sections.iter().zip(queries.sections) {
        let rows = sqlx::query(AssertSqlSafe(asked.rows)).bind(1).fetch_all(&mut database).await.unwrap();
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(asked.count)).bind(1).fetch_one(&mut database).await.unwrap();
        assert_eq!((rows.len(), count), (1, 1), "{}", section.name);
        let columns: Vec<&str> = rows[0].columns().iter().map(Column::name).collect();
        let named = section.csv.iter().map(|(_, column)| column).chain(section.types.keys()).chain(&section.id);
        assert_eq!(named.filter(|name| !columns.contains(&name.as_str())).count(), 0, "{columns:?}");
    }
    let warned =
        sqlx::query(AssertSqlSafe(queries.warnings[0].clone())).bind(1).fetch_all(&mut database).await.unwrap();
    assert!(warned.is_empty());
    for (name, table) in &example.tables {
        let sql = format!("SELECT name FROM pragma_table_info('{name}') ORDER BY name");
        let live: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut database).await.unwrap();
        let mut stated: Vec<&String> = table.reads.iter().chain(table.known.iter().flatten()).collect();
        stated.sort();
        assert_eq!(stated, live.iter().collect::<Vec<_>>(), "{name}");
    }
}

/// The examples of what a draft cannot know, on a database of their tables: each row is in the archive of
/// the club that it belongs to, and in no other.
#[tokio::test]
async fn the_examples_of_difficulties_run() {
    let block = |language: &str| {
        let (_, rest) = AFTERNOON.split_once("## 3. ").unwrap();
        let (_, block) = rest.split_once(&format!("```{language}\n")).unwrap();
        block.split_once("```").unwrap().0
    };
    let clubs = read(block("toml")).unwrap();
    let mut database = sqlx::SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let rows = "INSERT INTO clubs VALUES (1, 'Oar'), (2, 'Sail'); INSERT INTO people VALUES (1, 'Ada', 'x'), (2, 'Bo', 'x');
        INSERT INTO members VALUES (1, 1), (2, 1), (2, 2); INSERT INTO boats VALUES (10, 1, 'Eight', x'00'), (20, 2, 'Dinghy', NULL);
        INSERT INTO tags VALUES (10, 1, 'old'), (20, 2, 'new'); INSERT INTO boat_tags VALUES (10, 10), (20, 20);
        INSERT INTO crews VALUES (10, 10, NULL, 'first'), (11, NULL, 10, 'bow'), (12, NULL, 11, 'cox'), (20, 20, NULL, 'helm');
        INSERT INTO notes VALUES (1, 'boat', 10, 'a'), (2, 'crew', 12, 'b'), (3, 'crew', 20, 'c'), (4, 'boat', 20, 'd');";
    sqlx::raw_sql(AssertSqlSafe(format!("{}{rows}", block("sql")))).execute(&mut database).await.unwrap();
    let mut found = Vec::new();
    for (section, asked) in clubs.sections.iter().zip(clubs.queries(Dialect::SQLITE).unwrap().sections) {
        let mut numbers = Vec::new();
        for club in [1, 2] {
            let rows =
                sqlx::query(AssertSqlSafe(asked.rows.clone())).bind(club).fetch_all(&mut database).await.unwrap();
            let count = sqlx::query_scalar(AssertSqlSafe(asked.count.clone())).bind(club).fetch_one(&mut database);
            assert_eq!(rows.len(), usize::try_from(count.await.unwrap_or(-1_i64)).unwrap(), "{}", section.name);
            numbers.push(rows.len());
        }
        found.push((section.name.as_str(), numbers[0], numbers[1]));
    }
    let expected = [
        ("club", 1, 1),
        ("people", 1, 2),
        ("members", 1, 2),
        ("boats", 1, 1),
        ("tags", 1, 1),
        ("boatTags", 1, 1),
        ("notes", 2, 2),
        ("crews", 3, 1),
    ];
    assert_eq!(found, expected);
    let live =
        sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(&mut database).await.unwrap();
    let named: BTreeSet<String> = live.iter().map(|row| row.get(0)).collect();
    assert_eq!(named, clubs.tables.keys().cloned().collect());
}
