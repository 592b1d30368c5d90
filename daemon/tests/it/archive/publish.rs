//! What is published, and where.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    sync::{Arc, Mutex},
};

use orgvault_api::{ArchiveState, Format, OrganizationKey, Verification};
use orgvault_archive::{
    Manifest,
    naming::{Kinds, hex},
    verify,
};
use orgvault_daemon::store::{self, ArchiveRef, Key, LocalStore, NewArchive, Sealed, Step, Store, StoreError};
use sha2::{Digest, Sha256};

use super::{DOCUMENT, at, exported_at, files, gid, organization, publish, scan, seal, seal_in, sha256sum};

#[test]
fn an_archive_has_its_manifest_and_its_sums() {
    let root = tempfile::tempdir().unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&steps);
    let directory = LocalStore::new(root.path().join("archives"))
        .observed_by(Arc::new(move |step| seen.lock().unwrap().push(step)));
    let path = publish(&directory, &organization("acme", "7"), 41).unwrap();
    assert_eq!(*steps.lock().unwrap(), Step::PUBLISHING);
    assert_eq!(
        files(root.path()),
        [
            "archives/",
            "archives/tracker/",
            "archives/tracker/acme--7/",
            "archives/tracker/acme--7/20260131T093000Z-41.json",
            "archives/tracker/acme--7/20260131T093000Z-41.json.manifest.json",
            "archives/tracker/acme--7/SHA256SUMS",
        ]
    );
    assert_eq!(fs::read(&path).unwrap(), DOCUMENT);
    assert_eq!(sha256sum(path.parent().unwrap()), 2);
    let manifest = Manifest::beside(&path).unwrap().unwrap();
    assert!(verify(&path, Some(&manifest)).unwrap().ok());
    for name in files(root.path()) {
        let mode = fs::metadata(root.path().join(&name)).unwrap().permissions().mode() & 0o777;
        let most = if name.ends_with('/') { 0o750 } else { 0o640 };
        assert_eq!(mode & !most, 0, "{name} has the mode {mode:o}");
    }
}

/// What the store itself writes would be read a second time.
#[test]
fn a_watch_tells_what_others_write_and_not_what_is_published() {
    let root = tempfile::tempdir().unwrap();
    let store = LocalStore::new(root.path().to_owned());
    let acme = organization("acme", "7");
    // Its directory is there, and watched, before what is published under the watch.
    publish(&store, &acme, 1).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let tell = Mutex::new(tell);
    let watch = store.watch(Arc::new(move |change| drop(tell.lock().unwrap().send(change))));
    assert_eq!(watch.polls, None);
    let last = (2..10).map(|number| publish(&store, &acme, number).unwrap()).last().unwrap();
    fs::OpenOptions::new().append(true).open(&last).unwrap().write_all(b" ").unwrap();
    let mut written = told.iter().filter_map(|change| match change {
        store::Change::Written(key) => Some(root.path().join(key.as_str())),
        _ => None,
    });
    assert_eq!(written.next(), Some(last), "the first that is told is what came last");
}

#[test]
fn an_organization_keeps_its_directory_after_a_rename() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let first = publish(&directory, &organization("acme", "7"), 1).unwrap();
    let renamed = publish(&directory, &organization("umbrella", "7"), 2).unwrap();
    let after_restart = publish(&LocalStore::new(root.path().to_owned()), &organization("third", "7"), 3).unwrap();
    assert_eq!(first.parent(), renamed.parent());
    assert_eq!(first.parent(), after_restart.parent());
    assert_eq!(sha256sum(first.parent().unwrap()), 6);
    let other = publish(&directory, &organization("acme", "77"), 4).unwrap();
    assert_ne!(first.parent(), other.parent());
    // The admin moved it away while the daemon ran.
    fs::rename(first.parent().unwrap(), root.path().join("elsewhere")).unwrap();
    let again = publish(&directory, &organization("umbrella", "7"), 5).unwrap();
    assert!(again.parent().unwrap().ends_with("umbrella--7"));
}

/// Publishes an archive of an organization of this kind, and gives the name of its directory.
fn directory_of(store: &LocalStore, kind: &str, id: &str, kinds: Kinds, number: u64) -> String {
    let organization = OrganizationKey { kind: kind.to_owned(), ..organization("acme", id) };
    let (sealed, manifest) = seal_in(store, &organization, gid(number), DOCUMENT, kinds).unwrap();
    let published = store.publish(sealed, &manifest).unwrap();
    published.key.prefix().as_str().rsplit('/').next().unwrap().to_owned()
}

