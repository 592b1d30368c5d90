//! What happens beside a restore: it is all there afterwards, or nothing of it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use orgvault_api::RestoreMode;
use orgvault_testing::postgres::{Database, Server, program};
use tokio_util::task::TaskTracker;

use super::{
    acme,
    fixture::{Archive, Hook, TABLES, bolt, filled, fingerprint, named, restore, settled, until, without_acme},
};

/// Where a restore is when something happens to it.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// Rows of a table are staged.
    Staged(&'static str),
    /// They are inserted.
    Inserted(&'static str),
    /// It is looked which rows of a table are the organization's: while it plans.
    Looked(&'static str),
}

impl Point {
    /// Several for each table; which rows are the organization's is not asked of shared ones.
    fn all() -> Vec<Self> {
        let own = TABLES.iter().filter(|(_, _, shared)| !shared).map(|(name, ..)| Self::Looked(name));
        let each = TABLES.iter().flat_map(|(name, ..)| [Self::Staged(name), Self::Inserted(name)]);
        each.chain(own).collect()
    }
}

/// What lets others wait until a test goes on.
pub(crate) const WAIT: &str = "
    CREATE FUNCTION wait() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN
       PERFORM pg_advisory_xact_lock_shared(77); RETURN true; END$$;
    CREATE FUNCTION wait_for_it() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM wait(); RETURN NEW; END$$;";

/// Whether the statements were done; a session that is killed meanwhile is no fault.
fn psql(url: &str, sql: &str) -> bool {
    let mut psql = Command::new(program("psql"));
    psql.args(["-X", "-q", "-c", sql, url]).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

/// What happens to a restore.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Whoever asked for it is gone.
    Drop,
    /// The process that serves it is killed, and with it all sessions of the server.
    Backend,
    /// The server is killed.
    Server,
}

impl Act {
    fn happens(self, server: &Server, target: &Database) {
        match self {
            Self::Drop => {}
            Self::Backend => {
                let pid = target.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'orgvault'");
                assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
            }
            Self::Server => server.kill(),
        }
    }
}

/// Begins a restore that waits at a point, and does something to it.
async fn interrupted(server: &Server, target: &Database, mut archive: Archive, point: Point, act: Act) {
    if let Point::Inserted(table) = point {
        target
            .psql(&format!("CREATE TRIGGER wait BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION wait_for_it()"));
    }
    let holder = Holder::of(target);
    if let Point::Staged(of) = point {
        let url = target.admin_url();
        let hook: Hook = Box::new(move |table| {
            if table == of {
                psql(&url, "SELECT wait()");
            }
        });
        archive.hook = Some(Arc::new(hook));
    }
    let mut restore = restore(target, &Arc::new(archive), RestoreMode::InsertOnly);
    if let Point::Looked(table) = point {
        let table = restore.tenant.tables.get_mut(&named(table)).unwrap();
        table.condition = table.condition.as_ref().map(|condition| format!("wait() AND {condition}"));
    }
    let task = TaskTracker::new().spawn(async move { restore.apply(None).await.map(drop) });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'";
    let ready = tokio::task::block_in_place(|| {
        until("the restore waits", || task.is_finished() || target.psql(waits) == "1");
        !task.is_finished()
    });
    assert!(ready, "{point:?}: {:?}", task.await);
    act.happens(server, target);
    task.abort();
    drop(holder);
    // The server is gone, or the task is.
    assert!(!matches!(task.await, Ok(Ok(()))), "{point:?}");
    tokio::task::block_in_place(|| settled(target));
    target.psql(&TABLES.map(|(table, ..)| format!("DROP TRIGGER IF EXISTS wait ON {table}")).join(";"));
}

/// Holds what [`WAIT`] waits for.
pub(crate) struct Holder(std::process::Child);

impl Holder {
    pub(crate) fn of(target: &Database) -> Self {
        let mut session = target.session();
        writeln!(session.stdin.as_mut().unwrap(), "SELECT pg_advisory_lock(77);").unwrap();
        let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        until("the lock is held", || target.psql(held) == "1");
        Self(session)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// Everything that an interrupted restore may not have changed: it is as it was, and the app goes on.
fn is_as_before(target: &Database, before: &str, point: &str) {
    assert_eq!(fingerprint(target), before, "{point}");
    target.psql(
        "BEGIN; INSERT INTO orgs (name, slug) VALUES ('C', 'c');
         WITH p AS (INSERT INTO projects (org_id, first_task, key) VALUES (7, 11, 'N') RETURNING id)
         INSERT INTO tasks (project_id, title, state) SELECT 3, 't', 'calm'; ROLLBACK",
    );
}

/// The second organization alone, whose rows have all their numbers from the sequences.
fn beside_bolt(database: Database) -> Database {
    let target = without_acme(database);
    target.psql("SELECT setval('orgs_id_seq', 7), setval('projects_id_seq', 3), setval('tasks_id_seq', 11)");
    target.psql(&format!("SET ROLE {}; {WAIT}", target.role()));
    target
}

/// Each point with one of the acts.
async fn at_every_point(server: &Server, acts: &[Act]) {
    let source = filled(Database::new());
    let target = beside_bolt(server.database());
    let before = fingerprint(&target);
    for (point, act) in Point::all().into_iter().zip(acts.iter().cycle()) {
        interrupted(server, &target, Archive::of(&source, "41").await, point, *act).await;
        is_as_before(&target, &before, &format!("{point:?} {act:?}"));
    }
    let archive = Arc::new(Archive::of(&source, "41").await);
    restore(&target, &archive, RestoreMode::InsertOnly).apply(None).await.unwrap();
    assert_eq!(fingerprint(&target), fingerprint(&source), "it is done when nothing happens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_at_any_point_has_nothing_of_it() {
    at_every_point(&Server::start(), &[Act::Backend, Act::Server]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_dropped_at_any_point_leaves_nothing() {
    at_every_point(Server::shared(), &[Act::Drop]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_behind_the_commit_has_all_of_it() {
    let server = Server::start();
    let target = without_acme(server.database());
    let archive = acme().await;
    let url = target.admin_url();
    // Somebody waits for a sequence that the restore has looked at, and holds it as soon as that is committed.
    let hook: Hook = Box::new(move |table| {
        let asked = "SELECT 1 / count(*) FROM pg_locks WHERE mode = 'ShareRowExclusiveLock' AND NOT granted";
        if table == "lines" {
            let (at, hold) = (url.clone(), "BEGIN; ALTER SEQUENCE tasks_id_seq CACHE 1; SELECT pg_sleep(60)");
            std::thread::spawn(move || psql(&at, hold));
            until("it waits", || psql(&url, asked));
        }
    });
    let first = Archive { hook: Some(Arc::new(hook)), ..Archive::of(&filled(Database::new()), "41").await };
    let first = restore(&target, &Arc::new(first), RestoreMode::InsertOnly);
    let task = TaskTracker::new().spawn(async move { first.apply(None).await });
    let waits =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orgvault' AND wait_event_type = 'Lock'";
    tokio::task::block_in_place(|| until("a sequence waits", || task.is_finished() || target.psql(waits) == "1"));
    assert!(!task.is_finished(), "{:?}", task.await);
    Act::Server.happens(&server, &target);
    let done = task.await.unwrap().unwrap();
    assert!(done.warnings.iter().all(|warning| warning.code == "sequence_not_moved") && !done.warnings.is_empty());
    tokio::task::block_in_place(|| settled(&target));
    assert_eq!(fingerprint(&target), fingerprint(&filled(Database::new())));

    let again = restore(&target, &archive, RestoreMode::InsertOnly).apply(None).await.unwrap();
    assert!(again.identical && again.warnings.is_empty(), "{again:?}");
    target.psql("INSERT INTO tasks (project_id, title, state) VALUES (9, 'next', 'calm')");
}

/// A restore whose archive does something while it is read.
async fn meanwhile(
    target: &Database,
    archive: Archive,
    mode: RestoreMode,
    at: &'static str,
    sql: &'static str,
) -> Result<(), String> {
    let url = target.admin_url();
    let hook: Hook = Box::new(move |table| {
        if table == at {
            assert!(psql(&url, sql), "{sql}");
        }
    });
    let archive = Arc::new(Archive { hook: Some(Arc::new(hook)), ..archive });
    restore(target, &archive, mode).apply(None).await.map(drop).map_err(|error| error.code().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_writes_meanwhile_is_before_or_after_it() {
    let archive = || async { Archive::of(&filled(Database::new()), "41").await };
    let target = filled(Database::new());
    target.psql("UPDATE orgs SET name = 'x' WHERE id = 41");
    // A row that is about to be deleted.
    let update = "UPDATE tasks SET title = 'typed meanwhile' WHERE id = 501";
    let done = meanwhile(&target, archive().await, RestoreMode::Replace, "tasks", update).await;
    assert_eq!(done, Err("target_conflict".to_owned()));
    assert_eq!(target.psql("SELECT title FROM tasks WHERE id = 501"), "typed meanwhile");
    assert_eq!(target.psql("SELECT name FROM orgs WHERE id = 41"), "x");

    // A new row that names one which is about to be deleted.
    let insert = "INSERT INTO lines VALUES (41, 'written meanwhile')";
    let done = meanwhile(&target, archive().await, RestoreMode::Replace, "tasks", insert).await;
    assert_eq!(done, Err("reference_missing".to_owned()));
    assert_eq!(target.psql("SELECT count(*) FROM lines WHERE line = 'written meanwhile'"), "1");
    assert_eq!(target.psql("SELECT name FROM orgs WHERE id = 41"), "x");

    // A value that the archive needs is taken.
    let target = without_acme(Database::new());
    let before = fingerprint(&target);
    let taken = "INSERT INTO orgs (id, name, slug) OVERRIDING SYSTEM VALUE VALUES (50, 'C', 'acme')";
    let done = meanwhile(&target, archive().await, RestoreMode::InsertOnly, "tasks", taken).await;
    assert_eq!(done, Err("unique_held".to_owned()));
    target.psql("DELETE FROM orgs WHERE id = 50");
    assert_eq!(fingerprint(&target), before);
}

/// An app that writes one row after the other, for as long as this lives.
struct Writer {
    thread: Option<std::thread::JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    written: Arc<AtomicUsize>,
}

impl Writer {
    /// `sql` with the number of the row as `$n`.
    fn of(target: &Database, sql: &'static str) -> Self {
        let (mut session, stop, written) =
            (target.session(), Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (stopped, number) = (Arc::clone(&stop), Arc::clone(&written));
        let thread = std::thread::spawn(move || {
            let (mut input, output) = (session.stdin.take().unwrap(), session.stdout.take().unwrap());
            let mut answers = BufReader::new(output).lines();
            while !stopped.load(Ordering::Relaxed) {
                let n = number.load(Ordering::Relaxed).to_string();
                writeln!(input, "{}; SELECT 'done';", sql.replace("$n", &n)).unwrap();
                assert_eq!(answers.next().unwrap().unwrap(), "done");
                number.fetch_add(1, Ordering::Relaxed);
            }
            drop(input);
            assert!(session.wait().unwrap().success());
        });
        Self { thread: Some(thread), stop, written }
    }

    /// Waits until it has written some more.
    fn goes_on(&self) {
        let before = self.written.load(Ordering::Relaxed);
        tokio::task::block_in_place(|| until("the app writes", || self.written.load(Ordering::Relaxed) > before + 1));
    }

    /// How many rows it has written.
    fn stop(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        self.written.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_goes_on_writing_loses_nothing_to_a_replace() {
    let target = filled(Database::new());
    let archive = acme().await;
    let before = bolt(&target);
    let others = "INSERT INTO lines VALUES (7, 'n $n'); UPDATE tasks SET score = $n WHERE id = 11;
                  INSERT INTO events VALUES (100 + $n, 7, 'open', now())";
    let writer = Writer::of(&target, others);
    for _ in 0..3 {
        target.psql("UPDATE orgs SET name = 'x' WHERE id = 41");
        writer.goes_on();
        let done = restore(&target, &archive, RestoreMode::Replace).apply(None).await.unwrap();
        assert!(done.deleted > 0);
        writer.goes_on();
        assert_eq!(target.psql("SELECT name FROM orgs WHERE id = 41"), "Acme");
    }
    let written = writer.stop().to_string();
    let there = "SELECT count(*) FILTER (WHERE line LIKE 'n %') || ' ' || (SELECT count(*) FROM events WHERE id >= 100) FROM lines";
    assert_eq!(target.psql(there), format!("{written} {written}"));
    target.psql("DELETE FROM lines WHERE line LIKE 'n %'; DELETE FROM events WHERE id >= 100; UPDATE tasks SET score = 1e300 WHERE id = 11");
    assert_eq!(bolt(&target), before);
    assert_eq!(fingerprint(&target), fingerprint(&filled(Database::new())));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_writes_the_same_rows_is_before_a_replace_or_behind_it() {
    let target = filled(Database::new());
    let archive = acme().await;
    let writer = Writer::of(&target, "UPDATE tasks SET title = 'typed $n' WHERE id = 501");
    for _ in 0..6 {
        target.psql("UPDATE orgs SET name = 'x' WHERE id = 41");
        let done = restore(&target, &archive, RestoreMode::Replace).apply(None).await;
        let expected = match &done {
            Ok(_) => "Acme",
            Err(error) => {
                assert_eq!(error.code(), "target_conflict", "{error}");
                "x"
            }
        };
        assert_eq!(target.psql("SELECT name FROM orgs WHERE id = 41"), expected);
        writer.goes_on();
    }
    writer.stop();
    target.psql("UPDATE orgs SET name = 'Acme' WHERE id = 41; UPDATE tasks SET title = 'first' WHERE id = 501");
    assert_eq!(fingerprint(&target), fingerprint(&filled(Database::new())));
}

#[tokio::test]
async fn one_organization_is_restored_once_at_a_time() {
    let target = filled(Database::new());
    let mut holder = target.session();
    let lock = "SELECT pg_advisory_lock(hashtextextended('orgvault restore 41', 0));";
    writeln!(holder.stdin.as_mut().unwrap(), "{lock}").unwrap();
    until("the lock is held", || {
        target.psql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == "1"
    });
    let error = restore(&target, &acme().await, RestoreMode::Replace).plan().await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("restore_running", true));
    drop(holder.stdin.take());
    holder.wait().unwrap();
}
