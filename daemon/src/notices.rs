//! What the admin ought to know of the daemon as a whole, as long as it is so: `status` shows it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use orgvault_api::Warning;

/// Warnings that stand until what they tell of is over, at most one of each code. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Notices {
    /// From now on this is so. It is logged where it was not so before, or otherwise.
    pub fn raise(&self, code: &'static str, message: String) {
        let mut notices = self.lock();
        if notices.get(code) != Some(&message) {
            tracing::warn!(code, "{message}");
            notices.insert(code, message);
        }
    }

    /// As [`Notices::raise`], where nothing was said of it yet.
    pub fn raise_first(&self, code: &'static str, message: impl FnOnce() -> String) {
        let stands = self.lock().contains_key(code);
        if !stands {
            self.raise(code, message());
        }
    }

    /// It is so no longer.
    pub fn settle(&self, code: &'static str) {
        if self.lock().remove(code).is_some() {
            tracing::info!(code, "a warning is settled");
        }
    }

    /// Raises the warning where there is a message, and settles it where there is none.
    pub fn set(&self, code: &'static str, message: Option<String>) {
        match message {
            Some(message) => self.raise(code, message),
            None => self.settle(code),
        }
    }

    /// All of them, by their codes.
    #[must_use]
    pub fn list(&self) -> Vec<Warning> {
        let warning = |(code, message): (&&str, &String)| Warning {
            code: (*code).to_owned(),
            message: message.clone(),
            ids: Vec::new(),
        };
        self.lock().iter().map(warning).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        // Each change is one call, so a panic leaves nothing torn.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_stands_until_it_is_settled() {
        let notices = Notices::default();
        notices.set("b", Some("one".to_owned()));
        notices.set("a", Some("two".to_owned()));
        notices.set("b", Some("three".to_owned()));
        let said =
            |notices: &Notices| notices.list().into_iter().map(|it| it.code + " " + &it.message).collect::<Vec<_>>();
        assert_eq!(said(&notices), ["a two", "b three"]);
        notices.set("a", None);
        assert_eq!(said(&notices), ["b three"]);
    }
}
