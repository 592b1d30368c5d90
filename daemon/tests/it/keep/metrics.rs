//! Metrics: on the socket, and in a file that cannot be written now and then.

use std::{fs, time::Duration};

use super::fixture::{App, archived, flip, listed};
use crate::api::fixture::{Daemon, parts, until};

/// The page, without its comments.
async fn scraped(daemon: &Daemon) -> Vec<String> {
    scraped_from(daemon, "/metrics").await
}

async fn scraped_from(daemon: &Daemon, path: &str) -> Vec<String> {
    let answer = daemon.ask("GET", path, "", "").await;
    let (head, body) = parts(&answer);
    assert!(head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(body.ends_with("# EOF\n"), "{body}");
    body.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// The value of the line that begins so.
fn value(lines: &[String], begin: &str) -> f64 {
    let line = lines.iter().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("no {begin} in {lines:#?}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn number(value: u64) -> f64 {
    u32::try_from(value).unwrap().into()
}

#[tokio::test]
async fn each_metric_is_told_for_each_organization() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| {
        config.sources = vec![app.source()];
        config.metrics.organizations = true;
    })
    .await;
    archived(&daemon.client).await;
    let archive = listed(&daemon.client).await.remove(0);
    daemon.client.verify(archive.gid).await.unwrap();
    let lines = scraped(&daemon).await;
    let id = &archive.organization.id;
    let acme = |more: &str| format!("{{source=\"tracker\",organization=\"{id}\",slug=\"acme\"{more}}}");
    let is = |name: &str, more: &str| value(&lines, &format!("orgvault_{name}{}", acme(more)));
    assert!(
        (is("last_success_timestamp_seconds", "") - number(archive.exported_at.timestamp().cast_unsigned())).abs()
            < 2.0
    );
    assert!((0.0..60.0).contains(&is("last_success_age_seconds", "")));
    assert!((0.0..60.0).contains(&is("export_duration_seconds", "")));
    let json = ",format=\"json\",entity=\"\"";
    assert!((is("archive_bytes", json) - number(archive.bytes)).abs() < 0.5);
    for count in &archive.counts {
        let section = format!("{json},section=\"{}\"", count.name);
        assert!((is("archive_rows", &section) - number(count.rows)).abs() < 0.5);
    }
    assert!((is("archive_verified", json) - 1.0).abs() < 0.5);
    assert!((is("health", ",health=\"ok\"") - 1.0).abs() < 0.5);
    assert!((value(&lines, "orgvault_exports{state=\"pending\"}")).abs() < 0.5);
    assert!((value(&lines, "orgvault_archives") - 1.0).abs() < 0.5);
    assert!((value(&lines, "orgvault_build_info{version=\"") - 1.0).abs() < 0.5);

    flip(&archive.path);
    daemon.client.verify(archive.gid).await.unwrap();
    let lines = scraped(&daemon).await;
    assert!(value(&lines, &format!("orgvault_archive_verified{}", acme(json))).abs() < 0.5);
    value(&lines, &format!("orgvault_health{}", acme(",health=\"damaged\"")));
}

#[tokio::test]
async fn organizations_are_told_together_unless_each_is_asked_for() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| config.sources = vec![app.source()]).await;
    archived(&daemon.client).await;
    let archive = listed(&daemon.client).await.remove(0);
    let is = |lines: &[String], health: &str| {
        value(lines, &format!("orgvault_organizations{{source=\"tracker\",health=\"{health}\"}}"))
    };
    let lines = scraped(&daemon).await;
    assert!((is(&lines, "ok") - 1.0).abs() < 0.5 && is(&lines, "damaged").abs() < 0.5, "{lines:#?}");
    let oldest = value(&lines, "orgvault_oldest_success_timestamp_seconds{source=\"tracker\"}");
    assert!((oldest - number(archive.exported_at.timestamp().cast_unsigned())).abs() < 2.0);
    assert!((0.0..60.0).contains(&value(&lines, "orgvault_oldest_success_age_seconds{source=\"tracker\"}")));
    assert!(lines.iter().all(|line| !line.contains("acme")), "{lines:#?}");
    let asked = scraped_from(&daemon, "/metrics?organizations=true").await;
    assert!(asked.iter().any(|line| line.contains("slug=\"acme\"")), "{asked:#?}");

    flip(&archive.path);
    daemon.client.verify(archive.gid).await.unwrap();
    let lines = scraped(&daemon).await;
    assert!((is(&lines, "damaged") - 1.0).abs() < 0.5 && is(&lines, "ok").abs() < 0.5, "{lines:#?}");
}

#[tokio::test]
async fn the_textfile_comes_back_when_its_directory_does() {
    let textfiles = tempfile::tempdir().unwrap();
    let directory = textfiles.path().join("collector");
    let file = directory.join("orgvault.prom");
    let daemon = Daemon::start_with(|config| {
        config.metrics.textfile = Some(file.clone());
        config.metrics.every = Duration::from_millis(20);
    })
    .await;
    let warns = async || {
        let warnings = daemon.client.status().await.unwrap().warnings;
        warnings.into_iter().find(|warning| warning.code == "metrics_textfile")
    };
    until("it says that the directory is gone", async || warns().await.is_some()).await;
    let said = warns().await.unwrap().message;
    assert!(said.contains(file.to_str().unwrap()) && said.contains("No such file or directory"), "{said}");
    fs::create_dir(&directory).unwrap();
    until("the file is there", async || file.exists() && warns().await.is_none()).await;
    assert!(fs::read_to_string(&file).unwrap().ends_with("# EOF\n"));

    // A full disk: the partial file cannot take a byte.
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/full", directory.join("orgvault.prom.partial")).unwrap();
    until("it says that the disk is full", async || {
        warns().await.is_some_and(|warning| warning.message.contains("No space left on device"))
    })
    .await;
    assert!(daemon.client.health().await.is_ok());
    until("the partial name is free again", async || file.exists() && warns().await.is_none()).await;
}

#[tokio::test]
async fn a_diagnosis_holds_no_secret() {
    let app = App::new().await;
    let mut odd = app.source();
    odd.name = "far".to_owned();
    odd.url = orgvault_config::SecretUrl::new("postgres://u:hunter2@127.0.0.1:1/x".to_owned());
    let daemon = Daemon::start_with(|config| config.sources = vec![app.source(), odd]).await;
    archived(&daemon.client).await;
    app.break_it().await;
    super::fixture::export(&daemon.client).await;
    let diagnosis = daemon.client.diagnosis().await.unwrap();
    assert_eq!(diagnosis.errors.len(), 1);
    assert_eq!(diagnosis.archives["tracker json present"], 1);
    assert!(diagnosis.configuration.contains("min_free") && diagnosis.configuration.contains("far"));
    let all = serde_json::to_string(&diagnosis).unwrap();
    assert!(!all.contains("hunter2"), "{all}");
}
