//! `orgvault show`: all of one archive, and the export that made it.

use std::time::Duration;

use orgvault_api::{
    Archive, Export, Job, LastDrill, Verification, Warning,
    client::{ArchiveFilter, ClientError},
    clock::Timestamp,
    gid::Gid,
    text::printable,
};
use serde::Serialize;

use crate::{
    commands::{counts, jobs, send},
    exit::{Exit, Failure},
    lines::{Lines, paragraph},
    names,
    session::Session,
    table::Look,
    units,
};

/// Which archive or export.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The archive, or an export that has no archive
    gid: Gid,
}

/// The shape of `--json`: an export that failed has no archive; an archive that a rebuilt catalog
/// found on disk may have no export.
#[derive(Debug, Serialize)]
struct ShowOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<Archive>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<Export>,
    /// Of an export without an archive: what the app makes for it, or for the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Job>,
    /// The archive before it of the same organization, format and entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Archive>,
}

/// Asks the daemon for both; only when neither is known is it a failure.
pub(crate) async fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let archive = session.client.archive(args.gid).await;
    let export = found(session.client.export(args.gid).await)?;
    let archive = match export {
        Some(_) => found(archive)?,
        None => Some(archive?),
    };
    let previous = match &archive {
        Some(archive) => previous(archive, session).await?,
        None => None,
    };
    let job = match (&archive, &export) {
        (None, Some(export)) => found(session.client.jobs().await)?.and_then(|jobs| jobs.of(export)),
        _ => None,
    };
    let shown = ShowOutput { archive, export, job, previous };
    let now = session.clock.now();
    session.out.show(&shown, |look| lines(&shown, now, look))?;
    Ok(Exit::Ok)
}

async fn previous(archive: &Archive, session: &Session) -> Result<Option<Archive>, Failure> {
    let key = &archive.organization;
    let filter = ArchiveFilter { source: Some(key.source.clone()), organization: Some(key.id.clone()) };
    Ok(before(archive, session.client.archives(&filter).await?.archives))
}

/// The newest that is older. Name and slug of an organization may have changed in between; how a
/// file is compressed changes no row.
fn before(archive: &Archive, archives: Vec<Archive>) -> Option<Archive> {
    let of = |it: &Archive| (it.organization.tenant(), it.format, it.entity.clone(), it.importable);
    let age = |it: &Archive| (it.exported_at, it.gid);
    let older = archives.into_iter().filter(|it| age(it) < age(archive) && of(it) == of(archive));
    older.max_by_key(age)
}

