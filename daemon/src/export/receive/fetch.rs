//! Fetching the file of a job into an archive that is not published yet.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use bytes::Bytes;
use orgvault_api::Format;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{Failure, Order, job::Link};
use crate::{
    format::FormatError,
    source::{
        SourceError, SourceFault,
        api::{Begun, Body, Ending, Fetched},
    },
    store::{NewArchive, Partial},
};

/// Pieces of a file on their way to the disk.
const QUEUE: usize = 16;

const ACT: &str = "fetch its file";

/// What of a file is here from earlier tries.
#[derive(Default)]
pub(super) struct Taken {
    partial: Option<Partial>,
    begun: Option<Begun>,
    /// When the server wants to be asked again.
    pub(super) again: Option<Duration>,
}

/// A file that came to its end, as far as the connection tells.
pub(super) struct Received {
    pub(super) partial: Partial,
}

/// A thread that writes what comes.
struct Writer {
    queue: mpsc::Sender<Bytes>,
    thread: JoinHandle<(Partial, io::Result<()>)>,
}

impl Order<'_> {
    /// Fetches the file, or the rest of it; none where it is not ready.
    pub(super) async fn fetch(&self, link: &Link, taken: &mut Taken) -> Result<Option<Received>, Failure> {
        let at = link.at.as_deref().unwrap_or_default();
        let begun = taken.begun.take().filter(|_| taken.partial.is_some());
        let fetched = self.api.fetch(&self.rule.download, at, begun.as_ref(), link.requested_at).await;
        let mut body = match fetched {
            Ok(Fetched::Body(body)) => body,
            Ok(Fetched::NotYet) => return Ok(None),
            Ok(Fetched::Later { error, again }) => {
                (taken.begun, taken.again) = (begun, again);
                return Err(Failure::Source(error));
            }
            Ok(Fetched::Gone { sentence }) => {
                taken.begun = begun;
                return Err(self.fault(SourceFault::LinkExpired, ACT, &sentence));
            }
            Err(error) => {
                // The rest of another file is not gone on with.
                taken.begun = begun.filter(|_| error.code() != "truncated");
                return Err(Failure::Source(error));
            }
        };
        // What is not gone on with is gone before another one takes its name.
        let partial = match taken.partial.take().filter(|_| body.from > 0) {
            Some(partial) => partial,
            None => self.create_archive().await?,
        };
        let mut bytes = body.from;
        self.expect(&body, link);
        let writer = Writer::start(partial);
        let read = self.copy(&mut body, &writer.queue, &mut bytes).await;
        let (partial, wrote) = writer.finish().await?;
        wrote.map_err(|cause| Failure::from(FormatError::Write(cause)))?;
        match read {
            Ok(()) => {
                self.proves_its_end(body.ending)?;
                Ok(Some(Received { partial }))
            }
            Err(error) => {
                if let Some(etag) = body.etag.filter(|_| bytes > 0) {
                    *taken = Taken { partial: Some(partial), begun: Some(Begun { bytes, etag }), again: None };
                }
                Err(Failure::Source(error))
            }
        }
    }

    /// Everything that comes, to its end.
    async fn copy(&self, body: &mut Body, queue: &mpsc::Sender<Bytes>, bytes: &mut u64) -> Result<(), SourceError> {
        while let Some(piece) = body.next(&self.api.client).await? {
            let length = piece.len() as u64;
            // A writer that is gone has its own cause.
            if queue.send(piece).await.is_err() {
                return Ok(());
            }
            *bytes += length;
            let now = *bytes;
            self.progress.send_if_modified(|progress| {
                // So much is worth telling: what listens is told of each.
                let is_news = now >> 20 != progress.bytes >> 20;
                progress.bytes = now;
                is_news
            });
        }
        Ok(())
    }

    /// A body that ends with its connection may end anywhere: then a container has to prove that it is whole.
    fn proves_its_end(&self, ending: Ending) -> Result<(), Failure> {
        let has_container = self.rule.gzip || matches!(self.rule.format, Format::Zip);
        if ending != Ending::Close || has_container {
            return Ok(());
        }
        let words = "the server did not say how long it is, and it has no container that proves its end";
        Err(self.fault(SourceFault::Truncated, ACT, words))
    }

    fn expect(&self, body: &Body, link: &Link) {
        let expected = match body.ending {
            Ending::Length(length) => Some(body.from + length),
            Ending::Framed | Ending::Close => None,
        };
        self.tell("fetching", link.remote_id(), link.requested_at, None);
        self.progress.send_modify(|progress| {
            progress.bytes = body.from;
            if let Some(job) = &mut progress.job {
                job.bytes_expected = expected;
            }
        });
    }

    async fn create_archive(&self) -> Result<Partial, Failure> {
        let (archives, export, kinds) = (self.shop.archives.clone(), self.export.clone(), self.kinds);
        let (floor, gzip) = (self.shop.config().daemon.min_free, self.rule.gzip);
        super::super::job::blocking(move || {
            archives.check(floor)?;
            let new = NewArchive {
                organization: &export.organization,
                exported_at: export.started_at.unwrap_or(export.created_at),
                gid: export.gid,
                format: export.format,
                gzip,
            };
            Ok(archives.begin(&new, kinds)?)
        })
        .await
    }
}

impl Writer {
    fn start(mut partial: Partial) -> Self {
        let (queue, mut pieces) = mpsc::channel::<Bytes>(QUEUE);
        let thread = tokio::task::spawn_blocking(move || {
            while let Some(piece) = pieces.blocking_recv() {
                if let Err(cause) = partial.write_all(&piece) {
                    return (partial, Err(cause));
                }
            }
            (partial, Ok(()))
        });
        Self { queue, thread }
    }

    async fn finish(self) -> Result<(Partial, io::Result<()>), Failure> {
        drop(self.queue);
        self.thread.await.map_err(|cause| Failure::Writer { cause })
    }
}
