//! Who runs a scratch server: PostgreSQL refuses to be root.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown},
    path::Path,
};

use nix::unistd::{Uid, User};
use tokio::process::Command;

use super::ScratchError;

/// Who runs it where the configured user is not there.
const NOBODY: &str = "nobody";
/// Who may enter a directory: its owner, its group, all others.
const ENTER: [u32; 3] = [0o100, 0o010, 0o001];

/// Another user than the daemon's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// Who is to run the server; none where that is the daemon's own user.
    ///
    /// # Errors
    /// When the daemon is root, and neither of the two users is there.
    pub(super) fn of(user: &str) -> Result<Option<Self>, ScratchError> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        let found = [user, NOBODY].into_iter().find_map(|name| User::from_name(name).ok().flatten());
        let found = found.filter(|user| !user.uid.is_root());
        let account = found.map(|user| Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() });
        account.map(Some).ok_or_else(|| ScratchError::Account { user: user.to_owned() })
    }

    /// Lets the program run as it.
    pub(super) fn runs(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Gives it a directory.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn owns(self, directory: &Path) -> Result<(), ScratchError> {
        chown(directory, Some(self.uid), Some(self.gid))
            .map_err(|cause| ScratchError::directory("give away", directory, cause))
    }

    /// Whether it may enter a directory, and all that this lies in.
    pub(super) fn enters(self, directory: &Path) -> bool {
        directory.ancestors().all(|one| {
            fs::metadata(one).is_ok_and(|metadata| {
                let which = match (metadata.uid() == self.uid, metadata.gid() == self.gid) {
                    (true, _) => ENTER[0],
                    (false, true) => ENTER[1],
                    (false, false) => ENTER[2],
                };
                metadata.mode() & which != 0
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn every_directory_on_the_way_has_to_let_it_in() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("a");
        fs::create_dir(&inner).unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let owner = fs::metadata(&inner).unwrap();
        let other = Account { uid: owner.uid() + 1, gid: owner.gid() + 1 };
        let of_group = Account { gid: owner.gid(), ..other };
        mode(directory.path(), 0o711);
        mode(&inner, 0o750);
        assert_eq!([other.enters(&inner), of_group.enters(&inner)], [false, true]);
        mode(&inner, 0o701);
        assert_eq!([other.enters(&inner), of_group.enters(&inner)], [true, false]);
        mode(directory.path(), 0o700);
        assert!(!other.enters(&inner));
    }
}
