//! An archive that is about to be put back: found to be what was published, and open.

use std::{
    io::{self, Read as _},
    path::PathBuf,
    sync::Arc,
};

use orgvault_api::{Format, OrganizationKey};
use orgvault_archive::{
    ArchiveReader, Expected, Manifest,
    full::{FullArchive, report::Report},
    manifest::Layout,
    read_back,
};

use super::RestorerError;
use crate::{
    products::readers,
    restore::{ArchivedFull, ArchivedRows, NativeRows},
    store::{Store, Stored},
};

/// Where an archive is.
pub(super) enum Place {
    /// In the store.
    Stored(Arc<dyn Store>, Box<Stored>),
    /// A file of this machine.
    File(PathBuf),
}

/// An archive that can be put back.
pub(super) struct Archived {
    /// Its rows.
    pub(super) rows: Arc<dyn ArchivedRows>,
    /// The product that it is of.
    pub(super) product: String,
    /// Whose it is, as it says itself; no source is named.
    pub(super) organization: OrganizationKey,
}

/// Opens it, and reads it through: nothing of a damaged archive is put back.
///
/// # Errors
/// When nothing can be put back from such an archive, it cannot be read, or it is not whole.
pub(super) fn open(place: Place) -> Result<Archived, RestorerError> {
    let (reader, manifest) = match place {
        Place::Stored(store, archive) => {
            let of = archive.reference();
            let unreadable = |cause| RestorerError::Unreadable { name: store.locate(&of.key), cause };
            let reader = store.open(&of).map_err(unreadable)?;
            (reader, store.manifest(&of)?)
        }
        Place::File(path) => {
            let unreadable = |cause| RestorerError::Unreadable { name: path.display().to_string(), cause };
            let reader = ArchiveReader::in_place(&path).map_err(unreadable)?;
            (reader, Manifest::beside(&path)?)
        }
    };
    let name = reader.name().to_owned();
    let layout = Layout::default();
    let expected = match &manifest {
        Some(manifest) => Expected::of(manifest),
        None => {
            looks_like(&reader, &layout).map_err(|cause| RestorerError::Unreadable { name: name.clone(), cause })?
        }
    };
    let product = manifest.as_ref().map(|manifest| manifest.product.name.as_str());
    let readers = || {
        readers()
            .filter(|(name, reader)| reader.format == expected.format && product.is_none_or(|product| product == *name))
    };
    if expected.format != Format::Full && readers().next().is_none() {
        return Err(RestorerError::Format { name, format: expected.format });
    }
    let read = read_back(&reader, &expected);
    if !read.faults.is_empty() {
        let faults: Vec<String> = read.faults.iter().map(ToString::to_string).collect();
        return Err(RestorerError::Damaged { name, faults: faults.join("; ") });
    }
    if expected.format == Format::Full {
        let full = ArchivedFull::new(FullArchive::open(reader)?, read.sha256);
        let (product, organization) = (full.report().product.name.clone(), said(full.report()));
        return Ok(Archived { rows: Arc::new(full), product, organization });
    }
    let mut refused = String::new();
    for (product, native) in readers() {
        match (native.read)(reader.again(), expected.gzip, read.sha256.clone()) {
            Ok(NativeRows { rows, organization }) => {
                return Ok(Archived { rows, product: product.to_owned(), organization });
            }
            Err(error) => refused = error.to_string(),
        }
    }
    Err(RestorerError::Native { name, refused })
}

/// What a file that nobody wrote a manifest of may be: a ZIP is a `full` archive, all else is text, in gzip or not.
fn looks_like<'l>(reader: &ArchiveReader, layout: &'l Layout) -> io::Result<Expected<'l>> {
    let mut first = Vec::new();
    reader.again().take(2).read_to_end(&mut first)?;
    Ok(match first.as_slice() {
        b"PK" => Expected::nothing(Format::Full, false, layout),
        first => Expected::nothing(Format::Json, first == [0x1f, 0x8b], layout),
    })
}

/// Whose a `full` archive says that it is.
fn said(report: &Report) -> OrganizationKey {
    let of = report.organization.clone();
    OrganizationKey { source: String::new(), kind: of.kind, id: of.id, name: of.name, slug: of.slug }
}
