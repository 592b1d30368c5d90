//! Verification: a finished file is read back, in constant memory, and compared with what it must
//! contain: size, SHA-256, structure, rows by section.

mod bag;
mod compared;
mod fault;
mod files;
mod guess;
mod received;
mod structure;
mod zip;

use std::{
    io::{self, Read},
    ops::ControlFlow,
    path::Path,
};

pub use fault::ArchiveFault;
pub(super) use guess::Guess;

use orgvault_files::open;

use super::{
    content::{self, Progress, Raw},
    manifest::{Layout, Manifest, Section},
    reader::ArchiveReader,
    received::{Content, ReadAs},
};
use orgvault_api::{ArchiveFiles, Format, SectionCount, Verification, Warning, clock::Timestamp, gid::Gid};
use structure::Structure;

/// What a file must contain. Nothing is expected of what is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// How it is written.
    pub format: Format,
    /// Whether it is compressed with gzip.
    pub gzip: bool,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// Its SHA-256, in lower-case hex.
    pub sha256: Option<&'a str>,
    /// Its sections with their rows.
    pub sections: Option<&'a [Section]>,
    /// The files of the app that it holds.
    pub files: Option<ArchiveFiles>,
    /// What it has around its sections.
    pub layout: &'a Layout,
    /// For one that the app itself made: how it is read, and whose it must be.
    pub received: Option<ReadAs<'a>>,
}

impl<'a> Expected<'a> {
    /// Nothing but how it is written.
    #[must_use]
    pub fn nothing(format: Format, gzip: bool, layout: &'a Layout) -> Self {
        Self { format, gzip, bytes: None, sha256: None, sections: None, files: None, layout, received: None }
    }

    /// What a manifest says.
    #[must_use]
    pub fn of(manifest: &'a Manifest) -> Self {
        Self {
            format: manifest.format,
            gzip: manifest.gzip,
            bytes: Some(manifest.bytes),
            sha256: Some(&manifest.sha256),
            sections: Some(&manifest.sections),
            files: manifest.files,
            layout: &manifest.layout,
            received: manifest.received.as_ref().map(|file| ReadAs {
                content: &file.content,
                organization: &manifest.organization,
                scratch: None,
            }),
        }
    }
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hex.
    pub sha256: String,
    /// Its size without gzip, in bytes.
    pub content_bytes: u64,
    /// Rows found by section: those of the manifest in its order, else those of the file.
    pub counts: Vec<SectionCount>,
    /// The files of the app that were found, where it lists them.
    pub files: Option<ArchiveFiles>,
    /// What is wrong; empty where the file is whole.
    pub faults: Vec<ArchiveFault>,
    /// What the admin ought to know of a file that is whole.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// Whether no fault was found.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.faults.is_empty()
    }

    /// The kind of its worst fault, in one stable word: `unreadable` (the machine does not give it), `not_an_export`,
    /// `truncated`, `wrong_organization` or `export_damaged`. None where it is whole.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        fault::code_of(&self.faults)
    }

    /// The report as the API shows it.
    #[must_use]
    pub fn to_verification(&self, gid: Option<Gid>, name: &str, at: Timestamp) -> Verification {
        Verification {
            gid,
            path: name.to_owned(),
            at,
            ok: self.ok(),
            faults: self.faults.iter().map(ToString::to_string).collect(),
            counts: self.counts.clone(),
            files: self.files,
            bytes: self.bytes,
        }
    }

    fn only(fault: ArchiveFault) -> Self {
        Self {
            bytes: 0,
            sha256: String::new(),
            content_bytes: 0,
            counts: Vec::new(),
            files: None,
            faults: vec![fault],
            warnings: Vec::new(),
        }
    }
}

/// Why a file could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be opened, or is not there and no manifest says that it should be.
    #[error("cannot open {name}: {cause}")]
    Open {
        /// The archive.
        name: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The reading was stopped.
    #[error("the verification of {name} was stopped")]
    Stopped {
        /// The archive.
        name: String,
    },
}

/// Verifies the file at `path` against its manifest; without one its format is told from its name
/// or its first bytes, and structure and counts are all that is looked at.
///
/// # Errors
/// When the file cannot be opened. What is wrong with it is an [`ArchiveFault`] in the report, also that
/// a file with a manifest is gone.
pub fn verify(path: &Path, manifest: Option<&Manifest>) -> Result<Report, VerifyError> {
    verify_while(path, manifest, &|_bytes| ControlFlow::Continue(()))
}

/// As [`verify`]; `progress` is called with the bytes read so far and stops it with `Break`.
///
/// # Errors
/// As [`verify`], and when it was stopped.
pub fn verify_while(
    path: &Path,
    manifest: Option<&Manifest>,
    progress: &(dyn Fn(u64) -> ControlFlow<()> + Sync),
) -> Result<Report, VerifyError> {
    verify_opened(&path.to_string_lossy(), ArchiveReader::in_place(path), manifest, progress)
}

