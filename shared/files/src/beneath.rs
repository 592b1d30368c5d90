//! Files below one folder, whatever the names and the links in it say.
//!
//! The names come from somebody's database: one of them may lead out of the folder, or to something that is
//! no file and never ends.

use std::{fs::File, io, os::fd::OwnedFd, path::Path};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2},
    io::Errno,
};

use super::open::{self, READ};

/// Below the folder alone, and not by way of `/proc`, whose links lead to what is open elsewhere.
const BENEATH: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS);
/// So often a file is looked for again whose folder is being renamed just then.
const TRIES: usize = 16;

/// A folder that is open: what takes its name later is another one.
#[derive(Debug)]
pub struct Folder(OwnedFd);

impl Folder {
    /// Opens the folder that the configuration names: links are followed.
    ///
    /// # Errors
    /// When the system refuses, or it is no folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = Self(openat(CWD, path, flags, Mode::empty())?);
        // Whether names in it may be looked up is known at once; `.` is one.
        openat2(&folder.0, ".", flags, Mode::empty(), BENEATH)?;
        Ok(folder)
    }

    /// Opens the regular file of this name. Links in it are followed as long as they stay below the folder;
    /// those that begin with `/` do not.
    ///
    /// # Errors
    /// When the system refuses; [`open::NotAFile`] where something else has the name, or where it leads out of
    /// the folder.
    pub fn file(&self, path: &str) -> io::Result<File> {
        let mut tries = 1;
        loop {
            match openat2(&self.0, path, READ, Mode::empty(), BENEATH) {
                Ok(file) => return open::checked(file.into()),
                Err(Errno::AGAIN) if tries < TRIES => tries += 1,
                Err(Errno::XDEV) => return Err(open::refusal("a way out of the folder")),
                Err(Errno::LOOP) => return Err(open::refusal("a link that leads nowhere")),
                // A socket cannot be opened.
                Err(Errno::NXIO) => return Err(open::refusal("a socket")),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::Read as _,
        os::unix::{fs::symlink, net::UnixListener},
    };

    use rustix::fs::{FileType, mknodat};

    use super::*;
    use crate::open::not_a_file;

    #[test]
    fn files_are_opened_below_the_folder_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::create_dir_all(path("uploads/a/ü b")).unwrap();
        fs::write(path("uploads/a/ü b/file"), "text").unwrap();
        fs::write(path("secret"), "secret").unwrap();
        symlink("../a/ü b/file", path("uploads/a/inside")).unwrap();
        symlink(path("uploads/a/ü b/file"), path("uploads/absolute")).unwrap();
        symlink("../secret", path("uploads/outside")).unwrap();
        symlink("..", path("uploads/up")).unwrap();
        symlink("round", path("uploads/round")).unwrap();
        symlink("/dev/zero", path("uploads/device")).unwrap();
        symlink("/proc/self/fd/0", path("uploads/magic")).unwrap();
        mknodat(CWD, path("uploads/pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let _listener = UnixListener::bind(path("uploads/socket")).unwrap();
        symlink("uploads", path("mounted")).unwrap();
        let folder = Folder::open(&path("mounted")).unwrap();
        for name in ["a/ü b/file", "a/inside"] {
            let mut text = String::new();
            folder.file(name).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "text", "{name}");
        }
        let out = "a way out of the folder";
        for (name, what) in [
            ("absolute", out),
            ("outside", out),
            ("up/secret", out),
            ("../secret", out),
            ("/etc/passwd", out),
            ("device", out),
            ("magic", out),
            ("round", "a link that leads nowhere"),
            ("a", "a directory"),
            ("pipe", "a named pipe"),
            ("socket", "a socket"),
        ] {
            let error = folder.file(name).unwrap_err();
            assert_eq!(not_a_file(&error).map(|not| not.what), Some(what), "{name}: {error}");
        }
        assert_eq!(folder.file("gone").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(folder.file("a/inside/x").unwrap_err().kind(), io::ErrorKind::NotADirectory);
        assert!(Folder::open(&path("secret")).is_err() && Folder::open(&path("gone")).is_err());
    }
}
