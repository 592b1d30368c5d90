//! The archive directory on a real disk: what is published, what a crash or a full disk leaves,
//! and what a scan makes of it.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod publish;
#[cfg(test)]
mod scan;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use chrono::DateTime;
use orgvault_api::{Format, OrganizationKey, clock::Timestamp, gid::Gid};
use orgvault_archive::{
    Expected, Manifest,
    manifest::{Layout, MANIFEST_VERSION, Product, Section},
    naming::{ArchiveName, Kinds},
    read_back,
};
use orgvault_daemon::store::{ArchiveRef, Found, Key, LocalStore, NewArchive, Scanned, Sealed, Store, StoreError};

const DOCUMENT: &[u8] = br#"{"timeLogs":[{"id":1},{"id":2}]}"#;

fn organization(slug: &str, id: &str) -> OrganizationKey {
    OrganizationKey {
        source: "tracker".to_owned(),
        kind: "organization".to_owned(),
        id: id.to_owned(),
        name: "Acme".to_owned(),
        slug: slug.to_owned(),
    }
}

fn gid(number: u64) -> Gid {
    Gid::try_from(number).unwrap()
}

fn exported_at() -> Timestamp {
    DateTime::from_timestamp(1_769_851_800, 0).unwrap()
}

/// Writes, seals and reads back one document.
fn seal(
    directory: &LocalStore,
    organization: &OrganizationKey,
    gid: Gid,
    content: &[u8],
) -> Result<(Sealed, Manifest), StoreError> {
    seal_in(directory, organization, gid, content, Kinds::One)
}

/// The same of an organization of a source with so many kinds.
fn seal_in(
    directory: &LocalStore,
    organization: &OrganizationKey,
    gid: Gid,
    content: &[u8],
    kinds: Kinds,
) -> Result<(Sealed, Manifest), StoreError> {
    let new = NewArchive { organization, exported_at: exported_at(), gid, format: Format::Json, gzip: false };
    let mut partial = directory.begin(&new, kinds)?;
    partial.write_all(content).map_err(|cause| StoreError::new("write", Path::new("/nowhere"), 0, cause))?;
    let sealed = partial.seal()?;
    let layout = Layout::default();
    let sections = [Section { name: "timeLogs".to_owned(), rows: 2, counted: 2, ..Section::default() }];
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
        orgvault: "0.1.0".to_owned(),
        gid,
        request: gid,
        file: sealed.name().to_string(),
        format: Format::Json,
        entity: None,
        gzip: false,
        importable: false,
        bytes: report.bytes,
        sha256: report.sha256,
        content_bytes: report.content_bytes,
        organization: organization.clone(),
        product: Product { name: "rytask".to_owned(), measured_on: "1".to_owned() },
        exported_at: exported_at(),
        finished_at: exported_at(),
        snapshot: "1".to_owned(),
        received: None,
        server: "PostgreSQL".to_owned(),
        sections: sections.to_vec(),
        files: None,
        layout,
        warnings: Vec::new(),
    };
    Ok((sealed, manifest))
}

fn publish(directory: &LocalStore, organization: &OrganizationKey, number: u64) -> Result<PathBuf, StoreError> {
    let (sealed, manifest) = seal(directory, organization, gid(number), DOCUMENT)?;
    let published = directory.publish(sealed, &manifest)?;
    Ok(directory.locate(&published.key).into())
}

/// The archive that is at `path`.
fn at(path: &Path) -> ArchiveRef {
    let key = Key::parse_stored(path.to_str().unwrap()).unwrap();
    ArchiveRef { gid: key.file_name().parse::<ArchiveName>().unwrap().gid, key }
}

/// Every file below `root`, relative and sorted; directories end in a slash.
fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                found.push(format!("{name}/"));
                pending.push(path);
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

/// What GNU `sha256sum -c` says of a directory; how many files it checked.
fn sha256sum(directory: &Path) -> usize {
    let output =
        Command::new("sha256sum").args(["-c", "--strict", "SHA256SUMS"]).current_dir(directory).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().count()
}

/// The archives and the sentences of a scan.
fn scan(directory: &LocalStore) -> (Vec<Scanned>, Vec<String>) {
    let (mut archives, mut skipped) = (Vec::new(), Vec::new());
    let visit = &mut |found| match found {
        Found::Archive(scanned) => archives.push(*scanned),
        Found::Skipped { sentence, .. } => skipped.push(sentence),
    };
    directory.list(None, visit).unwrap();
    (archives, skipped)
}
