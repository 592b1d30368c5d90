//! What is found out of an archive before anything of it goes out.

use std::sync::Arc;

use orgvault_api::preflight::{Preflight, Severity};
use orgvault_products::preflight::{self, PreflightError};

use super::{SendError, checked_archive::CheckedArchive};
use crate::store::{Store, Stored};

/// Reasons of a refusal that are told at once.
const REASONS: usize = 3;

/// What is looked at before anything goes out.
pub(super) struct Looking {
    pub(super) store: Arc<dyn Store>,
    pub(super) archive: Stored,
    pub(super) target: String,
    /// The product whose archives alone the target takes.
    pub(super) takes: Option<String>,
    /// Whose importer it is, where that is not the archive's own.
    pub(super) product: Option<&'static str>,
    pub(super) ignores: &'static [&'static str],
}

impl Looking {
    /// Reads the archive as its importer would, and then to see that it is whole.
    ///
    /// # Errors
    /// When it cannot be read, is not what was published, or would be refused.
    pub(super) fn look(&self) -> Result<(Option<Preflight>, CheckedArchive), SendError> {
        let checked = CheckedArchive::open(Arc::clone(&self.store), &self.archive)?;
        let product = self.product()?;
        let preflight = match preflight::preflight_of(&product, &checked.reader()) {
            Ok(preflight) => preflight,
            Err(PreflightError::UnknownProduct { .. }) => return Ok((None, checked)),
            Err(error) => return Err(error.into()),
        };
        let refused = |code: &str, severity| severity == Severity::Refuses && !self.ignores.contains(&code);
        if preflight.totals.iter().any(|total| refused(&total.code, total.severity)) {
            let reasons = preflight.findings.iter().filter(|finding| refused(&finding.code, finding.severity));
            let reasons: Vec<&str> = reasons.take(REASONS).map(|finding| finding.message.as_str()).collect();
            let (gid, reasons) = (self.archive.gid, reasons.join("; "));
            return Err(SendError::NotImportable { gid, product, reasons });
        }
        Ok((Some(preflight), checked))
    }

    /// Whose importer it is for: the target's, or else the archive's own.
    fn product(&self) -> Result<String, SendError> {
        if let Some(product) = self.product {
            return Ok(product.to_owned());
        }
        let manifest = self.store.manifest(&self.archive.reference())?;
        let product = manifest.map(|manifest| manifest.product.name).unwrap_or_default();
        match &self.takes {
            // What an app's own export API makes is of the same app.
            Some(takes) if product != *takes && product.strip_suffix("-api") != Some(takes) => {
                let (gid, target, takes) = (self.archive.gid, self.target.clone(), takes.clone());
                Err(SendError::Product { gid, product, target, takes })
            }
            _ => Ok(product),
        }
    }
}
