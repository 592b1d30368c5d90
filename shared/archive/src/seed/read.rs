//! The strict reader: any layout, but only the keys, types and versions of a seed.

use std::{
    io::{self, BufRead, Read},
    path::Path,
};

use super::{
    fault::{ReadError, SeedFault, Step},
    locate,
    model::{Document, Version},
    newer::newer,
    node::Node,
    reference::reference_faults,
    scan::Scanner,
};
use orgvault_files::open;

/// Larger files of people are refused, not read: TruePPM's own limit of 100,000 tasks,
/// dependencies, sprints, risks and links is reached far below it.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be opened or read.
    #[error("cannot read {name}: {cause}")]
    Read {
        /// The file or archive.
        name: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It is too large for a seed.
    #[error("{name} has more than {MAX_BYTES} bytes: such a large seed is not read")]
    TooLarge {
        /// The file or archive.
        name: String,
    },
}

/// The bytes of a file that a person names, of at most [`MAX_BYTES`], without gzip where it has
/// that.
///
/// # Errors
/// When it cannot be read, is no file, or is larger.
pub fn load(path: &Path) -> Result<Vec<u8>, LoadError> {
    let name = path.to_string_lossy();
    let file = open::behind_links(path).map_err(|cause| LoadError::Read { name: name.clone().into_owned(), cause })?;
    load_from(&name, file)
}

/// As [`load`], of what is open, and people know by `name`.
///
/// # Errors
/// As [`load`].
pub fn load_from(name: &str, opened: impl Read) -> Result<Vec<u8>, LoadError> {
    let failed = |cause| LoadError::Read { name: name.to_owned(), cause };
    let mut file = io::BufReader::new(opened);
    let gzip = file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
    let mut bytes = Vec::new();
    let read = if gzip {
        flate2::bufread::MultiGzDecoder::new(file).take(MAX_BYTES + 1).read_to_end(&mut bytes)
    } else {
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes)
    };
    read.map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES { Err(LoadError::TooLarge { name: name.to_owned() }) } else { Ok(bytes) }
}

/// Reads a document whose references all name something in it.
///
/// # Errors
/// As [`parse`], and for the first reference that names nothing.
pub fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let document = parse(bytes)?;
    match reference_faults(&document).into_dangling() {
        None => Ok(document),
        Some((path, fault)) => Err(locate::fault_at(text_of(bytes)?, &path, fault)),
    }
}

/// Reads a document; what its references name is not looked at. What TruePPM exports can always
/// be read in this way: it writes references to tasks and labels of other projects bare.
///
/// # Errors
/// When the text is no UTF-8, no JSON, cut off or nested too deeply, and for an
/// unknown, missing or doubled key, a value of another type, or an unknown version: where, and
/// why.
pub fn parse(bytes: &[u8]) -> Result<Document, ReadError> {
    let text = text_of(bytes)?;
    check_version(text)?;
    let mut scanner = Scanner::new(text);
    let document = Document::read(&mut scanner)?;
    scanner.finish()?;
    match newer(&document) {
        None => Ok(document),
        Some((path, what)) => Err(locate::fault_at(text, &path, SeedFault::NewerVersion { what })),
    }
}

pub(super) fn text_of(bytes: &[u8]) -> Result<&str, ReadError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = super::fault::position(bytes, error.valid_up_to());
        ReadError { path: "$".to_owned(), line, column, fault: SeedFault::NotUtf8 }
    })
}

/// A document of another version is refused for its version, not for the first key that this
/// version lacks.
fn check_version(text: &str) -> Result<(), ReadError> {
    let path = [Step::Key("schema_version")];
    let mut scanner = Scanner::new(text);
    if matches!(locate::find(&mut scanner, &path), Ok(Some(_))) && scanner.peek() == Some(b'"') {
        scanner.enter(Step::Key("schema_version"));
        Version::read(&mut scanner)?;
    }
    Ok(())
}
