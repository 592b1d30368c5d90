#!/usr/bin/env bash
# cargo and rustc: with LTO, fat or thin, the opt-level of the package that holds the program decides whether the loops of
# all others are vectorized; `opt-level = 3` of the package with the loop is not heard.
#
# A good engineer expects: cargo's documentation of profile overrides says that each package is compiled at its own
# opt-level, so a program may be compiled for size and the crates that hash, compress and scan for speed.
# What happens: with `lto = "fat"` or `"thin"` the passes that vectorize run after the crates were joined, at the level of
# the package that is linked. At "s" (or "z") there are none. The hot crate says opt-level 3, its functions carry no mark
# of size, and its loop works on one number at a time. Without LTO, or with the program at 3, it is vectorized.
# Why it matters: a daemon whose own package was set to "s" lost the SIMD loops of zlib-rs's deflate (its slide of the hash
# chains took six times as long), with zlib-rs itself at opt-level 3. What shall be small has to be in packages below the
# one with the program.
#
# Ends with 0 as long as cargo and rustc behave so, and with 1 when they do not any more. Needs cargo (seen with 1.95.0),
# objdump, and x86-64, whose subtraction with saturation is PSUBUSW.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CARGO_TARGET_DIR="$folder/target"
mkdir -p hot/src program/src
cat >hot/Cargo.toml <<'TOML'
[package]
name = "hot"
version = "0.0.0"
edition = "2021"
TOML
cat >hot/src/lib.rs <<'RUST'
#[inline(never)]
pub fn slide(table: &mut [u16], by: u16) {
    for entry in table.iter_mut() {
        *entry = entry.saturating_sub(by);
    }
}
RUST
cat >program/Cargo.toml <<'TOML'
[package]
name = "program"
version = "0.0.0"
edition = "2021"
[dependencies]
hot = { path = "../hot" }
TOML
cat >program/src/main.rs <<'RUST'
fn main() {
    let mut table: Vec<u16> = (0..40_000_u32).map(|n| n as u16).collect();
    hot::slide(&mut table, std::env::args().count() as u16);
    println!("{}", table.iter().map(|&n| u64::from(n)).sum::<u64>());
}
RUST

vectors() { # LTO, opt-level of the program: how many vector instructions the hot loop has
  cat >Cargo.toml <<TOML
[workspace]
members = ["hot", "program"]
resolver = "2"
[profile.release]
opt-level = 3
lto = $1
codegen-units = 1
[profile.release.package.program]
opt-level = $2
TOML
  cargo build --release --quiet
  objdump --disassemble --no-show-raw-insn --demangle target/release/program |
    awk '/<hot::slide>:/ { inside = 1 } inside && /^$/ { exit } inside' | grep -c psubusw || true
}

rustc --version
behaves=yes
while read -r lto level expected; do
  found=$(vectors "$lto" "$level")
  printf 'lto = %-7s program at %-4s hot crate at 3: %s vector instructions in its loop\n' "$lto," "$level," "$found"
  [ "$([ "$found" -gt 0 ] && echo some || echo none)" = "$expected" ] || behaves=no
done <<'CASES'
"fat" 3 some
"fat" "s" none
"thin" "s" none
false "s" some
CASES
if [ "$behaves" = yes ]; then echo "behaves as described"; else echo "BEHAVES OTHERWISE NOW"; exit 1; fi
