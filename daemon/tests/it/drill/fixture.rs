//! A daemon whose source is an app, and drills of its archives.

use std::{
    fs,
    path::{Path, PathBuf},
};

use orgvault_api::{Drill, DrillRequest, DrillState, Format, Verdict, gid::Gid};
use orgvault_config::{Config, SecretUrl, SourceConfig};
use orgvault_testing::postgres::Database;

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
    let output = std::process::Command::new("ps").args(["-eo", "pid,stat,args"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let processes = text.lines().filter(|line| line.contains(&drill) && !line.contains(" Z")).map(str::to_owned);
    let places = [Path::new("/var/tmp"), Path::new("/tmp"), &state_dir.join("scratch")].map(fs::read_dir);
    let entries = places.into_iter().flatten().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name.contains(&drill));
    processes.chain(names).collect()
}
