//! `/v1/events`: what happens, as server-sent events (WHATWG HTML, section 9.2): first a full
//! snapshot, then changes, and a comment now and then so that a dead connection is noticed.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    response::sse::{self, KeepAlive, Sse},
};
use orgvault_shared::{
    api::{Event, Export, State as ExportState},
    gid::Gid,
};
use serde::Deserialize;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;

use super::{App, caller::Caller, discretion::Discreet, problem::Refusal, request::Query, server::Session};
use crate::catalog::ExportFilter;

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
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Refusal> {
    // First the subscription, then the snapshot, so that nothing falls in between.
    let changes = app.engine().subscribe();
    let exports = snapshot(&app, &caller, query.request).await?;
    let (queue, stream) = mpsc::channel(QUEUE);
    let reader = Reader { queue, changes, request: query.request, caller };
    let Session { stop, tracker, hang_up } = session;
    tracker.spawn(async move {
        stop.run_until_cancelled(reader.feed(exports, hang_up)).await;
    });
    let stream = ReceiverStream::new(stream).map_while(|event| event.map(Ok));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("beat")))
}

/// Every export that is not final; of one request, all.
async fn snapshot(app: &App, caller: &Caller, request: Option<Gid>) -> Result<Vec<Export>, Refusal> {
    let filter = |state| ExportFilter { state, request, limit: None };
    let mut exports = if request.is_some() {
        app.catalog().exports(filter(None)).await?
    } else {
        let mut exports = app.catalog().exports(filter(Some(ExportState::Started))).await?;
        exports.extend(app.catalog().exports(filter(Some(ExportState::Pending))).await?);
        exports
    };
    exports.retain(|export| caller.sees(&export.organization));
    Ok(app.engine().with_progress(exports))
}

/// One reader of events.
struct Reader {
    /// None ends the stream.
    queue: mpsc::Sender<Option<sse::Event>>,
    changes: broadcast::Receiver<Event>,
    request: Option<Gid>,
    caller: Caller,
}

/// Why a reader gets no more events.
enum Ended {
    /// It went away, or the engine did.
    Gone,
    /// It does not read fast enough.
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
            match tokio::time::timeout(BEHIND, self.queue.send(Some(written(&next.shown_to(&self.caller))))).await {
                Ok(Ok(())) => {}
                Ok(Err(_gone)) => return Ended::Gone,
                Err(_elapsed) => return Ended::Behind,
            }
            next = tokio::select! {
                () = self.queue.closed() => return Ended::Gone,
                next = Self::next(&mut self.changes, &self.caller, self.request) => match next {
                    Ok(next) => next,
                    Err(ended) => return ended,
                },
            };
        }
    }

    /// The next change that this reader wants to know.
    async fn next(
        changes: &mut broadcast::Receiver<Event>,
        caller: &Caller,
        request: Option<Gid>,
    ) -> Result<Event, Ended> {
        loop {
            match changes.recv().await {
                Ok(event) if is_seen(&event, caller) && concerns(&event, request) => return Ok(event),
                Ok(_other) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return Err(Ended::Behind),
                Err(broadcast::error::RecvError::Closed) => return Err(Ended::Gone),
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
    use orgvault_shared::api::OrganizationKey;

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
        let reader = Reader { queue, changes: receiver, request: None, caller: Caller::nobody(None) };
        Stream { changes, events, reader, hang_up: CancellationToken::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_missed_changes_gets_the_end_of_its_stream() {
        let Stream { changes, mut events, reader, hang_up } = stream(2);
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