fn found<T>(answer: Result<T, ClientError>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(ClientError::Problem(problem)) if problem.status == 404 => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn lines(shown: &ShowOutput, now: Timestamp, look: Look) -> String {
    let mut text = String::new();
    if let Some(export) = &shown.export {
        text.push_str(&export_lines(export));
    }
    match (&shown.archive, &shown.export) {
        (Some(archive), _) => {
            text.push_str(&archive_lines(archive));
            text.push_str(&rows_lines(archive, shown.previous.as_ref(), look));
        }
        (None, Some(export)) => {
            text.push_str(&wanted_lines(export));
            text.push_str(&shown.job.as_ref().map(|job| job_lines(job, now)).unwrap_or_default());
            text.push_str(&warning_lines(&export.warnings));
        }
        (None, None) => {}
    }
    text
}

fn export_lines(export: &Export) -> String {
    let mut text = format!("export     {}, asked for by {}", export.gid, printable(&export.requested_by));
    text.line(format_args!(" at {}", units::time(export.created_at)));
    text.line(format_args!("request    {}", export.request));
    text.part(format_args!("state      {}", export.state.name()));
    if let (Some(start), Some(end)) = (export.started_at, export.finished_at) {
        text.part(format_args!(" after {}", units::duration(units::between(start, end))));
    }
    text.push('\n');
    if let Some(error) = &export.error {
        text.line(format_args!("error      {}: {}", printable(&error.code), paragraph(&error.message, 11)));
        if !error.hint.is_empty() {
            text.line(format_args!("           hint: {}", paragraph(&error.hint, 17)));
        }
    }
    text
}

/// Of an export without an archive: whose, and how it was to be written.
fn wanted_lines(export: &Export) -> String {
    let key = &export.organization;
    format!(
        "of         {}, id {}, {}\nformat     {}\n",
        printable(&names::organization(key)),
        printable(&key.id),
        printable(&key.name),
        printable(&names::format_of(export)),
    )
}

/// `job        started, id 1203 over there, asked for at 2026-01-31 09:30:00Z, 12m 00s ago`.
fn job_lines(job: &Job, now: Timestamp) -> String {
    let mut text = format!("job        {}", printable(jobs::word(job)));
    if let Some(id) = &job.remote_id {
        text.part(format_args!(", id {} over there", printable(id)));
    }
    let (asked, age) = (units::time(job.requested_at), units::duration(units::between(job.requested_at, now)));
    text.line(format_args!(", asked for at {asked}, {age} ago"));
    if let Some(note) = &job.note {
        text.line(format_args!("           {}", paragraph(note, 11)));
    }
    text
}

fn archive_lines(archive: &Archive) -> String {
    let key = &archive.organization;
    let mut text = format!(
        "archive    {}, {}\n\
         of         {}, id {}, {}\n\
         path       {}\n\
         size       {} ({} bytes)\n\
         sha256     {}\n\
         exported   {}\n\
         snapshot   {}\n\
         file       {}\n",
        archive.gid,
        printable(&names::archive_format(archive)),
        printable(&names::organization(key)),
        printable(&key.id),
        printable(&key.name),
        printable(&archive.path),
        units::size(archive.bytes),
        archive.bytes,
        printable(&archive.sha256),
        units::time(archive.exported_at),
        printable(&archive.snapshot),
        state_word(archive),
    );
    if let Some(files) = &archive.files {
        text.line(format_args!("files      {}", names::files(files)));
    }
    if let Some(received) = &archive.received {
        text.line(format_args!("received   {}", printable(&names::received(received))));
    }
    text.push_str(&verified_lines(archive.verified.as_ref()));
    text.push_str(&archive.drilled.as_ref().map(drilled_line).unwrap_or_default());
    text.push_str(&send::record_lines(&archive.sent));
    text.push_str(&warning_lines(&archive.warnings));
    text
}

/// `drilled    passed at 2026-01-31 09:30:00Z, drill 7; put back in 4 s`.
fn drilled_line(drill: &LastDrill) -> String {
    let why = drill.code.as_ref().map(|code| format!(" ({})", printable(code))).unwrap_or_default();
    let recovery = drill.recovery_ms.map(|milliseconds| units::duration(Duration::from_millis(milliseconds)));
    let recovery = recovery.map(|recovery| format!("; put back in {recovery}")).unwrap_or_default();
    let (verdict, at) = (drill.verdict.name(), units::time(drill.at));
    format!("drilled    {verdict}{why} at {at}, drill {}{recovery}\n", drill.gid)
}

/// Rows by section; beside those of the previous archive, where there is one.
fn rows_lines(archive: &Archive, previous: Option<&Archive>, look: Look) -> String {
    match previous {
        None => format!("\n{}", counts::table(&archive.counts, look)),
        Some(previous) => format!(
            "previous   {}, exported {}\n\n{}",
            previous.gid,
            units::time(previous.exported_at),
            counts::beside(&archive.counts, &previous.counts, look)
        ),
    }
}

fn state_word(archive: &Archive) -> &'static str {
    match archive.state {
        orgvault_api::ArchiveState::Present => "present",
        orgvault_api::ArchiveState::Missing => "missing",
        orgvault_api::ArchiveState::Damaged => "damaged",
    }
}

fn verified_lines(verification: Option<&Verification>) -> String {
    let Some(verification) = verification else { return "verified   never since it was published\n".to_owned() };
    let word = if verification.ok { "ok" } else { "failed" };
    let mut text = format!("verified   {word} at {}\n", units::time(verification.at));
    for fault in &verification.faults {
        text.line(format_args!("           - {}", printable(fault)));
    }
    text
}

/// `warning    schema_newer: …`, with the ids it is about.
pub(crate) fn warning_lines(warnings: &[Warning]) -> String {
    let mut text = String::new();
    for warning in warnings {
        text.line(format_args!("warning    {}: {}", printable(&warning.code), paragraph(&warning.message, 11)));
        if !warning.ids.is_empty() {
            text.line(format_args!("           ids: {}", printable(&warning.ids.join(", "))));
        }
    }
    text
}
