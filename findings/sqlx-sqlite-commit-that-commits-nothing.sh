#!/usr/bin/env bash
# sqlx on SQLite answers Ok to a commit that commits nothing, after SQLite has ended an earlier transaction by itself.
#
# A good engineer expects: Transaction::commit() that gives Ok means that the rows are in the database, whatever an earlier
# user of the pooled connection did. What happens: SQLite rolls a transaction back by itself in some cases (a conflict clause
# OR ROLLBACK, RAISE(ROLLBACK) in a trigger, and by its documentation a full disk or an I/O error may do the same). The
# ROLLBACK that sqlx then sends fails, as no transaction is active, and sqlx goes on counting one. The next transaction of
# that connection is a SAVEPOINT of depth two; one more error ends it with ROLLBACK TO, which leaves SQLite's outer
# transaction open. From then on every commit is the RELEASE of an inner savepoint: Ok, seen by that connection alone, gone
# when it closes. The pool hands the connection out all the same.
# Why it matters: two refused rows turn a long-lived server into one that acknowledges what it forgets. A check in the
# pool's after_release hook (SQLite refuses BEGIN inside of a transaction) is what keeps such a connection out.
#
# Ends with 0 as long as sqlx behaves so, and with 1 when it does not any more. Needs cargo.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cd "$folder"
cat >Cargo.toml <<'TOML'
[package]
name = "acknowledged"
version = "0.0.0"
edition = "2021"
[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "sqlite"] }
tokio = { version = "1", features = ["rt", "macros"] }
TOML
cat >src/main.rs <<'RUST'
use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};

const ADD: &str = "INSERT INTO orders VALUES (?)";

async fn add(pool: &SqlitePool, sql: &'static str, id: i64) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query(sql).bind(id).execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn stored(options: &SqliteConnectOptions) -> Result<Vec<i64>, sqlx::Error> {
    let mut other = SqliteConnection::connect_with(options).await?;
    let ids = sqlx::query_scalar("SELECT id FROM orders ORDER BY id").fetch_all(&mut other).await?;
    other.close().await?;
    Ok(ids)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename("orders.sqlite")
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    sqlx::query("CREATE TABLE orders (id INTEGER PRIMARY KEY)").execute(&pool).await?;
    add(&pool, ADD, 1).await?;
    println!("order 1 again, OR ROLLBACK    refused: {}", add(&pool, "INSERT OR ROLLBACK INTO orders VALUES (?)", 1).await.is_err());
    println!("order 1 again, as usual       refused: {}", add(&pool, ADD, 1).await.is_err());
    let committed = add(&pool, ADD, 2).await;
    println!("commit of order 2             {committed:?}");
    println!("seen by another connection    {:?}", stored(&options).await?);
    pool.close().await;
    let left = stored(&options).await?;
    println!("left after the pool is closed {left:?}");
    let as_told = committed.is_ok() && left == [1];
    println!("{}", if as_told { "behaves as described" } else { "BEHAVES OTHERWISE NOW" });
    std::process::exit(i32::from(!as_told));
}
RUST
cargo generate-lockfile --quiet
sed -n '/^name = "\(sqlx\|sqlx-sqlite\|libsqlite3-sys\)"$/{N;s/name = "\(.*\)"\nversion = "\(.*\)"/\1 \2/p}' Cargo.lock
CARGO_TARGET_DIR="$folder/target" cargo run --quiet
