//! A `full` archive that is about to be put back: found to be what was published, and open.

use std::{
    io::{self, Read},
    path::PathBuf,
    sync::Arc,
};

use orgvault_api::Format;
use orgvault_archive::{
    ArchiveReader, Expected, Manifest,
    full::{FullArchive, report::Report, schema::Schema},
    manifest::Layout,
    read_back,
};

use super::RestorerError;
use crate::{
    restore::{ArchivedRows, ArchivedTable},
    store::{Store, Stored},
};

/// Where an archive is.
pub(super) enum Place {
    /// In the store.
    Stored(Arc<dyn Store>, Box<Stored>),
    /// A file of this machine.
    File(PathBuf),
}

/// A `full` archive that was read through.
pub(super) struct ArchivedFull {
    full: FullArchive,
    sha256: String,
    tables: Vec<ArchivedTable>,
}

impl ArchivedFull {
    /// Opens it, and reads it through: nothing of a damaged archive is put back.
    ///
    /// # Errors
    /// When it is no `full` archive, cannot be read, or is not whole.
    pub(super) fn open(place: Place) -> Result<Self, RestorerError> {
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
        let full = FullArchive::open(reader)?;
        let table = |table: &orgvault_archive::full::report::TableReport| ArchivedTable {
            name: table.name.clone(),
            rows: table.rows,
        };
        let tables =
            full.report().tables.iter().filter(|table| !table.file.starts_with("data/named/")).map(table).collect();
        Ok(Self { full, sha256: read.sha256, tables })
    }

    pub(super) fn full(&self) -> &FullArchive {
        &self.full
    }

    pub(super) fn report(&self) -> &Report {
        self.full.report()
    }
}

impl ArchivedRows for ArchivedFull {
    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn schema(&self) -> &Schema {
        self.full.schema()
    }

    fn tables(&self) -> &[ArchivedTable] {
        &self.tables
    }

    fn csv(&self, table: &orgvault_archive::full::schema::QualifiedName) -> io::Result<Box<dyn Read + Send>> {
        self.full.member(&orgvault_archive::full::member(table, false))
    }
}
