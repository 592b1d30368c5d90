//! Preflight: would the app's own importer take this archive, and what would it change? Each
//! product's rules are one file; they follow that importer, its quirks included, and need no
//! daemon.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod findings;
mod solidtime;
mod trueppm;

use crate::api::{Format, PREFLIGHT, Warning};
use findings::Findings;
pub use trueppm::{Importable, importable};

/// What the importer would do with the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It takes the file; some findings may say what it changes.
    Accepted,
    /// It refuses the file, or crashes on it.
    Refused,
}

/// How bad one finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The importer refuses the whole file for it, or crashes on it.
    Refuses,
    /// The importer takes the file and stores something else than what is written there.
    Changes,
}

/// One thing that the importer would refuse or change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Stable: `description_too_long`, `invalid_color`, …
    pub code: String,
    /// The member of the archive; empty for the archive as a whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The line of the member on which the row starts, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The row's id, as the member has it, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// One sentence for people.
    pub message: String,
}

/// How often one code was found; the list of findings itself is bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Total {
    /// The findings' code.
    pub code: String,
    /// The findings' severity.
    pub severity: Severity,
    /// How many there are.
    pub count: u64,
}

/// What the app's own importer would say of an archive; also the answer to
/// `POST /v1/archives/{gid}/preflight`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preflight {
    /// Whose importer.
    pub product: String,
    /// Whether it takes the file.
    pub verdict: Verdict,
    /// The first 100 findings of each code, in the order in which the importer meets them.
    pub findings: Vec<Finding>,
    /// Every code that was found, with how often.
    pub totals: Vec<Total>,
}

impl Severity {
    /// What the importer would do.
    #[must_use]
    pub fn would(self) -> &'static str {
        match self {
            Self::Refuses => "refuse the archive",
            Self::Changes => "change what it imports",
        }
    }
}

/// Whether an archive's warning says that the app's own importer would refuse it. The sentence tells
/// it, because one code may be of either severity.
#[must_use]
pub fn refuses(warning: &Warning) -> bool {
    warning.code.starts_with(PREFLIGHT) && warning.message.contains(Severity::Refuses.would())
}

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
