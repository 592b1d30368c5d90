//! One snapshot becomes the bytes of one archive: an async reader and one blocking writer, with
//! a bounded queue between them.
//!
//! ```text
//! reader (async)                              writer (blocking thread)
//! snapshot.rows -> blocks of whole rows ==4==> decode -> encode -> compress -> output
//! Finish                                ====>  finish() each layer by name
//! ```
//!
//! Only `Finish` makes an archive: a queue that closes without it means that the reader died,
//! and then the reader's error is the one cause that is reported.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use orgvault_api::Progress;
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::CancellationToken;

use super::Failure;
use crate::{
    format::{self, ArchivePlan, Encoder, FormatError, Output, Written},
    row::{Message, RowSink, WriterGone},
    source::{Snapshot, SourceError},
};

/// Blocks between reader and writer: enough to keep both busy, small enough to stay in the
/// processor's cache.
const QUEUE: usize = 4;

/// Progress is told at most ten times a second.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// So often the server hears of a snapshot while files are fetched.
const SIGN_OF_LIFE: Duration = Duration::from_mins(5);

/// What progress says while they are.
const FETCHING: &str = "files";

/// What ends an export early.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// Somebody canceled it, or the daemon stops.
    pub canceled: CancellationToken,
    /// When its time is over; none is never.
    pub at: Option<tokio::time::Instant>,
}

impl Deadline {
    /// Runs `work` until it ends, is canceled, or its time is over.
    pub(super) async fn bound<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            over = self.over() => Err(over),
            done = work => done,
        }
    }

    /// Waits until it is canceled, or its time is over.
    async fn over(&self) -> Failure {
        let late = async {
            match self.at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.canceled.cancelled() => Failure::Canceled,
            () = late => Failure::TimeLimit,
        }
    }
}

/// Rows of each section that the reader sent, and what the encoder made of them.
#[derive(Debug)]
pub struct Piped<W> {
    /// The output, flushed and not yet synced.
    pub output: W,
    /// Rows by section, as the encoder counted them, and its warnings.
    pub written: Written,
    /// Rows by section, as the source sent them.
    pub sent: Vec<u64>,
}

/// Reads the plan's sections from the snapshot into the encoder. After an error the output is dropped.
///
/// # Errors
/// The one cause: the source's, the format's, a cancel or the time limit.
pub async fn write_archive<W: Send + 'static>(
    snapshot: &mut Snapshot,
    plan: &ArchivePlan,
    encoder: Box<dyn Encoder<W>>,
    progress: watch::Sender<Progress>,
    deadline: &Deadline,
) -> Result<Piped<W>, Failure> {
    let (queue, messages) = mpsc::channel(QUEUE);
    let names = plan.definition.sections.iter().map(|section| section.name.clone()).collect();
    let meter = Meter { progress, names, told: Instant::now() };
    let writer = tokio::task::spawn_blocking(move || drain(messages, encoder, meter));

    let sink = RowSink::new(queue);
    let read = deadline.bound(read(snapshot, &plan.sections, &sink)).await;
    // The writer ends when it has read `Finish`, or when the queue closes.
    drop(sink);
    let (wrote, over) = match &plan.files {
        Some(files) if read.is_ok() => fetched(snapshot, writer, &files.stop, deadline).await,
        _ => (writer.await, None),
    };
    let wrote = wrote.map_err(|cause| Failure::Writer { cause })?;

    match (read, wrote) {
        (Ok(_), Err(FormatError::Stopped)) => Err(over.unwrap_or(Failure::Canceled)),
        (Err(Failure::Source(SourceError::WriterGone { .. }) | Failure::Unfinished) | Ok(_), Err(cause)) => {
            Err(cause.into())
        }
        (Err(failure), _) => Err(failure),
        (Ok(_), Ok(None)) => Err(Failure::Unfinished),
        (Ok(sent), Ok(Some((output, written)))) => Ok(Piped { output, written, sent }),
    }
}

/// As [`write_archive`], to `output`; where the format needs to know all before it writes anything, from a first pass.
///
/// # Errors
/// As [`write_archive`].
pub(super) async fn write_to<W: Output + 'static>(
    snapshot: &mut Snapshot,
    plan: &Arc<ArchivePlan>,
    output: W,
    progress: watch::Sender<Progress>,
    deadline: &Deadline,
) -> Result<Piped<W>, Failure> {
    let encoder = match format::survey(plan) {
        None => format::encoder(Arc::clone(plan), output)?,
        Some((first, survey)) => {
            let unseen = watch::channel(Progress::default()).0;
            let facts = write_archive(snapshot, &first, survey, unseen, deadline).await?.output;
            format::encoder_knowing(Arc::clone(plan), output, facts)?
        }
    };
    write_archive(snapshot, plan, encoder, progress, deadline).await
}

