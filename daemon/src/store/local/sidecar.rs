//! The small files beside archives: manifests, states, `SHA256SUMS`. Each is written under a
//! partial name, synced and renamed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use orgvault_archive::{
    manifest::{LARGEST_MANIFEST, Manifest},
    naming::{self, ArchiveName, MANIFEST_SUFFIX, PARTIAL_PREFIX, SUMS_NAME},
    sums::{LARGEST_SUMS, Sums},
};
use orgvault_files::open;
use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};
use sha2::{Digest, Sha256};

use super::{
    StoreError,
    medium::{FILE_MODE, Leftover},
};
use crate::permissions;

/// Writes `text` to `.partial-<name>` in `directory` and syncs it. A leftover of that name, which
/// only a crash leaves, is replaced.
pub(super) fn write_partial(directory: &Path, name: &str, text: &[u8]) -> Result<Leftover, StoreError> {
    let leftover = Leftover(directory.join(format!("{PARTIAL_PREFIX}{name}")));
    let write = || {
        match fs::remove_file(&leftover.0) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&leftover.0)?;
        permissions::of_file(&file, FILE_MODE)?;
        file.write_all(text)?;
        file.sync_all()
    };
    write().map_err(|cause| StoreError::new("write", &leftover.0, text.len() as u64, cause))?;
    Ok(leftover)
}

/// Renames without overwriting. Where the file system knows no such rename, by a second link,
/// which fails for a taken name just the same; and where it knows no links either (exFAT, object
/// stores), after a look whether the name is taken.
pub(super) fn rename_new(from: &Path, to: &Path) -> Result<(), StoreError> {
    let renamed = renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(io::Error::from);
    renamed
        .or_else(|cause| if cannot(&cause) { link_new(from, to) } else { Err(cause) })
        .or_else(|cause| if cannot(&cause) { look_and_rename(from, to) } else { Err(cause) })
        .map_err(|cause| StoreError::new("rename a file to", to, 0, cause))
}

/// Whether a file system may mean by this that it does not know the call at all. One that means
/// something else says so again, when the next way is tried.
fn cannot(cause: &io::Error) -> bool {
    let errno = Errno::from_io_error(cause);
    errno.is_some_and(|errno| {
        matches!(errno, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM | Errno::MLINK)
    })
}

fn link_new(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)?;
    if let Err(cause) = fs::remove_file(from) {
        // The file has its final name; the partial one goes later.
        tracing::warn!(path = %from.display(), %cause, "cannot remove a partial name");
    }
    Ok(())
}

/// Nobody but this daemon gives such names: each holds a gid of its own, and the archive directory is
/// locked. To reserve the name by an empty file would be safe from anybody else too, and a crash
/// would leave that file under a final name.
fn look_and_rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::symlink_metadata(to) {
        Ok(_taken) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => fs::rename(from, to),
        Err(cause) => Err(cause),
    }
}

/// Renames over what is there.
pub(super) fn rename_over(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|cause| StoreError::new("rename a file to", to, 0, cause))
}

/// The sums of `directory`, which the caller has locked. One that is not there, or that somebody
/// else wrote to or put something else in the place of, is made anew from the manifests.
pub(super) fn load_sums(directory: &Path) -> Result<Sums, StoreError> {
    let path = directory.join(SUMS_NAME);
    let unusable = match open::read(&path, LARGEST_SUMS) {
        Ok(text) => match String::from_utf8(text).map_err(|cause| cause.to_string()).map(|text| Sums::parse(&text)) {
            Ok(Ok(sums)) => return Ok(sums),
            Ok(Err(cause)) => cause.to_string(),
            Err(cause) => cause,
        },
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return sums_of_manifests(directory),
        Err(cause) if open::is_another(&cause) => cause.to_string(),
        Err(cause) => return Err(StoreError::new("read", &path, 0, cause)),
    };
    tracing::warn!(path = %path.display(), cause = unusable, "made anew from the manifests");
    sums_of_manifests(directory)
}

/// What `SHA256SUMS` must say by the manifests in `directory`.
pub(super) fn sums_of_manifests(directory: &Path) -> Result<Sums, StoreError> {
    let failed = |cause| StoreError::new("list the directory", directory, 0, cause);
    let mut sums = Sums::default();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let Ok(name) = entry.map_err(failed)?.file_name().into_string() else { continue };
        let Some(archive) = name.strip_suffix(MANIFEST_SUFFIX) else { continue };
        let Ok(text) = open::read(&directory.join(&name), LARGEST_MANIFEST) else { continue };
        // What is no manifest of ours is the business of a scan.
        if let Some(manifest) = Manifest::parse(&text).ok().filter(|manifest| manifest.file == archive) {
            add_to_sums(&mut sums, &manifest, &text);
        }
    }
    Ok(sums)
}

