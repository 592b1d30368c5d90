//! Copies an archive out of the daemon, comparing its size and SHA-256 on the way.

use std::{
    fs::{self, Permissions},
    io::{self, IsTerminal, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

use orgvault_api::{Archive, Format, client::Client};
use orgvault_archive::naming::hex;
use orgvault_files::durable::sync_directory;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::exit::{Exit, Failure};

/// Archives hold personal data: the copy's mode, before the umask.
const MODE: u32 = 0o640;

/// `--out`: a file, or `-` for standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Out {
    /// `-`.
    Stdout,
    /// A file that is replaced as a whole.
    File(PathBuf),
}

impl FromStr for Out {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "-" { Self::Stdout } else { Self::File(text.into()) })
    }
}

/// An output that was found fit before anything was exported.
#[derive(Debug)]
pub(crate) enum Destination {
    /// Standard output.
    Stdout,
    /// A partial file in the directory of the final one; dropped, it is removed.
    File {
        /// What is written.
        partial: NamedTempFile,
        /// What it becomes.
        place: PathBuf,
    },
}

impl Destination {
    /// Opens `out`.
    ///
    /// # Errors
    /// When the directory cannot be written, or FILE is there and no file.
    pub(crate) fn open(out: &Out) -> Result<Self, Failure> {
        match out {
            Out::Stdout => Ok(Self::Stdout),
            Out::File(path) => {
                let place = place(path)?;
                let partial = tempfile::Builder::new()
                    .prefix(".partial-")
                    .permissions(Permissions::from_mode(MODE))
                    .tempfile_in(directory(&place))
                    .map_err(|error| cannot_write(&place, &error))?;
                Ok(Self::File { partial, place })
            }
        }
    }

    /// Writes these bytes; gives the file's path where there is one.
    ///
    /// # Errors
    /// When they cannot be written: then there is no file, or the one that was there before.
    pub(crate) fn write(self, bytes: &[u8]) -> Result<Option<PathBuf>, Failure> {
        match self {
            Self::Stdout => {
                let mut output = io::stdout().lock();
                let written = output.write_all(bytes).and_then(|()| output.flush());
                written.map_err(|error| cannot_write(Path::new("standard output"), &error))?;
                Ok(None)
            }
            Self::File { mut partial, place } => {
                let written = partial.write_all(bytes).and_then(|()| partial.as_file().sync_all());
                written.map_err(|error| cannot_write(&place, &error))?;
                partial.persist(&place).map_err(|error| cannot_write(&place, &error.error))?;
                sync_directory(directory(&place)).map_err(|error| cannot_write(&place, &error))?;
                Ok(Some(place))
            }
        }
    }

    /// Copies the archive; gives the file's path where there is one. Under its final name it is
    /// whole and synced.
    ///
    /// # Errors
    /// When the download breaks, differs from the manifest, or cannot be written: then there is
    /// no file, or the one that was there before.
    pub(crate) async fn receive(self, client: &Client, archive: &Archive) -> Result<Option<PathBuf>, Failure> {
        match self {
            Self::Stdout => {
                copy(client, archive, &mut tokio::io::stdout(), "standard output").await?;
                Ok(None)
            }
            Self::File { partial, place } => {
                let failed = |error: io::Error| cannot_write(&place, &error);
                let mut file = tokio::fs::File::from_std(partial.as_file().try_clone().map_err(failed)?);
                copy(client, archive, &mut file, &place.display().to_string()).await?;
                file.sync_all().await.map_err(failed)?;
                partial.persist(&place).map_err(|error| cannot_write(&place, &error.error))?;
                sync_directory(directory(&place)).map_err(failed)?;
                Ok(Some(place))
            }
        }
    }
}

/// Refuses to fill a terminal with bytes that are no text.
///
/// # Errors
/// When `out` is a terminal, and the archive is compressed or a ZIP.
pub(crate) fn refuse_terminal(out: &Out, format: Option<Format>, gzip: bool) -> Result<(), Failure> {
    let binary = gzip || format == Some(Format::Zip);
    if binary && *out == Out::Stdout && io::stdout().is_terminal() {
        return Err(Failure::usage("will not write compressed bytes to a terminal: use a pipe, or --out FILE"));
    }
    Ok(())
}

/// Where the file goes: what a symbolic link points at is replaced, not the link.
fn place(path: &Path) -> Result<PathBuf, Failure> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => fs::canonicalize(path).map_err(|error| cannot_write(path, &error)),
        Ok(_) => Err(Failure::usage(format_args!("cannot write {}: it is not a file", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.file_name().is_some() => Ok(path.to_owned()),
        Err(error) => Err(cannot_write(path, &error)),
    }
}

fn directory(place: &Path) -> &Path {
    match place.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::caused("output", format_args!("cannot write {}", path.display()), error)
}

async fn copy(
    client: &Client,
    archive: &Archive,
    output: &mut (impl AsyncWrite + Unpin),
    place: &str,
) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Failure::caused("output", format_args!("cannot write the archive to {place}"), &error);
    let mut download = client.download(archive.gid).await?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    while let Some(chunk) = download.chunk().await? {
        bytes += chunk.len() as u64;
        hash.update(&chunk);
        output.write_all(&chunk).await.map_err(failed)?;
    }
    output.flush().await.map_err(failed)?;
    let sha256 = hex(&hash.finalize());
    if (bytes, sha256.as_str()) == (archive.bytes, archive.sha256.as_str()) {
        return Ok(());
    }
    let message = format!(
        "archive {} came damaged: {bytes} bytes with SHA-256 {sha256}, and not {} bytes with {}",
        archive.gid, archive.bytes, archive.sha256
    );
    Err(Failure::new(Exit::Incomplete, "damaged", message)
        .hint(format_args!("look with `orgvault verify {}`", archive.gid)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_is_standard_output() {
        assert_eq!("-".parse(), Ok(Out::Stdout));
        assert_eq!("./-".parse(), Ok(Out::File("./-".into())));
    }

    #[test]
    fn what_is_no_file_is_refused_before_anything_is_exported() {
        let folder = tempfile::tempdir().unwrap();
        for (path, exit) in [
            (folder.path().to_owned(), Exit::Usage),
            ("/dev/full".into(), Exit::Usage),
            (folder.path().join("missing/a.json"), Exit::Failed),
            ("..".into(), Exit::Usage),
        ] {
            let refused = Destination::open(&Out::File(path.clone())).unwrap_err();
            assert_eq!(refused.exit, exit, "{} {refused:?}", path.display());
        }
    }

    #[test]
    fn a_destination_that_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(Destination::open(&Out::File(folder.path().join("a.json"))).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
