//! A daemon whose source is an app, and drills of its archives.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use orgvault_api::{Drill, DrillRequest, DrillState, Format, Verdict, gid::Gid};
use orgvault_config::{Config, SecretUrl, SourceConfig};
use orgvault_testing::postgres::{Database, program};
use tempfile::TempDir;

use crate::api::fixture::{Daemon, until};

/// A daemon with the organizations of an app.
pub(super) struct Stage {
    pub(super) daemon: Daemon,
    pub(super) app: Database,
}

impl Stage {
    /// RyTask's two organizations.
    pub(super) async fn new() -> Self {
        Self::with(|_config| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::of("rytask", Database::rytask(), change).await
    }

    pub(super) async fn of(product: &str, app: Database, change: impl FnOnce(&mut Config)) -> Self {
        app.psql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", app.role()));
        let url = SecretUrl::new(app.url());
        let daemon = Daemon::start_with(|config| {
            config.sources = vec![SourceConfig::new("tracker".to_owned(), product.to_owned(), url)];
            change(config);
        })
        .await;
        Self { daemon, app }
    }

    /// Exports `acme`; gives the `full` archive.
    pub(super) async fn archive(&self, formats: &[Format]) -> Gid {
        self.archive_of("tracker/acme", formats).await
    }

    /// Exports an organization; gives the `full` archive.
    pub(super) async fn archive_of(&self, organization: &str, formats: &[Format]) -> Gid {
        let exports = self.daemon.export(organization, formats).await;
        exports.iter().find(|export| export.format == Format::Full).unwrap().gid
    }

    pub(super) async fn drill(&self, request: &DrillRequest) -> Drill {
        let asked = self.daemon.client.start_drills(request).await.unwrap();
        self.ended(asked.drills[0].gid).await
    }

    pub(super) async fn drill_of(&self, archive: Gid) -> Drill {
        self.drill(&DrillRequest { archives: vec![archive], ..DrillRequest::default() }).await
    }

    /// A drill that was canceled while it went on.
    pub(super) async fn canceled(&self, archive: Gid) -> Drill {
        let request = DrillRequest { archives: vec![archive], ..DrillRequest::default() };
        let drill = self.daemon.client.start_drills(&request).await.unwrap().drills[0].gid;
        until("it begins", async || self.daemon.client.drill(drill).await.unwrap().state == DrillState::Started).await;
        self.daemon.client.cancel_drill(drill).await.unwrap();
        let canceled = self.ended(drill).await;
        self.is_inconclusive(&canceled, "canceled");
        canceled
    }

    pub(super) async fn ended(&self, gid: Gid) -> Drill {
        let mut drill = self.daemon.client.drill(gid).await.unwrap();
        until("the drill ends", async || {
            drill = self.daemon.client.drill(gid).await.unwrap();
            drill.state == DrillState::Ended
        })
        .await;
        drill
    }

    /// Where an archive is.
    pub(super) async fn path(&self, archive: Gid) -> PathBuf {
        self.daemon.client.archive(archive).await.unwrap().path.into()
    }

    /// What a drill has left below the daemon's state, and elsewhere.
    pub(super) fn left(&self, drill: &Drill) -> Vec<String> {
        left(&self.daemon.config.daemon.state_dir, drill.gid)
    }

    /// Says what a drill came to, of which nothing may be left.
    #[track_caller]
    pub(super) fn is_inconclusive(&self, drill: &Drill, code: &str) {
        assert_eq!(drill.verdict, Some(Verdict::Inconclusive), "{drill:#?}");
        assert_eq!(drill.error.as_ref().unwrap().code, code, "{drill:#?}");
        assert_eq!(self.left(drill), [""; 0]);
    }
}

pub(super) fn of_acme() -> DrillRequest {
    DrillRequest { organizations: vec!["tracker/acme".to_owned()], ..DrillRequest::default() }
}

/// Processes, files and directories that a drill of this id has left anywhere.
pub(super) fn left(state_dir: &Path, drill: Gid) -> Vec<String> {
    let drill = drill.to_string();
    let output = Command::new("ps").args(["-eo", "pid,stat,args"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let processes = text.lines().filter(|line| line.contains(&drill) && !line.contains(" Z")).map(str::to_owned);
    let entries = places(state_dir).map(fs::read_dir).into_iter().flatten().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name.contains(&drill));
    processes.chain(names).collect()
}

/// Where drills make their directories.
pub(super) fn places(state_dir: &Path) -> [PathBuf; 3] {
    ["/var/tmp".into(), "/tmp".into(), state_dir.join("scratch")]
}

/// The shared memory of a server.
pub(super) fn segment(data: &Path) -> String {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    text.lines().nth(6).unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

/// All shared memory of this machine.
pub(super) fn segments() -> Vec<String> {
    let output = Command::new("ipcs").arg("-m").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned).collect()
}

/// A server that may write no file larger than so many blocks of 512 bytes, and whose log is in small ones.
pub(super) fn limited(blocks: u32) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for (name, before, more) in
        [("initdb", String::new(), "--wal-segsize=1"), ("postgres", format!("ulimit -f {blocks}"), "")]
    {
        let script = format!("#!/bin/sh\n{before}\nexec {} {more} \"$@\"\n", program(name).display());
        let file = directory.path().join(name);
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = directory.path().to_owned();
    (directory, path)
}
