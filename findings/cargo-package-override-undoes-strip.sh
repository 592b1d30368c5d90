#!/usr/bin/env bash
# cargo: a profile that says `strip = true` strips nothing but debug information of a program whose own package has an override.
#
# A good engineer expects: `[profile.release.package.NAME]` changes the keys that it names for that package, and all others
# stay as `[profile.release]` has them.
# What happens: any override of the package that holds the program, even one that says what holds anyway, turns
# `strip = true` into `-C strip=debuginfo`, without a warning: the symbols stay. Saying `strip = true` once more in the
# override gives it back.
# Why it matters: a program whose package is compiled for size to make it smaller becomes larger by its symbol table (a third
# or more of a Rust program), and the names of all its functions are handed out with it.
#
# Ends with 0 as long as cargo behaves so, and with 1 when it does not any more. Needs cargo (seen with 1.95.0) and nm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cd "$folder"
export CARGO_TARGET_DIR="$folder/target"
cargo --version
cat >Cargo.toml <<'TOML'
[package]
name = "program"
version = "0.0.0"
edition = "2021"
[profile.release]
strip = true
TOML
echo 'fn main() {}' >src/main.rs

symbols() { # what rustc is told, and how many symbols the program has after it
  touch src/main.rs
  told=$(cargo build --release --verbose 2>&1 | grep --only-matching 'strip=[a-z]*')
  echo "$told $(nm target/release/program 2>/dev/null | wc -l)"
}

read -r plain_told plain < <(symbols)
echo "strip = true:                                $plain_told, $plain symbols"
printf '[profile.release.package.program]\nopt-level = 3\n' >>Cargo.toml
read -r told kept < <(symbols)
echo "... and an override that changes nothing:    $told, $kept symbols"
echo 'strip = true' >>Cargo.toml
read -r again_told again < <(symbols)
echo "... and strip = true in the override too:    $again_told, $again symbols"

if [ "$plain_told $plain" = "strip=symbols 0" ] && [ "$told" = "strip=debuginfo" ] && [ "$kept" -gt 100 ] \
  && [ "$again_told $again" = "strip=symbols 0" ]; then
  echo "behaves as described"
else
  echo "BEHAVES OTHERWISE NOW"
  exit 1
fi
