//! Verification: a finished file is read back, in constant memory, and compared with what it must
//! contain: size, SHA-256, structure, rows by section.

mod fault;
mod structure;
mod zip;

use std::{
    fs::File,
    io::{self, Read, Seek},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

pub use fault::Fault;

use orgvault_files::open;

use super::{
    content::{self, Progress, Raw},
    manifest::{Layout, Manifest, Section},
    naming::ArchiveName,
};
use orgvault_api::{Format, SectionCount, Verification, clock::Timestamp, gid::Gid};
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
    /// What it has around its sections.
    pub layout: &'a Layout,
}

impl<'a> Expected<'a> {
    /// What a manifest says.
    #[must_use]
    pub fn of(manifest: &'a Manifest) -> Self {
        Self {
            format: manifest.format,
            gzip: manifest.gzip,
            bytes: Some(manifest.bytes),
            sha256: Some(&manifest.sha256),
            sections: Some(&manifest.sections),
            layout: &manifest.layout,
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
    /// What is wrong; empty where the file is whole.
    pub faults: Vec<Fault>,
}

impl Report {
    /// Whether no fault was found.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.faults.is_empty()
    }

    /// The report as the API shows it.
    #[must_use]
    pub fn to_verification(&self, gid: Option<Gid>, path: &Path, at: Timestamp) -> Verification {
        Verification {
            gid,
            path: path.to_string_lossy().into_owned(),
            at,
            ok: self.ok(),
            faults: self.faults.iter().map(ToString::to_string).collect(),
            counts: self.counts.clone(),
            bytes: self.bytes,
        }
    }

    fn only(fault: Fault) -> Self {
        Self { bytes: 0, sha256: String::new(), content_bytes: 0, counts: Vec::new(), faults: vec![fault] }
    }
}

/// Why a file could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be opened, or is not there and no manifest says that it should be.
    #[error("cannot open {}: {cause}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The reading was stopped.
    #[error("the verification of {} was stopped", path.display())]
    Stopped {
        /// The file.
        path: PathBuf,
    },
}

/// Verifies the file at `path` against its manifest; without one its format is told from its name
/// or its first bytes, and structure and counts are all that is looked at.
///
/// # Errors
/// When the file cannot be opened. What is wrong with it is a [`Fault`] in the report, also that
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
    let Some(manifest) = manifest else { return bare(path, progress) };
    let replaced = |cause: &io::Error| open::not_a_file(cause).map(|not| Fault::NotAFile { what: not.what });
    match open::in_place(path) {
        Ok(file) => read_through(path, &file, &Expected::of(manifest), progress),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Report::only(Fault::Missing)),
        Err(cause) => replaced(&cause).map(Report::only).ok_or_else(|| failed(path, cause)),
    }
}

/// Reads back the file at `path`, which may still have a partial name.
///
/// # Errors
/// When the file cannot be opened.
pub fn read_back(path: &Path, expected: &Expected<'_>) -> Result<Report, VerifyError> {
    read_back_while(path, expected, &|_bytes| ControlFlow::Continue(()))
}

/// As [`read_back`]; `progress` is called with the bytes read so far and stops it with `Break`.
///
/// # Errors
/// As [`read_back`], and when it was stopped.
pub fn read_back_while(
    path: &Path,
    expected: &Expected<'_>,
    progress: &(dyn Fn(u64) -> ControlFlow<()> + Sync),
) -> Result<Report, VerifyError> {
    let file = open::in_place(path).map_err(|cause| failed(path, cause))?;
    read_through(path, &file, expected, progress)
}

fn read_through(
    path: &Path,
    file: &File,
    expected: &Expected<'_>,
    progress: Progress<'_>,
) -> Result<Report, VerifyError> {
    let (structure, raw) = examine(file, expected, progress).map_err(|cause| failed(path, cause))?;
    if raw.stopped {
        return Err(VerifyError::Stopped { path: path.to_owned() });
    }
    Ok(judge(structure, raw, expected))
}

