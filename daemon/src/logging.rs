//! Log lines to standard error: text for people, or one JSON object a line for machines.

use std::io::{self, IsTerminal};

use orgvault_shared::config::{Daemon, LogFormat};
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, util::SubscriberInitExt};

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
    match config.log_format {
        LogFormat::Text => text(&config.log_level, colours, io::stderr)?.try_init(),
        LogFormat::Json => json(&config.log_level, io::stderr)?.try_init(),
    }
    .map_err(|cause| LoggingError::Twice { cause })
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
    fn a_wrong_level_is_refused_with_the_key() {
        let said = json("info,=,", io::sink).err().unwrap().to_string();
        assert!(said.starts_with("log_level `info,=,` is neither"), "{said}");
    }
}
