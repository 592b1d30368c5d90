//! `[[hook]]`: what is told to the outside, and how.

use std::{fmt, time::Duration};

use hyper::Uri;

use super::{
    Environment, SecretUrl, Variables,
    values::{is_loopback, name, patterns, some_duration},
    variables,
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

/// What a hook does. `Debug` shows nothing that may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum HookAction {
    /// Runs a program.
    Command {
        /// The program and its arguments; with `shell` one line for `/bin/sh -c`.
        argv: Vec<String>,
        /// Whether a shell reads it.
        shell: bool,
        /// What it is given in its environment beside what is told of the event.
        environment: Variables,
    },
    /// Calls a URL as healthchecks.io has it: `/start` and `/fail` are appended to its path.
    Ping {
        /// The URL; knowing it is all that is needed to call it.
        url: SecretUrl,
    },
}

impl HookAction {
    /// The program of a command: the shell, where one reads its line.
    #[must_use]
    pub fn program(argv: &[String], shell: bool) -> &str {
        if shell { "/bin/sh" } else { argv.first().map_or("", String::as_str) }
    }
}

impl fmt::Debug for HookAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { argv, shell, environment } => f
                .debug_struct("Command")
                .field("program", &Self::program(argv, *shell))
                .field("environment", environment)
                .finish_non_exhaustive(),
            Self::Ping { url } => f.debug_struct("Ping").field("url", url).finish(),
        }
    }
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
    /// The rows of a source's organizations are not the rows of its tables.
    Coverage,
    /// A drill failed: an archive did not go back as it was, or could not be tried.
    Drill,
}

impl HookEvent {
    /// Every event.
    pub const ALL: [Self; 7] =
        [Self::Start, Self::Success, Self::Warning, Self::Failure, Self::Stale, Self::Coverage, Self::Drill];