#[test]
fn two_kinds_with_one_id_have_a_directory_each() {
    for kinds in [Kinds::Several, Kinds::One] {
        let root = tempfile::tempdir().unwrap();
        let store = LocalStore::new(root.path().to_owned());
        let team = directory_of(&store, "team", "7", kinds, 1);
        let guild = directory_of(&store, "guild", "7", kinds, 2);
        assert_eq!(team, if kinds == Kinds::One { "acme--7" } else { "acme.team--7" });
        assert_eq!(guild, "acme.guild--7", "the first one may have the plain name, {kinds:?}");
        let restarted = LocalStore::new(root.path().to_owned());
        assert_eq!(directory_of(&restarted, "guild", "7", kinds, 3), guild);
        assert_eq!(directory_of(&restarted, "team", "7", kinds, 4), team);
        // Whatever an id holds, it names no other organization's directory.
        assert_ne!(directory_of(&restarted, "team", "guild--7", Kinds::One, 5), guild);
        assert_ne!(directory_of(&restarted, "team", "7.guild--7", Kinds::One, 6), guild);
        let (archives, skipped) = scan(&restarted);
        assert_eq!((archives.len(), skipped.len()), (6, 0), "{skipped:?}");
    }
}

#[test]
fn a_directory_without_a_kind_is_used_on_by_the_organization_whose_archives_are_in_it() {
    let root = tempfile::tempdir().unwrap();
    let before = LocalStore::new(root.path().to_owned());
    assert_eq!(directory_of(&before, "project", "7", Kinds::One, 1), "acme--7");
    assert_eq!(directory_of(&before, "project", "program--8", Kinds::One, 2), "acme--program--8");
    let store = LocalStore::new(root.path().to_owned());
    assert_eq!(directory_of(&store, "program", "7", Kinds::Several, 3), "acme.program--7");
    assert_eq!(directory_of(&store, "project", "7", Kinds::Several, 4), "acme--7");
    assert_eq!(directory_of(&store, "project", "program--8", Kinds::Several, 5), "acme--program--8");
    assert_eq!(directory_of(&store, "program", "8", Kinds::Several, 6), "acme.program--8");
    // One without any archive is free for the first who needs it, and for nobody else then.
    fs::create_dir(root.path().join("tracker/old-name--9")).unwrap();
    let store = LocalStore::new(root.path().to_owned());
    assert_eq!(directory_of(&store, "program", "9", Kinds::Several, 7), "old-name--9");
    assert_eq!(directory_of(&store, "project", "9", Kinds::Several, 8), "acme.project--9");
}

#[test]
fn a_directory_that_two_kinds_shared_goes_on_being_read() {
    let root = tempfile::tempdir().unwrap();
    let store = LocalStore::new(root.path().to_owned());
    directory_of(&store, "program", "7", Kinds::One, 1);
    let project = directory_of(&store, "project", "7", Kinds::Several, 2);
    let (mixed, alone) = (root.path().join("tracker/acme--7"), root.path().join("tracker").join(project));
    for entry in fs::read_dir(&alone).unwrap().map(Result::unwrap) {
        if entry.file_name() != "SHA256SUMS" {
            fs::rename(entry.path(), mixed.join(entry.file_name())).unwrap();
        }
    }
    let restarted = LocalStore::new(root.path().to_owned());
    let (archives, skipped) = scan(&restarted);
    assert_eq!((archives.len(), skipped.len()), (2, 0), "{skipped:?}");
    assert_eq!(directory_of(&restarted, "program", "7", Kinds::Several, 3), "acme--7");
    assert_eq!(directory_of(&restarted, "project", "7", Kinds::Several, 4), "acme.project--7");
}

#[test]
fn no_name_of_a_database_is_a_path() {
    let root = tempfile::tempdir().unwrap();
    let archives = root.path().join("a/b/archives");
    let directory = LocalStore::new(archives.clone());
    let long = "x".repeat(300);
    let odd = ["../x", "..", ".", "", "/etc", "🚀", "a\0b", "a/../../b", "trailing...", "SHA256SUMS", long.as_str()];
    for (number, (slug, id)) in odd.iter().flat_map(|slug| odd.iter().map(move |id| (slug, id))).enumerate() {
        let path = publish(&directory, &organization(slug, id), number as u64 + 1).unwrap();
        assert_eq!(
            path.strip_prefix(&archives).unwrap().components().count(),
            3,
            "{slug:?} {id:?}: {}",
            path.display()
        );
    }
    let directories = files(&archives).into_iter().filter(|name| name.ends_with('/')).count();
    assert_eq!(directories, 1 + odd.len(), "one for the source, one for each id");
    let (found, skipped) = scan(&directory);
    assert_eq!((found.len(), skipped), (odd.len() * odd.len(), vec![]));
    assert_eq!(files(root.path()).iter().filter(|name| !name.starts_with("a/b/archives/")).count(), 2);
}

