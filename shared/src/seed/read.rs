//! The strict reader: any layout, but only the keys, types and versions of a seed.

use super::{
    fault::{Fault, ReadError, Step},
    locate,
    model::{Document, Version},
    newer::newer,
    node::Node,
    reference::reference_faults,
    scan::Scanner,
};

/// Larger files are refused, not read: TruePPM's own limit of 100,000 tasks, dependencies,
/// sprints, risks and links is reached far below it.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

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
/// When the text is too large, no UTF-8, no JSON, cut off or nested too deeply, and for an
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
        Some((path, what)) => Err(locate::fault_at(text, &path, Fault::NewerVersion { what })),
    }
}

pub(super) fn text_of(bytes: &[u8]) -> Result<&str, ReadError> {
    let start = |fault| ReadError { path: "$".to_owned(), line: 1, column: 1, fault };
    if bytes.len() > MAX_BYTES {
        let [bytes, limit] = [bytes.len(), MAX_BYTES].map(|size| u64::try_from(size).unwrap_or(u64::MAX));
        return Err(start(Fault::TooLarge { bytes, limit }));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = super::fault::position(bytes, error.valid_up_to());
        ReadError { line, column, ..start(Fault::NotUtf8) }
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
