//! What a drill has made and not removed yet: one file for each, written before anything is made. A start removes
//! what an earlier daemon has left.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use orgvault_api::gid::Gid;
use orgvault_config::Scratch as ScratchConfig;

use super::{ScratchError, given, processes};

/// How the names of directories begin that are ours to remove.
pub(super) const PREFIX: &str = "orgvault-scratch-";
/// Below the directory of a server of our own.
pub(super) const DATA: &str = "data";
const ENDING: &str = "left";

/// The file that says what a drill has made.
#[derive(Debug, Clone)]
pub(super) struct Left(PathBuf);

/// Something that a drill has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Made {
    Directory(PathBuf),
    Database(String),
}

impl Left {
    /// Writes it down, and waits until it is on disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(state_dir: &Path, gid: Gid, made: &[Made]) -> Result<Self, ScratchError> {
        let directory = directory(state_dir);
        make(&directory)?;
        let path = directory.join(format!("{gid}.{ENDING}"));
        let text: String = made.iter().map(Made::line).collect();
        let write = || -> io::Result<()> {
            fs::write(&path, text)?;
            fs::File::open(&path)?.sync_all()?;
            fs::File::open(&directory)?.sync_all()
        };
        write().map_err(|cause| ScratchError::directory("write", &path, cause))?;
        Ok(Self(path))
    }

    /// All of it is gone.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub(super) fn forget(&self) -> Result<(), ScratchError> {
        match fs::remove_file(&self.0) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(ScratchError::directory("remove", &self.0, cause))
            }
            _ => Ok(()),
        }
    }

    fn read(&self) -> Vec<Made> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().filter_map(Made::of_line).collect()
    }
}

impl Made {
    fn line(&self) -> String {
        match self {
            Self::Directory(path) => format!("directory {}\n", path.display()),
            Self::Database(name) => format!("database {name}\n"),
        }
    }

    fn of_line(line: &str) -> Option<Self> {
        match line.split_once(' ')? {
            ("directory", path) => Some(Self::Directory(path.into())),
            ("database", name) => Some(Self::Database(name.to_owned())),
            _ => None,
        }
    }
}

/// Where these files are, and scratch servers where nothing else is configured.
pub(super) fn directory(state_dir: &Path) -> PathBuf {
    state_dir.join("scratch")
}

/// Makes it where it is not there. The user of a scratch server may enter it and see nothing.
pub(super) fn make(directory: &Path) -> Result<(), ScratchError> {
    let made = fs::DirBuilder::new().mode(0o711).recursive(true).create(directory);
    made.map_err(|cause| ScratchError::directory("make", directory, cause))?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o711))
        .map_err(|cause| ScratchError::directory("make", directory, cause))
}

/// Ends the server of a directory of ours, and removes it. Blocks.
///
/// # Errors
/// When something of it stays.
pub(super) fn remove(directory: &Path) -> Result<(), ScratchError> {
    let is_ours = directory.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    // Whoever put a link there means something else to be removed.
    if !is_ours || !fs::symlink_metadata(directory).is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(());
    }
    if !processes::end(&directory.join(DATA)) {
        return Err(ScratchError::Left { what: format!("the server of {}", directory.display()) });
    }
    fs::remove_dir_all(directory).map_err(|cause| ScratchError::directory("remove", directory, cause))
}

/// Removes what an earlier daemon has left. What cannot be removed is a line in the log, and is tried again by the
/// next start.
pub async fn sweep(state_dir: &Path, config: &ScratchConfig) {
    let entries = fs::read_dir(directory(state_dir)).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|it| it == ENDING));
    for left in files.map(Left) {
        if let Err(error) = remove_all(&left, config).await {
            tracing::error!("{error}");
        }
    }
}

/// What cannot be removed stays written down, and keeps nothing else from being removed.
async fn remove_all(left: &Left, config: &ScratchConfig) -> Result<(), ScratchError> {
    let mut failed = None;
    for made in left.read() {
        tracing::info!(?made, "an earlier daemon has left something of a drill, which is removed");
        if let Err(error) = remove_made(made, config).await {
            failed = Some(error);
        }
    }
    failed.map_or_else(|| left.forget(), Err)
}

async fn remove_made(made: Made, config: &ScratchConfig) -> Result<(), ScratchError> {
    match (made, &config.url) {
        (Made::Directory(path), _) => super::home::blocking(move || remove(&path)).await,
        (Made::Database(name), Some(url)) => given::drop_database(url, &name).await,
        (Made::Database(name), None) => Err(ScratchError::Left {
            what: format!("database {name} on a server that [scratch] does not name any more"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_directories_of_ours_are_removed() {
        let state = tempfile::tempdir().unwrap();
        let home = |name: &str| {
            let path = state.path().join(name);
            fs::create_dir_all(path.join(DATA)).unwrap();
            path
        };
        let (ours, other, linked) = (home("orgvault-scratch-1"), home("letters"), home("orgvault-kept"));
        let link = state.path().join("orgvault-scratch-2");
        std::os::unix::fs::symlink(&linked, &link).unwrap();
        let made = [&ours, &other, &link].map(|path| Made::Directory(path.clone()));
        Left::write(state.path(), 7.try_into().unwrap(), &made).unwrap();
        sweep(state.path(), &ScratchConfig::default()).await;
        assert_eq!([&ours, &other, &linked].map(|path| path.exists()), [false, true, true]);
    }

    #[tokio::test]
    async fn what_is_removed_is_forgotten() {
        let state = tempfile::tempdir().unwrap();
        let made = [Made::Directory(state.path().join("orgvault-scratch-9"))];
        let left = Left::write(state.path(), 9.try_into().unwrap(), &made).unwrap();
        assert_eq!(left.read(), made);
        sweep(state.path(), &ScratchConfig::default()).await;
        assert!(!left.0.exists());
    }
}
