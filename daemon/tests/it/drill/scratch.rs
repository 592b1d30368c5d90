//! Scratch databases, and that nothing is left of them.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command, time::Duration};

use orgvault_api::{clock::Clock, gid::Gid};
use orgvault_config::{Scratch as ScratchConfig, SecretUrl};
use orgvault_daemon::drill::scratch::{Reached, Scratch, ScratchError, Wanted, sweep};
use orgvault_testing::postgres::Database;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use tokio_util::task::TaskTracker;

use super::fixture::{left, limited, segment, segments};

/// A state directory, and what a drill of it makes.
struct Stage {
    state: tempfile::TempDir,
    wanted: Wanted,
}

impl Stage {
    fn new() -> Self {
        Self::with(|_config| {})
    }

    fn with(change: impl FnOnce(&mut ScratchConfig)) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut config = ScratchConfig::default();
        change(&mut config);
        let gid = Gid::new(Clock::system().now());
        let (state_dir, encoding) = (state.path().to_owned(), "UTF8".to_owned());
        let wanted = Wanted { gid, state_dir, config, needs_server: true, encoding };
        Self { state, wanted }
    }

    async fn open(&self) -> (Scratch, Result<Reached, ScratchError>) {
        let scratch = Scratch::prepare(&self.wanted).await.unwrap();
        let reached = scratch.open(&self.wanted, &TaskTracker::new()).await;
        (scratch, reached)
    }

    /// What a drill of this id has left anywhere.
    fn left(&self) -> Vec<String> {
        left(self.state.path(), self.wanted.gid)
    }
}

async fn one(options: &PgConnectOptions, sql: &str) -> String {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
}

async fn is_made_and_removed(stage: &Stage) {
    let (scratch, reached) = stage.open().await;
    let reached = reached.unwrap();
    assert!(reached.version.starts_with("PostgreSQL "), "{}", reached.version);
    let who = "SELECT rolsuper || ' ' || rolcreaterole || ' ' || rolcreatedb || ' ' || rolbypassrls \
               || ' ' || (SELECT pg_encoding_to_char(encoding) || ' ' || datcollate FROM pg_database \
                          WHERE datname = current_database() AND datdba = pg_roles.oid) \
               FROM pg_roles WHERE rolname = current_user";
    assert_eq!(one(&reached.owner, who).await, "false false false true UTF8 C.UTF-8");
    let url: PgConnectOptions = reached.owner_url.reveal().parse().unwrap();
    let same = "SELECT current_user || '@' || current_database()";
    assert_eq!(one(&url, same).await, one(&reached.owner, same).await);
    assert_eq!(one(&reached.superuser, "SELECT current_setting('is_superuser')").await, "on");
    assert_ne!(stage.left(), [""; 0]);
    scratch.remove().await.unwrap();
    assert_eq!(stage.left(), [""; 0]);
}

#[tokio::test]
async fn a_server_of_our_own_is_made_for_a_plain_role_and_leaves_nothing() {
    is_made_and_removed(&Stage::new()).await;
}

#[tokio::test]
async fn a_directory_with_a_long_name_has_its_socket_elsewhere() {
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let long = directory.path().join("d".repeat(90));
    is_made_and_removed(&Stage::with(|config| config.directory = Some(long.clone()))).await;
    assert_eq!(fs::read_dir(&long).unwrap().count(), 0);
}

#[tokio::test]
async fn a_database_on_a_given_server_is_dropped_with_its_role() {
    let server = Database::new();
    let stage = Stage::with(|config| config.url = Some(SecretUrl::new(server.admin_url())));
    let roles = || server.psql("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'orgvault_drill_%'");
    let (scratch, reached) = stage.open().await;
    let owner = reached.unwrap().owner;
    assert_eq!(one(&owner, "SELECT current_setting('is_superuser')").await, "off");
    // Somebody who is still there is no reason to leave it.
    let _still_there = PgConnection::connect_with(&owner).await.unwrap();
    assert_eq!(roles(), "1");
    scratch.remove().await.unwrap();
    assert_eq!(roles(), "0");
    assert_eq!(server.psql("SELECT count(*) FROM pg_database WHERE datname LIKE 'orgvault_drill_%'"), "0");
    assert_eq!(stage.left(), [""; 0]);
}

#[tokio::test]
async fn what_a_killed_daemon_has_left_is_swept() {
    let stage = Stage::new();
    let (scratch, reached) = stage.open().await;
    let open = PgConnection::connect_with(&reached.unwrap().owner).await.unwrap();
    std::mem::forget(scratch);
    assert!(stage.left().len() > 2);
    sweep(&stage.wanted.state_dir, &stage.wanted.config).await;
    assert_eq!(stage.left(), [""; 0]);
    drop(open);
}

#[tokio::test]
async fn a_server_that_was_killed_leaves_nothing() {
    let stage = Stage::new();
    let (scratch, reached) = stage.open().await;
    let data = scratch.directory().join("data");
    let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap().lines().next().unwrap().to_owned();
    let memory = segment(&data);
    assert!(segments().contains(&memory));
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    drop(reached);
    scratch.remove().await.unwrap();
    assert_eq!(stage.left(), [""; 0]);
    assert!(!segments().contains(&memory));
}

#[tokio::test]
async fn a_disk_that_is_full_is_told_and_nothing_is_left() {
    let (_directory, programs) = limited(100);
    let stage = Stage::with(|config| config.bin_dir = Some(programs));
    let (scratch, reached) = stage.open().await;
    let error = reached.unwrap_err();
    assert_eq!(error.code(), "scratch_full", "{error}");
    scratch.remove().await.unwrap();
    assert_eq!(stage.left(), [""; 0]);
}

#[tokio::test]
async fn no_server_and_one_that_does_not_start_in_time_are_told() {
    let empty = tempfile::tempdir().unwrap();
    let slow = Stage::with(|config| config.start_timeout = Duration::from_millis(1));
    let none = Stage::with(|config| config.bin_dir = Some(empty.path().to_owned()));
    for (stage, code) in [(none, "scratch_no_server"), (slow, "scratch_slow")] {
        let (scratch, reached) = stage.open().await;
        let error = reached.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.to_wire().hint.is_empty());
        scratch.remove().await.unwrap();
        assert_eq!(stage.left(), [""; 0]);
    }
}

#[tokio::test]
async fn one_that_is_dropped_in_mid_start_leaves_nothing() {
    let stage = Stage::new();
    let scratch = Scratch::prepare(&stage.wanted).await.unwrap();
    let tracker = TaskTracker::new();
    tokio::select! {
        biased;
        _ = scratch.open(&stage.wanted, &tracker) => panic!("faster than a tick"),
        () = tokio::task::yield_now() => {}
    }
    scratch.remove().await.unwrap();
    assert_eq!(stage.left(), [""; 0]);
}

#[tokio::test]
async fn the_owner_cannot_reach_beyond_its_database() {
    let stage = Stage::new();
    let (scratch, reached) = stage.open().await;
    let reached = reached.unwrap();
    let mut connection = PgConnection::connect_with(&reached.owner).await.unwrap();
    for sql in ["SELECT pg_read_file('/etc/hostname')", "COPY (SELECT 1) TO PROGRAM 'true'", "CREATE ROLE other"] {
        let error = connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap_err();
        assert!(error.to_string().contains("permission denied") || error.to_string().contains("must be"), "{error}");
    }
    drop(connection);
    scratch.remove().await.unwrap();
}
