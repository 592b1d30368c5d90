//! An archive that the app makes itself: its job is asked for once, waited for, and its file kept as it was received.
//!
//! What was asked for is on disk before it is asked, so that a daemon that dies at any moment goes on with the job, and
//! an app is never asked twice where it may have heard the first time.

mod fetch;
mod job;
mod prove;

use std::{sync::Arc, time::Duration};

use orgvault_api::{Export, JobProgress, JobState, Progress, Tenant, clock::Timestamp};
use orgvault_archive::naming::Kinds;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use self::{
    fetch::{Received, Taken},
    job::Link,
};
use super::{Failure, job::Watched, pipeline::Deadline};
use crate::{
    context::Context,
    product::api::ApiExport,
    source::{Source, SourceFault, api::ApiSource},
    store::Stored,
};

/// A file is fetched anew so often before its export is an error.
const TRIES: u32 = 5;

/// What may be gone when a file is fetched anew, by a fresh link.
const FETCHED_ANEW: [&str; 5] = ["truncated", "link_expired", "source_stalled", "source_lost", "source_unreachable"];

/// What shows that a job is of no more use: the next export asks for a new one.
const OF_NO_USE: [&str; 5] = ["truncated", "link_expired", "wrong_organization", "not_an_export", "export_damaged"];

/// One export of a source that is an export API.
struct Order<'a> {
    shop: &'a Context,
    source: &'a Source,
    api: &'a Arc<ApiSource>,
    rule: &'a ApiExport,
    export: &'a Export,
    tenant: Tenant,
    kinds: Kinds,
    progress: &'a watch::Sender<Progress>,
    canceled: &'a CancellationToken,
    /// The daemon stops.
    stop: &'a CancellationToken,
    /// How many files are proven at the same time.
    proving: &'a Semaphore,
    /// When the export began, for what the job may take.
    begun: Instant,
}

/// Makes the archive of one export. While the daemon stops, an export that waits for its app is
/// [`Failure::Suspended`]: the next daemon goes on with it.
///
/// # Errors
/// Whatever kept the archive from being made.
pub(super) async fn receive(
    shop: &Context,
    source: &Source,
    api: &Arc<ApiSource>,
    export: &Export,
    watched: &Watched,
) -> Result<Stored, Failure> {
    let work = async {
        let order = Order::new(shop, source, api, export, watched).await?;
        // Held until the end: so many jobs of one token are open at a time.
        let _turn = order.turn().await?;
        Order { begun: Instant::now(), ..order }.carry_out().await
    };
    tokio::select! {
        biased;
        () = watched.canceled.cancelled() => {
            Err(if watched.stop.is_cancelled() { Failure::Suspended } else { Failure::Canceled })
        }
        done = work => done,
    }
}

impl<'a> Order<'a> {
    async fn new(
        shop: &'a Context,
        source: &'a Source,
        api: &'a Arc<ApiSource>,
        export: &'a Export,
        watched: &'a Watched,
    ) -> Result<Self, Failure> {
        let definition = source.definition();
        let rule = api.export(export.format, &export.organization.kind).ok_or_else(|| Failure::NotOffered {
            product: definition.name.clone(),
            asked: format!("{} of kind {}", export.format, export.organization.kind),
        })?;
        let archives = Arc::clone(&shop.archives);
        super::job::blocking(move || Ok(archives.guard()?)).await?;
        Ok(Self {
            kinds: shop.kinds(&export.organization.source, definition).await?,
            tenant: export.organization.tenant(),
            progress: &watched.progress,
            canceled: &watched.canceled,
            stop: &watched.stop,
            proving: &watched.proving,
            begun: Instant::now(),
            shop,
            source,
            api,
            rule,
            export,
        })
    }

