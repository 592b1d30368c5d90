//! One drill, from its archive to its verdict.

use std::{path::Path, sync::Arc, time::Instant};

use orgvault_api::{Drill, ExportError, Proof, Verdict};
use orgvault_archive::full::schema::ServerKind;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    compare,
    fault::DrillFault,
    put_back::{self, Onto},
    scratch::{Scratch, Wanted},
};
use crate::{
    context::Context,
    restore::{ArchivedFull, ArchivedRows as _, Tenant},
    source::Source,
    store::Stored,
};

/// Puts the archive back and compares; what it finds goes into `drill`. Whatever becomes of it, nothing of the
/// scratch database is left.
pub(super) async fn attempt(
    context: &Arc<Context>,
    tracker: &TaskTracker,
    drill: &mut Drill,
    cancel: &CancellationToken,
) -> Result<(), DrillFault> {
    let config = context.config();
    let begun = Instant::now();
    let archive = context.catalog.archive(drill.archive).await.ok().flatten();
    let archive = archive.ok_or(DrillFault::Gone { gid: drill.archive })?;
    let source_name = &archive.organization.source;
    let source = context.source(source_name);
    let source = source.ok_or_else(|| DrillFault::NoSource { source_name: source_name.clone() })?;
    let opened = put_back::open(context, &archive).await?;
    let wanted = Wanted {
        gid: drill.gid,
        state_dir: config.daemon.state_dir.clone(),
        config: config.scratch.clone(),
        needs_server: opened.schema().kind == ServerKind::Postgres,
        encoding: opened.schema().encoding.clone(),
    };
    let scratch = Scratch::prepare(&wanted).await?;
    let work = async {
        compare::is_no_source(context, &scratch).await?;
        let onto = if wanted.needs_server {
            Onto::Server(Box::new(scratch.open(&wanted, tracker).await?))
        } else {
            Onto::File(scratch.file())
        };
        drill.server = onto.version(&opened);
        let work = Work { context, source: &source, archive: &archive, opened: &opened, onto: &onto, tracker };
        work.run(drill, begun, scratch.directory(), cancel).await
    };
    let done = bounded(work, &wanted, cancel).await;
    // A scratch database that stays is told; what was learned of the archive stands.
    if let Err(error) = scratch.remove().await {
        tracing::error!(drill = %wanted.gid, "{error}");
    }
    done
}

/// Until it ends, is canceled, or its time is over.
async fn bounded(
    work: impl Future<Output = Result<(), DrillFault>>,
    wanted: &Wanted,
    cancel: &CancellationToken,
) -> Result<(), DrillFault> {
    let limit = wanted.config.timeout;
    let late = async {
        if limit.is_zero() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(DrillFault::Canceled),
        done = work => done,
        () = late => Err(DrillFault::Late { limit }),
    }
}

/// What a drill works with once there is a scratch database.
struct Work<'a> {
    context: &'a Arc<Context>,
    source: &'a Arc<Source>,
    archive: &'a Stored,
    opened: &'a Arc<ArchivedFull>,
    onto: &'a Onto,
    tracker: &'a TaskTracker,
}

impl Work<'_> {
    async fn run(
        &self,
        drill: &mut Drill,
        begun: Instant,
        directory: &Path,
        cancel: &CancellationToken,
    ) -> Result<(), DrillFault> {
        let definition = self.source.definition();
        let tenant = Tenant::of(definition, self.opened.as_ref(), &self.archive.organization.id);
        put_back::make(self.opened.as_ref(), &tenant, self.onto).await?;
        drill.rows = put_back::load(self.opened, tenant, self.onto).await?;
        drill.proofs.extend(put_back::proven(self.opened, drill.rows));
        drill.recovery_ms = u64::try_from(begun.elapsed().as_millis()).ok();
        let url = self.onto.url();
        let again = compare::Again {
            context: self.context,
            definition,
            archive: self.archive,
            url: &url,
            directory,
            tracker: self.tracker,
            cancel,
        };
        again.compare(self.opened, &mut drill.proofs).await?;
        if let Some(name) = drill.against.clone() {
            drill
                .proofs
                .push(again.against(self.opened, &name).await.unwrap_or_else(|fault| compare::not_against(&fault)));
        }
        Ok(())
    }
}

/// What a drill says of its archive: that something differs says more than that the rest was not compared.
pub(super) fn verdict(proofs: &[Proof], fault: Option<&DrillFault>) -> Verdict {
    if proofs.iter().any(decides) {
        return Verdict::Failed;
    }
    fault.map_or(Verdict::Passed, DrillFault::verdict)
}

/// Why it is not `passed`.
pub(super) fn error(drill: &Drill, fault: Option<&DrillFault>) -> Option<ExportError> {
    if let Some(proof) = drill.proofs.iter().find(|proof| decides(proof)) {
        let (code, message) = (format!("{}_differs", proof.name), proof.message.clone());
        return Some(ExportError { code, message, hint: format!("`orgvault drills {}` says more", drill.gid) });
    }
    fault.map(DrillFault::to_wire)
}

/// Whether a proof says that the archive is not what it has to be. What a source has now may rightly be something
/// else than what it had then.
fn decides(proof: &Proof) -> bool {
    !proof.same && proof.name != compare::AGAINST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(name: &str, same: bool) -> Proof {
        let message = format!("{name} is {same}");
        Proof { name: name.to_owned(), format: None, same, message, differences: Vec::new() }
    }

    #[test]
    fn what_differs_fails_and_what_was_not_compared_is_inconclusive() {
        let canceled = Some(DrillFault::Canceled);
        for (proofs, fault, expected) in [
            (vec![proof("counts", true)], None, Verdict::Passed),
            (vec![proof("counts", true)], canceled.as_ref(), Verdict::Inconclusive),
            (vec![proof("native_export", false)], None, Verdict::Failed),
            (vec![proof("native_export", false)], canceled.as_ref(), Verdict::Failed),
            (vec![proof("counts", true), proof("against", false)], None, Verdict::Passed),
        ] {
            assert_eq!(verdict(&proofs, fault), expected, "{proofs:?} {fault:?}");
        }
    }
}
