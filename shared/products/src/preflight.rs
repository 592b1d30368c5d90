//! Preflight: would the app's own importer take this archive, and what would it change? Each
//! product's rules are one file; they follow that importer, its quirks included, and need no
//! daemon.

use std::{io, path::Path};

mod findings;
mod solidtime;
mod trueppm;

use findings::Findings;
use orgvault_api::Format;
use orgvault_api::preflight::Preflight;
use orgvault_archive::ArchiveReader;
pub use trueppm::{Importable, importable};

/// Whether there are importers of archives of this format.
#[must_use]
pub fn has_importer(format: Format) -> bool {
    IMPORTERS.iter().any(|importer| importer.formats.contains(&format))
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
struct Importer {
    /// The product's name.
    product: &'static str,
    /// The formats that are written for it.
    formats: &'static [Format],
    /// Says all that the importer would refuse or change.
    check: fn(&ArchiveReader, &mut Findings) -> io::Result<()>,
    /// Whether a file is an archive of this product, by its first look.
    recognize: fn(&ArchiveReader) -> io::Result<bool>,
}

const IMPORTERS: &[Importer] = &[
    Importer {
        product: "solidtime",
        formats: &[Format::Zip],
        check: solidtime::check,
        recognize: solidtime::recognize,
    },
    Importer {
        product: "trueppm",
        formats: &[Format::Seed, Format::SeedEvents],
        check: trueppm::check,
        recognize: trueppm::recognize,
    },
];

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
    let importer = importer(product)?;
    let mut findings = Findings::default();
    (importer.check)(archive, &mut findings).map_err(|cause| unreadable(archive, cause))?;
    Ok(findings.into_preflight(importer.product))
}

fn importer(product: &str) -> Result<&'static Importer, PreflightError> {
    IMPORTERS
        .iter()
        .find(|importer| importer.product == product)
        .ok_or_else(|| PreflightError::UnknownProduct { product: product.to_owned(), known: known() })
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
    for importer in IMPORTERS {
        if (importer.recognize)(archive).map_err(|cause| unreadable(archive, cause))? {
            return Ok(importer.product);
        }
    }
    Err(PreflightError::Undecided { name: archive.name().to_owned(), known: known() })
}

/// Whether there is a preflight for `product`.
#[must_use]
pub fn has_preflight(product: &str) -> bool {
    IMPORTERS.iter().any(|importer| importer.product == product)
}

/// Whether `format` is one that the importer of `product` is made for.
#[must_use]
pub fn is_importable(product: &str, format: Format) -> bool {
    IMPORTERS.iter().any(|importer| importer.product == product && importer.formats.contains(&format))
}

fn known() -> String {
    IMPORTERS.iter().map(|importer| importer.product).collect::<Vec<_>>().join(", ")
}
