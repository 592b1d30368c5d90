//! The real `orgvaultd`: killed in the middle of a run, and idle.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use orgvault_api::{
    Run, State,
    client::{Client, ExportFilter},
    gid::Gid,
};
use orgvault_archive::manifest::Manifest;

use super::fixture::database;
use crate::api::{
    binary::Running,
    fixture::{soon, until},
};

/// A configuration with a database of its own, and a schedule that is never due.
async fn with_database(files: &Path, organizations: u32, schedule: &str) -> String {
    let path = files.join("rytask.sqlite");
    database(&path, organizations).await;
    format!(
        "workers = 2\nlog_format = \"json\"\nlog_level = \"warn\"\n[[source]]\nname = \"tracker\"\nproduct = \"rytask\"\n\
         url = \"sqlite://{}\"\n[[schedule]]\nname = \"nightly\"\ncron = \"0 0 29 2 *\"\n{schedule}\n",
        path.display()
    )
}

/// Waits until so many exports of the run have ended, asking seldom enough not to be in its way.
async fn until_done(client: &Client, run: Gid, count: u64) -> Run {
    soon(&format!("{count} exports of the run end"), async {
        loop {
            let now = client.run(run).await.unwrap();
            if now.finished + now.failed >= count && (now.open > 0 || now.finished_at.is_some()) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

/// The manifests of the archives of one run, by organization.
fn manifests(directory: &Path, run: Gid) -> HashMap<String, Vec<Manifest>> {
    let mut found: HashMap<String, Vec<Manifest>> = HashMap::new();
    let mut open: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_str().unwrap().ends_with(".manifest.json") {
                let manifest = Manifest::load(&path).unwrap();
                if manifest.request == run {
                    found.entry(manifest.organization.id.clone()).or_default().push(manifest);
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn a_run_of_1000_organizations_survives_two_kills_and_exports_each_once_in_flat_memory() {
    let files = tempfile::tempdir().unwrap();
    let mut running = Running::start(&with_database(files.path(), 1000, "").await).await;
    let client = running.client();
    let run = client.run_schedule("nightly").await.unwrap().gid;
    for count in [100, 200] {
        until_done(&client, run, count).await;
        running.kill_and_start_again().await;
    }
    until_done(&client, run, 600).await;
    let early = running.peak();
    let ended = until_done(&client, run, 1000).await;
    assert_eq!((ended.organizations, ended.finished, ended.failed), (1000, 1000, 0));
    let grown = running.peak().saturating_sub(early);
    assert!(grown < 16 * 1024, "the last 400 took {grown} KiB more than the 400 before");

    until("the run has ended", async || client.run(run).await.unwrap().finished_at.is_some()).await;
    let runs = client.runs(None, None).await.unwrap().runs;
    assert_eq!(runs.len(), 1, "the same run went on: {runs:?}");
    let manifests = manifests(&running.directory.path().join("archives"), run);
    assert_eq!(manifests.len(), 1000);
    let twice: Vec<&Vec<Manifest>> = manifests.values().filter(|manifests| manifests.len() != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[tokio::test]
async fn formats_of_one_organization_show_one_instant_also_after_a_kill() {
    let files = tempfile::tempdir().unwrap();
    let config = with_database(files.path(), 40, "formats = [\"json\", \"csv\"]").await;
    let mut running = Running::start(&config).await;
    let client = running.client();
    let run = client.run_schedule("nightly").await.unwrap().gid;
    for count in [20, 70] {
        until_done(&client, run, count).await;
        running.kill_and_start_again().await;
    }
    until("the run has ended", async || client.run(run).await.unwrap().finished_at.is_some()).await;
    for (organization, manifests) in manifests(&running.directory.path().join("archives"), run) {
        let mut kinds: Vec<_> = manifests.iter().map(|manifest| (manifest.format, &manifest.entity)).collect();
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds.len(), manifests.len(), "{organization}");
        assert!(manifests.iter().all(|manifest| manifest.snapshot == manifests[0].snapshot), "{organization}");
    }
    let filter = ExportFilter { request: Some(run), state: Some(State::Error), ..ExportFilter::default() };
    for export in client.exports(&filter).await.unwrap().exports {
        let code = export.error.unwrap().code;
        assert!(["interrupted", "snapshot_lost"].contains(&code.as_str()), "{code}");
    }
}

#[tokio::test]
async fn a_hundred_schedules_cost_nearly_nothing_while_nothing_is_due() {
    let one = |number: u32| {
        let (minute, hour) = (number % 60, number % 24);
        format!("[[schedule]]\nname = \"s{number}\"\ncron = \"{minute} {hour} 29 2 *\"\ntimezone = \"Europe/Berlin\"\n")
    };
    let schedules = (0..100).map(one).collect::<Vec<_>>().concat();
    let running = Running::start(&schedules).await;
    assert_eq!(running.client().schedules(1).await.unwrap().schedules.len(), 100);
    let mut least = Duration::MAX;
    for _window in 0..4 {
        let before = running.processor_time();
        // What is measured is time that passes; in the first of these windows it still starts.
        tokio::time::sleep(Duration::from_secs(2)).await;
        // A thread that ended took its time with it.
        least = least.min(running.processor_time().checked_sub(before).unwrap_or(least));
    }
    // 50 ms a minute are 1.7 ms in two seconds; the test's build is not optimized.
    assert!(least < Duration::from_millis(10), "{least:?} in 2 s");
}
