#!/usr/bin/env bash
# sqlx on PostgreSQL cannot prepare a query that has a multirange anywhere among its columns, though no value is decoded.
#
# A good engineer expects: a driver that does not know a type of the server hands its cells on undecoded, or refuses to
# decode that one column; a query whose other columns are wanted, or which is only described, works. What happens: to name
# the types of a prepared statement sqlx reads pg_type of every column, and its list of kinds (typtype) ends before 'm', which
# PostgreSQL has had for multiranges since release 14. So `prepare`, `describe` and `query` fail for the whole statement,
# also where the column is never looked at. The same text by `raw_sql` works, as the simple protocol asks for no types. A range
# of the same numbers is no problem.
# Why it matters: whoever reads tables that others made (export, backup, a query console) prepares what comes; one such
# column in a table makes all of it unreadable, with an error that speaks of decoding where nothing was decoded.
#
# Ends with 0 as long as sqlx behaves so, and with 1 when it does not any more. Needs cargo, pip and, as root, setpriv.
set -euo pipefail
folder=$(mktemp -d)
plain=()
[ "$(id -u)" != 0 ] || plain=(setpriv --reuid=65534 --regid=65534 --clear-groups)
stop() { [ ! -e "$folder/data/postmaster.pid" ] || "${plain[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate stop >"$folder/stop.log"; rm -rf "$folder"; }
trap stop EXIT
chmod 0755 "$folder"
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target "$folder/wheel" pgserver==0.1.4
bin="$folder/wheel/pgserver/pginstall/bin"
mkdir -m 0777 "$folder/run"
install -d -m 0700 ${plain[0]:+-o 65534 -g 65534} "$folder/data"
"${plain[@]}" "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C >"$folder/init.log"
"${plain[@]}" "$bin/pg_ctl" -D "$folder/data" -o "-k $folder/run -c listen_addresses=" -l "$folder/run/log" -w start >"$folder/start.log"
mkdir "$folder/src"
cat >Cargo.toml <<'TOML'
[package]
name = "prepared"
version = "0.0.0"
edition = "2021"
[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "postgres"] }
tokio = { version = "1", features = ["rt", "macros"] }
TOML
cat >src/main.rs <<'RUST'
use sqlx::{Connection, Executor, PgConnection, Row, SqlSafeStr};

const RANGE: &str = "SELECT 7 AS id, '[1,3)'::int4range AS free";
const MULTIRANGE: &str = "SELECT 7 AS id, '{[1,3),[5,6)}'::int4multirange AS free";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sqlx::Error> {
    let url = format!("postgres:///postgres?host={}&user=postgres", std::env::args().nth(1).unwrap_or_default());
    let mut connection = PgConnection::connect(&url).await?;
    let version: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
    println!("PostgreSQL {version}");
    let range: i32 = sqlx::query(RANGE).fetch_one(&mut connection).await?.get("id");
    println!("id beside a range, prepared        {range}");
    let prepared = connection.prepare(MULTIRANGE.into_sql_str()).await.map(|_| "prepared").map_err(|error| error.to_string());
    println!("beside a multirange, prepared      {prepared:?}");
    let mut connection = PgConnection::connect(&url).await?;
    let fetched = sqlx::query(MULTIRANGE).fetch_one(&mut connection).await.map(|row| row.get::<i32, _>("id"));
    let fetched = fetched.map_err(|error| error.to_string());
    println!("id beside a multirange, by query   {fetched:?}");
    let mut connection = PgConnection::connect(&url).await?;
    let row = sqlx::raw_sql(MULTIRANGE).fetch_one(&mut connection).await?;
    let raw = row.try_get_unchecked::<&str, _>("id")?.to_owned();
    println!("id beside a multirange, by raw_sql {raw}");
    let as_told = prepared.is_err() && fetched.is_err() && range == 7 && raw == "7";
    println!("{}", if as_told { "behaves as described" } else { "BEHAVES OTHERWISE NOW" });
    std::process::exit(i32::from(!as_told));
}
RUST
cargo generate-lockfile --quiet
sed -n '/^name = "\(sqlx\|sqlx-postgres\)"$/{N;s/name = "\(.*\)"\nversion = "\(.*\)"/\1 \2/p}' Cargo.lock
CARGO_TARGET_DIR="$folder/target" cargo run --quiet -- "$folder/run"