    async fn turn(&self) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        self.tell("waiting", None, self.now(), Some("its turn: the token has as many jobs open as it may".to_owned()));
        self.unless_stopped(self.api.turn()).await
    }

    /// Asks, waits, fetches and proves, and fetches anew where that may help.
    async fn carry_out(&self) -> Result<Stored, Failure> {
        let mut link = self.job().await?;
        let mut taken = Taken::default();
        for tries in 1.. {
            let received = self.received(&mut link, &mut taken).await?;
            let failure = match self.proven(&link, received).await {
                Ok(archive) => {
                    // A job that stays open for that is found to be over by the next export.
                    if let Err(failure) = self.close(&mut link, "its file is here").await {
                        tracing::warn!(gid = %self.export.gid, "the job of an archive stays open: {failure}");
                    }
                    return Ok(archive);
                }
                Err(failure) => failure,
            };
            let again = taken.again.take();
            // Without a link there was nothing to fetch.
            let helps = link.at.is_some() && (again.is_some() || FETCHED_ANEW.contains(&failure.code()));
            if tries == TRIES || !helps {
                if OF_NO_USE.contains(&failure.code()) {
                    self.close(&mut link, &failure.to_string()).await?;
                }
                return Err(failure);
            }
            tracing::info!(gid = %self.export.gid, tries, "fetching its file anew: {failure}");
            let wait = again.unwrap_or(Duration::from_secs(u64::from(tries)));
            self.pause(wait, &link, &format!("a fresh link: {failure}")).await?;
        }
        Err(Failure::Unfinished)
    }

    /// A fresh link, and what came of fetching the file behind it. Whatever keeps the app from telling of its job says
    /// nothing of that: it is gone on with.
    async fn received(&self, link: &mut Link, taken: &mut Taken) -> Result<Result<Received, Failure>, Failure> {
        let deadline = self.deadline();
        loop {
            self.finished(link).await?;
            match deadline.bound(self.fetch(link, taken)).await {
                Ok(None) => self.not_yet(link).await?,
                Ok(Some(received)) => return Ok(Ok(received)),
                Err(failure) => return Ok(Err(failure)),
            }
        }
    }

    async fn proven(&self, link: &Link, received: Result<Received, Failure>) -> Result<Stored, Failure> {
        let received = received?;
        let _one_of_few = self.proving.acquire().await.ok();
        self.prove(link, received).await
    }

    /// For the fetching as a whole: what the app takes for its job is not counted.
    fn deadline(&self) -> Deadline {
        let limit = self.source.config().export_timeout;
        let at = (!limit.is_zero()).then(|| Instant::now() + limit);
        Deadline { canceled: self.canceled.clone(), at }
    }

    /// Waits, and tells why.
    async fn pause(&self, wait: Duration, link: &Link, why: &str) -> Result<(), Failure> {
        let (word, id) = (link.word(), link.remote_id());
        self.tell(word, id, link.requested_at, Some(why.to_owned()));
        self.unless_stopped(sleep(wait)).await
    }

    /// Waits for what nobody has to wait for while the daemon stops: the next one goes on.
    async fn unless_stopped<T>(&self, waiting: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Failure::Suspended),
            done = waiting => Ok(done),
        }
    }

    fn tell(&self, state: &str, remote_id: Option<&str>, requested_at: Timestamp, waits: Option<String>) {
        let (state, remote_id) = (state.to_owned(), remote_id.map(str::to_owned));
        self.progress.send_modify(|progress| {
            let bytes_expected = progress.job.as_ref().and_then(|job| job.bytes_expected);
            progress.job = Some(JobProgress { remote_id, state, requested_at, waits, bytes_expected });
        });
    }

    fn now(&self) -> Timestamp {
        self.shop.clock.now()
    }

    /// A fault of the app's export.
    fn fault(&self, fault: SourceFault, act: &str, words: &str) -> Failure {
        Failure::Source(self.api.client.fault(fault, act, words))
    }

    /// The job is over: it is not gone on with.
    async fn close(&self, link: &mut Link, note: &str) -> Result<(), Failure> {
        let Some(job) = &mut link.job else { return Ok(()) };
        job.state = JobState::Over;
        job.note = Some(note.to_owned());
        Ok(self.shop.catalog.update_job(job).await?)
    }
}
