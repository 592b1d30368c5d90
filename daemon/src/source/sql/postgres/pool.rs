//! Connections that wait for the next snapshot, because connecting costs more than a small
//! organization.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::session::{Server, Session, Transaction};
use crate::source::error::{SourceError, SourceFault};

/// More than this are closed when they are given back.
const IDLE_SESSIONS: usize = 4;
/// Unused for this long, they are closed: the exports of a run follow each other faster, and
/// `DROP DATABASE` waits for five seconds at most.
const IDLE_TIME: Duration = Duration::from_secs(1);
/// A connection that was closed counts on the server for a moment.
const BUSY_TRIES: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_millis(200);

/// The connections of one source.
pub(super) struct Pool {
    pub(super) server: Arc<Server>,
    waiting: Arc<Mutex<Waiting>>,
    in_use: Arc<InUse>,
    closed: CancellationToken,
    /// Of the sweeper alone: a stop that waits for abandoned queries must not wait for it.
    sweeper: TaskTracker,
}

#[derive(Default)]
struct Waiting {
    sessions: Vec<Session>,
    /// A task closes the old ones.
    is_swept: bool,
}

/// The connections that are not waiting.
#[derive(Default)]
struct InUse {
    count: AtomicUsize,
    freed: Notify,
}

/// Somebody who waits for a connection.
struct Queue {
    until: Option<Instant>,
    tries: u32,
}

impl Queue {
    fn new(limit: Option<Duration>) -> Self {
        Self { until: limit.map(|limit| Instant::now() + limit), tries: 0 }
    }
}

/// One connection that is in use, until it is dropped.
pub(super) struct Lease(Arc<InUse>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
        self.0.freed.notify_one();
    }
}

impl Pool {
    pub(super) fn new(server: Arc<Server>) -> Self {
        let (closed, sweeper) = (CancellationToken::new(), TaskTracker::new());
        Self { server, waiting: Arc::default(), in_use: Arc::default(), closed, sweeper }
    }

    /// A session inside a fresh read-only transaction: a waiting one if its connection still
    /// works, else a new one. Where the server has no connection left because of our own, it
    /// waits until one of them is given back: for so long at most, or as long as it takes.
    ///
    /// # Errors
    /// When it cannot connect.
    pub(super) async fn begin(&self, kind: Transaction, limit: Option<Duration>) -> Result<Session, SourceError> {
        let mut queue = Queue::new(limit);
        loop {
            if let Some(session) = self.reuse(kind).await {
                return Ok(session);
            }
            match self.open().await {
                Ok(mut session) => return session.begin(kind).await.map(|()| session),
                Err(error) => self.wait(&mut queue, error).await?,
            }
        }
    }

    /// A new connection, for whoever wants to know whether it can be had; waits as
    /// [`Pool::begin`] does.
    ///
    /// # Errors
    /// When it cannot connect.
    pub(super) async fn connect(&self, limit: Duration) -> Result<Session, SourceError> {
        let mut queue = Queue::new(Some(limit));
        loop {
            // They count on the server too.
            self.clear();
            match self.open().await {
                Ok(session) => return Ok(session),
                Err(error) => self.wait(&mut queue, error).await?,
            }
        }
    }

    /// Ends the transaction of a session and keeps its connection, where no query changed it.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn end(&self, mut session: Session) -> Result<(), SourceError> {
        if session.end().await? {
            self.keep(session);
        }
        Ok(())
    }

    /// Closes the waiting connections; later ones are not kept.
    pub(super) async fn close(&self) {
        self.closed.cancel();
        self.clear();
        self.sweeper.close();
        self.sweeper.wait().await;
    }

    /// Closes the waiting connections.
    pub(super) fn clear(&self) {
        lock(&self.waiting).sessions.clear();
    }

    /// Keeps the connection of a session that is in no transaction.
    fn keep(&self, mut session: Session) {
        session.shrink();
        session.idle_since = Instant::now();
        let lease = session.lease.take();
        let mut waiting = lock(&self.waiting);
        if self.closed.is_cancelled() || waiting.sessions.len() >= IDLE_SESSIONS {
            return;
        }
        waiting.sessions.push(session);
        if !std::mem::replace(&mut waiting.is_swept, true) {
            self.sweeper.spawn(sweep(Arc::clone(&self.waiting), self.closed.clone()));
        }
        drop(waiting);
        // Whoever waits for it has to find it.
        drop(lease);
    }

    async fn reuse(&self, kind: Transaction) -> Option<Session> {
        loop {
            let mut session = lock(&self.waiting).sessions.pop()?;
            match session.begin(kind).await {
                Ok(()) => {
                    session.lease = Some(self.lease());
                    return Some(session);
                }
                Err(error) => tracing::debug!(%error, "a waiting connection is gone"),
            }
        }
    }

    async fn open(&self) -> Result<Session, SourceError> {
        let mut session = Session::connect(&self.server).await?;
        session.lease = Some(self.lease());
        Ok(session)
    }

    /// Gives `error` back unless it is worth trying again.
    async fn wait(&self, queue: &mut Queue, error: SourceError) -> Result<(), SourceError> {
        if error.kind() != Some(SourceFault::Busy) {
            return Err(error);
        }
        let freed = self.in_use.freed.notified();
        if self.in_use.count.load(Ordering::Relaxed) == 0 {
            queue.tries += 1;
            if queue.tries > BUSY_TRIES {
                return Err(error);
            }
            sleep(BUSY_PAUSE).await;
            return Ok(());
        }
        match queue.until {
            None => freed.await,
            Some(until) => timeout_at(until, freed).await.map_err(|_elapsed| error)?,
        }
        Ok(())
    }

    fn lease(&self) -> Lease {
        self.in_use.count.fetch_add(1, Ordering::Relaxed);
        Lease(Arc::clone(&self.in_use))
    }
}

/// Closes what nobody used for a while, until nothing waits.
async fn sweep(waiting: Arc<Mutex<Waiting>>, closed: CancellationToken) {
    let mut next = Instant::now() + IDLE_TIME;
    while closed.run_until_cancelled(sleep_until(next)).await.is_some() {
        let mut waiting = lock(&waiting);
        waiting.sessions.retain(|session| session.idle_since.elapsed() < IDLE_TIME);
        let oldest = waiting.sessions.iter().map(|session| session.idle_since + IDLE_TIME).min();
        waiting.is_swept = oldest.is_some();
        match oldest {
            Some(oldest) => next = oldest,
            None => return,
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
