//! Drills and restores of an SQLite source, from their request to their end.

use std::fs;

use orgvault_api::{
    Drill, DrillRequest, DrillState, ExportRequest, Format, RestoreMode, RestoreRequest, State, Verdict, gid::Gid,
};
use orgvault_config::{DatabaseKind, SecretUrl, SourceConfig, TargetConfig, TargetDatabase, TargetKind, Tls};

use crate::{
    api::fixture::{Daemon, problem, until},
    full::sqlite::{DEFINITION, TABLES, ledger, rows},
    source::sqlite::File,
};

/// A daemon with a source of two companies, whose file is a target too.
struct Stage {
    daemon: Daemon,
    file: File,
}

impl Stage {
    async fn new(more: &str) -> Self {
        let (file, _source) = ledger(more).await;
        let url = SecretUrl::new(format!("sqlite://{}", file.path("").display()));
        let daemon = Daemon::start_with(|config| {
            fs::create_dir_all(&config.daemon.products_dir).unwrap();
            fs::write(config.daemon.products_dir.join("ledger.toml"), DEFINITION).unwrap();
            config.sources = vec![SourceConfig::new("ledger".to_owned(), "ledger".to_owned(), url.clone())];
            config.targets = vec![TargetConfig {
                name: "same".to_owned(),
                kind: TargetKind::Database(TargetDatabase {
                    kind: DatabaseKind::Sqlite,
                    url,
                    tls: Tls::AsUrl,
                    lock_timeout: std::time::Duration::from_secs(5),
                }),
                timeout: std::time::Duration::from_mins(1),
            }];
        })
        .await;
        Self { daemon, file }
    }

    async fn archive(&self) -> Gid {
        let request = ExportRequest {
            organizations: vec!["ledger/acme".to_owned()],
            formats: vec![Format::Full, Format::Json],
            ..ExportRequest::default()
        };
        let exports = self.daemon.client.start_exports(&request).await.unwrap().exports;
        for export in &exports {
            until("it is exported", async || {
                let export = self.daemon.client.export(export.gid).await.unwrap();
                assert!(!export.has_failed(), "{export:?}");
                export.state == State::Finished
            })
            .await;
        }
        exports.iter().find(|export| export.format == Format::Full).unwrap().gid
    }

    async fn drill(&self, against: Option<&str>) -> Drill {
        let request = DrillRequest {
            organizations: vec!["ledger/acme".to_owned()],
            against: against.map(str::to_owned),
            ..DrillRequest::default()
        };
        let gid = self.daemon.client.start_drills(&request).await.unwrap().drills[0].gid;
        let mut drill = self.daemon.client.drill(gid).await.unwrap();
        until("the drill ends", async || {
            drill = self.daemon.client.drill(gid).await.unwrap();
            drill.state == DrillState::Ended
        })
        .await;
        drill
    }

    /// Every value of the company.
    async fn rows(&mut self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for table in TABLES {
            found.push(rows(self.file.connection(), table).await);
        }
        found
    }
}

/// Entries of another company's member, whose person is in no archive of this one.
const OTHERS: &str = "UPDATE entries SET member_id = 91 WHERE company_id = 7 AND number = 1;";

#[tokio::test]
async fn an_archive_goes_into_a_file_and_is_exported_again_byte_for_byte() {
    let mut stage = Stage::new(OTHERS).await;
    stage.archive().await;
    let before = (stage.rows().await, fs::read(stage.file.path("")).unwrap());
    let drill = stage.drill(Some("ledger")).await;
    assert_eq!(drill.verdict, Some(Verdict::Passed), "{drill:#?}");
    let proofs: Vec<(&str, bool)> = drill.proofs.iter().map(|proof| (proof.name.as_str(), proof.same)).collect();
    let all = ["counts", "row_hashes", "foreign_keys", "tenant", "native_export", "same_archive", "against"];
    assert_eq!(proofs, all.map(|name| (name, true)));
    assert!(drill.server.starts_with("SQLite 3.") && drill.rows > 0 && drill.recovery_ms.is_some(), "{drill:#?}");
    assert_eq!((stage.rows().await, fs::read(stage.file.path("")).unwrap()), before, "the source is as it was");
    let scratch = stage.daemon.config.daemon.state_dir.join("scratch");
    assert_eq!(fs::read_dir(scratch).unwrap().count(), 0, "nothing is left");
    stage.file.run("UPDATE entries SET memo = 'newer' WHERE company_id = 7 AND number = 1").await;
    let drill = stage.drill(Some("ledger")).await;
    assert_eq!(drill.verdict, Some(Verdict::Passed), "the app goes on");
    let against = drill.proofs.last().unwrap();
    assert!(!against.same && against.differences[0].starts_with("main.entries company_id=7 number=1"), "{against:#?}");
}

#[tokio::test]
async fn what_the_app_broke_comes_back_by_its_plan_and_what_was_there_is_archived_first() {
    let mut stage = Stage::new("").await;
    let archive = stage.archive().await;
    let before = stage.rows().await;
    stage
        .file
        .run("UPDATE entries SET memo = 'broken' WHERE company_id = 7; DELETE FROM logs WHERE company_id = 7")
        .await;
    let broken = stage.rows().await;
    let mut request = RestoreRequest {
        archive: Some(archive),
        into: "same".to_owned(),
        mode: RestoreMode::Replace,
        ..RestoreRequest::default()
    };
    let planned = stage.daemon.client.restore(&request).await.unwrap();
    assert!(planned.plan.possible && planned.plan.database.server.starts_with("SQLite 3."), "{:#?}", planned.plan);
    assert_eq!(stage.rows().await, broken, "a plan writes nothing");
    request.apply = Some("0".repeat(64));
    assert_eq!(problem(stage.daemon.client.restore(&request).await).code, "plan_changed");
    request.apply = Some(planned.plan.id);
    let done = stage.daemon.client.restore(&request).await.unwrap();
    assert_eq!(stage.rows().await, before);
    let kept = stage.daemon.client.archive(done.before.unwrap()).await.unwrap();
    assert!(kept.pinned && kept.format == Format::Full, "{kept:?}");
}
