//! The admin's own time zone.

use std::{fs, path::Path};

use chrono_tz::Tz;

/// The zone of `TZ`, else of this machine, else UTC.
pub(super) fn local() -> Tz {
    std::env::var("TZ").ok().and_then(|name| named(&name)).or_else(machine).unwrap_or(Tz::UTC)
}

fn named(name: &str) -> Option<Tz> {
    name.trim_start_matches(':').parse().ok()
}

/// What `/etc/localtime` points at.
fn machine() -> Option<Tz> {
    let target = fs::canonicalize(Path::new("/etc/localtime")).ok()?;
    let (_, name) = target.to_str()?.split_once("zoneinfo/")?;
    named(name)
}
