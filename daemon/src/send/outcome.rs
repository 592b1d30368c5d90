//! How a delivery ended.

use orgvault_api::{ExportError, SendRecord, SendState, clock::Timestamp};

/// How a delivery ended, and what the target said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    state: SendState,
    error: Option<ExportError>,
    report: Vec<String>,
}

impl Outcome {
    /// The target took it.
    pub(crate) fn sent() -> Self {
        Self { state: SendState::Sent, error: None, report: Vec::new() }
    }

    /// The target took nothing of it.
    pub(crate) fn refused(code: &str, message: String) -> Self {
        Self::failed(SendState::Refused, code, message)
    }

    /// Nobody knows whether the target took it.
    pub(crate) fn unknown(code: &str, message: String) -> Self {
        let hint = "look at the target whether the data is there; only if it is not, send it with --again";
        Self::failed(SendState::Unknown, code, message).hint(hint)
    }

    fn failed(state: SendState, code: &str, message: String) -> Self {
        let error = ExportError { code: code.to_owned(), message, hint: String::new() };
        Self { state, error: Some(error), report: Vec::new() }
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(error) = &mut self.error {
            error.hint = hint.into();
        }
        self
    }

    /// What the target said.
    pub(crate) fn report(self, report: Vec<String>) -> Self {
        Self { report, ..self }
    }

    /// Writes the end into the record of the beginning.
    pub(crate) fn end(self, record: &mut SendRecord, at: Timestamp) {
        let Self { state, error, report } = self;
        (record.state, record.error, record.report, record.ended_at) = (state, error, report, Some(at));
    }
}
