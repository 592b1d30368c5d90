//! When it is looked again for what hooks are told of, and nothing else asks for.

use chrono::TimeDelta;
use orgvault_api::clock::Timestamp;
use orgvault_config::{Config, HookEvent};

/// When that was last.
#[derive(Debug, Default)]
pub(super) struct Turn {
    last: Option<Timestamp>,
}

impl Turn {
    /// Whether it is time: a hook wants to know of the event, and the last look is `every` ago. This is the last one
    /// then.
    pub(super) fn has_come(&mut self, event: HookEvent, every: TimeDelta, config: &Config, now: Timestamp) -> bool {
        let soon = self.last.is_some_and(|last| (now - last).abs() < every);
        if soon || !config.hooks.iter().any(|hook| hook.on.contains(&event)) {
            return false;
        }
        self.last = Some(now);
        true
    }
}
