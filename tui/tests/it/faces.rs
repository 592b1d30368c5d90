//! `docs/faces.md`: its calls, run as they stand against a real daemon of three products.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use orgvault_config::{Config, SecretUrl, SourceConfig};
use orgvault_daemon::{product::Products, source::Source};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

use orgvault_testing::postgres::{Database, RYTASK, SOLIDTIME, Server, TRUEPPM};

const DOCUMENT: &str = include_str!("../../../docs/faces.md");
const DEADLINE: Duration = Duration::from_mins(1);

/// Ended with the test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn source(name: &str, product: &str, tables: &str) -> (String, Database) {
    let database: Database = Server::shared().database();
    database.psql(tables);
    let url = database.url();
    let config = SourceConfig::new(name.to_owned(), product.to_owned(), SecretUrl::new(url.clone()));
    let definition = Products::embedded().unwrap().get(product).unwrap().clone();
    let source = Source::new(config, definition, TaskTracker::new()).unwrap();
    let look = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    database.psql(&look.block_on(source.check()).grants);
    (format!("[[source]]\nname = \"{name}\"\nproduct = \"{product}\"\nurl = \"{url}\"\n"), database)
}

fn start(folder: &Path) -> (Daemon, Vec<Database>) {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
    let paths =
        ["socket", "state_dir", "archive_dir"].map(|key| format!("{key} = \"{}\"\n", folder.join(key).display()));
    let sources = [("tracker", "rytask", RYTASK), ("time", "solidtime", SOLIDTIME), ("plans", "trueppm", TRUEPPM)];
    let (sources, databases): (String, Vec<Database>) =
        sources.iter().map(|(name, product, tables)| source(name, product, tables)).unzip();
    let config = format!("[daemon]\n{}[access]\nowners = [\"{user}\"]\n{sources}", paths.concat());
    fs::write(folder.join("config.toml"), config).unwrap();
    let daemon = Path::new(env!("CARGO_BIN_EXE_orgvault")).parent().unwrap().join("orgvaultd");
    let started = Command::new(daemon).arg("--config").arg(folder.join("config.toml")).stderr(Stdio::null()).spawn();
    let daemon = Daemon(started.unwrap());
    let since = Instant::now();
    while std::os::unix::net::UnixStream::connect(folder.join("socket")).is_err() {
        assert!(since.elapsed() < DEADLINE, "the daemon does not listen");
        std::thread::sleep(Duration::from_millis(5));
    }
    (daemon, databases)
}

fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    DOCUMENT.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// Runs calls of the document with the daemon of this folder; ones that do not end are ended.
fn run(folder: &Path, calls: &str) -> Output {
    let script = format!("sudo() {{ \"$@\"; }}\norgvault() {{ \"$BIN\" \"$@\"; }}\n{calls}")
        .replace("/run/orgvault/orgvaultd.sock", folder.join("socket").to_str().unwrap());
    Command::new("timeout")
        .args([&DEADLINE.as_secs().to_string(), "bash", "-euo", "pipefail", "-c", &script])
        .current_dir(folder)
        .env("BIN", env!("CARGO_BIN_EXE_orgvault"))
        .env("ORGVAULT_SOCKET", folder.join("socket"))
        .output()
        .unwrap()
}

#[test]
fn every_call_works_as_it_stands() {
    let folder = TempDir::new().unwrap();
    let _daemon = start(folder.path());
    let blocks = blocks("sh");
    assert!(blocks.len() >= 5);
    let ran = run(folder.path(), &blocks.concat());
    assert!(ran.status.success(), "{}\n{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    for name in ["asana.json", "workspace.json"] {
        let document: serde_json::Value = serde_json::from_slice(&read(name)).unwrap();
        assert_eq!(document["organization"]["slug"], "acme", "{name}");
    }
    assert!(read("time-logs.csv").starts_with(b"id,project_id,"));
    assert!(read("organization.zip").starts_with(b"PK"));
    assert_eq!(read("atlas.json"), read("program.json"), "the seed has no time in it");
}

#[test]
fn the_loops_end_where_the_export_does_not_become_a_file() {
    let folder = TempDir::new().unwrap();
    let (_daemon, databases) = start(folder.path());
    databases[0].psql("DROP TABLE time_logs CASCADE");
    databases[2].psql("DROP TABLE projects_task CASCADE");
    let blocks = blocks("sh");
    let asana = blocks.iter().take_while(|block| !block.contains("export/workspace")).cloned().collect::<String>();
    let trueppm = blocks.iter().find_map(|block| Some(format!("JOB={}", block.split_once("JOB=")?.1))).unwrap();
    for (calls, said) in [(asana, "the export ended as error"), (trueppm, "the job ended as failed")] {
        let ran = run(folder.path(), &calls);
        let error = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.code() == Some(1) && error.contains(said), "{:?}: {error}", ran.status);
    }
}

#[test]
fn the_configuration_is_one() {
    for block in blocks("toml") {
        Config::parse(&block, &orgvault_config::Environment::default()).unwrap();
    }
}
