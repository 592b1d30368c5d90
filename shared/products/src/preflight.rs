//! Preflight: would the app's own importer take this archive, and what would it change? Each
//! product's rules are one file; they follow that importer, its quirks included, and need no
//! daemon.

use std::{
    io,
    path::{Path, PathBuf},
};

mod findings;
mod solidtime;
mod trueppm;

use findings::Findings;
use orgvault_api::Format;
use orgvault_api::preflight::Preflight;
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
    #[error("{path} does not show which product it is for; name one with --product ({known})")]
    Undecided {
        /// The file.
        path: PathBuf,
        /// The products that have a preflight, with commas between.
        known: String,
    },
    /// The file could not be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
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
    check: fn(&Path, &mut Findings) -> io::Result<()>,
    /// Whether a file is an archive of this product, by its first look.
    recognize: fn(&Path) -> io::Result<bool>,
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
    let importer = IMPORTERS
        .iter()
        .find(|importer| importer.product == product)
        .ok_or_else(|| PreflightError::UnknownProduct { product: product.to_owned(), known: known() })?;
    let mut findings = Findings::default();
    (importer.check)(path, &mut findings).map_err(|cause| PreflightError::Read { path: path.into(), cause })?;
    Ok(findings.into_preflight(importer.product))
}

/// The product whose archive the file at `path` looks like.
///
/// # Errors
/// When the file cannot be read or looks like none of the known ones.
pub fn recognize(path: &Path) -> Result<&'static str, PreflightError> {
    for importer in IMPORTERS {
        let recognized =
            (importer.recognize)(path).map_err(|cause| PreflightError::Read { path: path.into(), cause })?;
        if recognized {
            return Ok(importer.product);
        }
    }
    Err(PreflightError::Undecided { path: path.into(), known: known() })
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
