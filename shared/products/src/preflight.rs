//! Preflight: would the app's own importer take this archive, and what would it change? Each
//! product's rules are in its room; they follow that importer, its quirks included.

use std::{io, path::Path};

pub(crate) mod findings;

use crate::{PRODUCTS, preflight::findings::Findings};
use orgvault_api::Format;
use orgvault_api::preflight::Preflight;
use orgvault_archive::ArchiveReader;

/// What the name of a product ends with whose archives the app makes itself.
const OF_API: &str = "-api";

/// Whether there are importers of archives of this format.
#[must_use]
pub fn has_importer(format: Format) -> bool {
    importers().any(|(_, importer)| importer.formats.contains(&format))
}

/// Why an archive could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// No importer of that name is known.
    #[error("no importer of `{product}` is known; known are: {known}")]
    UnknownProduct {
        /// What was asked for.
        product: String,
        /// The products that have a preflight, with commas between.
        known: String,
    },
    /// The file does not show whose archive it is.
    #[error("{name} does not show which product it is for; name one with --product ({known})")]
    Undecided {
        /// The archive.
        name: String,
        /// The products that have a preflight, with commas between.
        known: String,
    },
    /// The file could not be read.
    #[error("cannot read {name}: {cause}")]
    Read {
        /// The archive.
        name: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
}

/// One product's importer.
pub(crate) struct Importer {
    /// The formats that are written for it.
    pub(crate) formats: &'static [Format],
    /// Says all that the importer would refuse or change.
    pub(crate) check: fn(&ArchiveReader, &mut Findings) -> io::Result<()>,
    /// Whether a file is an archive of this product, by its first look.
    pub(crate) recognize: fn(&ArchiveReader) -> io::Result<bool>,
}

/// Each importer with its product's name.
fn importers() -> impl Iterator<Item = (&'static str, &'static Importer)> {
    const { &PRODUCTS }.iter().filter_map(|product| Some((product.name, product.importer.as_ref()?)))
}

/// Reads the archive at `path` as the importer of `product` would, in memory that grows only
/// with the number of ids that rows can refer to.
///
/// # Errors
/// When the product has no preflight or the file cannot be read. An archive that the importer
/// would not take is no error but a verdict.
pub fn preflight(product: &str, path: &Path) -> Result<Preflight, PreflightError> {
    importer(product)?;
    preflight_of(product, &open(path)?)
}

/// As [`preflight`], of an archive that is open.
///
/// # Errors
/// As [`preflight`].
pub fn preflight_of(product: &str, archive: &ArchiveReader) -> Result<Preflight, PreflightError> {
    let mut findings = Findings::default();
    let (product, importer) = importer(product)?;
    (importer.check)(archive, &mut findings).map_err(|cause| unreadable(archive, cause))?;
    Ok(findings.into_preflight(product))
}

/// The importer of a product, with the product's name: what an app hands out by its API is what it imports.
fn importer(product: &str) -> Result<(&'static str, &'static Importer), PreflightError> {
    let app = product.strip_suffix(OF_API).unwrap_or(product);
    let unknown = || PreflightError::UnknownProduct { product: product.to_owned(), known: known() };
    importers().find(|(name, _)| *name == app).ok_or_else(unknown)
}

fn open(path: &Path) -> Result<ArchiveReader, PreflightError> {
    let name = || path.to_string_lossy().into_owned();
    ArchiveReader::in_place(path).map_err(|cause| PreflightError::Read { name: name(), cause })
}

fn unreadable(archive: &ArchiveReader, cause: io::Error) -> PreflightError {
    PreflightError::Read { name: archive.name().to_owned(), cause }
}

/// The product whose archive the file at `path` looks like.
///
/// # Errors
/// When the file cannot be read or looks like none of the known ones.
pub fn recognize(path: &Path) -> Result<&'static str, PreflightError> {
    recognize_from(&open(path)?)
}

/// As [`recognize`], of an archive that is open.
///
/// # Errors
/// As [`recognize`].
pub fn recognize_from(archive: &ArchiveReader) -> Result<&'static str, PreflightError> {
    for (product, importer) in importers() {
        if (importer.recognize)(archive).map_err(|cause| unreadable(archive, cause))? {
            return Ok(product);
        }
    }
    Err(PreflightError::Undecided { name: archive.name().to_owned(), known: known() })
}

/// Whether there is a preflight for `product`.
#[must_use]
pub fn has_preflight(product: &str) -> bool {
    importer(product).is_ok()
}

/// Whether `format` is one that the importer of `product` is made for.
#[must_use]
pub fn is_importable(product: &str, format: Format) -> bool {
    importer(product).is_ok_and(|(_, importer)| importer.formats.contains(&format))
}

fn known() -> String {
    importers().map(|(product, _)| product).collect::<Vec<_>>().join(", ")
}
