//! What every store promises, whatever it is made of. A further store is one more line of [`each`].

use std::{
    collections::HashSet,
    io::{self, Read, Seek, SeekFrom, Write},
};

use orgvault_api::{Format, OrganizationKey, SendRecord, SendState, Verification, clock::Timestamp, gid::Gid};
use orgvault_archive::{
    Manifest,
    manifest::{Layout, MANIFEST_VERSION, Product, Section},
    naming::{Kinds, hex},
    verify::{Expected, read_back, verify_opened},
};
use sha2::{Digest, Sha256};

use super::{ArchiveRef, Found, Key, LocalStore, NewArchive, Prefix, Sealed, Store, StoreError, memory::MemoryStore};

const DOCUMENT: &[u8] = br#"{"timeLogs":[{"id":1},{"id":2}]}"#;

/// Runs a test on each kind of store.
fn each(test: fn(&dyn Store)) {
    let directory = tempfile::tempdir().unwrap();
    test(&LocalStore::new(directory.path().join("archives")));
    test(&MemoryStore::default());
}

fn organization(id: &str) -> OrganizationKey {
    let [source, kind, id, name, slug] = ["tracker", "organization", id, "Acme", "acme"].map(str::to_owned);
    OrganizationKey { source, kind, id, name, slug }
}

fn gid(number: u64) -> Gid {
    Gid::try_from(number).unwrap()
}

fn at() -> Timestamp {
    "2026-01-31T09:30:00Z".parse().unwrap()
}

fn new(organization: &OrganizationKey, number: u64) -> NewArchive<'_> {
    NewArchive { organization, exported_at: at(), gid: gid(number), format: Format::Json, gzip: false }
}

/// Writes, seals and reads back one document.
fn seal(store: &dyn Store, id: &str, number: u64) -> Result<(Sealed, Manifest), StoreError> {
    let organization = organization(id);
    let mut partial = store.begin(&new(&organization, number), Kinds::One)?;
    partial.write_all(DOCUMENT).unwrap();
    let sealed = partial.seal()?;
    let (layout, rows) = (Layout::default(), 2);
    let sections = vec![Section { name: "timeLogs".to_owned(), rows, counted: rows, ..Section::default() }];
    let (bytes, sha256) = (Some(sealed.bytes()), sealed.sha256());
    let expected = Expected {
        format: Format::Json,
        gzip: false,
        bytes,
        sha256,
        sections: Some(&sections),
        files: None,
        layout: &layout,
        received: None,
    };
    let report = read_back(&sealed.reader().unwrap(), &expected);
    assert_eq!(report.faults, []);
    let manifest = Manifest {
        manifest_version: MANIFEST_VERSION,
        orgvault: "test".to_owned(),
        gid: gid(number),
        request: gid(number),
        file: sealed.name().to_string(),
        format: Format::Json,
        entity: None,
        gzip: false,
        importable: false,
        bytes: report.bytes,
        sha256: report.sha256,
        content_bytes: report.content_bytes,
        organization,
        product: Product { name: "rytask".to_owned(), measured_on: "1".to_owned() },
        exported_at: at(),
        finished_at: at(),
        snapshot: "1".to_owned(),
        received: None,
        server: "test".to_owned(),
        sections,
        files: None,
        layout,
        warnings: Vec::new(),
    };
    Ok((sealed, manifest))
}

fn publish(store: &dyn Store, id: &str, number: u64) -> Result<ArchiveRef, StoreError> {
    let (sealed, manifest) = seal(store, id, number)?;
    store.publish(sealed, &manifest)
}

/// The keys that are listed, and what cannot be taken in.
fn listed(store: &dyn Store, within: Option<&HashSet<Prefix>>) -> (Vec<Key>, usize) {
    let (mut keys, mut skipped) = (Vec::new(), 0);
    let visit = &mut |found| match found {
        Found::Archive(scanned) => keys.push(scanned.archive.key),
        Found::Skipped { .. } => skipped += 1,
    };
    store.list(within, visit).unwrap();
    (keys, skipped)
}

