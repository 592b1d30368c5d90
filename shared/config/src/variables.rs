//! What a program of the admin's is given in its environment: secrets, which every user of the machine could
//! read among its arguments.

use std::{collections::BTreeMap, fmt};

use super::{Environment, secret::SecretFile};
use crate::checked_toml::{Table, Value};

/// Where they may stand; never in the configuration itself.
pub(super) const KEYS: [&str; 2] = ["environment_file", "environment_credential"];
/// Names of this beginning say what happens.
const OURS: &str = "ORGVAULT_";

/// Names and values, of which only the names show in `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Each name with its value: only for the environment of a program.
    pub fn reveal(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables")?;
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// Reads the one of `environment_file` and `environment_credential` that is there; nothing where
/// neither is. None where something is wrong, which was noted.
pub(super) fn read(table: &Table<'_>, environment: &Environment) -> Option<Variables> {
    read_as(table, environment, KEYS, ["mail.env", "mail-env"])
}

/// As [`read`], under other keys.
pub(super) fn read_as(
    table: &Table<'_>,
    environment: &Environment,
    keys: [&'static str; 2],
    examples: [&'static str; 2],
) -> Option<Variables> {
    let kept = SecretFile { keys, examples, what: "NAME=value lines", checked };
    kept.read(table, environment, || Some(Variables::default()))
}

/// Their text is never shown.
fn checked(value: &Value<'_>, text: &str, place: &str) -> Option<Variables> {
    match parse(text) {
        Ok(variables) => Some(variables),
        Err((line, reason)) => {
            let fix = "write NAME=value, one a line; a name is letters, digits and _, and begins with no digit";
            value.refuse(format!("{place}: line {line} {reason}"), fix)
        }
    }
}

/// As systemd's `EnvironmentFile=` has it: blank lines and those that begin with `#` or `;` say
/// nothing, and quotes around a whole value are not part of it. The error is a line, from 1, and
/// what is wrong with it.
fn parse(text: &str) -> Result<Variables, (usize, &'static str)> {
    let mut variables = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or((number, "is no NAME=value"))?;
        if !is_name(name) {
            return Err((number, "has no name before its ="));
        }
        if name.starts_with(OURS) {
            return Err((number, "has a name that begins with ORGVAULT_, which orgvaultd sets itself"));
        }
        if value.contains('\0') {
            return Err((number, "holds a NUL"));
        }
        if variables.insert(name.to_owned(), unquoted(value).to_owned()).is_some() {
            return Err((number, "names a variable for the second time"));
        }
    }
    Ok(Variables(variables))
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    name.bytes().all(fits) && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn unquoted(value: &str) -> &str {
    let within = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Result<Vec<(String, String)>, (usize, &'static str)> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        parse(text).map(|variables| variables.reveal().map(owned).collect())
    }

    #[test]
    fn lines_are_read_as_systemd_reads_them() {
        let text = "# a comment\n\nSMTP_PASSWORD=a=b # c\r\n; another\n  TOKEN=\"two words\"\n_X='\"'\nEMPTY=\n";
        let expected = [("EMPTY", ""), ("SMTP_PASSWORD", "a=b # c"), ("TOKEN", "two words"), ("_X", "\"")];
        assert_eq!(pairs(text), Ok(expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into()));
        assert_eq!(pairs(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_said_by_its_line_and_without_its_text() {
        for (text, line) in [
            ("hunter2", 1),
            ("A=1\nexport B=2", 2),
            ("=x", 1),
            ("1A=x", 1),
            ("A B=x", 1),
            ("ORGVAULT_EVENT=x", 1),
            ("A=1\n#\nA=2", 3),
            ("A=x\0y", 1),
        ] {
            let (number, reason) = pairs(text).unwrap_err();
            assert!(number == line && !reason.contains("hunter2"), "{text:?}: {number} {reason}");
        }
    }

    #[test]
    fn only_names_show() {
        let variables = parse("TOKEN=hunter2").unwrap();
        assert_eq!(format!("{variables:?}"), "Variables[\"TOKEN\"]");
    }
}
