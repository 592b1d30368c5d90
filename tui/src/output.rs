//! Standard output and standard error. A reader that goes away (`| head`) is no error of ours:
//! what follows is dropped, and the command's own outcome stands.

use std::io::{self, IsTerminal, Write};

use orgvault_api::text::printable;
use serde::Serialize;

use crate::{
    exit::Failure,
    lines::{Lines, paragraph},
    table::Look,
};

/// Where a command's results and remarks go.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    closed: bool,
    /// Standard output carries an archive: results go to standard error.
    diverted: bool,
    look: Look,
}

impl Output {
    /// The process's own streams; `no_color` is whether `NO_COLOR` is set to anything.
    pub(crate) fn new(json: bool, no_color: bool) -> Self {
        let look = Look { colour: !no_color && io::stdout().is_terminal() };
        Self { json, closed: false, diverted: false, look }
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether words may be coloured.
    pub(crate) fn has_colour(&self) -> bool {
        self.look.colour
    }

    /// From now on results go to standard error.
    pub(crate) fn divert(&mut self) {
        self.diverted = true;
        self.look.colour &= io::stderr().is_terminal();
    }

    /// Prints a result: as JSON, or as the lines that `lines` makes.
    pub(crate) fn show<T: Serialize>(&mut self, value: &T, lines: impl FnOnce(Look) -> String) -> Result<(), Failure> {
        if self.json { self.print(&json(value)?) } else { self.print(&lines(self.look)) }
    }

    /// Prints one of many results as they come: as one line of JSON, or as `lines` makes it.
    pub(crate) fn stream<T: Serialize>(
        &mut self,
        value: &T,
        lines: impl FnOnce(Look) -> String,
    ) -> Result<(), Failure> {
        if self.json {
            self.print(&escape(&written(serde_json::to_string(value))?))
        } else {
            self.print(&lines(self.look))
        }
    }

    /// Prints lines where results are not JSON.
    pub(crate) fn lines(&mut self, lines: impl FnOnce(Look) -> String) -> Result<(), Failure> {
        if self.json { Ok(()) } else { self.print(&lines(self.look)) }
    }

    /// Prints `text` as it is.
    pub(crate) fn print(&mut self, text: &str) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let written = if self.diverted { put(io::stderr().lock(), text) } else { put(io::stdout().lock(), text) };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => return Err(Failure::caused("output", "cannot write the result", &error)),
            Ok(()) => {}
        }
        Ok(())
    }
}

fn put(mut stream: impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

/// Prints a remark for people on standard error. There is nowhere left to say that it failed.
pub(crate) fn remark(text: &str) {
    drop(put(io::stderr().lock(), text));
}

/// Prints why a command ended without its result.
pub(crate) fn report(failure: &Failure, json: bool) {
    remark(&if json { failure_json(failure) } else { failure_lines(failure) });
}

fn failure_lines(failure: &Failure) -> String {
    let mut text = format!("orgvault: {}\n", paragraph(&failure.message, 2));
    for line in failure.hint.lines() {
        text.line(format_args!("  hint: {}", printable(line)));
    }
    text
}

fn failure_json(failure: &Failure) -> String {
    let mut error = serde_json::json!({ "code": failure.code, "message": failure.message });
    if !failure.hint.is_empty() {
        error["hint"] = failure.hint.clone().into();
    }
    error["exit"] = failure.exit.code().into();
    escape(&serde_json::json!({ "error": error }).to_string())
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    Ok(escape(&written(serde_json::to_string_pretty(value))?))
}

fn written(text: serde_json::Result<String>) -> Result<String, Failure> {
    text.map_err(|error| Failure::caused("output", "cannot write the result as JSON", &error))
}

/// JSON that a terminal can show: what it would obey is written as `\u009b`, which means the
/// same to every reader of JSON. Such characters occur only inside strings.
fn escape(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        let mut buffer = [0; 4];
        let plain =
            character == '\n' || matches!(printable(character.encode_utf8(&mut buffer)), std::borrow::Cow::Borrowed(_));
        if plain {
            text.push(character);
        } else {
            text.part(format_args!("\\u{:04x}", u32::from(character)));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_obeys_no_control_character_and_means_the_same() {
        let value = serde_json::json!({ "name": "a\u{1b}[31m\u{9b}2J\u{202e}\u{7f}é🚀" });
        let text = json(&value).unwrap();
        assert!(text.contains(r"a\u001b[31m\u009b2J\u202e\u007fé🚀"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_failure_is_told_with_its_hint() {
        let failure = Failure::usage("a\u{1b}b").hint("do\nthis");
        assert_eq!(failure_lines(&failure), "orgvault: a\\u{1b}b\n  hint: do\n  hint: this\n");
        assert_eq!(
            failure_json(&failure),
            "{\"error\":{\"code\":\"usage\",\"message\":\"a\\u001bb\",\"hint\":\"do\\nthis\",\"exit\":2}}\n"
        );
    }
}
