//! Log lines to standard error: text for people, or one JSON object a line for machines. Where
//! standard error is the journal, text goes there with its fields: `journalctl ORGVAULT_GID=…`.

use std::{
    io::{self, IsTerminal},
    os::fd::AsFd,
};

use orgvault_config::{Daemon, LogFormat};
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// `log_level` is neither a level nor a filter.
    #[error("log_level `{level}` is neither a level (error, warn, info, debug, trace) nor a filter: {cause}")]
    Level {
        /// What the configuration says.
        level: String,
        /// What is wrong with it.
        #[source]
        cause: tracing_subscriber::filter::ParseError,
    },
    /// Somebody has set logging up already.
    #[error("cannot start logging: {cause}")]
    Twice {
        /// What the library says.
        #[source]
        cause: tracing_subscriber::util::TryInitError,
    },
}

/// Logs to standard error from now on, as `[daemon]` says. Colours only on a terminal, and not
/// where `NO_COLOR` is set.
///
/// # Errors
/// When `log_level` is wrong, or logging was set up before.
pub fn start(config: &Daemon) -> Result<(), LoggingError> {
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if config.log_format == LogFormat::Text
        && is_journal(std::env::var("JOURNAL_STREAM").ok().as_deref(), &io::stderr())
        && let Ok(journal) = tracing_journald::layer()
    {
        let journal = journal.with_field_prefix(Some("ORGVAULT".to_owned()));
        let lines = tracing_subscriber::registry().with(filter(&config.log_level)?).with(journal);
        return lines.try_init().map_err(|cause| LoggingError::Twice { cause });
    }
    match config.log_format {
        LogFormat::Text => text(&config.log_level, colours, io::stderr)?.try_init(),
        LogFormat::Json => json(&config.log_level, io::stderr)?.try_init(),
    }
    .map_err(|cause| LoggingError::Twice { cause })
}

/// Whether `stream`, which is systemd's `$JOURNAL_STREAM` (systemd.exec(5): device and inode), is
/// `output`: it is not where standard error was redirected.
fn is_journal(stream: Option<&str>, output: &impl AsFd) -> bool {
    let Ok(found) = rustix::fs::fstat(output) else { return false };
    stream.is_some_and(|stream| stream == format!("{}:{}", found.st_dev, found.st_ino))
}

fn text<W>(level: &str, colours: bool, output: W) -> Result<impl Subscriber + use<W>, LoggingError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt().with_env_filter(filter(level)?).with_ansi(colours).with_writer(output);
    Ok(lines.with_target(false).finish())
}

fn json<W>(level: &str, output: W) -> Result<impl Subscriber + use<W>, LoggingError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt().with_env_filter(filter(level)?).with_writer(output).json();
    Ok(lines.flatten_event(true).with_current_span(false).with_span_list(false).finish())
}

fn filter(level: &str) -> Result<EnvFilter, LoggingError> {
    let parsed = EnvFilter::builder().parse(level);
    parsed.map_err(|cause| LoggingError::Level { level: level.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(subscriber: impl Subscriber + Send + Sync, lines: &Lines) -> String {
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(user = "ada", "with \u{1b}[31m a\nnewline");
            tracing::debug!("not at this level");
        });
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn json_is_one_object_a_line() {
        let lines = Lines::default();
        let output = lines.clone();
        let logged = logged(json("info", move || output.clone()).unwrap(), &lines);
        assert_eq!(logged.lines().count(), 1, "{logged}");
        let object: serde_json::Value = serde_json::from_str(&logged).unwrap();
        assert_eq!(object["message"], "with \u{1b}[31m a\nnewline");
        assert_eq!((&object["user"], &object["level"]), (&"ada".into(), &"INFO".into()));
    }

    #[test]
    fn text_obeys_no_control_characters() {
        let lines = Lines::default();
        let output = lines.clone();
        let logged = logged(text("info", false, move || output.clone()).unwrap(), &lines);
        assert!(logged.contains("INFO") && logged.contains("user=\"ada\""), "{logged}");
        assert!(!logged.contains('\u{1b}'), "{logged:?}");
    }

    #[test]
    fn the_journal_is_told_by_its_device_and_inode() {
        let file = tempfile::tempfile().unwrap();
        let found = rustix::fs::fstat(&file).unwrap();
        let own = format!("{}:{}", found.st_dev, found.st_ino);
        assert!(is_journal(Some(&own), &file));
        assert!(!is_journal(Some(&format!("{own}1")), &file));
        assert!(!is_journal(Some("nonsense"), &file) && !is_journal(None, &file));
    }

    #[test]
    fn a_wrong_level_is_refused_with_the_key() {
        let said = json("info,=,", io::sink).err().unwrap().to_string();
        assert!(said.starts_with("log_level `info,=,` is neither"), "{said}");
    }
}
