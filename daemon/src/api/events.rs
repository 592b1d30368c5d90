//! `/v1/events`: what happens, as server-sent events (WHATWG HTML, section 9.2): first a full
//! snapshot, then changes, and a comment now and then so that a dead connection is noticed. Where
//! more happens at once than is kept for a reader, it gets a full snapshot again instead.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    response::sse::{self, KeepAlive, Sse},
};
use futures_util::future::BoxFuture;
use orgvault_api::{Event, Export, State as ExportState, gid::Gid};
use serde::Deserialize;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;

use super::{ApiError, App, caller::Caller, discretion::Discreet, request::Query};
use crate::catalog::ExportFilter;
use crate::server::Session;

/// Events on their way to one reader, beside those that the engine keeps for all of them.
const QUEUE: usize = 64;

/// How long a reader may leave that queue full before it counts as fallen behind.
const BEHIND: Duration = Duration::from_secs(30);

/// How often a comment is sent where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FollowQuery {
    request: Option<Gid>,
}

pub(super) async fn follow(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(session): Extension<Session>,
    Query(query): Query<FollowQuery>,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, ApiError> {
    // First the subscription, then the snapshot, so that nothing falls in between.
    let changes = app.engine().subscribe();
    let exports = snapshot(&app, &caller, query.request).await?;
    let (queue, stream) = mpsc::channel(QUEUE);
    let reader = Reader {
        queue,
        changes,
        request: query.request,
        caller: caller.clone(),
        snapshots: Box::new(move || {
            let (app, caller) = (Arc::clone(&app), caller.clone());
            Box::pin(async move { snapshot(&app, &caller, query.request).await })
        }),
    };
    let Session { stop, tracker, hang_up } = session;
    tracker.spawn(async move {
        stop.run_until_cancelled(reader.feed(exports, hang_up)).await;
    });
    let stream = ReceiverStream::new(stream).map_while(|event| event.map(Ok));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("beat")))
}

/// Every export that is not final; of one request, all.
async fn snapshot(app: &App, caller: &Caller, request: Option<Gid>) -> Result<Vec<Export>, ApiError> {
    let filter = |state| ExportFilter { state, request, tenants: caller.tenants(), ..ExportFilter::default() };
    let exports = if request.is_some() {
        app.catalog().exports(filter(None)).await?
    } else {
        let mut exports = app.catalog().exports(filter(Some(ExportState::Started))).await?;
        exports.extend(app.catalog().exports(filter(Some(ExportState::Pending))).await?);
        exports
    };
    Ok(app.engine().with_progress(exports))
}

/// Makes a snapshot of what a reader may know of.
type Snapshots = Box<dyn Fn() -> BoxFuture<'static, Result<Vec<Export>, ApiError>> + Send + Sync>;

/// One reader of events.
struct Reader {
    /// None ends the stream.
    queue: mpsc::Sender<Option<sse::Event>>,
    changes: broadcast::Receiver<Event>,
    request: Option<Gid>,
    caller: Caller,
    snapshots: Snapshots,
}

/// What comes next for a reader.
enum Next {
    Change(Event),
    /// More happened at once than is kept for it.
    Missed,
    /// The engine is gone.
    End,
}

/// Why a reader gets no more events.
enum Ended {
    /// It went away, or the engine did.
    Gone,
    /// It does not read fast enough, or cannot be told what it missed.
    Behind,
}

impl Reader {
    /// Feeds the reader until it goes away or falls behind. Then its stream ends; a reader that
    /// does not even take the end is disconnected.
    async fn feed(mut self, exports: Vec<Export>, hang_up: CancellationToken) {
        if let Ended::Behind = self.pass_on(Event::Snapshot { exports }).await {
            tracing::info!("a reader of events fell behind and was disconnected");
            let ended = async {
                // A queue that is closed has no reader who could miss the end.
                drop(self.queue.send(None).await);
                self.queue.closed().await;
            };
            if tokio::time::timeout(BEHIND, ended).await.is_err() {
                hang_up.cancel();
            }
        }
    }

    async fn pass_on(&mut self, mut next: Event) -> Ended {
        loop {
            let shown = next.shown_to(&self.caller);
            match tokio::time::timeout(BEHIND, self.send(&shown)).await {
                Ok(Ok(())) => {}
                Ok(Err(_gone)) => return Ended::Gone,
                Err(_elapsed) => return Ended::Behind,
            }
            let further = tokio::select! {
                () = self.queue.closed() => return Ended::Gone,
                further = Self::next(&mut self.changes, &self.caller, self.request) => further,
            };
            next = match further {
                Next::Change(event) => event,
                Next::End => return Ended::Gone,
                Next::Missed => match self.anew().await {
                    Ok(snapshot) => snapshot,
                    Err(_told) => return Ended::Behind,
                },
            };
        }
    }