#[test]
fn publishers_of_one_directory_lose_no_line() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let directory = &directory;
            scope.spawn(move || {
                for number in 1..=5 {
                    publish(directory, &organization("acme", "7"), worker * 100 + number).unwrap();
                }
            });
        }
    });
    assert_eq!(sha256sum(&root.path().join("tracker/acme--7")), 80);
}

#[test]
fn a_final_name_is_never_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let path = publish(&directory, &organization("acme", "7"), 1).unwrap();
    let before = files(root.path());
    fs::write(&path, "someone's").unwrap();
    let error = publish(&directory, &organization("acme", "7"), 1).unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }), "{error}");
    assert_eq!(error.code(), "archive_exists");
    assert_eq!(fs::read(&path).unwrap(), b"someone's");
    assert_eq!(files(root.path()), before);
}

#[test]
fn a_failure_after_the_rename_takes_the_archive_back() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let earlier = publish(&directory, &organization("acme", "7"), 1).unwrap();
    let before = files(root.path());
    // Somebody else's manifest has the name: the archive was renamed when that is found out.
    let taken = earlier.with_file_name("20260131T093000Z-2.json.manifest.json");
    fs::write(&taken, "someone's").unwrap();
    let error = publish(&directory, &organization("acme", "7"), 2).unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }), "{error}");
    let left = files(root.path());
    assert!(!left.iter().any(|name| name.ends_with("-2.json")), "{left:?}");
    assert_eq!(fs::read(&taken).unwrap(), b"someone's");
    fs::remove_file(&taken).unwrap();
    assert_eq!(files(root.path()), before);
    assert_eq!(sha256sum(earlier.parent().unwrap()), 2);
}

type Change = fn(&mut Manifest);

#[test]
fn a_manifest_of_another_file_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let acme = organization("acme", "7");
    let changes: [Change; 3] = [
        |manifest| manifest.bytes += 1,
        |manifest| manifest.sha256 = "0".repeat(64),
        |manifest| manifest.file = "20260131T093000Z-2.json".to_owned(),
    ];
    for change in changes {
        let (sealed, mut manifest) = seal(&directory, &acme, gid(1), DOCUMENT).unwrap();
        change(&mut manifest);
        let error = directory.publish(sealed, &manifest).unwrap_err();
        assert!(matches!(error, StoreError::WrongManifest { .. }), "{error}");
        assert_eq!(files(root.path()), ["tracker/", "tracker/acme--7/"]);
    }
}

#[test]
fn what_is_not_published_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let acme = organization("acme", "7");
    let new =
        NewArchive { organization: &acme, exported_at: exported_at(), gid: gid(1), format: Format::Csv, gzip: true };
    let mut partial = directory.begin(&new, Kinds::One).unwrap();
    assert!(files(root.path())[2].ends_with("/.partial-20260131T093000Z-1.csv.gz"));
    partial.write_all(&[b'x'; 10]).unwrap();
    drop(partial);
    drop(directory.begin(&new, Kinds::One).unwrap().seal().unwrap());
    assert_eq!(files(root.path()), ["tracker/", "tracker/acme--7/"]);
}

#[test]
fn a_file_is_hashed_while_it_is_written_from_start_to_end() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let acme = organization("acme", "7");
    let new = |number| NewArchive {
        organization: &acme,
        exported_at: exported_at(),
        gid: gid(number),
        format: Format::Zip,
        gzip: false,
    };
    let content: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut partial = directory.begin(&new(1), Kinds::One).unwrap();
    for piece in content.chunks(70_001) {
        partial.write_all(piece).unwrap();
    }
    assert_eq!(partial.stream_position().unwrap(), content.len() as u64);
    partial.seek(SeekFrom::Start(4)).unwrap();
    partial.seek(SeekFrom::End(0)).unwrap();
    partial.flush().unwrap();
    let sealed = partial.seal().unwrap();
    assert_eq!(sealed.sha256(), Some(hex(&Sha256::digest(&content)).as_str()));
    assert_eq!(sealed.bytes(), content.len() as u64);
    assert_eq!(contents(&sealed), content);

    let mut partial = directory.begin(&new(2), Kinds::One).unwrap();
    partial.write_all(b"0123456789").unwrap();
    partial.seek(SeekFrom::Start(2)).unwrap();
    partial.write_all(b"xx").unwrap();
    partial.seek(SeekFrom::End(0)).unwrap();
    partial.write_all(b"end").unwrap();
    let sealed = partial.seal().unwrap();
    assert_eq!((sealed.sha256(), sealed.bytes()), (None, 13));
    assert_eq!(contents(&sealed), b"01xx456789end");
}

