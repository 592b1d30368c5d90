//! The columns that a source had when a definition was first used on it. Where the definition does not list
//! every column of a table, only those that come later are news. Kept in `state_dir/seen/SOURCE.json`, so that a
//! restart forgets none of them, nor a rebuild of the catalog.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use orgvault_files::{durable::replace, open};
use serde::{Deserialize, Serialize};

use super::schema::LiveColumn;
use crate::product::{Definition, Table};

const VERSION: u32 = 1;
/// A larger file is not ours.
const LARGEST: u64 = 64 * 1024 * 1024;
const DIRECTORY_MODE: u32 = 0o750;
const FILE_MODE: u32 = 0o640;

/// Why nothing is known of an earlier time, or will not be.
#[derive(Debug, thiserror::Error)]
enum SeenError {
    #[error("cannot read {}, so that columns that came before now are not noticed: {cause}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("{} was damaged, so that columns that came before now are not noticed: {cause}", path.display())]
    Damaged {
        path: PathBuf,
        #[source]
        cause: serde_json::Error,
    },
    #[error("{} is of version {version}, which this orgvault does not know: it was begun anew", path.display())]
    Version { path: PathBuf, version: u32 },
    #[error("cannot write {}, so that new columns are noticed only until the daemon ends: {cause}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

/// What one source had. Read when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// None keeps it for as long as this is there.
    file: Option<PathBuf>,
    kept: Mutex<Option<Kept>>,
}

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
struct SeenFile {
    version: u32,
    tables: BTreeMap<String, SeenTable>,
}

/// What a table had, and which definition of it that belongs to: another one begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SeenTable {
    product: String,
    measured_on: String,
    reads: Vec<String>,
    columns: BTreeSet<String>,
}

#[derive(Debug)]
struct Kept {
    tables: BTreeMap<String, SeenTable>,
    /// Whether the file has it.
    is_written: bool,
    /// What was wrong with the file when it was read.
    lost: Option<String>,
}

/// The columns that were there first, of each table whose columns the definition does not list.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenColumns {
    tables: BTreeMap<String, BTreeSet<String>>,
    /// What is wrong with the file.
    pub(super) fault: Option<String>,
}

impl SeenColumns {
    /// Whether a column is none that came later.
    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_none_or(|columns| columns.contains(column))
    }
}

impl Seen {
    /// What a source had, in a state directory.
    pub(super) fn of(state_dir: &Path, source: &str) -> Self {
        Self { file: Some(state_dir.join("seen").join(format!("{source}.json"))), kept: Mutex::default() }
    }

    /// The columns that were there first; of tables that are new to it, those that are there now.
    pub(super) async fn columns(self: &Arc<Self>, definition: &Arc<Definition>, live: &[LiveColumn]) -> SeenColumns {
        if !definition.tables.values().any(Table::is_open) {
            return SeenColumns::default();
        }
        let (seen, definition, live) = (Arc::clone(self), Arc::clone(definition), live.to_vec());
        let looked = tokio::task::spawn_blocking(move || seen.look(&definition, &live)).await;
        looked.unwrap_or_else(|died| SeenColumns { fault: Some(died.to_string()), ..SeenColumns::default() })
    }

    fn look(&self, definition: &Definition, live: &[LiveColumn]) -> SeenColumns {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get_or_insert_with(|| self.read());
        let mut columns = SeenColumns::default();
        for (name, table) in definition.tables.iter().filter(|(_, table)| table.is_open()) {
            let now: BTreeSet<String> =
                live.iter().filter(|column| column.table == *name).map(|column| column.name.clone()).collect();
            if !now.is_empty() {
                columns.tables.insert(name.clone(), kept.first(name, SeenTable::new(definition, table, now)));
            }
        }
        columns.fault = self.keep(kept).err().map(|error| error.to_string()).or_else(|| kept.lost.clone());
        columns
    }

    fn read(&self) -> Kept {
        let (tables, lost) = match self.file.as_deref().map(read).transpose() {
            Ok(tables) => (tables.unwrap_or_default(), None),
            Err(error) => (BTreeMap::new(), Some(error.to_string())),
        };
        if let Some(lost) = &lost {
            tracing::warn!("{lost}");
        }
        Kept { tables, is_written: true, lost }
    }

    /// Writes what the file does not have.
    fn keep(&self, kept: &mut Kept) -> Result<(), SeenError> {
        let Some(path) = self.file.as_deref().filter(|_| !kept.is_written) else {
            return Ok(());
        };
        let written = write(path, &kept.tables).map_err(|cause| SeenError::Write { path: path.to_owned(), cause });
        kept.is_written = written.is_ok();
        written.inspect_err(|error| tracing::warn!("{error}"))
    }
}

impl SeenTable {
    fn new(definition: &Definition, table: &Table, columns: BTreeSet<String>) -> Self {
        let Definition { name, measured_on, .. } = definition;
        Self { product: name.clone(), measured_on: measured_on.clone(), reads: table.reads.clone(), columns }
    }

    /// Whether both were seen by the same definition of the table.
    fn is_by(&self, other: &Self) -> bool {
        (&self.product, &self.measured_on, &self.reads) == (&other.product, &other.measured_on, &other.reads)
    }
}

impl Kept {
    /// The columns that a table had first, which are those of `now` where its definition is another one.
    fn first(&mut self, name: &str, now: SeenTable) -> BTreeSet<String> {
        match self.tables.get(name) {
            Some(first) if first.is_by(&now) => first.columns.clone(),
            _ => {
                let columns = now.columns.clone();
                self.tables.insert(name.to_owned(), now);
                self.is_written = false;
                columns
            }
        }
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, SeenTable>, SeenError> {
    let bytes = match open::regular(path).and_then(|file| open::read_whole(file, LARGEST)) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(BTreeMap::new());
        }
        Err(cause) => return Err(SeenError::Read { path: path.to_owned(), cause }),
    };
    let file: SeenFile =
        serde_json::from_slice(&bytes).map_err(|cause| SeenError::Damaged { path: path.to_owned(), cause })?;
    if file.version != VERSION {
        return Err(SeenError::Version { path: path.to_owned(), version: file.version });
    }
    Ok(file.tables)
}

fn write(path: &Path, tables: &BTreeMap<String, SeenTable>) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(&SeenFile { version: VERSION, tables: tables.clone() })?;
    replace(path, &text, DIRECTORY_MODE, FILE_MODE)
}