    /// A snapshot is as large as all that is open: it waits until the reader has taken everything
    /// before it, so that no more than one is held for it.
    async fn send(&self, event: &Event) -> Result<(), mpsc::error::SendError<()>> {
        let room = if matches!(event, Event::Snapshot { .. }) { QUEUE } else { 1 };
        let mut permits = self.queue.reserve_many(room).await?;
        if let Some(permit) = permits.next() {
            permit.send(Some(written(event)));
        }
        Ok(())
    }

    /// What was missed is told as it is now: first the subscription, then the snapshot.
    async fn anew(&mut self) -> Result<Event, ApiError> {
        self.changes = self.changes.resubscribe();
        (self.snapshots)().await.map(|exports| Event::Snapshot { exports })
    }

    /// The next change that this reader wants to know.
    async fn next(changes: &mut broadcast::Receiver<Event>, caller: &Caller, request: Option<Gid>) -> Next {
        loop {
            match changes.recv().await {
                Ok(event) if is_seen(&event, caller) && concerns(&event, request) => return Next::Change(event),
                Ok(_other) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return Next::Missed,
                Err(broadcast::error::RecvError::Closed) => return Next::End,
            }
        }
    }
}

fn is_seen(event: &Event, caller: &Caller) -> bool {
    match event {
        Event::Snapshot { .. } => true,
        Event::Export { export } => caller.sees(&export.organization),
        Event::Archive { organization, .. } => caller.sees(organization),
    }
}

fn concerns(event: &Event, request: Option<Gid>) -> bool {
    let Some(request) = request else { return true };
    matches!(event, Event::Export { export } if export.request == request)
}

/// Wire types hold nothing that JSON cannot; an event without data is skipped by readers.
fn written(event: &Event) -> sse::Event {
    sse::Event::default().json_data(event).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use orgvault_api::OrganizationKey;

    use super::*;

    fn change(gid: u64) -> Event {
        let [source, kind, id, name, slug] = ["s", "organization", "1", "n", "a"].map(str::to_owned);
        let organization = Box::new(OrganizationKey { source, kind, id, name, slug });
        Event::Archive { gid: Gid::try_from(gid).unwrap(), organization }
    }

    struct Stream {
        changes: broadcast::Sender<Event>,
        events: mpsc::Receiver<Option<sse::Event>>,
        reader: Reader,
        hang_up: CancellationToken,
    }

    fn stream(kept: usize) -> Stream {
        let (changes, receiver) = broadcast::channel(kept);
        let (queue, events) = mpsc::channel(QUEUE);
        let snapshots: Snapshots = Box::new(|| Box::pin(async { Ok(Vec::new()) }));
        let reader = Reader { queue, changes: receiver, request: None, caller: Caller::nobody(None), snapshots };
        Stream { changes, events, reader, hang_up: CancellationToken::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_missed_changes_is_told_anew_how_things_are_and_what_changes_then() {
        let Stream { changes, mut events, reader, hang_up } = stream(2);
        for gid in 1..=3 {
            changes.send(change(gid)).unwrap();
        }
        let shown = |event: &Event| format!("{:?}", written(event));
        let reading = async {
            for _first_and_anew in 0..2 {
                let snapshot = events.recv().await.unwrap().unwrap();
                assert_eq!(format!("{snapshot:?}"), shown(&Event::Snapshot { exports: Vec::new() }));
            }
            changes.send(change(4)).unwrap();
            assert_eq!(format!("{:?}", events.recv().await.unwrap().unwrap()), shown(&change(4)));
            drop(events);
        };
        tokio::join!(reader.feed(Vec::new(), hang_up.clone()), reading);
        assert!(!hang_up.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_cannot_be_told_anew_gets_the_end_of_its_stream() {
        let Stream { changes, mut events, mut reader, hang_up } = stream(2);
        let refusal = || ApiError::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "catalog", "it is locked");
        reader.snapshots = Box::new(move || Box::pin(async move { Err(refusal()) }));
        for gid in 1..=3 {
            changes.send(change(gid)).unwrap();
        }
        let reading = async {
            let snapshot = events.recv().await;
            let end = events.recv().await;
            drop(events);
            (matches!(snapshot, Some(Some(_))), matches!(end, Some(None)))
        };
        let ((), read) = tokio::join!(reader.feed(Vec::new(), hang_up.clone()), reading);
        assert_eq!(read, (true, true));
        assert!(!hang_up.is_cancelled(), "it took the end");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_disconnected() {
        let Stream { changes, events, reader, hang_up } = stream(4 * QUEUE);
        for gid in 1..=2 * QUEUE as u64 {
            changes.send(change(gid)).unwrap();
        }
        reader.feed(Vec::new(), hang_up.clone()).await;
        assert!(hang_up.is_cancelled());
        drop(events);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_goes_away_ends_its_task() {
        let Stream { changes, events, reader, hang_up } = stream(2);
        drop(events);
        reader.feed(Vec::new(), hang_up.clone()).await;
        assert!(!hang_up.is_cancelled());
        drop(changes);
    }
}