/// Waits while the writer fetches files; stops it when the export is over, and says why that is so. The server
/// ends a snapshot of which nothing is heard, and other archives of the job may need it still.
async fn fetched<T>(
    snapshot: &mut Snapshot,
    mut writer: JoinHandle<T>,
    stop: &CancellationToken,
    deadline: &Deadline,
) -> (Result<T, JoinError>, Option<Failure>) {
    let mut sign = tokio::time::interval(SIGN_OF_LIFE);
    // The first one comes at once.
    sign.tick().await;
    loop {
        tokio::select! {
            biased;
            wrote = &mut writer => return (wrote, None),
            over = deadline.over() => {
                stop.cancel();
                return (writer.await, Some(over));
            }
            _ = sign.tick() => {
                if let Err(error) = snapshot.confirm().await {
                    tracing::debug!("the snapshot was lost while files were fetched: {error}");
                }
            }
        }
    }
}

async fn read(snapshot: &mut Snapshot, sections: &[usize], sink: &RowSink) -> Result<Vec<u64>, Failure> {
    let mut sent = Vec::with_capacity(sections.len());
    for &section in sections {
        sent.push(snapshot.rows(section, sink).await?);
    }
    snapshot.confirm().await?;
    match sink.send(Message::Finish).await {
        Ok(()) => Ok(sent),
        Err(WriterGone) => Err(Failure::Unfinished),
    }
}

/// None where the queue closed before `Finish`.
fn drain<W>(
    mut messages: mpsc::Receiver<Message>,
    mut encoder: Box<dyn Encoder<W>>,
    mut meter: Meter,
) -> Result<Option<(W, Written)>, FormatError> {
    while let Some(message) = messages.blocking_recv() {
        match message {
            Message::Begin { section, columns } => {
                encoder.begin(section, &columns)?;
                meter.section(section);
            }
            Message::Rows(block) => {
                encoder.rows(&block)?;
                meter.rows(block.rows(), encoder.bytes());
            }
            Message::End => encoder.end()?,
            Message::Finish => {
                encoder.files(&mut |bytes| meter.fetched(bytes))?;
                return encoder.finish().map(Some);
            }
        }
    }
    Ok(None)
}

/// Tells how far the writer is, without telling it too often.
struct Meter {
    progress: watch::Sender<Progress>,
    names: Vec<String>,
    told: Instant,
}

impl Meter {
    fn fetched(&mut self, bytes: u64) {
        let tell = self.told.elapsed() >= PROGRESS_EVERY;
        self.progress.send_if_modified(|progress| {
            progress.bytes = bytes;
            let begins = progress.section != FETCHING;
            if begins {
                FETCHING.clone_into(&mut progress.section);
            }
            tell || begins
        });
        if tell {
            self.told = Instant::now();
        }
    }

    fn section(&mut self, section: usize) {
        let name = self.names.get(section).cloned().unwrap_or_default();
        self.progress.send_modify(|progress| progress.section = name);
    }

    fn rows(&mut self, rows: u64, bytes: u64) {
        let tell = self.told.elapsed() >= PROGRESS_EVERY;
        self.progress.send_if_modified(|progress| {
            progress.rows += rows;
            progress.bytes = bytes;
            let Progress { section, sections, .. } = progress;
            if let Some(current) = sections.iter_mut().find(|one| one.name == *section) {
                current.rows += rows;
            }
            tell
        });
        if tell {
            self.told = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use orgvault_api::SectionProgress;

    use super::*;

    #[test]
    fn rows_count_for_their_section_and_for_all() {
        let section = |name: &str| SectionProgress { name: name.to_owned(), rows: 0, rows_expected: 9 };
        let expected = Progress { sections: vec![section("a"), section("b")], ..Progress::default() };
        let (progress, told) = watch::channel(expected);
        let names = vec!["a".to_owned(), "b".to_owned()];
        let mut meter = Meter { progress, names, told: Instant::now() };
        for (index, rows) in [(0, 2), (1, 3), (1, 4)] {
            meter.section(index);
            meter.rows(rows, 100);
        }
        let now = told.borrow();
        assert_eq!((now.rows, now.section.as_str()), (9, "b"));
        assert_eq!(now.sections.iter().map(|section| section.rows).collect::<Vec<_>>(), [2, 7]);
    }
}
