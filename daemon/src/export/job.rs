//! One job: the exports of one request and one organization, from one snapshot.

use std::{collections::HashMap, sync::Arc, time::Instant};

use orgvault_shared::{
    api::{Archive, Export, Format, Warning},
    archive::{Manifest, ManifestSection, verify},
    clock::Clock,
};
use tokio::sync::watch;

use super::{
    Failure,
    engine::{Engine, Watched},
    failure::agree,
    pipeline::{Deadline, Piped, write_archive},
    queue::Job,
};
use crate::{
    archive::{ArchiveDirectory, Partial, Sealed},
    catalog::Catalog,
    format::{self, Plan},
    product::Definition,
    source::{Snapshot, Source, SourceError},
};

/// How often an export is tried when the source says that trying again may help (a standby's
/// recovery conflict).
const TRIES: u32 = 3;

/// What every job works with.
pub struct Workshop {
    /// The sources by name.
    pub sources: HashMap<String, Arc<Source>>,
    /// Where archives go.
    pub archives: ArchiveDirectory,
    /// Where their index is.
    pub catalog: Catalog,
    /// Tells when an export started and ended.
    pub clock: Clock,
    /// Deflate's level for gzip and ZIP, 1 to 9.
    pub compression_level: u32,
}

/// The snapshot that the exports of a job share.
struct Shared {
    snapshot: Snapshot,
    counts: Vec<u64>,
    warnings: Vec<Warning>,
    /// Whether an archive of it is published: then no other snapshot may follow in this job.
    published: bool,
}

/// Runs the exports of a job one after the other; each ends in the catalog, whatever happens.
pub(super) async fn run(shop: &Workshop, job: &mut Job, engine: &Engine) {
    let mut shared = None;
    let mut lost = false;
    for export in &mut job.exports {
        let result = match engine.begin(export).await {
            Ok(watched) if lost => Err(Failure::SnapshotLost).inspect_err(|_| drop(watched)),
            Ok(watched) => retried(shop, export, &mut shared, &watched, &mut lost).await,
            Err(error) => Err(Failure::Catalog(error)),
        };
        if let Err(error) = engine.end(export, result).await {
            // The archive's manifest is on disk, so that a rebuild finds it.
            tracing::error!(gid = %export.gid, "the end of the export could not be recorded: {error}");
        }
    }
    if let Some(Shared { snapshot, .. }) = shared
        && let Err(error) = snapshot.finish().await
    {
        tracing::debug!("the snapshot's connection was lost after the last archive: {error}");
    }
}

async fn retried(
    shop: &Workshop,
    export: &Export,
    shared: &mut Option<Shared>,
    watched: &Watched,
    lost: &mut bool,
) -> Result<Archive, Failure> {
    let mut tries = 1;
    loop {
        let failure = match attempt(shop, export, shared, watched).await {
            Ok(archive) => return Ok(archive),
            Err(failure) => failure,
        };
        // Its rows query may still be running, so the connection is of no more use.
        if let Some(Shared { snapshot, published, .. }) = shared.take() {
            snapshot.abandon().await;
            *lost |= published;
        }
        let transient = matches!(&failure, Failure::Source(error) if error.is_transient());
        if !transient || *lost || tries == TRIES {
            return Err(failure);
        }
        tracing::info!(gid = %export.gid, tries, "trying again: {failure}");
        tries += 1;
    }
}

async fn attempt(
    shop: &Workshop,
    export: &Export,
    shared: &mut Option<Shared>,
    watched: &Watched,
) -> Result<Archive, Failure> {
    let organization = &export.organization;
    let source = shop
        .sources
        .get(&organization.source)
        .ok_or_else(|| Failure::NoSource { source_name: organization.source.clone() })?;
    let limit = source.config().export_timeout;
    let deadline = Deadline {
        canceled: watched.canceled.clone(),
        at: (!limit.is_zero()).then(|| tokio::time::Instant::now() + limit),
    };
    if shared.is_none() {
        *shared = Some(deadline.bound(open(source, &organization.id)).await?);
    }
    let Some(shared) = shared else { return Err(Failure::SnapshotLost) };
    let plan = plan(shop, export, source.definition())?;
    let archive = make(shop, export, &plan, shared, watched.progress.clone(), &deadline).await?;
    shared.published = true;
    Ok(archive)
}

