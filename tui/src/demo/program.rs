//! The `orgvaultd` that belongs to this program.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use crate::exit::{Exit, Failure};

const NAME: &str = "orgvaultd";

/// `--version` of an `orgvaultd` that was built with this console.
const VERSION: &str = concat!("orgvaultd ", env!("CARGO_PKG_VERSION"));

/// Finds it beside this program, or else in `PATH`, and makes sure that it is of the same version.
///
/// # Errors
/// When there is none, or another one.
pub(crate) async fn find() -> Result<PathBuf, Failure> {
    let console =
        env::current_exe().map_err(|error| Failure::caused("demo", "cannot tell where orgvault is", &error))?;
    let beside = console.parent().map(Path::to_owned).unwrap_or_default();
    let path = env::var_os("PATH").unwrap_or_default();
    let Some(program) = first_in(&beside, &path) else {
        let message = format!("the demo runs {NAME}, which is neither in {} nor in PATH", beside.display());
        return Err(
            Failure::new(Exit::Failed, "demo", message).hint("install both programs of one release side by side")
        );
    };
    let act = format!("cannot run {}", program.display());
    let said = Command::new(&program).arg("--version").kill_on_drop(true).output().await;
    let said = said.map_err(|error| Failure::caused("demo", act, &error))?.stdout;
    same_version(&program, String::from_utf8_lossy(&said).trim())?;
    Ok(program)
}

fn first_in(beside: &Path, path: &OsStr) -> Option<PathBuf> {
    let folders = std::iter::once(beside.to_owned()).chain(env::split_paths(path));
    folders.map(|folder| folder.join(NAME)).find(|program| program.is_file())
}

fn same_version(program: &Path, said: &str) -> Result<(), Failure> {
    if said == VERSION {
        return Ok(());
    }
    let (program, console) = (program.display(), env!("CARGO_PKG_VERSION"));
    let message = format!("{program} says that it is {said:?}, and this is orgvault {console}");
    Err(Failure::new(Exit::Failed, "demo", message).hint("install both programs of one release"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_one_beside_is_taken_before_those_in_path() {
        let (beside, first, second) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = env::join_paths([first.path(), second.path()]).unwrap();
        assert_eq!(first_in(beside.path(), &path), None);
        for folder in [&second, &first, &beside] {
            let program = folder.path().join(NAME);
            fs::write(&program, "").unwrap();
            assert_eq!(first_in(beside.path(), &path), Some(program));
        }
    }
}
