//! Something that the daemon was asked for.

use orgvault_api::clock::Timestamp;

use crate::console::message::Fault;

/// The last answer, and how the last question ended. An answer stays while a newer one is
/// waited for, or cannot be had.
#[derive(Debug, Clone)]
pub(crate) struct Remote<T> {
    /// The last answer.
    pub(crate) value: Option<T>,
    /// When it came.
    pub(crate) at: Option<Timestamp>,
    /// Why the last question has none.
    pub(crate) fault: Option<Fault>,
    /// Whether an answer is waited for.
    pub(crate) waiting: bool,
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self { value: None, at: None, fault: None, waiting: false }
    }
}

impl<T> Remote<T> {
    /// The daemon was asked.
    pub(crate) fn ask(&mut self) {
        self.waiting = true;
    }

    /// It answered.
    pub(crate) fn answer(&mut self, answer: Result<T, Fault>, now: Timestamp) {
        self.waiting = false;
        match answer {
            Ok(value) => {
                self.value = Some(value);
                self.at = Some(now);
                self.fault = None;
            }
            Err(fault) => self.fault = Some(fault),
        }
    }

    /// The question was lost with the connection.
    pub(crate) fn forget(&mut self) {
        self.waiting = false;
    }
}

impl<T> Remote<Vec<T>> {
    /// The last answer's elements.
    pub(crate) fn items(&self) -> &[T] {
        self.value.as_deref().unwrap_or_default()
    }
}
