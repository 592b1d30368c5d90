//! How files are opened that somebody else may have put there: without waiting, regular files
//! alone, and never more of them than was agreed on.
//!
//! A named pipe in place of a file would be waited for without end, a device may never end, and a
//! link may lead anywhere.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::{fd::OwnedFd, unix::fs::FileTypeExt},
    path::Path,
};

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};

/// Nothing is waited for, not even at a terminal's name.
pub(crate) const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Something else than a file has a file's name; the cause of the [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is {what} and not a file")]
pub struct NotAFile {
    /// `a link`, `behind a link`, `a directory`, `a named pipe`, `a socket`, `a device`.
    pub what: &'static str,
}

/// A file is larger than what it should hold can be; the cause of the [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is larger than {limit} bytes, and no more is read of it")]
pub struct TooLarge {
    /// The most that is read.
    pub limit: u64,
}

/// Opens the regular file of this name for reading. A link is none, wherever it leads.
///
/// # Errors
/// When the system refuses; [`NotAFile`] where something else has the name.
pub fn regular(path: &Path) -> io::Result<File> {
    open(path, OFlags::NOFOLLOW)
}

/// Opens an archive, or a file beside it, where archives lie: neither the file nor the directories
/// of its organization and its source, which are the two above it, may be links.
///
/// # Errors
/// As [`regular`].
pub fn in_place(path: &Path) -> io::Result<File> {
    let Some(file_name) = path.file_name() else { return regular(path) };
    let directory = path.parent().map_or(Ok(None), directory_of)?;
    let Some(directory) = directory else { return regular(path) };
    let flags = READ | OFlags::NOFOLLOW;
    let opened = openat(directory, file_name, flags, Mode::empty()).map_err(|error| explained(path, error.into()))?;
    checked(opened.into())
}

/// The directory and the one above it, neither of which may be a link; none where they have no
/// names of their own (`.`, `/`).
fn directory_of(path: &Path) -> io::Result<Option<OwnedFd>> {
    let Some((organization, source)) = path.file_name().zip(path.parent().and_then(Path::file_name)) else {
        return Ok(None);
    };
    let above = path.parent().and_then(Path::parent).filter(|above| *above != Path::new(""));
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut directory = openat(CWD, above.unwrap_or(Path::new(".")), flags, Mode::empty())?;
    for name in [source, organization] {
        directory = openat(directory, name, flags | OFlags::NOFOLLOW, Mode::empty()).map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => refusal("behind a link"),
            error => error.into(),
        })?;
    }
    Ok(Some(directory))
}

/// Opens the regular file that a person or the configuration names: links are followed.
///
/// # Errors
/// As [`regular`].
pub fn behind_links(path: &Path) -> io::Result<File> {
    open(path, OFlags::empty())
}

/// The bytes of the file of this name, if it has no more than `limit`.
///
/// # Errors
/// As [`in_place`]; [`TooLarge`] where it has more.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_whole(in_place(path)?, limit)
}

/// The bytes of an open file, if it has no more than `limit`.
///
/// # Errors
/// When it cannot be read; [`TooLarge`] where it has more.
pub fn read_whole(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, TooLarge { limit }));
    }
    Ok(bytes)
}

/// What else than a file is there, where that is why it was not opened.
#[must_use]
pub fn not_a_file(error: &io::Error) -> Option<NotAFile> {
    error.get_ref()?.downcast_ref().copied()
}

/// Whether the file could be read and is none of those that orgvault writes under that name.
#[must_use]
pub fn is_another(error: &io::Error) -> bool {
    not_a_file(error).is_some() || error.kind() == io::ErrorKind::FileTooLarge
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let opened = openat(CWD, path, READ | flags, Mode::empty());
    checked(opened.map_err(|error| explained(path, error.into()))?.into())
}

/// A link and a socket are not opened at all: the system's words for that help nobody.
fn explained(path: &Path, error: io::Error) -> io::Error {
    let refused = [Errno::LOOP, Errno::NXIO].map(|errno| Some(errno.raw_os_error()));
    let there = fs::symlink_metadata(path).ok().and_then(|metadata| kind(metadata.file_type()));
    there.filter(|_| refused.contains(&error.raw_os_error())).map_or(error, refusal)
}

pub(crate) fn checked(file: File) -> io::Result<File> {
    match kind(file.metadata()?.file_type()) {
        Some(what) => Err(refusal(what)),
        None => Ok(file),
    }
}

pub(crate) fn refusal(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, NotAFile { what })
}

/// What it is, if no regular file.
fn kind(file_type: fs::FileType) -> Option<&'static str> {
    if file_type.is_file() {
        return None;
    }
    Some(match file_type {
        _ if file_type.is_symlink() => "a link",
        _ if file_type.is_dir() => "a directory",
        _ if file_type.is_fifo() => "a named pipe",
        _ if file_type.is_socket() => "a socket",
        _ => "a device",
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use rustix::fs::{FileType, mknodat};

    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_nothing_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("file"), "text").unwrap();
        symlink(path("file"), path("link")).unwrap();
        symlink(path("gone"), path("broken")).unwrap();
        symlink("/dev/zero", path("to-a-device")).unwrap();
        fs::create_dir(path("directory")).unwrap();
        mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let _listener = UnixListener::bind(path("socket")).unwrap();
        assert_eq!(read(&path("file"), 4).unwrap(), b"text");
        for (name, what) in [
            ("link", "a link"),
            ("broken", "a link"),
            ("directory", "a directory"),
            ("pipe", "a named pipe"),
            ("socket", "a socket"),
        ] {
            let error = regular(&path(name)).unwrap_err();
            assert_eq!(not_a_file(&error), Some(NotAFile { what }), "{name}: {error}");
            assert_eq!(error.to_string(), format!("it is {what} and not a file"));
        }
        assert_eq!(not_a_file(&regular(Path::new("/dev/null")).unwrap_err()), Some(NotAFile { what: "a device" }));
        assert_eq!(regular(&path("gone")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(read_whole(behind_links(&path("link")).unwrap(), 9).unwrap(), b"text");
        assert_eq!(behind_links(&path("broken")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(not_a_file(&behind_links(&path("to-a-device")).unwrap_err()).is_some());
    }

    #[test]
    fn no_directory_of_an_archive_is_a_link() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::create_dir_all(path("archives/tracker/acme--1")).unwrap();
        fs::write(path("archives/tracker/acme--1/file"), "text").unwrap();
        symlink("acme--1", path("archives/tracker/other--2")).unwrap();
        symlink("tracker", path("archives/time")).unwrap();
        symlink("archives", path("mounted")).unwrap();
        for name in ["archives/tracker/acme--1/file", "mounted/tracker/acme--1/file"] {
            assert_eq!(read(&path(name), 9).unwrap(), b"text", "archive_dir itself may be a link");
        }
        for name in ["archives/tracker/other--2/file", "archives/time/acme--1/file"] {
            let error = in_place(&path(name)).unwrap_err();
            assert_eq!(not_a_file(&error), Some(NotAFile { what: "behind a link" }), "{name}: {error}");
        }
        assert_eq!(in_place(&path("archives/gone/acme--1/file")).unwrap_err().kind(), io::ErrorKind::NotFound);
        for name in ["gone", "./gone", "../gone", "/gone", ".."] {
            assert!(in_place(Path::new(name)).is_err(), "{name}");
        }
        assert!(in_place(Path::new("Cargo.toml")).is_ok() && in_place(Path::new("./Cargo.toml")).is_ok());
    }

    #[test]
    fn no_more_is_read_than_the_limit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        let error = read(&path, 4).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 4 bytes, and no more is read of it");
    }
}