/// Adds the lines of one archive.
pub(super) fn add_to_sums(sums: &mut Sums, manifest: &Manifest, manifest_text: &[u8]) {
    sums.insert(manifest.file.clone(), manifest.sha256.clone());
    let digest = Sha256::digest(manifest_text);
    sums.insert(format!("{}{MANIFEST_SUFFIX}", manifest.file), naming::hex(&digest));
}

/// Takes the lines of one archive out; says whether there were any.
pub(super) fn remove_from_sums(sums: &mut Sums, archive: ArchiveName) -> bool {
    let (archive_line, manifest_line) = (sums.remove(&archive.to_string()), sums.remove(&archive.manifest()));
    archive_line || manifest_line
}

/// Where the sums of `directory` are.
pub(super) fn sums_path(directory: &Path) -> PathBuf {
    directory.join(SUMS_NAME)
}

/// Replaces `SHA256SUMS`; the caller has locked the directory and syncs it. One without lines goes,
/// because `sha256sum -c` takes it for a mistake.
pub(super) fn replace_sums(directory: &Path, sums: &Sums) -> Result<(), StoreError> {
    if sums.is_empty() {
        return super::delete::remove(&sums_path(directory));
    }
    let leftover = write_partial(directory, SUMS_NAME, sums.to_string().as_bytes())?;
    rename_over(&leftover.0, &sums_path(directory))
}

/// Opens a directory for syncing it several times.
pub(super) fn open_directory(directory: &Path) -> Result<File, StoreError> {
    File::open(directory).map_err(|cause| StoreError::new("open the directory", directory, 0, cause))
}

#[cfg(test)]
mod tests {
    use rustix::fs::{FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn sums_are_made_anew_where_something_else_has_their_name() {
        let directory = tempfile::tempdir().unwrap();
        let sums = sums_path(directory.path());
        let sum = format!("{}  a\n", "0".repeat(64));
        fs::write(&sums, &sum).unwrap();
        assert_eq!(load_sums(directory.path()).unwrap().to_string(), sum);
        fs::remove_file(&sums).unwrap();
        for name in [SUMS_NAME, "20260131T093000Z-7.json.manifest.json"] {
            mknodat(CWD, directory.path().join(name), FileType::Fifo, Mode::RUSR, 0).unwrap();
            assert!(load_sums(directory.path()).unwrap().is_empty(), "a named pipe is not waited for");
        }
        fs::remove_file(&sums).unwrap();
        fs::write(directory.path().join("elsewhere"), &sum).unwrap();
        std::os::unix::fs::symlink("elsewhere", &sums).unwrap();
        assert!(load_sums(directory.path()).unwrap().is_empty(), "a link is not followed");
        fs::remove_file(&sums).unwrap();
        File::create(&sums).unwrap().set_len(LARGEST_SUMS + 1).unwrap();
        assert!(load_sums(directory.path()).unwrap().is_empty(), "no more than the limit is read");
    }

    #[test]
    fn no_way_to_rename_overwrites_anything() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        for rename in [link_new, look_and_rename] {
            fs::write(&from, "new").unwrap();
            rename(&from, &to).unwrap();
            assert_eq!((fs::read_to_string(&to).unwrap().as_str(), from.exists()), ("new", false));
            fs::write(&from, "other").unwrap();
            assert_eq!(rename(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert!(matches!(rename_new(&from, &to), Err(StoreError::Exists { .. })));
            assert_eq!(fs::read_to_string(&to).unwrap(), "new");
            fs::remove_file(&to).unwrap();
        }
        fs::remove_file(&from).unwrap();
        assert_eq!(look_and_rename(&from, &to).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_a_file_system_does_not_know_is_tried_in_another_way() {
        let means = |errno: Errno| cannot(&errno.into());
        // vfat, exFAT and 9p; FUSE without the call; gVisor and NFS; seccomp; a file with too many links.
        assert!([Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::PERM, Errno::MLINK].into_iter().all(means));
        assert!(![Errno::EXIST, Errno::NOENT, Errno::NOSPC, Errno::IO, Errno::ROFS].into_iter().any(means));
    }
}
