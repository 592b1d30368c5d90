//! Stays connected: asks who is there, then follows the stream of events, for ever.

use std::{collections::HashMap, time::Duration};

use orgvault_api::{
    Event,
    client::{Client, ClientError, Events},
    gid::Gid,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout, timeout_at},
};

use crate::console::message::News;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);
/// A stream that is silent for so long is asked for anew: its daemon may be gone without a word.
const SILENCE: Duration = Duration::from_mins(1);
/// Changes are handed on together, so often at most: a storm of events costs no more than this.
const TOGETHER: Duration = Duration::from_millis(50);

/// Follows until the console has ended.
pub(super) async fn follow(client: Client, news: mpsc::Sender<News>) {
    let mut attempt = 0;
    loop {
        let (came_up, error) = once(&client, &news).await;
        attempt = if came_up { 0 } else { attempt + 1 };
        if let Some(error) = error
            && news.send(News::Down(error.into())).await.is_err()
        {
            return;
        }
        sleep(back_off(attempt)).await;
    }
}

/// 100 ms, doubled with each attempt in vain, at most 5 s.
pub(crate) fn back_off(attempt: u32) -> Duration {
    let doubled = Duration::from_millis(100).saturating_mul(2_u32.saturating_pow(attempt));
    doubled.min(Duration::from_secs(5))
}

/// Connects and follows to the end of the stream; gives whether the daemon was there, and why it
/// is not any more. A stream that only ended is asked for again without a word.
async fn once(client: &Client, news: &mpsc::Sender<News>) -> (bool, Option<ClientError>) {
    let connect = async {
        let events = client.events(None).await?;
        Ok((client.status().await?, events))
    };
    let (status, mut events) = match timeout(PATIENCE, connect).await {
        Ok(Ok(connected)) => connected,
        Ok(Err(error)) => return (false, Some(error)),
        Err(_elapsed) => return (false, Some(silent(client))),
    };
    if news.send(News::Up(Box::new(status))).await.is_err() {
        return (true, None);
    }
    match pass_on(&mut events, news).await {
        Ok(()) => (true, None),
        Err(error) => (true, Some(error)),
    }
}

/// What the system says of a peer that takes the connection and then says nothing.
fn silent(client: &Client) -> ClientError {
    let seconds = PATIENCE.as_secs();
    let source = std::io::Error::new(std::io::ErrorKind::TimedOut, format!("no answer within {seconds} s"));
    ClientError::Unreachable { socket: client.socket().to_owned(), source }
}

async fn pass_on(events: &mut Events, news: &mpsc::Sender<News>) -> Result<(), ClientError> {
    let mut begun = false;
    loop {
        let first = match timeout(SILENCE, events.next()).await {
            Err(_elapsed) => return Ok(()),
            Ok(event) => event?,
        };
        let Some(first) = first else { return Ok(()) };
        if !begun && let Event::Snapshot { exports } = first {
            begun = true;
            if news.send(News::Snapshot(exports)).await.is_err() {
                return Ok(());
            }
            continue;
        }
        let (changes, ended) = together(first, events).await;
        let told = news.send(News::Changes(changes)).await;
        if told.is_err() || ended? {
            return Ok(());
        }
    }
}

/// Collects what comes within a moment: of each export the newest state, each archive once; and
/// whether the stream ended meanwhile.
async fn together(first: Event, events: &mut Events) -> (Vec<Event>, Result<bool, ClientError>) {
    let mut batch = Batch::default();
    batch.take(first);
    let end = Instant::now() + TOGETHER;
    loop {
        match timeout_at(end, events.next()).await {
            Err(_elapsed) => return (batch.changes, Ok(false)),
            Ok(Ok(Some(event))) => batch.take(event),
            Ok(Ok(None)) => return (batch.changes, Ok(true)),
            Ok(Err(error)) => return (batch.changes, Err(error)),
        }
    }
}

/// Changes of which only the newest of each thing counts.
#[derive(Debug, Default)]
struct Batch {
    changes: Vec<Event>,
    places: HashMap<(bool, Gid), usize>,
}

impl Batch {
    fn take(&mut self, event: Event) {
        let thing = match &event {
            Event::Export { export } => (true, export.gid),
            Event::Archive { gid, .. } => (false, *gid),
            Event::Snapshot { .. } => {
                self.places.clear();
                return self.changes.push(event);
            }
        };
        if let Some(known) = self.places.get(&thing).and_then(|place| self.changes.get_mut(*place)) {
            *known = event;
        } else {
            self.places.insert(thing, self.changes.len());
            self.changes.push(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::tests::fixtures::{export, organization_key};
    use orgvault_api::State;

    #[test]
    fn only_the_newest_state_of_each_thing_counts() {
        let mut batch = Batch::default();
        let change = |gid, state| Event::Export { export: Box::new(export(gid, "acme", state)) };
        for event in [
            change(1, State::Started),
            change(2, State::Pending),
            Event::Archive { gid: 1.try_into().unwrap(), organization: Box::new(organization_key("acme")) },
            change(1, State::Finished),
        ] {
            batch.take(event);
        }
        assert_eq!(batch.changes.len(), 3);
        let wire = |event: &Event| serde_json::to_value(event).unwrap();
        assert_eq!(wire(&batch.changes[0]), wire(&change(1, State::Finished)));
    }

    #[test]
    fn the_back_off_is_capped() {
        assert_eq!([0, 1, 5, 6, 60].map(|attempt| back_off(attempt).as_millis()), [100, 200, 3200, 5000, 5000]);
    }
}
