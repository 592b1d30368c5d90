//! Stock programs that read archives.

use std::path::{Path, PathBuf};

/// The directory of those that `scripts/readers.txt` names.
pub fn readers() -> PathBuf {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/readers/bin");
    let all = ["bagit.py", "csvjson", "duckdb", "frictionless"].iter().all(|name| programs.join(name).exists());
    assert!(all, "`make readers` installs what reads the archives");
    programs.canonicalize().unwrap()
}