    /// The name in the configuration and in the hook's environment.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Failure => "failure",
            Self::Stale => "stale",
            Self::Coverage => "coverage",
            Self::Drill => "drill",
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
pub(super) fn read(table: &Table<'_>, environment: &Environment, names: &mut Unique) -> Option<HookConfig> {
    let name = table.required("name", |value| names.check(value, name(value)?));
    let on = table.required("on", |value| value.each(event));
    let scope = table.or("for", HookScope::Run, |value| {
        value.one_of(&[("run", HookScope::Run), ("organization", HookScope::Organization)])
    });
    let schedules = table.or("schedules", Patterns::all(), patterns);
    let timeout = table.or("timeout", Duration::from_secs(30), some_duration);
    let action = action(table, environment);
    let on = on?;
    if scope == HookScope::Run && on == [HookEvent::Stale] {
        table.refuse("on", "names only `stale`, which no run is", "add `for = \"organization\"`");
    }
    Some(HookConfig { name: name.unwrap_or_default(), on, scope, schedules, action: action?, timeout })
}

fn event(value: &Value<'_>) -> Option<HookEvent> {
    value.one_of(&HookEvent::ALL.map(|event| (event.name(), event)))
}

fn action(table: &Table<'_>, environment: &Environment) -> Option<HookAction> {
    let shell = table.or("shell", false, Value::boolean);
    let command = table.optional("command", |value| argv(value, shell));
    let url = table.optional("url", url);
    let variables = variables::read(table, environment);
    let of_a_command = ["shell"].into_iter().chain(variables::KEYS).find(|key| table.has(key));
    match (table.has("command"), table.has("url")) {
        (true, false) => Some(HookAction::Command { argv: command?, shell, environment: variables? }),
        (false, true) if let Some(key) = of_a_command => {
            table.refuse(key, "is there without `command`", "take it away");
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

/// An address whose server proves its name, or one that never leaves this machine: whoever knows
/// the URL can call it. It is never shown.
fn url(value: &Value<'_>) -> Option<SecretUrl> {
    let text = value.text_as("https://hc-ping.com/your-uuid")?;
    let uri = text.parse::<Uri>().ok().filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    match uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.host()?))) {
        Some(("https", _)) => Some(SecretUrl::new(text.to_owned())),
        Some(("http", host)) if is_loopback(host) => Some(SecretUrl::new(text.to_owned())),
        Some(("http", _)) => value.refuse(
            "would carry the url and what is told in plain text",
            "write https; plain http is only for this machine (127.0.0.1, [::1], localhost)",
        ),
        _ => value.refuse("is no URL that can be called", "begin it with https://"),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::Config;

    fn parse(action: &str) -> Result<HookConfig, String> {
        let directory = tempfile::tempdir().unwrap();
        let long = format!("{}PASSWORD=hunter2\n", "#\n".repeat(9_000));
        for (name, text, mode) in [
            ("env", "PASSWORD=hunter2\n", 0o640),
            ("long", long.as_str(), 0o600),
            ("public", "PASSWORD=hunter2\n", 0o644),
            ("broken", "hunter2\n", 0o600),
        ] {
            fs::write(directory.path().join(name), text).unwrap();
            fs::set_permissions(directory.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let environment = Environment {
            file: directory.path().join("config.toml"),
            credentials: Some(directory.path().to_owned()),
            config_is_public: true,
        };
        let text = format!("[[hook]]\nname = \"a\"\non = [\"success\"]\n{action}\n");
        let mut config = Config::parse(&text, &environment).map_err(|problems| problems.to_string())?;
        Ok(config.hooks.remove(0))
    }

    #[test]
    fn plain_http_is_only_for_this_machine() {
        for url in ["https://hc.example/u", "https://u:p@hc.example/u?x=1", "http://localhost:8000", "http://[::1]/x"] {
            assert!(parse(&format!("url = {url:?}")).is_ok(), "{url}");
        }
        for (url, said) in [
            ("http://hc.example/hunter2", "in plain text"),
            ("http://127.0.0.1.example/hunter2", "in plain text"),
            ("http://127.0.0.1@hc.example/hunter2", "in plain text"),
            ("http://0.0.0.0/hunter2", "in plain text"),
            ("ftp://hc.example/hunter2", "is no URL that can be called"),
            ("https:///hunter2", "is no URL that can be called"),
            ("https://hc example/hunter2", "is no URL that can be called"),
            ("hunter2", "is no URL that can be called"),
            ("", "is no URL that can be called"),
        ] {
            let problems = parse(&format!("url = {url:?}")).unwrap_err();
            assert!(problems.contains(said) && !problems.contains("hunter2"), "{url}: {problems}");
        }
    }

    #[test]
    fn an_environment_comes_from_a_file_or_a_credential_and_does_not_show() {
        let command = "command = [\"/usr/bin/mail\", \"--password\", \"hunter2\"]";
        for key in ["environment_file = \"env\"", "environment_credential = \"env\""] {
            let hook = parse(&format!("{command}\n{key}")).unwrap();
            let HookAction::Command { environment, .. } = &hook.action else { panic!("{hook:?}") };
            assert_eq!(environment.reveal().collect::<Vec<_>>(), [("PASSWORD", "hunter2")]);
            let shown = format!("{hook:?}");
            assert!(shown.contains("/usr/bin/mail") && shown.contains("PASSWORD"), "{shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let line = parse("command = [\"PASSWORD=hunter2 mail\"]\nshell = true").unwrap();
        assert!(!format!("{line:?}").contains("hunter2"), "{line:?}");
        for (lines, said) in [
            (format!("{command}\nenvironment_file = \"public\""), "every user can read it"),
            (format!("{command}\nenvironment_file = \"broken\""), "line 1 is no NAME=value"),
            (format!("{command}\nenvironment_file = \"nothing\""), "cannot be read"),
            (format!("{command}\nenvironment_file = \"long\""), "it has more than 16 KiB"),
            (
                format!("{command}\nenvironment_file = \"env\"\nenvironment_credential = \"env\""),
                "is there beside `environment_file`",
            ),
            ("url = \"https://hc.example\"\nenvironment_file = \"env\"".to_owned(), "is there without `command`"),
        ] {
            let problems = parse(&lines).unwrap_err();
            assert!(problems.contains(said) && !problems.contains("hunter2"), "{lines}: {problems}");
        }
    }
}
