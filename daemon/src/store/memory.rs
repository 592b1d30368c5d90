//! A store in memory, for tests: it keeps objects by name, as a store behind a network would. The data of an archive
//! comes first and its manifest next, and only what has a manifest is an archive.

use std::{
    collections::{BTreeMap, HashSet},
    io::{self, Read, SeekFrom},
    sync::{Arc, Mutex, MutexGuard},
};

use orgvault_api::ArchiveState;
use orgvault_archive::{
    ArchiveReader, Manifest, ManifestError, Ranges, StateError, StateFile,
    naming::{self, Kinds, MANIFEST_SUFFIX, STATE_SUFFIX},
};

use super::{
    ArchiveFile, ArchiveRef, ChangeState, Deletion, Found, Hear, Key, Medium, NewArchive, Partial, Prefix, Scanned,
    Sealed, Stat, Store, StoreError, Stored, Swept, Watch,
};

/// What the manifest of an archive that is being deleted is called, before its key.
const DELETED: &str = "deleted/";

#[derive(Debug, Default)]
pub(crate) struct MemoryStore(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    objects: BTreeMap<String, Arc<Vec<u8>>>,
    marker: Option<String>,
    /// The catalog that it belongs to, and whether it may lack a marker.
    home: Option<(String, bool)>,
}

/// An object that is read.
struct Object(Arc<Vec<u8>>);

impl Ranges for Object {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }
}

/// What is written before it is an object.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    at: usize,
}

impl Medium for Buffer {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.at + bytes.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[self.at..end].copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }

    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => (self.at as u64).checked_add_signed(by),
            SeekFrom::End(by) => (self.bytes.len() as u64).checked_add_signed(by),
        };
        let at = at.ok_or(io::ErrorKind::InvalidInput)?;
        self.at = usize::try_from(at).map_err(io::Error::other)?;
        Ok(at)
    }

    fn seal(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn reader(&self) -> io::Result<ArchiveReader> {
        Ok(ArchiveReader::new("memory", self.bytes.clone()))
    }

    fn failed(&self, act: &'static str, needed: u64, cause: io::Error) -> StoreError {
        StoreError::new(act, "memory".as_ref(), needed, cause)
    }
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    fn get(&self, name: &str) -> Option<Arc<Vec<u8>>> {
        self.lock().objects.get(name).cloned()
    }

    fn put(&self, name: String, bytes: Vec<u8>) {
        self.lock().objects.insert(name, Arc::new(bytes));
    }

    fn take(&self, name: &str) -> Option<Arc<Vec<u8>>> {
        self.lock().objects.remove(name)
    }

    /// The archive of this key with its manifest; none where it has no manifest.
    fn scanned(&self, key: &Key) -> Option<Result<Scanned, ManifestError>> {
        let text = self.get(&manifest(key))?;
        let manifest = match Manifest::parse(&text) {
            Ok(manifest) => manifest,
            Err(error) => return Some(Err(error)),
        };
        let archive = ArchiveRef { gid: manifest.gid, key: key.clone() };
        let state = self.state(&archive).ok().flatten().filter(|state| state.gid == manifest.gid);
        let verified = state.as_ref().and_then(|state| state.verified.as_ref());
        let condition = match self.get(key.as_str()) {
            None => ArchiveState::Missing,
            Some(data) if data.size() != manifest.bytes => ArchiveState::Damaged,
            Some(_) if verified.is_some_and(|verified| !verified.ok) => ArchiveState::Damaged,
            Some(_) => ArchiveState::Present,
        };
        Some(Ok(Scanned { archive, manifest, condition, state }))
    }

    fn key_of(archive: &NewArchive<'_>, kinds: Kinds) -> Key {
        let organization = archive.organization;
        let (source, name) = (naming::source_directory(&organization.source), archive.name());
        Key::parse(&format!("{source}/{}/{name}", naming::organization_directory(organization, kinds))).unwrap()
    }

    fn outside(key: &Key) -> StoreError {
        StoreError::Outside { path: key.as_str().into(), root: "memory".into() }
    }
}

