#!/usr/bin/env bash
# croner 3, which tokio-cron-scheduler brings along, takes "the last Sunday" as 7L without a word, and it is never due.
#
# A good engineer expects: 7 is Sunday, as the crate's documentation says and as 7 alone and 7#2 do mean, so that 7L is the
# last Sunday of the month, or is refused. What happens: the expression parses; each look for the next time ends with
# "CronScheduler time search limit exceeded". 0L and SUNL are right. croner 4 has mended it, but tokio-cron-scheduler 0.15.1
# asks for croner 3: a program that reads its schedules with croner 4 and runs them with the scheduler
# has two readers that differ.
# Why it matters: a monthly backup on the last Sunday is accepted when the configuration is read, and never runs.
#
# Ends with 0 as long as croner behaves so, and with 1 when it does not any more. Needs cargo.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cd "$folder"
cat >Cargo.toml <<'TOML'
[package]
name = "last-sunday"
version = "0.0.0"
edition = "2021"
[dependencies]
chrono = { version = "=0.4.45", default-features = false, features = ["std"] }
croner3 = { package = "croner", version = "=3.0.1" }
croner4 = { package = "croner", version = "=4.0.3" }
tokio-cron-scheduler = "=0.15.1"
TOML
cat >src/main.rs <<'RUST'
use std::str::FromStr;

use chrono::{DateTime, Utc};

fn main() {
    let from: DateTime<Utc> = "2026-01-01T12:00:00Z".parse().unwrap();
    let show = |next: Result<DateTime<Utc>, String>| next.map_or_else(|error| error, |at| at.format("%a %Y-%m-%d").to_string());
    let three = |text: &str| {
        let cron = croner3::Cron::from_str(text).expect("it parses");
        show(cron.find_next_occurrence(&from, false).map_err(|error| error.to_string()))
    };
    let four = |text: &str| {
        let cron = croner4::Cron::from_str(text).expect("it parses");
        show(cron.find_next_occurrence(&from, false).map_err(|error| error.to_string()))
    };
    for weekday in ["7", "7#2", "0L", "SUNL", "7L"] {
        let text = format!("0 2 * * {weekday}");
        println!("{weekday:<5} croner 3: {:<45} croner 4: {}", three(&text), four(&text));
    }
    let as_told = three("0 2 * * 7L").contains("limit exceeded")
        && three("0 2 * * 0L") == "Sun 2026-01-25"
        && four("0 2 * * 7L") == "Sun 2026-01-25";
    println!("{}", if as_told { "behaves as described" } else { "BEHAVES OTHERWISE NOW" });
    std::process::exit(i32::from(!as_told));
}
RUST
cargo generate-lockfile --quiet
cargo tree --quiet --invert croner@3.0.1 --depth 1
CARGO_TARGET_DIR="$folder/target" cargo run --quiet
