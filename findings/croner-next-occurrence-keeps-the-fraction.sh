#!/usr/bin/env bash
# croner 3 gives a next time that is not due: it keeps the fraction of a second of the time that it is asked from.
#
# A good engineer expects: the next time of "0 2 * * *" is 02:00:00 sharp, whatever the clock says now. What happens: asked at
# 01:59:59.500 it gives 02:00:00.500; the crate asks its own is_time_matching about whole seconds only and agrees. Two looks
# at one schedule give two different times for one firing. croner 4 gives 02:00:00.
# Why it matters: who stores a firing under its due time, or compares it with the one that was run, sees a new firing with
# each look: a missed run is caught up twice, or an idempotency key differs. Cutting the fraction off before asking helps.
#
# Ends with 0 as long as croner behaves so, and with 1 when it does not any more. Needs cargo.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cd "$folder"
cat >Cargo.toml <<'TOML'
[package]
name = "fraction"
version = "0.0.0"
edition = "2021"
[dependencies]
chrono = { version = "=0.4.45", default-features = false, features = ["std"] }
croner3 = { package = "croner", version = "=3.0.1" }
croner4 = { package = "croner", version = "=4.0.3" }
TOML
cat >src/main.rs <<'RUST'
use std::str::FromStr;

use chrono::{DateTime, Utc};

fn main() {
    let text = "0 2 * * *";
    let (three, four) = (croner3::Cron::from_str(text).unwrap(), croner4::Cron::from_str(text).unwrap());
    let mut of_three = Vec::new();
    let mut of_four = Vec::new();
    for from in ["2026-01-01T01:59:58.250Z", "2026-01-01T01:59:59.500Z"] {
        let from: DateTime<Utc> = from.parse().unwrap();
        of_three.push(three.find_next_occurrence(&from, false).unwrap());
        of_four.push(four.find_next_occurrence(&from, false).unwrap());
        println!("from {from}: croner 3 {}, croner 4 {}", of_three.last().unwrap(), of_four.last().unwrap());
    }
    println!("is the first one due, by croner 3 itself? {}", three.is_time_matching(&of_three[0]).unwrap());
    let as_told = of_three[0] != of_three[1]
        && of_three.iter().all(|at| at.timestamp_subsec_millis() != 0)
        && three.is_time_matching(&of_three[0]).unwrap()
        && of_four.iter().all(|at| at.to_rfc3339() == "2026-01-01T02:00:00+00:00");
    println!("{}", if as_told { "behaves as described" } else { "BEHAVES OTHERWISE NOW" });
    std::process::exit(i32::from(!as_told));
}
RUST
cargo generate-lockfile --quiet
CARGO_TARGET_DIR="$folder/target" cargo run --quiet
