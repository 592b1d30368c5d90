//! A `full` archive that is about to be put back: found to be what was published, and open.

use std::{path::PathBuf, sync::Arc};

use orgvault_api::Format;
use orgvault_archive::{ArchiveReader, Expected, Manifest, full::FullArchive, manifest::Layout, read_back};

use super::RestorerError;
use crate::{
    restore::ArchivedFull,
    store::{Store, Stored},
};

/// Where an archive is.
pub(super) enum Place {
    /// In the store.
    Stored(Arc<dyn Store>, Box<Stored>),
    /// A file of this machine.
    File(PathBuf),
}

/// Opens it, and reads it through: nothing of a damaged archive is put back.
///
/// # Errors
/// When it is no `full` archive, cannot be read, or is not whole.
pub(super) fn open(place: Place) -> Result<ArchivedFull, RestorerError> {
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
        None => Expected::nothing(Format::Full, false, &layout),
    };
    if expected.format != Format::Full {
        return Err(RestorerError::Format { name, format: expected.format });
    }
    let read = read_back(&reader, &expected);
    if !read.faults.is_empty() {
        let faults: Vec<String> = read.faults.iter().map(ToString::to_string).collect();
        return Err(RestorerError::Damaged { name, faults: faults.join("; ") });
    }
    Ok(ArchivedFull::new(FullArchive::open(reader)?, read.sha256))
}
