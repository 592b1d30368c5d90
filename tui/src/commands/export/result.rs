//! What came of exports: lines for people and an exit code for scripts.

use orgvault_api::{Archive, Export, State, text::printable};

use crate::{
    commands::{orgs::failure_lines, show::warning_lines},
    exit::Exit,
    follow::FollowedExports,
    lines::{self, Lines, paragraph},
    names,
    table::{Look, Tone},
    units,
};

/// The gids, one a line.
pub(super) fn gids(exports: &[Export]) -> String {
    lines::each(exports.iter().map(|export| export.gid))
}

/// How the command ends: some of several that failed make it incomplete.
pub(super) fn exit(followed: &FollowedExports) -> Exit {
    let exports = followed.exports();
    let finished = exports.iter().filter(|export| export.state == State::Finished).count();
    let canceled = exports.iter().filter(|export| is_canceled(export)).count();
    match finished {
        all if all == exports.len() && followed.failures().is_empty() => Exit::Ok,
        all if all == exports.len() => Exit::Incomplete,
        0 if canceled == exports.len() => Exit::Canceled,
        0 => Exit::Failed,
        _some => Exit::Incomplete,
    }
}

fn is_canceled(export: &Export) -> bool {
    export.error.as_ref().is_some_and(|error| error.code == "canceled")
}

/// One line for each export, with its path or its error; and a summary of several.
pub(super) fn lines(followed: &FollowedExports, archives: &[Archive], out: Option<&str>, look: Look) -> String {
    let exports = followed.exports();
    let mut text = String::new();
    for export in exports {
        let archive = archives.iter().find(|archive| archive.gid == export.gid);
        let path = out.or(archive.map(|archive| archive.path.as_str()));
        text.push_str(&line(export, path, look));
    }
    for export in followed.lost() {
        text.line(format_args!("the outcome of {} is unknown: orgvaultd does not know it any more", export.gid));
    }
    text.push_str(&failure_lines(followed.failures()));
    if exports.len() != 1 {
        let finished = exports.iter().filter(|export| export.state == State::Finished).count();
        let failed = exports.len() - finished;
        text.line(format_args!("{}, {failed} failed", units::plural(finished as u64, "archive")));
    }
    text
}

/// `ok      tracker/acme  json  41,203 rows  12.3 MiB  1.2 s  1 warning  /path`.
fn line(export: &Export, path: Option<&str>, look: Look) -> String {
    let name = names::organization(&export.organization);
    let (name, format) = (printable(&name), names::format_of(export));
    let format = printable(&format);
    let Some(error) = &export.error else {
        if export.state != State::Finished {
            return format!("{}  {name}  {format}  {}\n", look.paint(Tone::Bad, "unknown"), export.gid);
        }
        return format!(
            "{}       {name}  {format}  {}\n{}",
            look.paint(Tone::Good, "ok"),
            facts(export, path),
            warning_lines(&export.warnings)
        );
    };
    let mut text = format!(
        "{}   {name}  {format}  {}: {}\n",
        look.paint(Tone::Bad, "failed"),
        printable(&error.code),
        paragraph(&error.message, 9)
    );
    for line in error.hint.lines() {
        text.line(format_args!("         hint: {}", printable(line)));
    }
    text
}

fn facts(export: &Export, path: Option<&str>) -> String {
    let mut facts = vec![units::plural(units::rows(&export.counts), "row")];
    facts.extend(export.bytes.map(units::size));
    let times = export.started_at.zip(export.finished_at);
    facts.extend(times.map(|(start, end)| units::duration(units::between(start, end))));
    if !export.warnings.is_empty() {
        facts.push(units::plural(export.warnings.len() as u64, "warning"));
    }
    facts.push(path.map_or("(its archive is gone)".into(), |path| printable(path).into_owned()));
    facts.join("  ")
}
