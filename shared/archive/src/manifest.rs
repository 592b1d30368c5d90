//! Manifests: the JSON beside an archive that says what the archive must contain.
//!
//! A manifest may come from elsewhere, so it is untrusted: it may name only its own neighbour,
//! and nothing that it says counts before the archive's hash was verified.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use orgvault_files::open;

use super::{
    naming::{ArchiveName, InvalidName, MANIFEST_SUFFIX},
    received::ReceivedFile,
};
use orgvault_api::{
    Archive, ArchiveFiles, ArchiveState, Format, OrganizationKey, SectionCount, Verification, Warning,
    clock::Timestamp, gid::Gid,
};

/// The version of manifests that this program writes, and the newest that it reads.
pub const MANIFEST_VERSION: u32 = 1;
/// A manifest is small; a larger one is not read.
pub const LARGEST_MANIFEST: u64 = 8 * 1024 * 1024;

/// What one archive must contain, and where it comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_VERSION`].
    pub manifest_version: u32,
    /// The version of orgvault that wrote it.
    pub orgvault: String,
    /// The archive's id, and that of the export that made it.
    pub gid: Gid,
    /// The request it belongs to.
    pub request: Gid,
    /// The name of the archive's file, in the manifest's own directory.
    pub file: String,
    /// How the archive is written.
    pub format: Format,
    /// For `csv`: the entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Whether the file is compressed with gzip.
    pub gzip: bool,
    /// Whether what the app's own importer refuses was left out of it.
    #[serde(default, skip_serializing_if = "orgvault_api::is_false")]
    pub importable: bool,
    /// The file's size in bytes.
    pub bytes: u64,
    /// The file's SHA-256, in lower-case hex.
    pub sha256: String,
    /// Its size without gzip, in bytes.
    pub content_bytes: u64,
    /// Whose rows it holds.
    pub organization: OrganizationKey,
    /// Which product, and the version its definition was measured on.
    pub product: Product,
    /// When the export started: the time written into the archive.
    pub exported_at: Timestamp,
    /// When the file was whole.
    pub finished_at: Timestamp,
    /// What the snapshot is called in the source; two archives with one id show the same data.
    pub snapshot: String,
    /// What the source's server called itself.
    pub server: String,
    /// The sections, in the archive's order.
    pub sections: Vec<Section>,
    /// The files of the app that it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<ArchiveFiles>,
    /// What the archive has around its sections.
    #[serde(default)]
    pub layout: Layout,
    /// For an archive that the app itself made: where it comes from, and how it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<ReceivedFile>,
    /// What the admin ought to know.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// The product that an archive comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The definition's name.
    pub name: String,
    /// The upstream version that the definition was measured on.
    pub measured_on: String,
}

/// One section of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The key in the document (`timeLogs`).
    pub name: String,
    /// Rows written.
    pub rows: u64,
    /// Rows by the independent count query, in the same snapshot.
    pub counted: u64,
    /// For `seed`: rows that were read and left out, by rule. Then `counted` is `rows` and these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<Dropped>,
    /// For `zip`: its member's file name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// For `csv` and `zip`: the header.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// Rows of a section that a rule of the format leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Stable: `deleted`, `task_not_exported`, …
    pub rule: String,
    /// How many rows.
    pub rows: u64,
}

impl Section {
    /// Rows that were left out, over all rules.
    #[must_use]
    pub fn dropped_rows(&self) -> u64 {
        self.dropped.iter().map(|dropped| dropped.rows).sum()
    }
}

/// What an archive has around its sections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// For `json`: the key of the object with the counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts_key: Option<String>,
    /// For `zip`: the member that is one JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta_member: Option<String>,
    /// For `zip` with files of the app: the member that lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_list: Option<String>,
}

/// For `zip` with files of the app: what their members' names begin with.
pub const FILES: &str = "files/";
/// The member that lists them.
pub const FILE_LIST: &str = "file_list.csv";
/// Its header. `sha256` is empty where the archive does not hold the file.
pub const FILE_LIST_HEADER: [&str; 6] = ["path", "bytes", "sha256", "status", "table", "id"];
/// No archive holds more of them: their names are in memory while it is written and verified.
pub const MOST_FILES: usize = 1_000_000;

