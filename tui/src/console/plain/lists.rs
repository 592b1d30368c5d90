//! Answers of the daemon as sentences, one a line.

use orgvault_api::{Archive, Export, Organizations, Progress, Status, Verification, clock::Timestamp, text::printable};

use crate::{
    console::words::{age, fit, percent},
    lines::{Lines, paragraph},
    names, units,
};

pub(super) fn status(status: &Status) -> String {
    let mut text = String::new();
    text.line(format_args!("version {}, you are {}", printable(&status.version), status.role.name()));
    text.line(format_args!("{} archives, {}", units::number(status.archives), units::size(status.archive_bytes)));
    text.line(format_args!(
        "{} running, {} waiting, {} failed in the last 24 hours",
        status.running, status.pending, status.failed
    ));
    for warning in &status.warnings {
        text.line(format_args!("warning: {}", printable(&warning.message)));
    }
    text
}

pub(super) fn organizations(listed: &Organizations, now: Timestamp) -> String {
    let mut text = String::new();
    for (place, one) in listed.organizations.iter().enumerate() {
        let last = one.last_archive.as_ref().map_or("never exported".to_owned(), |last| {
            format!(
                "last archive {} ago, {}, {}",
                age(last.exported_at, now),
                units::plural(last.rows, "row"),
                units::size(last.bytes)
            )
        });
        let health = match one.is_judged() {
            false if one.deleted_at.is_some() => "deleted",
            false => "excluded",
            true => one.health.name(),
        };
        let reason = one.reason.as_ref().filter(|_| one.is_judged());
        let reason = reason.map(|reason| format!(", {}", printable(&reason.message))).unwrap_or_default();
        let known =
            one.listed_at.map(|at| format!(", as its source listed it {} ago", age(at, now))).unwrap_or_default();
        let name = names::organization(&one.key);
        // Whoever listens to it does not want to hear a name for minutes.
        let called = fit(&one.key.name, names::NAME_WIDTH);
        text.line(format_args!("{} {}, {called}: {health}, {last}{reason}{known}", place + 1, printable(&name)));
    }
    for failure in &listed.failures {
        text.line(paragraph(&failure.error.message, 2));
    }
    if listed.organizations.is_empty() {
        text.line("no organizations");
    }
    text
}

pub(super) fn exports(exports: &[Export], now: Timestamp) -> String {
    let mut text = String::new();
    for export in exports {
        let name = names::organization(&export.organization);
        text.part(format_args!(
            "{} {} {}: {}",
            export.gid,
            printable(&name),
            names::format_of(export),
            export.state.name()
        ));
        match &export.progress {
            Some(Progress { job: Some(job), .. }) => text.part(format_args!(", {}", names::job(job))),
            Some(progress) => {
                text.part(format_args!(", {} percent", percent(progress.rows, progress.rows_expected)));
            }
            None => {}
        }
        if let Some(bytes) = export.bytes {
            text.part(format_args!(", {}, {}", units::plural(units::rows(&export.counts), "row"), units::size(bytes)));
        }
        if let Some(error) = &export.error {
            text.part(format_args!(", {}: {}", error.code, paragraph(&error.message, 2)));
        }
        let at = export.finished_at.or(export.started_at).unwrap_or(export.created_at);
        text.line(format_args!(", {} ago", age(at, now)));
    }
    if exports.is_empty() {
        text.line("no exports");
    }
    text
}

pub(super) fn archives(archives: &[Archive], now: Timestamp) -> String {
    let mut text = String::new();
    for archive in archives {
        let state = format!("{:?}", archive.state).to_lowercase();
        text.line(format_args!(
            "{} {}: {state}, {}, {}, exported {} ago",
            archive.gid,
            names::archive_format(archive),
            units::plural(units::rows(&archive.counts), "row"),
            units::size(archive.bytes),
            age(archive.exported_at, now)
        ));
        for count in &archive.counts {
            text.line(format_args!("  {} {}", printable(&count.name), units::number(count.rows)));
        }
    }
    if archives.is_empty() {
        text.line("no archives");
    }
    text
}

pub(super) fn verification(found: &Verification) -> String {
    let mut text = String::new();
    text.line(format_args!("{}, {} read", if found.ok { "whole" } else { "damaged" }, units::size(found.bytes)));
    if let Some(files) = &found.files {
        text.line(format_args!("  of the app {}", names::files(files)));
    }
    for fault in &found.faults {
        text.line(format_args!("  {}", printable(fault)));
    }
    text
}
