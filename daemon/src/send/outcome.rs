//! How a delivery ended.

use orgvault_api::{ExportError, SendRecord, SendState, SendTrial, clock::Timestamp};

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

    /// What it means for one that is asked once more, because nobody knew how it had ended: that this was
    /// refused says nothing of what was sent first.
    pub(crate) fn of_going_on(self, hint: &str) -> Self {
        match self.state {
            SendState::Refused => Self { state: SendState::Unknown, ..self }.hint(hint),
            _ => self,
        }
    }

    /// The stable code of what went wrong.
    pub(crate) fn code(&self) -> Option<&str> {
        self.error.as_ref().map(|error| error.code.as_str())
    }

    /// Whether the target took it.
    pub(crate) fn is_sent(&self) -> bool {
        self.state == SendState::Sent
    }

    /// Whether the target is known to have taken nothing.
    pub(crate) fn is_refused(&self) -> bool {
        self.state == SendState::Refused
    }

    /// What the target said.
    pub(crate) fn said(&self) -> &[String] {
        &self.report
    }

    /// As it is told of one of several parts.
    pub(crate) fn of_part(mut self, said: impl FnOnce(&str) -> String) -> Self {
        if let Some(error) = &mut self.error {
            error.message = said(&error.message);
        }
        self
    }

    /// The refusal of what was only tried.
    pub(crate) fn trial(self) -> SendTrial {
        let accepted = self.state == SendState::Sent;
        SendTrial { accepted, replaces: None, error: self.error, report: self.report }
    }

    /// Writes the end into the record of the beginning.
    pub(crate) fn end(self, record: &mut SendRecord, at: Timestamp) {
        let Self { state, error, report } = self;
        (record.state, record.error, record.report, record.ended_at) = (state, error, report, Some(at));
    }
}