fn bare(path: &Path, progress: Progress<'_>) -> Result<Report, VerifyError> {
    let file = open::in_place(path).map_err(|cause| failed(path, cause))?;
    let (format, gzip) = guess(path, &file).map_err(|cause| failed(path, cause))?;
    let layout = Layout::default();
    let expected = Expected { format, gzip, bytes: None, sha256: None, sections: None, layout: &layout };
    read_through(path, &file, &expected, progress)
}

fn failed(path: &Path, cause: io::Error) -> VerifyError {
    VerifyError::Open { path: path.to_owned(), cause }
}

/// How a file without a manifest is written: by its name where that says it, else by its first
/// bytes.
pub(super) fn guess(path: &Path, mut file: &File) -> io::Result<(Format, bool)> {
    let mut start = Vec::new();
    file.take(512).read_to_end(&mut start)?;
    file.rewind()?;
    let gzip = start.starts_with(&[0x1f, 0x8b]);
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    if let Ok(name) = name.parse::<ArchiveName>() {
        return Ok((name.format, name.gzip));
    }
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    if let Some(format) = plain.rsplit_once('.').and_then(|(_, extension)| extension.parse().ok()) {
        return Ok((format, gzip));
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Ok((Format::Zip, false));
    }
    if gzip {
        start.clear();
        // A broken stream is told by the verification that follows.
        if content::open(file.try_clone()?, true).take(512).read_to_end(&mut start).is_err() {
            start.clear();
        }
        file.rewind()?;
    }
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok((if matches!(first, Some(b'{' | b'[')) { Format::Json } else { Format::Csv }, gzip))
}

fn examine(file: &File, expected: &Expected<'_>, progress: Progress<'_>) -> io::Result<(Structure, Raw)> {
    let read = |consume: &mut dyn FnMut(&mut dyn Read) -> Structure| {
        Ok::<_, io::Error>(content::read_through(file.try_clone()?, expected.gzip, expected.bytes, progress, consume))
    };
    match expected.format {
        Format::Json => read(&mut |content| structure::document(content, expected)),
        Format::Csv => read(&mut |content| structure::table(content, expected)),
        Format::Seed | Format::SeedEvents => read(&mut |content| structure::seed(content, expected)),
        Format::Zip => {
            let (nothing, mut raw) = read(&mut |_content| Structure::default())?;
            if raw.stopped || raw.error.is_some() {
                return Ok((nothing, raw));
            }
            let mut file = file.try_clone()?;
            file.rewind()?;
            let structure = match zip::members(file, raw.bytes, expected, progress) {
                ControlFlow::Continue(structure) => structure,
                ControlFlow::Break(()) => {
                    raw.stopped = true;
                    nothing
                }
            };
            Ok((structure, raw))
        }
    }
}

/// Puts together what the bytes, the structure and the counts say.
fn judge(structure: Structure, raw: Raw, expected: &Expected<'_>) -> Report {
    let mut faults = Vec::new();
    if let Some(cause) = &raw.error {
        faults.push(Fault::Unreadable { at: raw.bytes, cause: cause.to_string() });
    } else {
        faults.extend(fault::of_bytes(&raw, structure.faults.is_empty(), expected));
    }
    let rows = structure.rows();
    faults.extend(structure.faults);
    let counts = match expected.sections {
        Some(sections) if structure.walked => {
            let found = |section: &Section| rows.get(&section.name).copied();
            faults.extend(sections.iter().filter_map(|section| fault::of_section(section, found(section))));
            let count = |section: &Section| Some(SectionCount { name: section.name.clone(), rows: found(section)? });
            sections.iter().filter_map(count).collect()
        }
        _ => structure.counts,
    };
    let faults = fault::shortened(faults);
    Report { bytes: raw.bytes, sha256: raw.sha256, content_bytes: raw.content_bytes, counts, faults }
}