async fn open(source: &Source, organization: &str) -> Result<Shared, Failure> {
    let mut snapshot = source.snapshot(organization).await?;
    let counts = snapshot.counts().await?;
    let gone = source.definition().sections.iter().zip(&counts).any(|(section, count)| section.single && *count == 0);
    if gone {
        snapshot.finish().await?;
        return Err(Failure::Gone {
            organization: organization.to_owned(),
            source_name: source.name().to_owned(),
        });
    }
    let warnings = snapshot.warnings().await?;
    Ok(Shared { snapshot, counts, warnings, published: false })
}

fn plan(shop: &Workshop, export: &Export, definition: &Arc<Definition>) -> Result<Plan, Failure> {
    let asked = || match &export.entity {
        Some(entity) => format!("{} of {entity}", export.format),
        None => export.format.to_string(),
    };
    let not_offered = || Failure::NotOffered { product: definition.name.clone(), asked: asked() };
    let entity = match (&export.entity, export.format) {
        (Some(entity), Format::Csv) => {
            let found = definition.csv_sections().find(|(_, section)| section.entity.as_ref() == Some(entity));
            Some(found.ok_or_else(not_offered)?.0)
        }
        (None, format) if format != Format::Csv => None,
        _ => return Err(not_offered()),
    };
    if !definition.formats.contains(&export.format) {
        return Err(not_offered());
    }
    Ok(Plan {
        gid: export.gid,
        organization: export.organization.clone(),
        definition: Arc::clone(definition),
        format: export.format,
        entity,
        gzip: export.gzip,
        level: shop.compression_level,
        started_at: export.started_at.unwrap_or(export.created_at),
    })
}

/// Writes, reads back, compares and publishes one archive.
async fn make(
    shop: &Workshop,
    export: &Export,
    plan: &Plan,
    shared: &mut Shared,
    progress: watch::Sender<orgvault_shared::api::Progress>,
    deadline: &Deadline,
) -> Result<Archive, Failure> {
    let begun = Instant::now();
    let sections = plan.sections();
    let expected: Vec<u64> = sections.iter().filter_map(|&index| shared.counts.get(index).copied()).collect();
    progress.send_modify(|progress| progress.rows_expected = expected.iter().sum());

    let partial = create(shop, plan).await?;
    let encoder = format::encoder(Arc::new(plan.clone()), partial)?;
    let piped =
        write_archive(&mut shared.snapshot, &plan.definition, &sections, encoder, progress, deadline).await?;
    let written = begun.elapsed();

    let manifest = manifest(shop, export, plan, shared, &piped, &expected);
    let sent = piped.sent;
    let (sealed, manifest) = blocking(move || seal(piped.output, manifest, &sent, &expected)).await?;
    let read_back = begun.elapsed();

    let archive = blocking(move || publish(sealed, manifest)).await?;
    tracing::info!(
        gid = %export.gid,
        organization = %export.organization.id,
        bytes = archive.bytes,
        write_ms = written.as_millis(),
        read_back_ms = (read_back - written).as_millis(),
        publish_ms = (begun.elapsed() - read_back).as_millis(),
        "export finished"
    );
    Ok(archive)
}

/// The sections that an archive of this plan holds, in its order.
fn sections(plan: &Plan) -> Vec<usize> {
    let all = plan.definition.sections.iter().enumerate();
    match (plan.entity, plan.format) {
        (Some(section), _) => vec![section],
        (None, Format::Zip) => all.filter(|(_, section)| section.member.is_some()).map(|(index, _)| index).collect(),
        (None, _) => all.map(|(index, _)| index).collect(),
    }
}
