#!/bin/sh
# Licences, bans, sources and known advisories of what is built in, by cargo-deny: deny.toml says what is allowed.
# The advisories come from a copy that was fetched before (cargo deny fetch): this never goes online. What could not be
# looked at is said, and is no failure: a machine without network builds too.
set -eu
if ! command -v cargo-deny >/dev/null; then
  echo "NOT CHECKED: licences, bans and advisories; cargo-deny is not installed (cargo install --locked cargo-deny)" >&2
  exit 0
fi
cargo deny --offline --locked check bans licenses sources
copies=${CARGO_HOME:-$HOME/.cargo}/advisory-dbs
if [ -z "$(ls -A "$copies" 2>/dev/null)" ]; then
  echo "NOT CHECKED: advisories; there is no copy of them in $copies (cargo deny fetch)" >&2
  exit 0
fi
cargo deny --offline --locked check --disable-fetch advisories