fn bytes(store: &dyn Store, archive: &ArchiveRef) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    store.open(archive)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[test]
fn what_was_published_is_there_and_whole() {
    each(|store| {
        let archive = publish(store, "7", 1).unwrap();
        assert_eq!(archive.key.as_str(), "tracker/acme--7/20260131T093000Z-1.json");
        assert_eq!((archive.gid, bytes(store, &archive).unwrap().as_slice()), (gid(1), DOCUMENT));
        let stat = store.stat(&archive).unwrap();
        assert!(stat.is_file && stat.bytes == DOCUMENT.len() as u64);
        let manifest = store.manifest(&archive).unwrap().unwrap();
        assert!(store.has_manifest(&archive).unwrap() && store.state(&archive).unwrap().is_none());
        let (name, progress) = (store.locate(&archive.key), |_bytes| std::ops::ControlFlow::Continue(()));
        assert!(verify_opened(&name, store.open(&archive), Some(&manifest), &progress).unwrap().ok());
        assert_eq!(listed(store, None), (vec![archive.key.clone()], 0));
        let acme = organization("7");
        let published = store.published(&new(&acme, 1)).unwrap();
        assert_eq!(published.reference(), archive);
        assert_eq!(published.shown(store).path, name);
        assert!(store.published(&new(&acme, 2)).is_none() && store.published(&new(&organization("8"), 1)).is_none());
    });
}

#[test]
fn any_part_is_read_by_as_many_readers_as_there_are() {
    each(|store| {
        let archive = publish(store, "7", 1).unwrap();
        let (mut one, mut other) = (store.open(&archive).unwrap(), store.open(&archive).unwrap());
        let mut part = [0; 8];
        one.seek(SeekFrom::Start(2)).unwrap();
        other.seek(SeekFrom::End(-8)).unwrap();
        one.read_exact(&mut part).unwrap();
        assert_eq!(part, DOCUMENT[2..10]);
        other.read_exact(&mut part).unwrap();
        assert_eq!(part, DOCUMENT[DOCUMENT.len() - 8..]);
        assert_eq!(other.read(&mut part).unwrap(), 0, "that is the end");
        assert_eq!(one.size(), DOCUMENT.len() as u64);
        // Who reads has it to the end.
        store.delete(&archive).unwrap();
        let mut rest = Vec::new();
        one.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, DOCUMENT[10..]);
    });
}

