#!/usr/bin/env bash
# sqlx on SQLite names one table as the origin of a column of a UNION: the first query's, or the last one's inside FROM.
#
# A good engineer expects: where a column's values come from several tables, its origin is no table: an expression or
# unknown, as on PostgreSQL, whose row description has table 0 there. What happens: SQLite's column metadata follows one
# SELECT of a compound and sqlx hands that on as ColumnOrigin::Table with the name of a table and a column, so rows of the other
# table are told to be of this one. Which it is, is decided by the order of the queries alone: the first one's where the compound
# is the statement, and the last one's where the very same compound stands in FROM or in a CTE.
# Why it matters: ColumnOrigin is what one asks to know which table's key a result holds (to update it, to count what was
# exported, to check nullability); for a compound the answer is certain in form and wrong for half of the rows.
#
# Ends with 0 as long as sqlx and SQLite behave so, and with 1 when they do not any more. Needs cargo and a C compiler.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "origin"
version = "0.0.0"
edition = "2021"
[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "sqlite"] }
tokio = { version = "1", features = ["rt", "macros"] }
TOML
cat >src/main.rs <<'RUST'
use sqlx::{Column, ColumnOrigin, Connection, Executor, SqliteConnection, SqlSafeStr, Statement};

const TABLES: &str = "CREATE TABLE boats (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE crews (number INTEGER PRIMARY KEY, name TEXT)";
const QUERIES: [(&str, &str); 7] = [
    ("SELECT number FROM crews", "crews.number"),
    ("SELECT id FROM boats UNION ALL SELECT number FROM crews", "boats.id"),
    ("SELECT number FROM crews UNION ALL SELECT id FROM boats", "crews.number"),
    ("SELECT id FROM (SELECT id FROM boats UNION SELECT number FROM crews)", "crews.number"),
    ("SELECT id FROM (SELECT id FROM boats UNION ALL SELECT number FROM crews)", "crews.number"),
    ("WITH of_all (id) AS (SELECT number FROM crews EXCEPT SELECT id FROM boats) SELECT id FROM of_all", "boats.id"),
    ("SELECT id + 0 FROM boats UNION ALL SELECT number FROM crews", "none"),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await?;
    connection.execute(TABLES).await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await?;
    println!("SQLite {version}");
    let mut as_told = true;
    for (sql, expected) in QUERIES {
        let statement = connection.prepare(sql.into_sql_str()).await?;
        let origin = match statement.columns()[0].origin() {
            ColumnOrigin::Table(of) => format!("{}.{}", of.table, of.name),
            ColumnOrigin::Expression | ColumnOrigin::Unknown => "none".to_owned(),
        };
        println!("{origin:<12}  {sql}");
        as_told &= origin == expected;
    }
    println!("{}", if as_told { "behaves as described" } else { "BEHAVES OTHERWISE NOW" });
    std::process::exit(i32::from(!as_told));
}
RUST
cargo generate-lockfile --quiet
sed -n '/^name = "\(sqlx\|sqlx-sqlite\|libsqlite3-sys\)"$/{N;s/name = "\(.*\)"\nversion = "\(.*\)"/\1 \2/p}' Cargo.lock
CARGO_TARGET_DIR="$folder/target" cargo run --quiet
