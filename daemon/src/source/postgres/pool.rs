//! Connections that wait for the next snapshot, because connecting costs more than a small
//! organization.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::session::{Server, Session};
use crate::source::error::SourceError;

/// More than this are closed when they are given back.
const IDLE_SESSIONS: usize = 4;
/// Unused for this long, they are closed.
const IDLE_TIME: Duration = Duration::from_mins(1);

/// The connections of one source.
pub(super) struct Pool {
    pub(super) server: Arc<Server>,
    waiting: Arc<Mutex<Waiting>>,
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

impl Pool {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self { server, waiting: Arc::default(), closed: CancellationToken::new(), sweeper: TaskTracker::new() }
    }

    /// A session inside a fresh read-only transaction: a waiting one if its connection still
    /// works, else a new one.
    ///
    /// # Errors
    /// When it cannot connect.
    pub(super) async fn begin(&self) -> Result<Session, SourceError> {
        while let Some(mut session) = self.take() {
            match session.begin().await {
                Ok(()) => return Ok(session),
                Err(error) => tracing::debug!(%error, "a waiting connection is gone"),
            }
        }
        let mut session = Session::connect(&self.server).await?;
        session.begin().await?;
        Ok(session)
    }

    /// Ends the transaction of a session and keeps its connection.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn end(&self, mut session: Session) -> Result<(), SourceError> {
        session.command("end the snapshot", "COMMIT").await?;
        self.keep(session);
        Ok(())
    }

    /// Keeps the connection of a session that is in no transaction.
    pub(super) fn keep(&self, mut session: Session) {
        session.shrink();
        session.idle_since = tokio::time::Instant::now();
        let mut waiting = lock(&self.waiting);
        if self.closed.is_cancelled() || waiting.sessions.len() >= IDLE_SESSIONS {
            return;
        }
        waiting.sessions.push(session);
        if !std::mem::replace(&mut waiting.is_swept, true) {
            self.sweeper.spawn(sweep(Arc::clone(&self.waiting), self.closed.clone()));
        }
    }

    /// Closes the waiting connections; later ones are not kept.
    pub(super) async fn close(&self) {
        self.closed.cancel();
        lock(&self.waiting).sessions.clear();
        self.sweeper.close();
        self.sweeper.wait().await;
    }

    fn take(&self) -> Option<Session> {
        lock(&self.waiting).sessions.pop()
    }
}

/// Closes what nobody used for a while, until nothing waits.
async fn sweep(waiting: Arc<Mutex<Waiting>>, closed: CancellationToken) {
    while closed.run_until_cancelled(tokio::time::sleep(IDLE_TIME)).await.is_some() {
        let mut waiting = lock(&waiting);
        waiting.sessions.retain(|session| session.idle_since.elapsed() < IDLE_TIME);
        waiting.is_swept = !waiting.sessions.is_empty();
        if !waiting.is_swept {
            return;
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