fn manifest(key: &Key) -> String {
    format!("{key}{MANIFEST_SUFFIX}")
}

fn state(key: &Key) -> String {
    format!("{key}{STATE_SUFFIX}")
}

impl Store for MemoryStore {
    fn locate(&self, key: &Key) -> String {
        format!("memory:{key}")
    }

    fn open(&self, archive: &ArchiveRef) -> io::Result<ArchiveReader> {
        let data = self.get(archive.key.as_str()).ok_or(io::ErrorKind::NotFound)?;
        Ok(ArchiveReader::new(&self.locate(&archive.key), Object(data)))
    }

    fn stat(&self, archive: &ArchiveRef) -> io::Result<Stat> {
        let data = self.get(archive.key.as_str()).ok_or(io::ErrorKind::NotFound)?;
        Ok(Stat { is_file: true, bytes: data.size(), modified: None })
    }

    fn manifest(&self, archive: &ArchiveRef) -> Result<Option<Manifest>, ManifestError> {
        self.scanned(&archive.key).transpose().map(|scanned| Some(scanned?.manifest))
    }

    fn has_manifest(&self, archive: &ArchiveRef) -> io::Result<bool> {
        Ok(self.get(&manifest(&archive.key)).is_some())
    }

    fn state(&self, archive: &ArchiveRef) -> Result<Option<StateFile>, StateError> {
        self.get(&state(&archive.key)).map(|text| StateFile::parse(&text)).transpose()
    }

    fn published(&self, archive: &NewArchive<'_>) -> Option<Stored> {
        let of = |kinds| self.scanned(&Self::key_of(archive, kinds));
        let scanned = [Kinds::One, Kinds::Several].into_iter().find_map(of)?.ok()?;
        (scanned.condition == ArchiveState::Present).then(|| scanned.to_stored())
    }

    fn list(&self, within: Option<&HashSet<Prefix>>, visit: &mut dyn FnMut(Found)) -> Result<(), StoreError> {
        self.guard()?;
        let names: Vec<String> = self.lock().objects.keys().cloned().collect();
        let is_data = |name: &&String| !name.starts_with(DELETED) && name.parse_name().is_some();
        for key in names.iter().filter(is_data).filter_map(|name| Key::parse(name).ok()) {
            if within.is_some_and(|within| !within.contains(&key.prefix())) {
                continue;
            }
            let skipped = |sentence: String| Found::Skipped { prefix: key.prefix(), sentence };
            visit(match self.scanned(&key) {
                Some(Ok(scanned)) => Found::Archive(Box::new(scanned)),
                Some(Err(error)) => skipped(error.to_string()),
                None => skipped("the archive has no manifest, so it is not listed".to_owned()),
            });
        }
        Ok(())
    }

