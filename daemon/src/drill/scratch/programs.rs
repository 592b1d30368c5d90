//! Where the programs of PostgreSQL are.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::ScratchError;

/// What a server is made and run by.
const NEEDED: [&str; 2] = ["initdb", "postgres"];
/// Where Debian has a directory for each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The directory of the programs: the configured one, or else the first of `PATH`, or else that of the newest
/// version that Debian has installed.
///
/// # Errors
/// When they are in none of these.
pub(super) fn find(configured: Option<&Path>) -> Result<PathBuf, ScratchError> {
    let candidates = configured.map_or_else(usual, |directory| vec![directory.to_owned()]);
    let is_whole = |directory: &&PathBuf| NEEDED.iter().all(|name| directory.join(name).is_file());
    candidates.iter().find(is_whole).cloned().ok_or_else(|| {
        let usual = || vec!["PATH".into(), format!("{VERSIONS}/*/bin").into()];
        ScratchError::NoPrograms { looked: configured.map_or_else(usual, |directory| vec![directory.to_owned()]) }
    })
}

/// Where they are where nothing is configured.
fn usual() -> Vec<PathBuf> {
    let path: Vec<PathBuf> = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    path.into_iter().chain(versions(Path::new(VERSIONS))).collect()
}

/// The newest first.
fn versions(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let number = |name: &std::ffi::OsStr| name.to_str()?.parse::<f64>().ok();
    let mut found: Vec<(f64, PathBuf)> =
        entries.filter_map(|entry| Some((number(&entry.file_name())?, entry.path().join("bin")))).collect();
    found.sort_by(|left, right| right.0.total_cmp(&left.0));
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["9.6", "15", "17", "10", "lib"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        let found = versions(directory.path());
        let names = found.iter().map(|path| path.parent().unwrap().file_name().unwrap().to_str().unwrap());
        assert_eq!(names.collect::<Vec<_>>(), ["17", "15", "10", "9.6"]);
    }

    #[test]
    fn half_a_server_is_none() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("initdb"), "").unwrap();
        let error = find(Some(directory.path())).unwrap_err();
        assert_eq!(error.code(), "scratch_no_server");
        fs::write(directory.path().join("postgres"), "").unwrap();
        assert_eq!(find(Some(directory.path())).unwrap(), directory.path());
    }
}