#[test]
fn what_was_not_published_is_not_there() {
    each(|store| {
        let acme = organization("7");
        let mut partial = store.begin(&new(&acme, 1), Kinds::One).unwrap();
        partial.write_all(&[b'x'; 10]).unwrap();
        let nothing = || assert_eq!(listed(store, None), (vec![], 0));
        nothing();
        drop(partial);
        let (sealed, _) = seal(store, "7", 1).unwrap();
        let archive = sealed.reference();
        nothing();
        assert_eq!(store.open(&archive).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(store.stat(&archive).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!store.has_manifest(&archive).unwrap() && store.manifest(&archive).unwrap().is_none());
        drop(sealed);
        nothing();
        assert!(store.sweep().unwrap().removed.is_empty());
        publish(store, "7", 1).unwrap();
    });
}

#[test]
fn what_is_written_in_pieces_and_anew_has_those_bytes() {
    each(|store| {
        let acme = organization("7");
        let content: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut partial = store.begin(&new(&acme, 1), Kinds::One).unwrap();
        content.chunks(70_001).for_each(|piece| partial.write_all(piece).unwrap());
        let sealed = partial.seal().unwrap();
        assert_eq!(sealed.sha256(), Some(hex(&Sha256::digest(&content)).as_str()));
        let mut read = Vec::new();
        sealed.reader().unwrap().read_to_end(&mut read).unwrap();
        assert!(read == content);

        let mut partial = store.begin(&new(&acme, 2), Kinds::One).unwrap();
        partial.write_all(b"0123456789").unwrap();
        partial.seek(SeekFrom::Start(2)).unwrap();
        partial.write_all(b"xx").unwrap();
        partial.seek(SeekFrom::End(0)).unwrap();
        partial.write_all(b"end").unwrap();
        let sealed = partial.seal().unwrap();
        read.clear();
        sealed.reader().unwrap().read_to_end(&mut read).unwrap();
        assert_eq!((read.as_slice(), sealed.sha256(), sealed.bytes()), (&b"01xx456789end"[..], None, 13));
    });
}

#[test]
fn nothing_is_overwritten_and_no_manifest_of_something_else_taken() {
    each(|store| {
        let archive = publish(store, "7", 1).unwrap();
        let error = publish(store, "7", 1).unwrap_err();
        assert!(matches!(error, StoreError::Exists { .. }), "{error:?}");
        assert_eq!(bytes(store, &archive).unwrap(), DOCUMENT);
        for change in [
            (|manifest| manifest.bytes += 1) as fn(&mut Manifest),
            |manifest| manifest.sha256 = "0".repeat(64),
            |manifest| manifest.file = "20260131T093000Z-1.json".to_owned(),
        ] {
            let (sealed, mut manifest) = seal(store, "7", 2).unwrap();
            change(&mut manifest);
            let error = store.publish(sealed, &manifest).unwrap_err();
            assert!(matches!(error, StoreError::WrongManifest { .. }), "{error:?}");
        }
        assert_eq!(listed(store, None), (vec![archive.key], 0));
    });
}

#[test]
fn archives_are_listed_by_their_keys_and_of_some_organizations_alone() {
    each(|store| {
        let keys = [("8", 1), ("7", 3), ("7", 2)].map(|(id, number)| publish(store, id, number).unwrap().key);
        let [other, second, first] = keys;
        assert_eq!(listed(store, None), (vec![first.clone(), second.clone(), other.clone()], 0));
        let within = |prefix: Prefix| listed(store, Some(&HashSet::from([prefix]))).0;
        assert_eq!(within(other.prefix()), [other]);
        assert_eq!(within(first.prefix()), [first, second]);
        assert_eq!(within(Prefix::parse("tracker/acme--9").unwrap()), []);
    });
}

#[test]
fn what_happens_to_an_archive_is_kept_with_it() {
    each(|store| {
        let archive = publish(store, "7", 1).unwrap();
        let verified = Verification {
            gid: Some(archive.gid),
            path: store.locate(&archive.key),
            at: at(),
            ok: false,
            faults: vec!["torn".to_owned()],
            counts: Vec::new(),
            files: None,
            bytes: 1,
        };
        let sent = SendRecord {
            target: "t".to_owned(),
            state: SendState::Sent,
            by: "ada".to_owned(),
            started_at: at(),
            ended_at: None,
            error: None,
            report: Vec::new(),
            job: None,
            parts: None,
        };
        store.update_state(&archive, Box::new(|state| state.verified = Some(verified.clone()))).unwrap();
        let kept = store.update_state(&archive, Box::new(|state| state.sent.push(sent.clone()))).unwrap();
        assert_eq!((kept.verified.as_ref(), kept.sent.as_slice()), (Some(&verified), &[sent][..]));
        assert_eq!(store.state(&archive).unwrap().as_ref(), Some(&kept));
        let mut stored = None;
        store
            .list(None, &mut |found| {
                if let Found::Archive(scanned) = found {
                    stored = Some(scanned.to_stored());
                }
            })
            .unwrap();
        let stored = stored.unwrap();
        assert_eq!((stored.verified.as_ref(), &stored.sent), (Some(&verified), &kept.sent));
        assert_eq!(stored.state, orgvault_api::ArchiveState::Damaged, "its last verification found a fault");
        let nothing = ArchiveRef { gid: gid(9), key: archive.key.prefix().key("20260131T093000Z-9.json").unwrap() };
        assert!(store.update_state(&nothing, Box::new(|_state| ())).is_err());
        assert!(store.state(&nothing).unwrap().is_none());
    });
}

#[test]
fn a_deletion_that_was_decided_is_finished_whatever_happens() {
    each(|store| {
        let kept = publish(store, "7", 1).unwrap();
        let gone = publish(store, "7", 2).unwrap();
        store.update_state(&gone, Box::new(|state| state.pinned = true)).unwrap();
        let deletion = store.decide_deletion(&gone).unwrap();
        let whose = |deletion: Option<&OrganizationKey>| deletion.map(OrganizationKey::tenant);
        assert_eq!(whose(deletion.organization.as_ref()), Some(organization("7").tenant()));
        assert!(!store.has_manifest(&gone).unwrap());
        // Who decided it died.
        let swept = store.sweep().unwrap();
        let [found] = swept.deletions.as_slice() else { panic!("{swept:?}") };
        assert_eq!(found.archive, gone);
        assert_eq!(whose(found.organization.as_ref()), whose(deletion.organization.as_ref()));
        assert_eq!(store.open(&gone).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(store.state(&gone).unwrap().is_none());
        assert_eq!(store.sweep().unwrap().deletions.len(), 1, "it is told until it is ended");
        store.end_deletion(found).unwrap();
        assert!(store.sweep().unwrap().deletions.is_empty());
        store.delete(&gone).unwrap();
        assert_eq!(listed(store, None), (vec![kept.key.clone()], 0));
        store.delete(&kept).unwrap();
        assert_eq!(listed(store, None), (vec![], 0));
        for key in ["tracker/acme--7/SHA256SUMS", "x", "a/b/c/20260131T093000Z-1.json"] {
            let strange = ArchiveRef { gid: gid(1), key: Key::parse(key).unwrap() };
            assert!(matches!(store.decide_deletion(&strange), Err(StoreError::Outside { .. })), "{key}");
        }
    });
}

#[test]
fn a_program_is_given_a_file_with_the_archive() {
    each(|store| {
        let archive = publish(store, "7", 1).unwrap();
        let file = store.to_file(&archive).unwrap();
        assert_eq!(std::fs::read(&*file.argument()).unwrap(), DOCUMENT);
        assert!(file.argument().ends_with("/20260131T093000Z-1.json"));
        drop(file);
        assert_eq!(bytes(store, &archive).unwrap(), DOCUMENT);
    });
}

#[test]
fn only_the_catalog_that_it_belongs_to_writes_and_lists() {
    each(|store| {
        store.guard().unwrap();
        store.check(0).unwrap();
        store.belongs_to("one", true);
        store.guard().unwrap();
        assert_eq!(store.marked().unwrap(), None, "the first archive brings the marker");
        let archive = publish(store, "7", 1).unwrap();
        assert_eq!(store.marked().unwrap().as_deref(), Some("one"));
        let (sealed, manifest) = seal(store, "7", 2).unwrap();
        store.belongs_to("two", true);
        let acme = organization("7");
        for refused in [
            store.guard(),
            store.check(0),
            store.begin(&new(&acme, 3), Kinds::One).map(drop),
            store.publish(sealed, &manifest).map(drop),
            store.update_state(&archive, Box::new(|_state| ())).map(drop),
            store.decide_deletion(&archive).map(drop),
            store.list(None, &mut |found| drop(found)),
            store.sweep().map(drop),
        ] {
            assert_eq!(refused.unwrap_err().code(), "wrong_archive_dir");
        }
        assert_eq!(bytes(store, &archive).unwrap(), DOCUMENT, "what is there can be read");
        store.establish("two").unwrap();
        store.guard().unwrap();
        assert_eq!(listed(store, None).0, [archive.key]);
    });
}