    fn to_file(&self, archive: &ArchiveRef) -> io::Result<ArchiveFile> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join(archive.key.file_name());
        io::copy(&mut self.open(archive)?, &mut std::fs::File::create(&path)?)?;
        Ok(ArchiveFile::copy(path, directory))
    }

    fn check(&self, _needed: u64) -> Result<(), StoreError> {
        self.guard()
    }

    fn begin(&self, archive: &NewArchive<'_>, kinds: Kinds) -> Result<Partial, StoreError> {
        self.guard()?;
        Ok(Partial::new(Box::<Buffer>::default(), Self::key_of(archive, kinds), archive.name()))
    }

    fn publish(&self, sealed: Sealed, of: &Manifest) -> Result<ArchiveRef, StoreError> {
        let published = sealed.reference();
        sealed.check(self.locate(&published.key), of)?;
        self.guard()?;
        if self.get(published.key.as_str()).is_some() {
            return Err(StoreError::Exists { path: self.locate(&published.key).into() });
        }
        let home = self.lock().home.clone();
        if let Some((catalog, true)) = home {
            self.mark(&catalog)?;
            self.belongs_to(&catalog, false);
        }
        let mut data = Vec::new();
        sealed.reader().and_then(|mut reader| reader.read_to_end(&mut data)).unwrap();
        self.put(published.key.to_string(), data);
        self.put(manifest(&published.key), of.to_text().unwrap());
        Ok(published)
    }

    fn update_state(&self, archive: &ArchiveRef, change: ChangeState<'_>) -> Result<StateFile, StoreError> {
        self.guard()?;
        if !self.has_manifest(archive).unwrap() {
            let (act, gone) = ("write the state of", io::ErrorKind::NotFound.into());
            return Err(StoreError::new(act, archive.key.as_str().as_ref(), 0, gone));
        }
        let mut kept = self.state(archive).unwrap().unwrap_or_else(|| StateFile::new(archive.gid));
        change(&mut kept);
        self.put(state(&archive.key), kept.to_text().unwrap());
        Ok(kept)
    }

    fn decide_deletion(&self, archive: &ArchiveRef) -> Result<Deletion, StoreError> {
        self.guard()?;
        archive.key.as_str().parse_name().ok_or_else(|| Self::outside(&archive.key))?;
        let mark = format!("{DELETED}{}", archive.key);
        let text = self.take(&manifest(&archive.key));
        let organization = text.as_ref().and_then(|text| Manifest::parse(text).ok()).map(|it| it.organization);
        if let Some(text) = text {
            self.lock().objects.insert(mark, text);
        }
        Ok(Deletion { archive: archive.clone(), organization })
    }

    fn carry_out(&self, deletion: &Deletion) -> Result<(), StoreError> {
        let key = &deletion.archive.key;
        drop((self.take(key.as_str()), self.take(&state(key))));
        Ok(())
    }

    fn end_deletion(&self, deletion: &Deletion) -> Result<(), StoreError> {
        drop(self.take(&format!("{DELETED}{}", deletion.archive.key)));
        Ok(())
    }

    fn sweep(&self) -> Result<Swept, StoreError> {
        self.guard()?;
        let marks: Vec<String> =
            self.lock().objects.keys().filter_map(|name| name.strip_prefix(DELETED)).map(str::to_owned).collect();
        let mut swept = Swept::default();
        for key in marks.iter().filter_map(|key| Key::parse(key).ok()) {
            let text = self.get(&format!("{DELETED}{key}"));
            let manifest = text.and_then(|text| Manifest::parse(&text).ok());
            let Some(gid) = key.as_str().parse_name().map(|name| name.gid) else { continue };
            let organization = manifest.map(|manifest| manifest.organization);
            let deletion = Deletion { archive: ArchiveRef { gid, key }, organization };
            self.carry_out(&deletion)?;
            swept.deletions.push(deletion);
        }
        Ok(swept)
    }

    fn guard(&self) -> Result<(), StoreError> {
        let inner = self.lock();
        let Some((catalog, fresh)) = &inner.home else { return Ok(()) };
        match &inner.marker {
            Some(found) if found == catalog => Ok(()),
            None if *fresh => Ok(()),
            found => Err(StoreError::Astray { path: "memory".into(), found: found.clone() }),
        }
    }

    fn marked(&self) -> Result<Option<String>, StoreError> {
        Ok(self.lock().marker.clone())
    }

    fn mark(&self, catalog: &str) -> Result<(), StoreError> {
        self.lock().marker = Some(catalog.to_owned());
        Ok(())
    }

    fn establish(&self, catalog: &str) -> Result<(), StoreError> {
        self.mark(catalog)
    }

    fn belongs_to(&self, catalog: &str, fresh: bool) {
        self.lock().home = Some((catalog.to_owned(), fresh));
    }

    fn let_go(&self) {}

    fn watch(&self, _hear: Hear) -> Watch {
        Watch { watcher: None, polls: Some("memory is not watched".to_owned()) }
    }
}

/// The name of the archive that an object is.
trait ParseName {
    fn parse_name(&self) -> Option<naming::ArchiveName>;
}

impl ParseName for str {
    fn parse_name(&self) -> Option<naming::ArchiveName> {
        let (_prefix, name) = self.rsplit_once('/')?;
        name.parse().ok().filter(|_| self.split('/').count() == 3)
    }
}