#[test]
fn sums_that_somebody_spoiled_are_made_anew() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let first = publish(&directory, &organization("acme", "7"), 1).unwrap();
    let sums = first.with_file_name("SHA256SUMS");
    for (number, spoiled) in [&b"garbage\n"[..], b"\xff\xff", b""].into_iter().enumerate() {
        fs::write(&sums, spoiled).unwrap();
        if spoiled.is_empty() {
            fs::remove_file(&sums).unwrap();
        }
        publish(&directory, &organization("acme", "7"), number as u64 + 2).unwrap();
        assert_eq!(sha256sum(first.parent().unwrap()), 2 * (number + 2));
    }
}

#[test]
fn the_state_is_kept_beside_the_archive() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let path = publish(&directory, &organization("acme", "7"), 1).unwrap();
    let gid = gid(1);
    for ok in [true, false] {
        let faults = if ok { vec![] } else { vec!["hash differs".to_owned()] };
        let verified = Verification {
            gid: Some(gid),
            path: path.display().to_string(),
            at: exported_at(),
            ok,
            faults,
            counts: vec![],
            files: None,
            bytes: 32,
        };
        directory.update_state(&at(&path), Box::new(|state| state.verified = Some(verified.clone()))).unwrap();
        let (archives, skipped) = scan(&directory);
        assert_eq!(skipped, [""; 0]);
        let archive = archives[0].to_stored();
        let expected = if ok { ArchiveState::Present } else { ArchiveState::Damaged };
        assert_eq!((archive.verified.as_ref(), archive.state), (Some(&verified), expected));
    }
    assert_eq!(sha256sum(path.parent().unwrap()), 2, "it changes, so it has no sum");
    directory.delete(&at(&path)).unwrap();
    assert!(
        directory.update_state(&at(&path), Box::new(|_| ())).is_err(),
        "there is nothing that it could be the state of"
    );
    assert_eq!(files(root.path()), ["tracker/", "tracker/acme--7/"]);
}

#[test]
fn a_deleted_archive_is_gone_with_all_that_belongs_to_it() {
    let root = tempfile::tempdir().unwrap();
    let directory = LocalStore::new(root.path().to_owned());
    let kept = publish(&directory, &organization("acme", "7"), 1).unwrap();
    let path = publish(&directory, &organization("acme", "7"), 2).unwrap();
    directory.update_state(&at(&path), Box::new(|_| ())).unwrap();
    for _twice in 0..2 {
        directory.delete(&at(&path)).unwrap();
        assert_eq!(files(root.path()).len(), 5);
        assert_eq!(sha256sum(kept.parent().unwrap()), 2);
    }
    fs::remove_file(&kept).unwrap();
    directory.delete(&at(&kept)).unwrap();
    assert_eq!(files(root.path()), ["tracker/", "tracker/acme--7/"]);
}

#[test]
fn only_archives_below_the_directory_can_be_deleted() {
    let root = tempfile::tempdir().unwrap();
    let archives = root.path().join("archives");
    let directory = LocalStore::new(archives.clone());
    let name = "20260131T093000Z-1.json";
    fs::create_dir_all(archives.join("tracker/acme--7")).unwrap();
    for key in [
        name.to_owned(),
        format!("tracker/{name}"),
        format!("archives/tracker/acme--7/{name}"),
        "tracker/acme--7/SHA256SUMS".to_owned(),
        "relative/x/y".to_owned(),
    ] {
        let archive = ArchiveRef { gid: gid(1), key: Key::parse(&key).unwrap() };
        let error = directory.delete(&archive).unwrap_err();
        assert!(matches!(error, StoreError::Outside { .. }), "{key}: {error}");
    }
    let above = root.path().join("elsewhere/a").join(name);
    for key in [above.to_str().unwrap(), &format!("tracker/../../x/{name}"), &format!("../a/{name}")] {
        assert!(Key::parse(key).is_err(), "{key}");
    }
}

fn contents(sealed: &Sealed) -> Vec<u8> {
    let mut contents = Vec::new();
    sealed.reader().unwrap().read_to_end(&mut contents).unwrap();
    contents
}
