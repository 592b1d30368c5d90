//! How organizations, formats and states are named on the terminal.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use orgvault_api::{
    Archive, ArchiveFiles, ArchiveState, Export, Format, JobProgress, OrganizationKey, Received, State, Tenant,
    gid::Gid,
    health::{Health, Level},
};
use orgvault_archive::manifest::manifest_path;
use orgvault_files::open;

use crate::{
    table::{Cell, Tone},
    units,
};

/// The file that a person means, with no link on the way to it where there was one. A link beside a
/// manifest stands where an archive ought to be, and is looked at as it is.
pub(crate) fn behind_links(path: &Path) -> PathBuf {
    let refused = open::in_place(path).err().and_then(|error| open::not_a_file(&error));
    let is_archive = || fs::symlink_metadata(manifest_path(path)).is_ok();
    let resolved = match refused.map(|not| not.what) {
        Some("a link") if !is_archive() => fs::canonicalize(path).ok(),
        Some("behind a link") => {
            let directory = path.parent().and_then(|directory| fs::canonicalize(directory).ok());
            directory.zip(path.file_name()).map(|(directory, name)| directory.join(name))
        }
        _ => None,
    };
    resolved.unwrap_or_else(|| path.to_owned())
}

/// Names longer than this are cut in tables.
pub(crate) const NAME_WIDTH: usize = 40;

/// `source/slug`, as commands take it; the id where there is no slug, and the kind where the
/// product has several.
pub(crate) fn organization(key: &OrganizationKey) -> String {
    let name = if key.slug.is_empty() { &key.id } else { &key.slug };
    if key.kind == "organization" {
        format!("{}/{name}", key.source)
    } else {
        format!("{}/{}/{name}", key.source, key.kind)
    }
}

/// `source/kind/id:id`: never ambiguous, whatever another organization's id or slug is.
pub(crate) fn exact(Tenant { source, kind, id }: &Tenant) -> String {
    format!("{source}/{kind}/id:{id}")
}

/// `3 files, 12.3 MiB; 2 missing, 1 changed`.
pub(crate) fn files(files: &ArchiveFiles) -> String {
    let ArchiveFiles { count, bytes, missing, changed, refused, unreadable } = *files;
    let faults = [(missing, "missing"), (changed, "changed"), (refused, "refused"), (unreadable, "unreadable")];
    let faults = faults.into_iter().filter(|(count, _)| *count > 0);
    let faults: Vec<String> = faults.map(|(count, word)| format!("{} {word}", units::number(count))).collect();
    let faults = if faults.is_empty() { String::new() } else { format!("; {}", faults.join(", ")) };
    format!("{}, {}{faults}", units::plural(count, "file"), units::size(bytes))
}

/// `json`, `csv time-logs`, `json.gz`, `seed importable`.
fn format(format: Format, entity: Option<&str>, gzip: bool, importable: bool) -> String {
    let suffix = if gzip { ".gz" } else { "" };
    let variant = entity.or(importable.then_some("importable"));
    match variant {
        Some(variant) => format!("{format}{suffix} {variant}"),
        None => format!("{format}{suffix}"),
    }
}

/// An export's format in words.
pub(crate) fn format_of(export: &Export) -> String {
    format(export.format, export.entity.as_deref(), export.gzip, export.importable)
}

/// `the app's job 1203 is started, and waits for the app`.
pub(crate) fn job(job: &JobProgress) -> String {
    let id = job.remote_id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    let waits = job.waits.as_ref().map(|what| format!(", and waits for {what}")).unwrap_or_default();
    format!("the app's job{id} is {}{waits}", job.state)
}

/// An archive's format in words: of one that the app made itself nobody knows whether it shows one instant.
pub(crate) fn archive_format(archive: &Archive) -> String {
    let format = format(archive.format, archive.entity.as_deref(), archive.gzip, archive.importable);
    if archive.received.is_some() { format!("{format} as received") } else { format }
}

/// What is known of an archive that the app made itself.
pub(crate) fn received(received: &Received) -> String {
    let job = received.job.as_ref().map_or_else(String::new, |job| format!(" as job {job}"));
    let at = units::time(received.requested_at);
    format!("asked for at {at}{job}; verified against itself; whether it shows one instant is not known")
}

/// A state with its meaning.
pub(crate) fn state(state: State) -> Cell {
    let tone = match state {
        State::Pending | State::Started => Tone::Plain,
        State::Finished => Tone::Good,
        State::Error => Tone::Bad,
    };
    Cell::toned(tone, state.name())
}

/// What is known of an archive's file.
pub(crate) fn archive_state(state: ArchiveState) -> Cell {
    match state {
        ArchiveState::Present => Cell::toned(Tone::Good, "present"),
        ArchiveState::Missing => Cell::toned(Tone::Bad, "missing"),
        ArchiveState::Damaged => Cell::toned(Tone::Bad, "damaged"),
    }
}

/// What a message says of a source, without its name where it begins with that.
pub(crate) fn said_of<'m>(source: &str, message: &'m str) -> &'m str {
    let rest = message.strip_prefix("source ").and_then(|rest| rest.strip_prefix(source)?.strip_prefix(": "));
    rest.unwrap_or(message)
}

/// How an organization's backups are.
pub(crate) fn health(health: Health) -> Cell {
    let tone = match (health, health.level()) {
        (Health::Ok, _) => Tone::Good,
        (Health::Never, _) | (_, Level::Ok) => Tone::Plain,
        (_, Level::Warning) => Tone::Careful,
        (_, Level::Critical) => Tone::Bad,
    };
    Cell::toned(tone, health.name())
}

/// An archive of the daemon, or any file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GidOrFile {
    /// Decimal digits alone.
    Gid(Gid),
    /// Everything else.
    File(PathBuf),
}

impl FromStr for GidOrFile {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse().map_or_else(|_not_digits| Self::File(text.into()), Self::Gid))
    }
}

impl fmt::Display for GidOrFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gid(gid) => gid.fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: &str, slug: &str) -> OrganizationKey {
        let [source, kind, id, name, slug] = ["tracker", kind, "7", "Acme", slug].map(str::to_owned);
        OrganizationKey { source, kind, id, name, slug }
    }

    #[test]
    fn an_organization_is_named_as_commands_take_it() {
        assert_eq!(organization(&key("organization", "acme")), "tracker/acme");
        assert_eq!(organization(&key("organization", "")), "tracker/7");
        assert_eq!(organization(&key("program", "acme")), "tracker/program/acme");
    }

    #[test]
    fn files_are_counted_with_what_is_wrong_with_them() {
        let sound = ArchiveFiles { count: 1, bytes: 1024, ..ArchiveFiles::default() };
        assert_eq!(files(&sound), "1 file, 1.0 KiB");
        assert_eq!(
            files(&ArchiveFiles { missing: 1200, refused: 2, ..sound }),
            "1 file, 1.0 KiB; 1,200 missing, 2 refused"
        );
    }

    #[test]
    fn digits_are_a_gid_and_all_else_is_a_file() {
        for (text, is_gid) in [("123", true), ("./123", false), ("a.json", false), ("0", false), ("", false)] {
            assert_eq!(matches!(text.parse(), Ok(GidOrFile::Gid(_))), is_gid, "{text:?}");
        }
    }
}
