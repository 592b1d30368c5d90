//! What a caller is shown of exports and archives. What importers and targets say of rows may name
//! people and their addresses: that is for admins and owners; viewers see states and counts.

use orgvault_api::{Archive, Drill, Event, Export, ExportError, Role, SendRecord, Warning};

use super::caller::Caller;

/// Something of which not everybody is shown everything.
pub(super) trait Discreet: Sized {
    /// The same without what rows hold.
    fn without_rows(self) -> Self;

    /// The same as this caller may see it.
    fn shown_to(self, caller: &Caller) -> Self {
        if caller.role >= Some(Role::Admin) { self } else { self.without_rows() }
    }
}

impl<T: Discreet> Discreet for Vec<T> {
    fn without_rows(self) -> Self {
        self.into_iter().map(Discreet::without_rows).collect()
    }
}

impl Discreet for Warning {
    fn without_rows(self) -> Self {
        Self::without_rows(self)
    }
}

impl Discreet for Export {
    fn without_rows(self) -> Self {
        Self { warnings: Discreet::without_rows(self.warnings), ..self }
    }
}

impl Discreet for Archive {
    fn without_rows(self) -> Self {
        Self { warnings: Discreet::without_rows(self.warnings), sent: Discreet::without_rows(self.sent), ..self }
    }
}

impl Discreet for Drill {
    fn without_rows(self) -> Self {
        let error = self
            .error
            .clone()
            .map(|error| ExportError { message: "what was said of it is for admins".to_owned(), ..error });
        Self { error, ..Self::without_rows(self) }
    }
}

impl Discreet for SendRecord {
    fn without_rows(self) -> Self {
        let silent = |error: ExportError| ExportError {
            message: "what was said of it is for admins".to_owned(),
            hint: String::new(),
            ..error
        };
        Self { error: self.error.map(silent), report: Vec::new(), job: None, ..self }
    }
}

impl Discreet for Event {
    fn without_rows(self) -> Self {
        match self {
            Self::Snapshot { exports } => Self::Snapshot { exports: Discreet::without_rows(exports) },
            Self::Export { export } => Self::Export { export: Box::new(Discreet::without_rows(*export)) },
            Self::Archive { .. } => self,
        }
    }
}
