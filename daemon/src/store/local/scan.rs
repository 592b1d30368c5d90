//! Reading the archive directory anew, for the catalog. Manifests are not trusted: each may speak
//! only of the file beside it.

use std::{collections::HashSet, fs, io, path::Path};

use orgvault_api::{ArchiveState, OrganizationKey, gid::Gid, text::printable};
use orgvault_archive::{
    manifest::{Manifest, manifest_path},
    naming::{self, ArchiveName, DirectoryName, MANIFEST_SUFFIX},
    state::StateFile,
};

use super::{
    super::scan::Scanned,
    ArchiveRef, Found, LocalStore, NewArchive, Prefix, StoreError, Stored,
    walk::{self, OrganizationDir},
};

impl LocalStore {
    pub(super) fn published(&self, archive: &NewArchive<'_>) -> Option<Stored> {
        let name = archive.name();
        let places = self.places().all(archive.organization);
        places.into_iter().find_map(|place| {
            let path = place.join(name.to_string());
            let manifest = Manifest::load(&manifest_path(&path)).ok()?;
            let same = manifest.gid == archive.gid && manifest.file == name.to_string();
            let whole = same && condition(&path, &manifest, None) == ArchiveState::Present;
            let key = self.key(&place, name).ok().filter(|_| whole)?;
            Some(Stored::new(key, &manifest, ArchiveState::Present))
        })
    }

    /// Walks through the directory in the order of names.
    pub(super) fn list(
        &self,
        within: Option<&HashSet<Prefix>>,
        visit: &mut dyn FnMut(Found),
    ) -> Result<(), StoreError> {
        self.guard()?;
        let mut seen = HashSet::new();
        let skipped = |prefix: Prefix, error: &StoreError| Found::Skipped { prefix, sentence: error.to_string() };
        let all = walk::places(self.root(), &mut |error| visit(skipped(Prefix::default(), &error)))?;
        for place in all.into_iter().filter(|place| within.is_none_or(|within| within.contains(&place.prefix))) {
            match walk::names(&place.path, false) {
                Ok(names) => scan_place(&place, &names, &mut seen, visit),
                Err(error) => visit(skipped(place.prefix.clone(), &error)),
            }
        }
        // A disk that was taken away meanwhile looks like one without archives.
        self.guard()
    }
}

fn scan_place(place: &OrganizationDir, names: &[String], seen: &mut HashSet<Gid>, visit: &mut dyn FnMut(Found)) {
    for name in names {
        let path = place.path.join(name);
        let sentence = |what: &dyn ToString| Found::Skipped {
            prefix: place.prefix.clone(),
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
fn examine(
    place: &OrganizationDir,
    archive: &str,
    seen: &mut HashSet<Gid>,
) -> Result<(Scanned, Option<String>), String> {
    let path = place.path.join(archive);
    let key = place.prefix.key(archive).map_err(|error| error.to_string())?;
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
    Ok((Scanned { archive: ArchiveRef { gid: manifest.gid, key }, manifest, condition, state }, fault))
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
