//! Something that the daemon was asked for.

use orgvault_api::clock::Timestamp;

use crate::console::message::{FromReply, Reply, RequestFault};

/// Changes that come one after the other are waited for, so long, in seconds.
const SETTLE: i64 = 1;

/// The last answer, and how the last question ended. An answer stays while a newer one is
/// waited for, or cannot be had.
#[derive(Debug, Clone)]
pub(crate) struct Remote<T> {
    /// The last answer.
    pub(crate) value: Option<T>,
    /// When it came.
    pub(crate) at: Option<Timestamp>,
    /// Why the last question has none.
    pub(crate) fault: Option<RequestFault>,
    /// Whether an answer is waited for.
    pub(crate) waiting: bool,
    /// Whether something has changed since it was asked for.
    pub(crate) stale: bool,
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self { value: None, at: None, fault: None, waiting: false, stale: false }
    }
}

impl<T> Remote<Vec<T>> {
    /// The last answer's elements.
    pub(crate) fn items(&self) -> &[T] {
        self.value.as_deref().unwrap_or_default()
    }
}

/// A [`Remote`], whatever it holds.
pub(crate) trait Slot {
    /// The daemon was asked.
    fn ask(&mut self);

    /// It answered.
    fn answer(&mut self, answer: Result<Reply, RequestFault>, now: Timestamp);

    /// The question was lost with the connection.
    fn forget(&mut self);

    /// Whether there is an answer, and nothing has changed since it was asked for.
    fn is_fresh(&self) -> bool;

    /// Whether the answer is older than so many seconds, or just stale, and no other is waited for.
    fn is_due(&self, seconds: i64, now: Timestamp) -> bool;
}

impl<T: FromReply> Slot for Remote<T> {
    fn ask(&mut self) {
        self.waiting = true;
        self.stale = false;
    }

    fn answer(&mut self, answer: Result<Reply, RequestFault>, now: Timestamp) {
        self.waiting = false;
        match answer.map(T::from_reply) {
            Ok(Some(value)) => {
                self.value = Some(value);
                self.at = Some(now);
                self.fault = None;
            }
            Ok(None) => {}
            Err(fault) => self.fault = Some(fault),
        }
    }

    fn forget(&mut self) {
        self.waiting = false;
    }

    fn is_fresh(&self) -> bool {
        self.value.is_some() && !self.stale
    }

    fn is_due(&self, seconds: i64, now: Timestamp) -> bool {
        let seconds = if self.stale { SETTLE } else { seconds };
        !self.waiting && self.at.is_some_and(|at| (now - at).num_seconds() >= seconds)
    }
}