/// Why a manifest is not used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("cannot read the manifest {}: {cause}", path.display())]
    Read {
        /// The manifest.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The text is not JSON, or lacks something.
    #[error("the manifest is not what orgvault writes: {cause}")]
    Parse {
        /// Why, with line and column.
        #[source]
        cause: serde_json::Error,
    },
    /// It was written by a newer orgvault.
    #[error("the manifest has version {found} and this orgvault reads up to {MANIFEST_VERSION}: update orgvault")]
    Newer {
        /// Its version.
        found: u32,
    },
    /// It names a file that is not an archive's plain name in its own directory.
    #[error("the manifest names a file that cannot be its own: {cause}")]
    File {
        /// What is wrong with the name.
        #[source]
        cause: InvalidName,
    },
    /// Two things that it says cannot both be true.
    #[error("the manifest contradicts itself: {what}")]
    Contradiction {
        /// Which things.
        what: &'static str,
    },
}

#[derive(Deserialize)]
struct Version {
    manifest_version: u32,
}

impl Manifest {
    /// Reads a manifest's text: version first, then fields, then whether it may be used at all.
    ///
    /// # Errors
    /// When it has a newer version, is no manifest, or names anything but a plain neighbour.
    pub fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        let parse = |cause| ManifestError::Parse { cause };
        let Version { manifest_version } = serde_json::from_slice(text).map_err(parse)?;
        if manifest_version > MANIFEST_VERSION {
            return Err(ManifestError::Newer { found: manifest_version });
        }
        let manifest: Self = serde_json::from_slice(text).map_err(parse)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Reads the manifest file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or as for [`Manifest::parse`].
    pub fn load(path: &Path) -> Result<Self, ManifestError> {
        let text = open::read(path, LARGEST_MANIFEST);
        Self::parse(&text.map_err(|cause| ManifestError::Read { path: path.to_owned(), cause })?)
    }

    /// The manifest beside the archive at `archive`, where there is one that speaks of that name.
    ///
    /// # Errors
    /// When there is one that cannot be used.
    pub fn beside(archive: &Path) -> Result<Option<Self>, ManifestError> {
        match Self::load(&manifest_path(archive)) {
            Ok(manifest) => Ok((archive.file_name() == Some(manifest.file.as_ref())).then_some(manifest)),
            Err(ManifestError::Read { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The text that goes to disk: two blanks of indent, a line break at the end.
    ///
    /// # Errors
    /// Never for a manifest of text and numbers.
    pub fn to_text(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// The archive's name, taken apart.
    ///
    /// # Errors
    /// When `file` is no archive's name.
    pub fn archive_name(&self) -> Result<ArchiveName, InvalidName> {
        self.file.parse()
    }

    /// Rows by section.
    #[must_use]
    pub fn counts(&self) -> Vec<SectionCount> {
        self.sections.iter().map(|section| SectionCount { name: section.name.clone(), rows: section.rows }).collect()
    }

    /// The archive as the API shows it; `path` is where people find it.
    #[must_use]
    pub fn to_archive(&self, path: &str, state: ArchiveState, verified: Option<Verification>) -> Archive {
        Archive {
            gid: self.gid,
            request: self.request,
            organization: self.organization.clone(),
            format: self.format,
            entity: self.entity.clone(),
            gzip: self.gzip,
            importable: self.importable,
            path: path.to_owned(),
            bytes: self.bytes,
            sha256: self.sha256.clone(),
            counts: self.counts(),
            files: self.files,
            received: self.received.as_ref().map(|file| file.received.clone()),
            snapshot: self.snapshot.clone(),
            exported_at: self.exported_at,
            state,
            verified,
            warnings: self.warnings.clone(),
            pinned: false,
            sent: Vec::new(),
            drilled: None,
        }
    }

    fn check(&self) -> Result<(), ManifestError> {
        let contradiction = |what| Err(ManifestError::Contradiction { what });
        let name = self.archive_name().map_err(|cause| ManifestError::File { cause })?;
        if name.gid != self.gid {
            return contradiction("its gid is not the one in the file's name");
        }
        if (name.format, name.gzip) != (self.format, self.gzip) {
            return contradiction("its format is not the one in the file's name");
        }
        if name.exported_at.timestamp() != self.exported_at.timestamp() {
            return contradiction("its time is not the one in the file's name");
        }
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if self.sha256.len() != 64 || !self.sha256.bytes().all(lower_hex) {
            return contradiction("its sha256 is not 64 lower-case hex digits");
        }
        Ok(())
    }
}

/// Where the manifest of the archive at `archive` is.
#[must_use]
pub fn manifest_path(archive: &Path) -> PathBuf {
    let mut path = archive.as_os_str().to_owned();
    path.push(MANIFEST_SUFFIX);
    path.into()
}
