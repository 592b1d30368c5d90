//! `[[hook]]`: what is told to the outside, and how.

use std::time::Duration;

use super::{
    SecretUrl,
    values::{name, patterns, some_duration},
};
use crate::{
    checked_toml::{Table, Unique, Value},
    patterns::Patterns,
};

/// One hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookConfig {
    /// Its name, for the log: `[a-z0-9-]`, at most 40.
    pub name: String,
    /// What it is called on.
    pub on: Vec<HookEvent>,
    /// Whether it is called for whole runs or for each organization.
    pub scope: HookScope,
    /// The schedules by name.
    pub schedules: Patterns,
    /// What it does.
    pub action: HookAction,
    /// How long it may take.
    pub timeout: Duration,
}

/// What a hook does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookAction {
    /// Runs a program.
    Command {
        /// The program and its arguments; with `shell` one line for `/bin/sh -c`.
        argv: Vec<String>,
        /// Whether a shell reads it.
        shell: bool,
    },
    /// Calls a URL as healthchecks.io has it: `/start` and `/fail` are appended to its path.
    Ping {
        /// The URL; knowing it is all that is needed to call it.
        url: SecretUrl,
    },
}

/// What a hook can be called on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HookEvent {
    /// It begins.
    Start,
    /// It ended well.
    Success,
    /// It ended with something that the admin ought to know.
    Warning,
    /// It ended without all of its archives, after the last retry.
    Failure,
    /// The newest archive is older than is allowed.
    Stale,
}

impl HookEvent {
    /// Every event.
    pub const ALL: [Self; 5] = [Self::Start, Self::Success, Self::Warning, Self::Failure, Self::Stale];

    /// The name in the configuration and in the hook's environment.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Failure => "failure",
            Self::Stale => "stale",
        }
    }
}

/// What a hook is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookScope {
    /// Once for each run as a whole.
    Run,
    /// Once for each organization.
    Organization,
}

/// Reads one; none where it does nothing, which is noted.
pub(super) fn read(table: &Table<'_>, names: &mut Unique) -> Option<HookConfig> {
    let name = table.required("name", |value| names.check(value, name(value)?));
    let on = table.required("on", |value| value.each(event));
    let scope = table.or("for", HookScope::Run, |value| {
        value.one_of(&[("run", HookScope::Run), ("organization", HookScope::Organization)])
    });
    let schedules = table.or("schedules", Patterns::all(), patterns);
    let timeout = table.or("timeout", Duration::from_secs(30), some_duration);
    let action = action(table);
    let on = on?;
    if scope == HookScope::Run && on == [HookEvent::Stale] {
        table.refuse("on", "names only `stale`, which no run is", "add `for = \"organization\"`");
    }
    Some(HookConfig { name: name.unwrap_or_default(), on, scope, schedules, action: action?, timeout })
}

fn event(value: &Value<'_>) -> Option<HookEvent> {
    value.one_of(&HookEvent::ALL.map(|event| (event.name(), event)))
}

fn action(table: &Table<'_>) -> Option<HookAction> {
    let shell = table.or("shell", false, Value::boolean);
    let command = table.optional("command", |value| argv(value, shell));
    let url = table.optional("url", url);
    match (table.has("command"), table.has("url")) {
        (true, false) => Some(HookAction::Command { argv: command?, shell }),
        (false, true) if table.has("shell") => {
            table.refuse("shell", "is there without `command`", "take it away");
            None
        }
        (false, true) => Some(HookAction::Ping { url: url? }),
        (true, true) => {
            table.refuse("url", "is there beside `command`", "keep one of them, or write two hooks");
            None
        }
        (false, false) => {
            table.refuse("command", "is missing", "add `command = [..]` or `url = ..`");
            None
        }
    }
}

fn argv(value: &Value<'_>, shell: bool) -> Option<Vec<String>> {
    let argv = value.each(Value::some_text)?;
    match argv.as_slice() {
        [] => value.refuse("is empty", "write the program and its arguments, each in quotes"),
        [_line] if shell => Some(argv),
        _ if shell => value.refuse("has several parts", "with `shell = true` write one line for /bin/sh"),
        [program, ..] if !program.starts_with('/') => {
            value.refuse(format!("{program:?} is no absolute path"), "begin it with /, or set `shell = true`")
        }
        _ => Some(argv),
    }
}

fn url(value: &Value<'_>) -> Option<SecretUrl> {
    let text = value.text_as("https://hc-ping.com/your-uuid")?;
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !text.contains(char::is_whitespace) => Some(SecretUrl::new(text.to_owned())),
        _ => value.refuse("is no URL that can be called", "begin it with https:// or http://"),
    }
}
