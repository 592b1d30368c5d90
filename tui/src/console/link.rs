//! The daemon's side of the console, in tasks of its own: what happens, as it happens, and the
//! answers to requests. A key never waits for it.

mod answer;
mod follow;

use std::sync::Arc;

use orgvault_api::{client::Client, clock::Clock};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use super::message::{Ask, News};

/// Requests that wait for their turn; more are refused.
const ASKS: usize = 256;
/// News that wait to be taken in; then the tasks wait.
const NEWS: usize = 16;
/// Requests that are under way at the same time.
const AT_ONCE: usize = 6;

/// The console's end of the link. Dropped, it ends the tasks.
pub(crate) struct Link {
    asks: mpsc::Sender<Ask>,
    news: mpsc::Receiver<News>,
    tasks: JoinSet<()>,
}

impl Link {
    /// Connects, and stays connected, from now on.
    pub(crate) fn start(client: Client, clock: Clock) -> Self {
        let (asks, to_do) = mpsc::channel(ASKS);
        let (teller, news) = mpsc::channel(NEWS);
        let mut tasks = JoinSet::new();
        tasks.spawn(follow::follow(client.clone(), teller.clone()));
        tasks.spawn(serve(client, clock, to_do, teller));
        Self { asks, news, tasks }
    }

    /// Hands a request over; gives it back where too many wait.
    pub(crate) fn ask(&self, ask: Ask) -> Option<Ask> {
        self.asks.try_send(ask).err().map(mpsc::error::TrySendError::into_inner)
    }

    /// The next piece of news; none where a task has died.
    pub(crate) async fn news(&mut self) -> Option<News> {
        tokio::select! {
            news = self.news.recv() => news,
            _died = self.tasks.join_next() => None,
        }
    }
}

/// Answers each request in a task of its own, so that a long verification holds up nothing.
async fn serve(client: Client, clock: Clock, mut asks: mpsc::Receiver<Ask>, news: mpsc::Sender<News>) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut work = JoinSet::new();
    while let Some(ask) = asks.recv().await {
        let (client, clock, news, turns) = (client.clone(), clock.clone(), news.clone(), Arc::clone(&turns));
        work.spawn(async move {
            let _turn = turns.acquire_owned().await;
            let answer = answer::answer(&client, &clock, &ask).await;
            // A console that has ended needs no answer.
            drop(news.send(News::Answer(ask, answer)).await);
        });
        while let Some(ended) = work.try_join_next() {
            if ended.is_err() {
                return;
            }
        }
    }
}
