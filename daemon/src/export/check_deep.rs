//! `check --deep`: reads every row of a source for values that its format cannot hold, so that
//! they are known before an export fails on them. Nothing is written anywhere.

use std::{io, sync::Arc};

use orgvault_api::{CheckLine, CheckResult, Format, OrganizationKey, Progress, clock::Timestamp, gid::Gid};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Deadline, Failure, write_archive};
use crate::{
    format::{self, ArchivePlan},
    product::Definition,
    source::Source,
};

/// At most this many values are named.
const NAMED: usize = 100;

/// What was found so far.
#[derive(Default)]
struct Found {
    organizations: u64,
    rows: u64,
    /// Values that the format cannot hold.
    values: u64,
    /// Organizations that could not be read to their end.
    unread: u64,
    /// What the organizations are written in, each once.
    formats: Vec<Format>,
    details: Vec<String>,
}

impl Found {
    fn name(&mut self, detail: String) {
        if self.details.len() < NAMED {
            self.details.push(detail);
        }
    }
}

/// The line `representable`: whether every row of every organization can be written in the default
/// format of its kind. Takes as long as an export of all of them.
pub async fn representable(source: &Source) -> CheckLine {
    let mut found = Found::default();
    match source.organizations().await {
        Ok(listed) => {
            for organization in listed {
                match &organization.refusal {
                    None => look(source, &organization.key, &mut found).await,
                    Some(fault) => {
                        found.unread += 1;
                        found.name(fault.to_string());
                    }
                }
            }
        }
        Err(error) => {
            found.unread += 1;
            found.name(error.to_string());
        }
    }
    line(source.definition(), found)
}

async fn look(source: &Source, organization: &OrganizationKey, found: &mut Found) {
    let definition = source.definition_now().await;
    found.organizations += 1;
    let format = definition.default_of(&organization.kind);
    if !found.formats.contains(&format) {
        found.formats.push(format);
    }
    let label = if organization.slug.is_empty() { &organization.id } else { &organization.slug };
    for entity in definition.archives_of(format) {
        match read(source, organization, format, entity).await {
            Ok(written) => {
                found.rows += written.counts.iter().map(|count| count.rows).sum::<u64>();
                found.values += written.unrepresentable_total;
                written.unrepresentable.iter().for_each(|value| found.name(format!("{label}: {value}")));
            }
            Err(error) => {
                found.unread += 1;
                found.name(format!("{label}: {error}"));
            }
        }
    }
}

async fn read(
    source: &Source,
    organization: &OrganizationKey,
    format: Format,
    entity: Option<&str>,
) -> Result<format::Written, Failure> {
    let mut snapshot = source.snapshot(&organization.id).await?;
    let definition = Arc::clone(snapshot.definition());
    let Some(sections) = definition.sections_of(format, entity) else {
        snapshot.finish().await?;
        return Ok(format::Written::default());
    };
    let plan = Arc::new(ArchivePlan {
        gid: Gid::new(Timestamp::UNIX_EPOCH),
        organization: organization.clone(),
        definition,
        format,
        sections,
        counted: Arc::default(),
        gzip: false,
        importable: false,
        level: 1,
        started_at: Timestamp::UNIX_EPOCH,
        files: None,
    });
    let mut encoder = format::encoder(Arc::clone(&plan), io::empty())?;
    encoder.tolerate();
    let deadline = Deadline { canceled: CancellationToken::new(), at: None };
    let progress = watch::Sender::new(Progress::default());
    match write_archive(&mut snapshot, &plan, encoder, progress, &deadline).await {
        Ok(piped) => {
            snapshot.finish().await?;
            Ok(piped.written)
        }
        Err(failure) => {
            snapshot.abandon().await;
            Err(failure)
        }
    }
}

fn line(definition: &Definition, found: Found) -> CheckLine {
    let Found { organizations, rows, values, unread, mut formats, details } = found;
    if formats.is_empty() {
        formats.push(definition.default_format);
    }
    let format = Format::join(&formats, " and ");
    let (result, message) = match (values, unread) {
        (0, 0) => {
            (CheckResult::Ok, format!("all {rows} rows of {organizations} organizations can be written as {format}"))
        }
        (_, 0) => (CheckResult::Failed, format!("{format} cannot hold {values} values of {rows} rows")),
        _ => (
            CheckResult::Failed,
            format!("{unread} organizations could not be read, {values} values do not fit {format}"),
        ),
    };
    let hint =
        if result == CheckResult::Ok { "" } else { "correct the rows in the app: their organizations are refused" };
    CheckLine { name: "representable".to_owned(), result, message, details, hint: hint.to_owned() }
}
