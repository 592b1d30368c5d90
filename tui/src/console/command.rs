//! `:`: commands, and what completes them.

use orgvault_api::{Format, gid::Gid};

use super::{keys::Action, screens::organizations::SORTS};

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// The same as a key.
    Do(Action),
    /// Open an organization.
    Organization(String),
    /// Open an export or archive.
    Gid(Gid),
    /// Sort by a column, or turn its order round.
    Sort(String),
    /// Filter.
    Filter(String),
    /// Export in these formats.
    Export(Vec<Format>),
    /// Go to the row of this number.
    Row(u64),
    /// An empty line.
    Nothing,
}

/// The commands without argument, with what else they are called.
const WORDS: [(&str, &[&str], Action); 18] = [
    ("organizations", &["orgs", "home"], Action::Organizations),
    ("exports", &["queue"], Action::Exports),
    ("schedules", &["sched"], Action::Schedules),
    ("activity", &["audit", "events"], Action::Activity),
    ("drills", &[], Action::Drills),
    ("retention", &["prune"], Action::Retention),
    ("export", &[], Action::Export),
    ("verify", &[], Action::Verify),
    ("compare", &[], Action::Compare),
    ("cancel", &[], Action::Cancel),
    ("counts", &["live"], Action::Live),
    ("preflight", &[], Action::Preflight),
    ("faults", &[], Action::Faults),
    ("mouse", &[], Action::Mouse),
    ("refresh", &[], Action::Refresh),
    ("notes", &["why", "warnings"], Action::Notes),
    ("help", &["h"], Action::Help),
    ("quit", &["q", "q!", "exit"], Action::QuitAnywhere),
];

/// The commands with an argument.
const WITH: [&str; 5] = ["organization", "open", "sort", "filter", "row"];

/// What `line` means.
///
/// # Errors
/// A sentence, where it means nothing.
pub(crate) fn parse(line: &str) -> Result<Command, String> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(Command::Nothing);
    }
    let (word, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()));
    if let Ok(gid) = line.parse() {
        return Ok(Command::Gid(gid));
    }
    if rest.is_empty()
        && let Some((_, _, action)) = WORDS.iter().find(|(name, also, _)| *name == word || also.contains(&word))
    {
        return Ok(Command::Do(*action));
    }
    match (word, rest) {
        ("organization" | "org", name) if !name.is_empty() => Ok(Command::Organization(name.to_owned())),
        ("open", gid) => gid.parse().map(Command::Gid).map_err(|error| format!("open takes a gid: {error}")),
        ("sort", column) if SORTS.contains(&column) => Ok(Command::Sort(column.to_owned())),
        ("sort", _) => Err(format!("sort takes one of {}", SORTS.join(", "))),
        ("export", formats) => formats
            .split([' ', ','])
            .filter(|word| !word.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Command::Export)
            .map_err(|error| format!("export takes formats: {error}")),
        ("row", number) => number
            .replace([',', '_'], "")
            .parse()
            .map(Command::Row)
            .map_err(|error| format!("row takes a number: {error}")),
        ("filter", text) => Ok(Command::Filter(text.to_owned())),
        _ => Err(format!("`{line}` is no command: tab shows those that begin so")),
    }
}

/// The lines that begin with `typed`: commands, and the arguments of those that have some.
pub(crate) fn completions(typed: &str, organizations: impl Iterator<Item = String>, formats: &[Format]) -> Vec<String> {
    let starting = |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with(typed)).collect();
    if typed.starts_with("organization ") || typed.starts_with("org ") {
        let word = typed.split(' ').next().unwrap_or_default();
        return starting(organizations.map(|name| format!("{word} {name}")).collect());
    }
    if typed.starts_with("sort ") {
        return starting(SORTS.iter().map(|column| format!("sort {column}")).collect());
    }
    if let (true, Some((before, _))) = (typed.starts_with("export "), typed.rsplit_once(' ')) {
        return starting(formats.iter().map(|format| format!("{before} {format}")).collect());
    }
    let mut words: Vec<String> = WORDS.iter().map(|(name, _, _)| (*name).to_owned()).collect();
    words.extend(WITH.iter().map(|word| format!("{word} ")));
    words.sort();
    starting(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_mean_what_keys_do() {
        assert_eq!(parse("exports"), Ok(Command::Do(Action::Exports)));
        assert_eq!(parse(" q! "), Ok(Command::Do(Action::QuitAnywhere)));
        assert_eq!(parse("org tracker/acme"), Ok(Command::Organization("tracker/acme".into())));
        assert_eq!(parse("sort rows"), Ok(Command::Sort("rows".into())));
        assert_eq!(parse("7"), Ok(Command::Gid(7.try_into().unwrap())));
        assert_eq!(parse(""), Ok(Command::Nothing));
        assert_eq!(parse("export csv,json"), Ok(Command::Export(vec![Format::Csv, Format::Json])));
        assert_eq!(parse("row 500,000"), Ok(Command::Row(500_000)));
        for wrong in ["export pdf", "row none", "exportz", "sort weight", "open sesame", "organization"] {
            parse(wrong).unwrap_err();
        }
    }

    #[test]
    fn completion_knows_commands_columns_and_organizations() {
        let names = || ["tracker/acme", "tracker/globex"].map(str::to_owned).into_iter();
        assert_eq!(completions("ex", names(), &[]), ["export", "exports"]);
        assert_eq!(completions("sort n", names(), &[]), ["sort name", "sort nights", "sort next"]);
        assert_eq!(completions("org tracker/g", names(), &[]), ["org tracker/globex"]);
        assert_eq!(completions("zz", names(), &[]), [""; 0]);
        let offered = [Format::Json, Format::Csv];
        assert_eq!(completions("export ", names(), &offered), ["export json", "export csv"]);
        assert_eq!(completions("export json c", names(), &offered), ["export json csv"]);
    }
}
