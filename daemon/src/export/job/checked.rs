//! What is written is read back, and all numbers are compared, before it is published.

use std::time::{Duration, Instant};

use orgvault_archive::{
    ArchiveReader,
    manifest::Manifest,
    verify::{Expected, VerifyError, read_back},
};

use crate::{
    export::{Failure, failure::agree},
    store::{Partial, Sealed},
};

/// An archive that is written, and was read back.
pub(super) struct Checked {
    pub(super) sealed: Sealed,
    pub(super) manifest: Manifest,
    /// What it was read from.
    pub(super) reader: ArchiveReader,
    /// How long that took.
    pub(super) took: Duration,
}

/// Syncs what was written, reads it back and compares all numbers.
pub(super) fn check(output: Partial, mut manifest: Manifest, sent: &[u64]) -> Result<Checked, Failure> {
    let sealed = output.seal()?;
    let begun = Instant::now();
    let reader = sealed.reader().map_err(|cause| VerifyError::Open { name: sealed.name().to_string(), cause })?;
    let report = read_back(
        &reader,
        &Expected {
            format: manifest.format,
            gzip: manifest.gzip,
            bytes: Some(sealed.bytes()),
            sha256: sealed.sha256(),
            sections: Some(&manifest.sections),
            files: manifest.files,
            layout: &manifest.layout,
            received: None,
        },
    );
    // Counts that differ are told with all numbers, below.
    let faults: Vec<String> = report.faults.iter().filter(|fault| !fault.is_count()).map(ToString::to_string).collect();
    if !faults.is_empty() {
        return Err(Failure::Damaged { faults });
    }
    agree(&manifest.sections, sent, &report.counts)?;
    manifest.file = sealed.name().to_string();
    manifest.bytes = report.bytes;
    manifest.sha256 = report.sha256;
    manifest.content_bytes = report.content_bytes;
    Ok(Checked { sealed, manifest, reader, took: begun.elapsed() })
}
