//! Who checks evidence: with `tar`, `sha256sum` and `ssh-keygen` alone, and a key that came by another way.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use orgvault_api::gid::Gid;

use crate::api::fixture::Daemon;

/// The evidence of an archive, as it is handed out.
pub(crate) async fn evidence(daemon: &Daemon, gid: Gid) -> Vec<u8> {
    let mut tar = Vec::new();
    daemon.client.evidence(gid).await.unwrap().copy_to(&mut tar).await.unwrap();
    tar
}

/// An auditor's own machine, who has the operator's key by another way.
pub(crate) struct Auditor {
    pub(crate) folder: tempfile::TempDir,
    signers: PathBuf,
}

impl Auditor {
    pub(crate) fn new(allowed_signers: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let signers = folder.path().join("known_signers");
        fs::write(&signers, format!("{allowed_signers}\n")).unwrap();
        Self { folder, signers }
    }

    /// Unpacks it into an empty folder; none where `tar` refuses.
    pub(crate) fn unpack(&self, tar: &[u8]) -> Option<PathBuf> {
        let place = self.folder.path().join("unpacked");
        if place.exists() {
            fs::remove_dir_all(&place).unwrap();
        }
        fs::create_dir(&place).unwrap();
        let mut child = Command::new("tar")
            .args(["-xf", "-"])
            .current_dir(&place)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // A tar that has seen enough reads no further.
        drop(child.stdin.take().unwrap().write_all(tar));
        let unpacked = child.wait().unwrap().success();
        unpacked.then(|| fs::read_dir(&place).unwrap().next().map(|entry| entry.unwrap().path()))?
    }

    pub(crate) fn signed(&self, folder: &Path) -> Output {
        let sums = fs::File::open(folder.join("SHA256SUMS")).unwrap();
        Command::new("ssh-keygen")
            .args(["-Y", "verify", "-I", "orgvault", "-n", "orgvault-evidence", "-s", "SHA256SUMS.sig", "-f"])
            .arg(&self.signers)
            .current_dir(folder)
            .stdin(sums)
            .output()
            .unwrap()
    }

    /// Whether the programs take it.
    pub(crate) fn takes(&self, tar: &[u8]) -> bool {
        let Some(folder) = self.unpack(tar).filter(|folder| folder.join("SHA256SUMS.sig").exists()) else {
            return false;
        };
        if !folder.join("SHA256SUMS").exists() || !self.signed(&folder).status.success() {
            return false;
        }
        let check = ["--check", "--strict", "--quiet", "SHA256SUMS"];
        silent(Command::new("sha256sum").args(check).current_dir(&folder))
    }
}

pub(crate) fn silent(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}
