//! The archive of what is there before it is replaced.

use std::sync::Arc;

use orgvault_api::{Export, Format, OrganizationKey, State, Warning, clock::Timestamp, gid::Gid};
use orgvault_config::SourceConfig;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Job, RestorerError};
use crate::{
    context::Context,
    export::{Engine, Failure, archive_of},
    send::Asker,
    source::Source,
};

/// The warning of an archive of what a restore has replaced: it is of a target, and of no source.
pub const BEFORE_RESTORE: &str = "before_restore";

/// Archives what the target has of the organization, and pins that; none where it has nothing. It is kept beside the
/// archives of sources, under a name that no source has: it says nothing of what the source holds.
///
/// # Errors
/// When it cannot be archived: then nothing is replaced.
pub(super) async fn archive(
    (context, engine): (&Context, &Engine),
    job: &Job,
    stop: &CancellationToken,
    asker: &Asker,
) -> Result<Option<Gid>, RestorerError> {
    let name = kept_as(&job.target.name);
    let mut config = SourceConfig::new(name, job.definition.name.clone(), job.database.url.clone());
    config.tls = job.database.tls;
    let tracker = TaskTracker::new();
    let source = Arc::new(Source::new(config, Arc::clone(&job.definition), tracker.clone())?);
    let now = context.clock.now();
    let export = export(job, engine.gid(now), now, asker);
    let gid = export.gid;
    let made = archive_of(context, Arc::clone(&source), &export, stop.clone()).await;
    source.close().await;
    let mut archive = match made {
        Ok(archive) => archive,
        // There is nothing to lose.
        Err(Failure::Gone { .. }) => return Ok(None),
        Err(failure) => return Err(RestorerError::Before { cause: Box::new(failure) }),
    };
    archive.pinned = true;
    let (store, of) = (Arc::clone(&context.archives), archive.reference());
    tokio::task::spawn_blocking(move || store.update_state(&of, Box::new(|state| state.pinned = true))).await??;
    context.catalog.put_archive(&archive).await?;
    context.tell_archive(&archive);
    Ok(Some(gid))
}

/// The name of a target in the place of a source's: names of sources have no `_`.
fn kept_as(target: &str) -> String {
    format!("target_{target}")
}

/// The export that makes it.
fn export(job: &Job, gid: Gid, now: Timestamp, asker: &Asker) -> Export {
    let warning = Warning {
        code: BEFORE_RESTORE.to_owned(),
        message: format!("what target {} had of the organization before a restore replaced it", job.target.name),
        ids: Vec::new(),
    };
    Export {
        gid,
        request: gid,
        organization: OrganizationKey { source: kept_as(&job.target.name), ..job.organization.clone() },
        format: Format::Full,
        entity: None,
        gzip: false,
        importable: false,
        state: State::Started,
        created_at: now,
        started_at: Some(now),
        finished_at: None,
        progress: None,
        error: None,
        warnings: vec![warning],
        counts: Vec::new(),
        bytes: None,
        requested_by: asker.name.clone(),
        schedule: None,
    }
}