/// As [`verify_while`], of the archive that people know by `name`, which a store has `opened`, or could not.
///
/// # Errors
/// As [`verify_while`].
pub fn verify_opened(
    name: &str,
    opened: io::Result<ArchiveReader>,
    manifest: Option<&Manifest>,
    progress: &(dyn Fn(u64) -> ControlFlow<()> + Sync),
) -> Result<Report, VerifyError> {
    let failed = |cause| VerifyError::Open { name: name.to_owned(), cause };
    let Some(manifest) = manifest else {
        let reader = opened.map_err(failed)?;
        let Guess { format, gzip, content } = Guess::of(&reader).map_err(failed)?;
        let (layout, nobody) = (Layout::default(), guess::nobody());
        let received = content.as_ref().map(|content| ReadAs { content, organization: &nobody, scratch: None });
        let expected = Expected { received, ..Expected::nothing(format, gzip, &layout) };
        return read_back_while(&reader, &expected, progress);
    };
    let replaced = |cause: &io::Error| open::not_a_file(cause).map(|not| ArchiveFault::NotAFile { what: not.what });
    match opened {
        Ok(reader) => read_back_while(&reader, &Expected::of(manifest), progress),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Report::only(ArchiveFault::Missing)),
        Err(cause) => replaced(&cause).map(Report::only).ok_or_else(|| failed(cause)),
    }
}

/// Reads back an archive, which may not be published yet.
///
/// What is wrong with it is an [`ArchiveFault`] in the report.
#[must_use]
pub fn read_back(reader: &ArchiveReader, expected: &Expected<'_>) -> Report {
    let (structure, raw) = examine(reader, expected, &|_bytes| ControlFlow::Continue(()));
    judge(structure, raw, expected)
}

fn read_back_while(
    reader: &ArchiveReader,
    expected: &Expected<'_>,
    progress: Progress<'_>,
) -> Result<Report, VerifyError> {
    let (structure, raw) = examine(reader, expected, progress);
    if raw.stopped {
        return Err(VerifyError::Stopped { name: reader.name().to_owned() });
    }
    Ok(judge(structure, raw, expected))
}

fn examine(reader: &ArchiveReader, expected: &Expected<'_>, progress: Progress<'_>) -> (Structure, Raw) {
    let read = |consume: &mut dyn FnMut(&mut dyn Read) -> Structure| {
        content::read_through(reader.again(), expected.gzip, expected.bytes, progress, consume)
    };
    if let Some(fault) = expected.received.and_then(|_read_as| received::unlike(reader, expected)) {
        let structure = Structure { faults: vec![fault], ..Structure::default() };
        let (_nothing, raw) = content::read_through(reader.again(), false, expected.bytes, progress, |_content| ());
        return (structure, raw);
    }
    match expected.format {
        Format::Json | Format::Csv | Format::Seed | Format::SeedEvents if let Some(read_as) = expected.received => {
            read(&mut |content| received::file(content, read_as))
        }
        Format::Json => read(&mut |content| structure::document(content, expected)),
        Format::Csv => read(&mut |content| structure::table(content, expected)),
        Format::Seed | Format::SeedEvents => read(&mut |content| structure::seed(content, expected)),
        Format::Tar => {
            let (content, nobody) = (Content::default(), guess::nobody());
            let alone = ReadAs { content: &content, organization: &nobody, scratch: None };
            let read_as = expected.received.unwrap_or(alone);
            read(&mut |tar| received::tar(tar, read_as))
        }
        Format::Zip | Format::Full => {
            let (nothing, mut raw) = read(&mut |_content| Structure::default());
            if raw.stopped || raw.error.is_some() {
                return (nothing, raw);
            }
            let walked = match expected.received {
                Some(read_as) => received::zip(reader, raw.bytes, read_as, progress),
                None => zip::members(reader.again(), raw.bytes, expected, progress),
            };
            match walked {
                ControlFlow::Continue(structure) => (structure, raw),
                ControlFlow::Break(()) => {
                    raw.stopped = true;
                    (nothing, raw)
                }
            }
        }
    }
}

/// Puts together what the bytes, the structure and the counts say.
fn judge(structure: Structure, raw: Raw, expected: &Expected<'_>) -> Report {
    let mut faults = Vec::new();
    if let Some(cause) = &raw.error {
        faults.push(ArchiveFault::Unreadable { at: raw.bytes, cause: cause.to_string() });
    } else {
        faults.extend(compared::of_bytes(&raw, structure.faults.is_empty(), expected));
    }
    let rows = structure.rows();
    let files = structure.files;
    if structure.walked
        && let Some((found, expected)) = files.zip(expected.files)
    {
        faults.extend(compared::of_files(found, expected));
    }
    faults.extend(structure.faults);
    let warnings = structure.warnings;
    let counts = match expected.sections {
        Some(sections) if structure.walked => {
            let found = |section: &Section| rows.get(&section.name).copied();
            faults.extend(sections.iter().filter_map(|section| compared::of_section(section, found(section))));
            let count = |section: &Section| Some(SectionCount { name: section.name.clone(), rows: found(section)? });
            sections.iter().filter_map(count).collect()
        }
        _ => structure.counts,
    };
    let faults = compared::shortened(faults);
    Report { bytes: raw.bytes, sha256: raw.sha256, content_bytes: raw.content_bytes, counts, files, faults, warnings }
}
