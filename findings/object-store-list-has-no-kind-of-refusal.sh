#!/usr/bin/env bash
# object_store tells that a bucket is missing or forbidden by the error's kind in `get` and `put`, and by words alone in `list`.
#
# A good engineer expects: one kind of error for one answer of the server. `get` of a key gives Error::NotFound for 404 and
# Error::PermissionDenied or Unauthenticated for 403 and 401, so a look at the bucket itself by `list` (there is no call that
# asks whether a bucket exists) would give the same kinds. What happens: of the same server with the same credentials `list`
# and `list_with_delimiter` give Error::Generic for 404 and 403 alike, the same kind that a server gives which is not there;
# the status is found in the text of a cause only. And `get` in a bucket that does not exist is NotFound like a missing key, so
# neither call tells "the bucket is gone" from its neighbours by kind.
# Why it matters: whoever backs files up, or mirrors a bucket, matches on NotFound and PermissionDenied to tell a missing
# file from a lost bucket or a revoked key; one of the three would be tried again for ever, or be taken for "no files".
#
# Ends with 0 as long as object_store behaves so, and with 1 when it does not any more. Needs cargo and python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
server=
stop() { [ -z "$server" ] || kill "$server" || true; rm -rf "$folder"; }
trap stop EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'moto[server]==5.1.4'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
venv/bin/moto_server -H 127.0.0.1 -p "$port" >server.log 2>&1 &
server=$!
for _ in $(seq 300); do curl --silent --fail --output made.log -X PUT "http://127.0.0.1:$port/there" && break; sleep 0.1; done
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "kinds"
version = "0.0.0"
edition = "2021"
[dependencies]
object_store = { version = "=0.14.2", default-features = false, features = ["aws"] }
futures-util = { version = "0.3", default-features = false }
tokio = { version = "1", features = ["rt", "macros", "time"] }
TOML
cat >src/main.rs <<'RUST'
use futures_util::StreamExt;
use object_store::{aws::AmazonS3Builder, path::Path, Error, ObjectStore, ObjectStoreExt};

fn kind<T>(done: Result<T, Error>) -> &'static str {
    match done {
        Ok(_) => "done",
        Err(Error::NotFound { .. }) => "NotFound",
        Err(Error::PermissionDenied { .. }) => "PermissionDenied",
        Err(Error::Unauthenticated { .. }) => "Unauthenticated",
        Err(Error::Generic { .. }) => "Generic",
        Err(_) => "another",
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (endpoint, bucket) = (std::env::args().nth(1).unwrap_or_default(), std::env::args().nth(2).unwrap_or_default());
    let store = AmazonS3Builder::new()
        .with_endpoint(endpoint)
        .with_allow_http(true)
        .with_region("us-east-1")
        .with_bucket_name(bucket)
        .with_access_key_id("nobody")
        .with_secret_access_key("nothing")
        .build()?;
    let get = kind(store.get(&Path::from("a-key")).await);
    let list = kind(store.list(None).next().await.transpose());
    let level = kind(store.list_with_delimiter(None).await);
    println!("get {get}, list {list}, list_with_delimiter {level}");
    Ok(())
}
RUST
cargo generate-lockfile --quiet
echo "object_store $(sed -n '/^name = "object_store"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock), moto 5.1.4"
CARGO_TARGET_DIR="$folder/target" cargo build --quiet
ask() { "$folder/target/debug/kinds" "http://127.0.0.1:$port" "$1"; }
ok=0
expect() { # what is asked, what is said, what was said when this was written
	echo "$1: $2"
	[ "$2" = "$3" ] || ok=1
}
expect "a bucket that is there, a key that is not" "$(ask there)" "get NotFound, list done, list_with_delimiter done"
expect "no such bucket (404)" "$(ask gone)" "get NotFound, list Generic, list_with_delimiter Generic"
# From here on the server asks for a known key.
curl --silent --fail --output auth.log -X POST --header 'Content-Type: text/plain' --data 0 "http://127.0.0.1:$port/moto-api/reset-auth"
expect "a key that is not known (403)" "$(ask there)" "get PermissionDenied, list Generic, list_with_delimiter Generic"
[ $ok = 0 ] && echo "behaves as described" || echo "BEHAVES OTHERWISE NOW"
exit $ok
