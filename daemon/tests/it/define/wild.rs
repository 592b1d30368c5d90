//! Ways to the organization that no foreign key tells, and names at their limits.

use std::{collections::BTreeMap, path::Path};

use orgvault_api::CheckResult;
use orgvault_daemon::product::parse;
use orgvault_testing::postgres::{Database, Server};

use super::{archive, daemon, draft, parsed, rows, without_the_start};

const WILD: &str = include_str!("wild.sql");
const OPEN: [&str; 4] = ["api_calls", "invoice_lines", "invoices", "tariffs"];

/// The draft, with what is undecided excluded by hand.
fn decided(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("undecided = ") {
        Some(("", why)) => format!("excluded = {why}"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn ways_that_no_foreign_key_tells_are_found_in_the_rows() {
    let database = Database::new();
    database.psql(WILD);
    let outcome = draft(&database.admin_url(), "projects", None, None).await.unwrap();
    insta::assert_snapshot!(outcome.summary);
    let refused = parse(&outcome.text, Path::new("guild.toml")).unwrap_err().to_string();
    assert!(OPEN.iter().all(|table| refused.contains(&format!("{table:?} is undecided"))), "{refused}");

    let text = decided(&outcome.text);
    let definition = parsed(&text);
    let daemon = daemon(&text, database.admin_url()).await;
    let lines = daemon.client.check("app", true).await.unwrap().lines;
    let failed: Vec<_> = lines.iter().filter(|line| line.result == CheckResult::Failed).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let documents = [archive(&daemon, "app/acme").await, archive(&daemon, "app/bolt").await];
    let [one, other] = documents.each_ref().map(|bytes| ids(&rows(&without_the_start(bytes))));
    for (section, mine, theirs) in [
        ("programs", "1", "2"),
        ("rewards", "1", "2 3"),
        ("trades", "1", "2"),
        ("valuations", "2", "1"),
        ("trade_fees", "1 3", "2"),
        ("pictures", "1", "2"),
        ("tagged_items", "1 4", "2 3"),
        ("visits", "1 3", "2"),
        // The third names an entry of the one and a program of the other: the first way counts.
        ("moves", "1 3", "2"),
        ("DocumentData", "1", "2"),
    ] {
        assert_eq!((one[section].as_str(), other[section].as_str()), (mine, theirs), "{section}");
    }
    assert!(definition.sections.iter().any(|section| section.entity.as_deref() == Some("document-data")), "{text}");
}

/// The ids of the rows of each section.
fn ids(rows: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, String> {
    let id = |row: &String| serde_json::from_str::<serde_json::Value>(row).unwrap()["id"].to_string();
    rows.iter().map(|(name, rows)| (name.clone(), rows.iter().map(id).collect::<Vec<_>>().join(" "))).collect()
}

#[tokio::test]
async fn what_looks_like_a_secret_is_neither_read_nor_a_way() {
    let database = Database::new();
    database.psql(WILD);
    let outcome = draft(&database.admin_url(), "projects", None, None).await.unwrap();
    let definition = parsed(&decided(&outcome.text));
    let policies = &definition.tables["policies"];
    assert_eq!(policies.reads, ["id", "project_id", "enforce_mfa", "max_tokens"]);
    assert!(!definition.tables["api_tokens"].reads.contains(&"token".to_owned()));
    assert!(outcome.text.contains(
        "[table.api_calls]\nundecided = \"token names a row of api_tokens by token, which looks like a secret\""
    ));
    let hinted = draft(&database.admin_url(), "projects", Some("api_calls.token -> api_tokens.token"), None).await;
    let definition = parsed(&decided(&hinted.unwrap().text));
    assert_eq!(
        definition.tables["api_calls"].excluded.as_deref(),
        Some(
            "token leads to an organization by api_tokens.token alone, which looks like a secret that nobody is to read"
        )
    );
    assert!(!definition.tables["api_tokens"].reads.contains(&"token".to_owned()));
}

#[tokio::test]
async fn a_foreign_table_is_one_like_others_also_when_its_server_is_gone() {
    let server = Server::start();
    let database = server.database();
    let (socket, port, name) = (server.directory().display(), server.port(), database.name());
    database.psql(&format!(
        "CREATE EXTENSION postgres_fdw;
         CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{socket}', port '{port}', dbname '{name}');
         CREATE SERVER gone FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nonexistent', dbname 'x');
         CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'postgres');
         CREATE USER MAPPING FOR postgres SERVER gone OPTIONS (user 'postgres');
         CREATE TABLE teams (id uuid PRIMARY KEY, name text);
         CREATE TABLE notes (id bigint PRIMARY KEY, team_id uuid NOT NULL REFERENCES teams);
         INSERT INTO teams VALUES (gen_random_uuid(), 'Acme'), (gen_random_uuid(), 'Bolt');
         INSERT INTO notes SELECT row_number() OVER (), id FROM teams;
         CREATE FOREIGN TABLE old_notes (id bigint, team_id uuid) SERVER far OPTIONS (table_name 'notes');
         CREATE FOREIGN TABLE lost_notes (id bigint, team_id uuid, note_id bigint NOT NULL) SERVER gone OPTIONS (table_name 'notes');"
    ));
    let outcome = draft(&database.admin_url(), "teams", None, None).await.unwrap();
    parsed(&outcome.text);
    assert!(
        outcome.text.contains("# old_notes: team_id names teams (by name; each of 2 values is there, may be NULL)."),
        "{}",
        outcome.text
    );
    assert!(
        outcome.text.contains("# lost_notes: team_id names teams (by name; its rows could not be asked, may be NULL)."),
        "{}",
        outcome.text
    );
}
