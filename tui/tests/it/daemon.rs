//! The real daemon on a real socket, driven by the real binary: all of the commands once.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::JoinHandle,
    time::Duration,
};

use nix::unistd::{User, geteuid};
use orgvault_api::clock::Clock;
use orgvault_config::{
    Access, Config, Daemon as Settings, ScheduleConfig, SecretUrl, SourceConfig, TargetConfig, TargetKind,
    calendar::Calendar,
};
use orgvault_daemon::{lifecycle::Stop, lock::StateLock, product::Products, run_on};
use serde_json::Value;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::net::UnixListener;

use crate::orgvault::{Ran, command};

/// The demo's database, with Globex soft-deleted and a second `odd-texts`.
const DATABASE: [&str; 4] = [
    include_str!("../../../daemon/src/demo/schema.sql"),
    "BEGIN",
    include_str!("../../../daemon/src/demo/data.sql"),
    "UPDATE organizations SET deleted_at = created_at WHERE slug = 'globex';
     INSERT INTO organizations SELECT 'twin', name, slug, created_at, updated_at, settings, NULL FROM organizations WHERE slug = 'odd-texts';
     COMMIT",
];

pub(crate) struct Daemon {
    folder: TempDir,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Daemon {
    pub(crate) fn start() -> Self {
        let mut daemon = Self { folder: tempfile::tempdir().unwrap(), stop: Stop::default(), thread: None };
        daemon.restart();
        daemon
    }

    /// Starts it on its directory, after it was stopped.
    pub(crate) fn restart(&mut self) {
        self.stop = Stop::default();
        let (config, stopping) = (config(self.folder.path()), self.stop.clone());
        let listener = std::os::unix::net::UnixListener::bind(&config.daemon.socket).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.thread = Some(std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let database = config.daemon.state_dir.with_file_name("rytask.sqlite");
                if !database.exists() {
                    make(&database).await;
                }
                let _lock = StateLock::acquire(&config.daemon.state_dir).unwrap();
                let listener = UnixListener::from_std(listener).unwrap();
                run_on(&listener, config, Products::embedded().unwrap(), Clock::system(), stopping).await.unwrap();
            });
        }));
    }

    /// Stops it; its socket file stays, and nobody listens.
    pub(crate) fn stop(&mut self) {
        self.stop.soft.cancel();
        self.stop.deadline.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Ran {
        command(&self.path("sock"), args).output().unwrap().into()
    }

    /// The JSON of a run that ended with 0.
    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(&[args, &["--json"]].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.all());
        serde_json::from_str(&ran.out).unwrap()
    }

    /// The gids of the archives of an export that is waited for.
    #[track_caller]
    fn export(&self, args: &[&str]) -> Vec<String> {
        let exported = self.json(&[&["export", "--wait"], args].concat());
        let gids =
            exported["archives"].as_array().unwrap().iter().map(|archive| archive["gid"].as_str().unwrap().to_owned());
        gids.collect()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

fn config(folder: &Path) -> Config {
    let user = User::from_uid(geteuid()).unwrap().map_or_else(|| geteuid().to_string(), |user| user.name);
    let url = SecretUrl::new(format!("sqlite://{}", folder.join("rytask.sqlite").display()));
    let mut config = Config {
        daemon: Settings {
            socket: folder.join("sock"),
            state_dir: folder.join("state"),
            archive_dir: folder.join("archives"),
            ..Settings::default()
        },
        access: Access { owners: vec![user], ..Access::default() },
        sources: vec![SourceConfig::new("tracker".to_owned(), "rytask".to_owned(), url)],
        schedules: vec![ScheduleConfig::new(
            "nightly".to_owned(),
            Calendar::new("0 0 29 2 *", "Europe/Berlin".parse().unwrap()).unwrap(),
        )],
        ..Config::default()
    };
    config.targets = vec![
        command_target("count", &["/usr/bin/wc", "-c", "{file}"]),
        command_target("fail", &["/bin/sh", "-c", "echo no room; exit 4", "{file}"]),
    ];
    config
}

fn command_target(name: &str, argv: &[&str]) -> TargetConfig {
    let kind = TargetKind::Command {
        argv: argv.iter().map(|&argument| argument.to_owned()).collect(),
        environment: [("TOKEN".to_owned(), "hunter2".to_owned())].into_iter().collect(),
        product: None,
    };
    TargetConfig { name: name.to_owned(), kind, timeout: Duration::from_mins(1) }
}

async fn make(database: &Path) {
    let options = SqliteConnectOptions::new().filename(database).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    for script in DATABASE {
        sqlx::raw_sql(script).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

#[test]
fn every_command_once() {
    let daemon = Daemon::start();
    assert_eq!(daemon.json(&["status"])["role"], "owner");
    assert_eq!(daemon.json(&["sources"])["sources"][0]["organizations"], 4);
    let checked = daemon.run(&["check", "tracker", "--deep"]);
    assert!(checked.code == Some(0) && checked.out.contains("ok      reachable"), "{}", checked.all());
    assert_eq!(daemon.json(&["orgs", "--deleted"])["organizations"][0]["slug"], "globex");

    let copy = daemon.path("acme.json");
    let ran = daemon.run(&["export", "acme", "--out", copy.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    let archives = daemon.json(&["archives", "tracker/acme"]);
    let archive = &archives["archives"][0];
    let (gid, path) = (archive["gid"].as_str().unwrap(), archive["path"].as_str().unwrap());
    assert_eq!(fs::read(&copy).unwrap(), fs::read(path).unwrap());
    assert_eq!(daemon.json(&["counts", "acme"])["counts"], archive["counts"]);
    assert_eq!(daemon.json(&["show", gid])["export"]["state"], "finished");
    assert_eq!(daemon.json(&["exports", "--state", "finished"])["exports"][0]["gid"], gid);

    let [again] = <[String; 1]>::try_from(daemon.export(&["tracker/acme", "--gzip"])).unwrap();
    let compared = daemon.json(&["compare", gid, &again]);
    assert!(
        compared["sections"].as_array().unwrap().iter().all(|section| section["left"] == section["right"]),
        "{compared}"
    );
    assert_eq!(daemon.json(&["rows", &again, "labels", "--limit", "3"])["rows"].as_array().unwrap().len(), 3);
    assert_eq!(daemon.run(&["verify", "--all"]).code, Some(0));

    assert_eq!(daemon.run(&["delete", &again, "--yes", &again]).code, Some(0));
    assert_eq!(daemon.run(&["show", &again, "--json"]).out.matches("\"archive\"").count(), 0);
    assert_eq!(daemon.json(&["catalog", "rebuild"])["archives"], 1);
    assert_eq!(daemon.run(&["cancel", gid]).code, Some(1));
}

#[test]
fn names_and_faults() {
    let daemon = Daemon::start();
    let unknown = daemon.run(&["export", "acne"]);
    assert!(unknown.code == Some(1) && unknown.err.contains("acme"), "{}", unknown.all());
    let twice = daemon.run(&["export", "odd-texts"]);
    assert!(twice.code == Some(2) && twice.err.contains("twin"), "{}", twice.all());
    let deleted = daemon.run(&["export", "globex"]);
    assert!(deleted.code == Some(1) && deleted.err.contains("00000002"), "{}", deleted.all());
    let other = daemon.run(&["export", "acme", "--format", "seed"]);
    assert_eq!(other.code, Some(2), "{}", other.all());

    let gids = daemon.export(&["tracker/00000002-0001-4000-8000-000000000000", "--format", "csv"]);
    assert_eq!(gids.len(), 2, "one for each entity");
    let path = daemon.json(&["show", &gids[0]])["archive"]["path"].as_str().unwrap().to_owned();
    let mut bytes = fs::read(&path).unwrap();
    bytes[300] ^= 1;
    fs::write(&path, bytes).unwrap();
    for args in [["verify", &gids[0]], ["verify", &path], ["verify", "--all"]] {
        let ran = daemon.run(&args);
        assert_eq!(ran.code, Some(3), "{}", ran.all());
        assert!(ran.out.contains("FAULT") && ran.out.contains(&path), "{}", ran.all());
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(daemon.run(&["verify", &gids[0]]).code, Some(3));
    assert_eq!(daemon.run(&["verify", &path]).code, Some(3));
}

#[test]
fn all_leaves_the_deleted_out_unless_asked() {
    let daemon = Daemon::start();
    let ran = daemon.run(&["export", "--all", "--wait"]);
    // The twin has a row in `organizations` and nothing else.
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("ok ")).count(), 3, "{}", ran.all());
    assert!(!ran.out.contains("globex"), "{}", ran.all());
    assert_eq!(daemon.export(&["--all", "--deleted", "--source", "tracker"]).len(), 4);
}

#[test]
fn an_archive_is_sent_once() {
    let daemon = Daemon::start();
    let [gid] = <[String; 1]>::try_from(daemon.export(&["acme"])).unwrap();
    let shown = daemon.json(&["show", &gid]);
    let (path, bytes) = (&shown["archive"]["path"], &shown["archive"]["bytes"]);
    let dry = daemon.json(&["send", &gid, "--to", "count", "--dry-run"]);
    assert_eq!((&dry["upload_bytes"], dry.get("sent")), (bytes, None));

    let sent = daemon.json(&["send", &gid, "--to", "count"]);
    assert_eq!(sent["sent"]["report"][0], format!("{bytes} {}", path.as_str().unwrap()));
    let twice = daemon.run(&["send", &gid, "--to", "count"]);
    assert!(twice.code == Some(1) && twice.err.contains("--again"), "{}", twice.all());
    assert_eq!(daemon.run(&["send", &gid, "--to", "count", "--again"]).code, Some(0));
    let failed = daemon.run(&["send", &gid, "--to", "fail"]);
    assert!(failed.code == Some(1) && failed.out.contains("exit status: 4\n"), "{}", failed.all());
    assert!(failed.out.contains("no room"), "{}", failed.all());
    assert_eq!(daemon.run(&["send", &gid, "--to", "count", "--replace"]).code, Some(2));
    assert_eq!(daemon.run(&["send", &gid, "--to", "nowhere"]).code, Some(1));

    assert_eq!(daemon.run(&["catalog", "rebuild"]).code, Some(0));
    let shown = daemon.run(&["show", &gid]).out;
    let states: Vec<&str> =
        shown.lines().filter(|line| line.contains(", asked for by ") && line.contains(" to ")).collect();
    assert_eq!(states.len(), 3, "{shown}");
    assert!(
        states[0].starts_with("sent       to count at ") && states[2].starts_with("unknown    to fail at "),
        "{shown}"
    );
}

#[test]
fn schedules_are_listed_run_followed_paused_and_resumed() {
    let daemon = Daemon::start();
    let listed = daemon.json(&["schedules", "--next", "5"]);
    let schedule = &listed["schedules"][0];
    assert_eq!(schedule["next"].as_array().unwrap().len(), 5, "{listed}");
    assert!(schedule["next"][0].as_str().unwrap().ends_with("-02-28T23:00:00Z"), "{listed}");
    assert!(daemon.run(&["run-due"]).out.contains("nothing is due"));

    let ran = daemon.run(&["schedule", "run", "nightly", "--wait"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(ran.out.contains("nightly: 3 organizations, 3 finished, 0 failed"), "{}", ran.all());
    let export = &daemon.json(&["exports"])["exports"][0];
    assert_eq!((&export["schedule"], &export["requested_by"]), (&"nightly".into(), &"orgvaultd".into()));
    assert!(daemon.run(&["orgs", "--json"]).out.contains("next_run"));

    assert_eq!(daemon.json(&["schedule", "pause", "nightly"])["schedules"][0]["paused"], true);
    assert!(daemon.run(&["schedules"]).out.contains("paused"));
    assert_eq!(daemon.json(&["schedule", "resume", "nightly"])["schedules"][0]["paused"], false);
    let unknown = daemon.run(&["schedule", "run", "nigthly"]);
    assert!(unknown.code == Some(1) && unknown.err.contains("the configuration has: nightly"), "{}", unknown.all());

    // An organization that cannot be exported makes it incomplete.
    let twin = "UPDATE organizations SET created_at = 'yesterday' WHERE id = 'twin'";
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let options = SqliteConnectOptions::new().filename(daemon.path("rytask.sqlite"));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(twin).execute(&mut connection).await.unwrap();
    });
    let ran = daemon.run(&["schedule", "run", "nightly", "--wait"]);
    assert_eq!(ran.code, Some(3), "{}", ran.all());
    assert!(ran.out.contains("2 finished, 1 failed"), "{}", ran.all());
}
