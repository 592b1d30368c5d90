//! Reading the archive directory anew, for the catalog. Manifests are not trusted: each may speak
//! only of the file beside it.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use orgvault_api::{Archive, ArchiveState, OrganizationKey, gid::Gid, text::printable};
use orgvault_archive::{
    manifest::{Manifest, manifest_path},
    naming::{self, ArchiveName, DirectoryName, MANIFEST_SUFFIX},
    state::StateFile,
};

use super::{
    LocalStore, NewArchive, StoreError,
    walk::{self, Place},
};

/// What a scan comes upon.
#[derive(Debug)]
pub enum Found {
    /// A manifest that may be used, and how its archive is.
    Archive(Box<Scanned>),
    /// Something that cannot be taken in.
    Skipped {
        /// In which directory it is.
        place: PathBuf,
        /// What it is, in one sentence.
        sentence: String,
    },
}

/// One archive of a scan. Its hash was not looked at.
#[derive(Debug)]
pub struct Scanned {
    /// What the manifest says.
    pub manifest: Manifest,
    /// The archive's path.
    pub path: PathBuf,
    /// Missing; damaged where its size is another one or its last verification found a fault.
    pub condition: ArchiveState,
    /// What happened to it since it was published.
    pub state: Option<StateFile>,
}

impl Scanned {
    /// The archive as the catalog keeps it.
    #[must_use]
    pub fn to_archive(&self) -> Archive {
        let verified = self.state.as_ref().and_then(|state| state.verified.clone());
        let sent = self.state.as_ref().map(|state| state.sent.clone()).unwrap_or_default();
        let pinned = self.state.as_ref().is_some_and(|state| state.pinned);
        Archive { pinned, sent, ..self.manifest.to_archive(&self.path.to_string_lossy(), self.condition, verified) }
    }
}

impl LocalStore {
    /// The archive of this name, if it was published: its manifest is there and fits it.
    #[must_use]
    pub fn published(&self, archive: &NewArchive<'_>) -> Option<Archive> {
        let NewArchive { organization, exported_at, gid, format, gzip } = *archive;
        let name = ArchiveName { exported_at, gid, format, gzip };
        let places = self.places().all(organization);
        places.into_iter().find_map(|place| {
            let path = place.join(name.to_string());
            let manifest = Manifest::load(&manifest_path(&path)).ok()?;
            let same = manifest.gid == gid && manifest.file == name.to_string();
            (same && condition(&path, &manifest, None) == ArchiveState::Present)
                .then(|| manifest.to_archive(&path.to_string_lossy(), ArchiveState::Present, None))
        })
    }

    /// Walks through the directory in the order of names and tells `visit` what it finds.
    ///
    /// # Errors
    /// When the archive directory itself cannot be listed.
    pub fn scan(&self, visit: &mut dyn FnMut(Found)) -> Result<(), StoreError> {
        self.scan_in(None, visit)
    }

    /// As [`LocalStore::scan`], in these organizations' directories alone.
    ///
    /// # Errors
    /// When the archive directory itself cannot be listed, or is not the catalog's.
    pub fn scan_in(&self, places: Option<&HashSet<PathBuf>>, visit: &mut dyn FnMut(Found)) -> Result<(), StoreError> {
        self.guard()?;
        let mut seen = HashSet::new();
        let skipped =
            |place: &Path, error: &StoreError| Found::Skipped { place: place.to_owned(), sentence: error.to_string() };
        let all = walk::places(self.root(), &mut |error| visit(skipped(self.root(), &error)))?;
        for place in all.into_iter().filter(|place| places.is_none_or(|places| places.contains(&place.path))) {
            match walk::names(&place.path, false) {
                Ok(names) => scan_place(&place, &names, &mut seen, visit),
                Err(error) => visit(skipped(&place.path, &error)),
            }
        }
        // A disk that was taken away meanwhile looks like one without archives.
        self.guard()
    }
}

fn scan_place(place: &Place, names: &[String], seen: &mut HashSet<Gid>, visit: &mut dyn FnMut(Found)) {
    for name in names {
        let path = place.path.join(name);
        let sentence = |what: &dyn ToString| Found::Skipped {
            place: place.path.clone(),
            sentence: printable(&format!("{}: {}", path.display(), what.to_string())).into_owned(),
        };
        if let Some(archive) = name.strip_suffix(MANIFEST_SUFFIX).filter(|archive| !archive.starts_with('.')) {
            match examine(place, archive, seen) {
                Ok((scanned, state_fault)) => {
                    visit(Found::Archive(Box::new(scanned)));
                    if let Some(fault) = state_fault {
                        visit(sentence(&fault));
                    }
                }
                Err(what) => visit(sentence(&what)),
            }
        } else if let Ok(archive) = name.parse::<ArchiveName>()
            && names.binary_search(&archive.manifest()).is_err()
        {
            visit(sentence(&"the archive has no manifest, so it is not listed"));
        }
    }
}

/// An archive with what is wrong with its state, or why its manifest is not used.
fn examine(place: &Place, archive: &str, seen: &mut HashSet<Gid>) -> Result<(Scanned, Option<String>), String> {
    let path = place.path.join(archive);
    let manifest_file = manifest_path(&path);
    let manifest = Manifest::load(&manifest_file).map_err(|error| error.to_string())?;
    if manifest.file != archive {
        return Err(format!("the manifest names {} and lies beside {archive}", manifest.file));
    }
    let organization = &manifest.organization;
    let at_home = naming::source_directory(&organization.source) == place.source
        && DirectoryName::of(&place.name).is_some_and(|name| name.may_be_of(organization));
    if !at_home {
        let OrganizationKey { source, kind, id, .. } = organization;
        return Err(format!("the manifest says {kind} {id} of source {source}, whose directory is another one"));
    }
    if !seen.insert(manifest.gid) {
        return Err(format!("the gid {} is that of an archive that was already found", manifest.gid));
    }
    let (state, fault) = match StateFile::beside(&path) {
        Ok(Some(state)) if state.gid != manifest.gid => (None, Some("its state is that of another archive".to_owned())),
        Ok(state) => (state, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let condition = condition(&path, &manifest, state.as_ref());
    Ok((Scanned { manifest, path, condition, state }, fault))
}

fn condition(path: &Path, manifest: &Manifest, state: Option<&StateFile>) -> ArchiveState {
    let verified = state.and_then(|state| state.verified.as_ref());
    match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => ArchiveState::Missing,
        Ok(metadata) if metadata.is_file() && metadata.len() == manifest.bytes => match verified {
            Some(verification) if !verification.ok => ArchiveState::Damaged,
            _ => ArchiveState::Present,
        },
        _ => ArchiveState::Damaged,
    }
}
