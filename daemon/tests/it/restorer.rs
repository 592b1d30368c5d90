//! Restores as somebody asks for them: an archive or a file, a plan, and the plan that is done.

mod killed;

use std::{fs, io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};
use orgvault_api::{
    ArchiveState, DrillRequest, Format, RestoreAnswer, RestoreMode, RestoreRequest,
    client::{ArchiveFilter, ClientError},
    gid::Gid,
};
use orgvault_config::{DatabaseKind, SecretUrl, SourceConfig, TargetConfig, TargetDatabase, TargetKind, Tls};
use orgvault_testing::postgres::Database;

use crate::{
    api::fixture::{Daemon, problem, until},
    full::{
        changed::Changed,
        fixture::{DEFINITION, TEAMS},
    },
};

/// The tables of the teams, without rows.
fn emptied() -> Database {
    let empty = Database::new();
    empty.psql(TEAMS);
    empty.psql("TRUNCATE people, teams, members, notes, \"Odd.Name \"\"x\"\"\", sessions RESTART IDENTITY CASCADE");
    empty
}

/// A daemon with a source of two teams, and two databases into which they can go: one with empty tables, and the
/// source's own, with another role.
struct Desk {
    daemon: Daemon,
    from: Database,
    empty: Database,
}

impl Desk {
    async fn new() -> Self {
        let (from, empty) = (Database::new(), emptied());
        from.psql(TEAMS);
        from.psql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", from.role()));
        let daemon = Daemon::start_with(|config| {
            fs::create_dir_all(&config.daemon.products_dir).unwrap();
            fs::write(config.daemon.products_dir.join("teams.toml"), DEFINITION).unwrap();
            config.sources =
                vec![SourceConfig::new("teams".to_owned(), "teams".to_owned(), SecretUrl::new(from.url()))];
            config.targets = vec![target("empty", &empty), target("same", &from)];
        })
        .await;
        Self { daemon, from, empty }
    }

    async fn archive(&self) -> Gid {
        self.daemon.export("teams/team-1", &[Format::Full]).await[0].gid
    }

    async fn ask(&self, request: &RestoreRequest) -> Result<RestoreAnswer, ClientError> {
        self.daemon.client.restore(request).await
    }
}

/// A target with the right to write everywhere.
fn target(name: &str, database: &Database) -> TargetConfig {
    TargetConfig {
        name: name.to_owned(),
        kind: TargetKind::Database(TargetDatabase {
            kind: DatabaseKind::Postgres,
            url: SecretUrl::new(database.admin_url()),
            tls: Tls::AsUrl,
            lock_timeout: std::time::Duration::from_secs(5),
        }),
        timeout: std::time::Duration::from_mins(1),
    }
}

fn into(target: &str, archive: Gid, mode: RestoreMode) -> RestoreRequest {
    RestoreRequest { archive: Some(archive), into: target.to_owned(), mode, ..RestoreRequest::default() }
}

/// Every row of a database, as text.
fn rows(database: &Database) -> String {
    let tables = ["people", "teams", "members", "notes", "\"Odd.Name \"\"x\"\"\""];
    let all = tables.map(|table| database.psql(&format!("SELECT t::text FROM {table} t ORDER BY 1")));
    all.join("\n--\n")
}

/// The rows of team 1, and the people that it names.
fn own_rows(database: &Database) -> String {
    let tables = [
        ("people", "id IN (1, 3)"),
        ("teams", "id = 1"),
        ("members", "team_id = 1"),
        ("notes", "team_id = 1"),
        ("\"Odd.Name \"\"x\"\"\"", "team_id = 1"),
    ];
    let own =
        tables.map(|(table, own)| database.psql(&format!("SELECT t::text FROM {table} t WHERE {own} ORDER BY 1")));
    own.join("\n--\n")
}

#[tokio::test]
async fn an_organization_goes_into_an_empty_database_by_its_plan() {
    let desk = Desk::new().await;
    let archive = desk.archive().await;
    let mut request = into("empty", archive, RestoreMode::Scratch);
    let before = rows(&desk.empty);
    let planned = desk.ask(&request).await.unwrap();
    assert!(planned.plan.possible && !planned.plan.identical, "{:#?}", planned.plan);
    assert_eq!(rows(&desk.empty), before, "a plan writes nothing");

    request.apply = Some("0".repeat(64));
    assert_eq!(problem(desk.ask(&request).await).code, "plan_changed");
    assert_eq!(rows(&desk.empty), before);

    request.apply = Some(planned.plan.id.clone());
    let done = desk.ask(&request).await.unwrap();
    let restored = done.restored.unwrap();
    assert_eq!((restored.inserted, restored.deleted, done.before), (10, 0, None));
    assert_eq!(own_rows(&desk.empty), own_rows(&desk.from));
    assert_eq!(rows(&desk.empty), own_rows(&desk.empty), "nobody else's row is there");
    // The app's next note has an id of its own.
    desk.empty.psql("INSERT INTO notes (team_id, body) VALUES (1, 'next')");
    let said = audit(&desk.daemon);
    for (action, result) in
        [("restore.plan", "ok"), ("restore.begin", "ok"), ("restore.apply", "plan_changed"), ("restore.apply", "ok")]
    {
        assert!(said.lines().any(|line| line.contains(action) && line.contains(&format!("\"{result}\""))), "{said}");
    }
    desk.daemon.stop().await;
}

#[tokio::test]
async fn what_is_replaced_is_archived_first() {
    let desk = Desk::new().await;
    let archive = desk.archive().await;
    let (as_exported, others) = (own_rows(&desk.from), "SELECT m::text FROM members m WHERE team_id = 2");
    let theirs = desk.from.psql(others);
    desk.from.psql("UPDATE members SET rate = 7 WHERE name = 'ann'; DELETE FROM notes WHERE id = 13; INSERT INTO notes (team_id, body) VALUES (1, 'later')");
    let changed = own_rows(&desk.from);
    let request = into("same", archive, RestoreMode::Replace);
    let plan = desk.ask(&request).await.unwrap().plan;
    assert!(plan.possible, "{plan:#?}");
    assert_eq!(own_rows(&desk.from), changed);
    let archives = async || desk.daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives.len();
    let stale = RestoreRequest { apply: Some("0".repeat(64)), ..request.clone() };
    assert_eq!(problem(desk.ask(&stale).await).code, "plan_changed");
    assert_eq!(
        (archives().await, own_rows(&desk.from)),
        (1, changed.clone()),
        "nothing is archived for a plan that is not done"
    );
    let done = desk.ask(&RestoreRequest { apply: Some(plan.id), ..request }).await.unwrap();
    assert_eq!(archives().await, 2);
    assert_eq!(own_rows(&desk.from), as_exported);
    assert_eq!(desk.from.psql(others), theirs);

    let before = desk.daemon.client.archive(done.before.unwrap()).await.unwrap();
    assert!(before.pinned && before.state == ArchiveState::Present, "{before:?}");
    assert_eq!(before.warnings[0].code, "before_restore");
    assert_eq!(before.organization.source, "target_same", "it is no archive of a source");
    // It brings back what the restore has replaced.
    let request = into("same", before.gid, RestoreMode::Replace);
    let plan = desk.ask(&request).await.unwrap().plan;
    desk.ask(&RestoreRequest { apply: Some(plan.id), ..request.clone() }).await.unwrap();
    assert_eq!(own_rows(&desk.from), changed);
    // Where nothing is replaced, there is nothing to archive.
    let plan = desk.ask(&request).await.unwrap().plan;
    assert!(plan.identical, "{plan:#?}");
    let done = desk.ask(&RestoreRequest { apply: Some(plan.id), ..request }).await.unwrap();
    assert_eq!((done.before, done.restored.unwrap().inserted), (None, 0));
    desk.daemon.stop().await;
}

#[tokio::test]
async fn under_another_id_it_comes_back_beside_itself() {
    let desk = Desk::new().await;
    let archive = desk.archive().await;
    let was = rows(&desk.from);
    let request = RestoreRequest { new_id: Some("77".to_owned()), ..into("same", archive, RestoreMode::Scratch) };
    let replace = RestoreRequest { mode: RestoreMode::Replace, ..request.clone() };
    assert_eq!(problem(desk.ask(&replace).await).code, "bad_request");
    let plan = desk.ask(&request).await.unwrap().plan;
    assert!(plan.possible, "{plan:#?}");
    let done = desk.ask(&RestoreRequest { apply: Some(plan.id), ..request }).await.unwrap();
    assert_eq!((done.organization.id.as_str(), done.restored.unwrap().inserted), ("1", 8));
    let copied = "SELECT string_agg(concat_ws(':', n.id, n.parent_id, m.mood, n.body), '|' ORDER BY n.id) FROM notes n
        LEFT JOIN members m ON m.name = n.author AND m.team_id = n.team_id WHERE n.team_id = 77";
    let with = |first: u32| {
        format!(
            "{}:so, so:a line\n\\.\n\"quoted\", and more|{}:{first}:\\N|{}:{}:|{}",
            first,
            first + 1,
            first + 2,
            first + 1,
            first + 3
        )
    };
    assert_eq!(desk.from.psql(copied), with(22));
    assert_eq!(desk.from.psql("SELECT id FROM \"Odd.Name \"\"x\"\"\" WHERE team_id = 77"), "3");
    desk.from.psql(
        "DELETE FROM notes WHERE team_id = 77; DELETE FROM members WHERE team_id = 77;
        DELETE FROM \"Odd.Name \"\"x\"\"\" WHERE team_id = 77; DELETE FROM teams WHERE id = 77",
    );
    assert_eq!(rows(&desk.from), was);
    desk.daemon.stop().await;
}

#[tokio::test]
async fn what_a_target_had_is_no_archive_of_the_source() {
    let desk = Desk::new().await;
    let archive = desk.archive().await;
    desk.from.psql("DELETE FROM notes WHERE id = 13");
    let request = into("same", archive, RestoreMode::Replace);
    let plan = desk.ask(&request).await.unwrap().plan;
    let before = desk.ask(&RestoreRequest { apply: Some(plan.id), ..request }).await.unwrap().before.unwrap();
    let listed = desk.daemon.client.organizations(None).await.unwrap().organizations;
    let team = listed.iter().find(|one| one.key.id == "1").unwrap();
    assert_eq!(team.last_archive.as_ref().unwrap().gid, archive);
    let all = DrillRequest { all: true, ..DrillRequest::default() };
    let asked = desk.daemon.client.start_drills(&all).await.unwrap();
    let drilled: Vec<Gid> = asked.drills.iter().map(|drill| drill.archive).collect();
    assert!(drilled == [archive] && before > archive, "{drilled:?}");
    desk.daemon.stop().await;
}

#[tokio::test]
async fn a_restore_that_goes_on_beyond_the_time_to_stop_is_rolled_back() {
    let desk = Desk::new().await;
    let archive = desk.archive().await;
    desk.empty.psql(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
         CREATE TRIGGER wait BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION wait()",
    );
    let (request, before) = (into("empty", archive, RestoreMode::Scratch), rows(&desk.empty));
    let plan = desk.ask(&request).await.unwrap().plan;
    let apply = RestoreRequest { apply: Some(plan.id), ..request };
    let stop = async {
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
        until("it loads", async || desk.empty.psql(waits) == "1").await;
        desk.daemon.stop.deadline.cancel();
    };
    let (answer, ()) = tokio::join!(desk.ask(&apply), stop);
    assert_eq!(problem(answer).code, "interrupted");
    assert_eq!(rows(&desk.empty), before);
    let said = audit(&desk.daemon);
    let line = |action: &str, result: &str| said.lines().any(|line| line.contains(action) && line.contains(result));
    assert!(line("restore.begin", "\"ok\"") && line("restore.apply", "\"interrupted\""), "{said}");
}

/// The audit trail.
fn audit(daemon: &Daemon) -> String {
    let said = fs::read_dir(daemon.config.daemon.state_dir.join("audit")).unwrap();
    said.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn a_file_that_was_carried_here_is_put_back() {
    let desk = Desk::new().await;
    let archive = desk.archive().await;
    let listed = desk.daemon.client.archives(&ArchiveFilter::default()).await.unwrap();
    let path = &listed.archives.iter().find(|one| one.gid == archive).unwrap().path;
    let carried = desk.daemon.directory.path().join("acme.full");
    fs::copy(path, &carried).unwrap();
    let file = |path: &Path| RestoreRequest {
        file: Some(path.to_string_lossy().into_owned()),
        into: "empty".to_owned(),
        ..RestoreRequest::default()
    };
    let plan = desk.ask(&file(&carried)).await.unwrap().plan;
    let done = desk.ask(&RestoreRequest { apply: Some(plan.id), ..file(&carried) }).await.unwrap();
    assert_eq!((done.archive, done.organization.id.as_str()), (None, "1"));
    assert_eq!(own_rows(&desk.empty), own_rows(&desk.from));

    let mut bytes = fs::read(&carried).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&carried, bytes).unwrap();
    assert_eq!(problem(desk.ask(&file(&carried)).await).code, "archive_damaged");
    assert_eq!(problem(desk.ask(&file(Path::new("/nothing.full"))).await).code, "archive_missing");
    desk.daemon.stop().await;
}

/// The archive as a file that somebody has changed, with every sum in it made anew.
async fn changed(desk: &Desk, change: impl FnOnce(Changed) -> Changed) -> RestoreRequest {
    let archive = desk.archive().await;
    let path = desk.daemon.client.archive(archive).await.unwrap().path;
    let file = desk.daemon.directory.path().join("changed.full");
    change(Changed::open(Path::new(&path))).write(&file);
    RestoreRequest {
        file: Some(file.to_string_lossy().into_owned()),
        into: "same".to_owned(),
        mode: RestoreMode::InsertOnly,
        ..RestoreRequest::default()
    }
}

#[tokio::test]
async fn a_changed_archive_is_told_by_the_rows_that_are_there() {
    let desk = Desk::new().await;
    for (change, code, table, key) in [
        (("exchange", "notes", "12,1,\\N,11,", "12,1,\\N,10,"), "row_differs", "public.notes", "12"),
        (("without", "notes", "13,1,", ""), "only_here", "public.notes", "13"),
        // A row of the other team, and one that would take its place.
        (("exchange", "members", "Bob,1,", "Bob,2,"), "row_differs", "public.members", "Bob"),
        (("exchange", "members", "Bob,1,", "cleo,1,"), "id_held", "public.members", "cleo"),
    ] {
        let (what, of, old, new) = change;
        let request = changed(&desk, |archive| match what {
            "exchange" => archive.exchange(of, old, new),
            _ => archive.without(of, old),
        });
        let (request, before) = (request.await, rows(&desk.from));
        let plan = desk.ask(&request).await.unwrap().plan;
        let found = plan.findings.iter().find(|it| it.code == code).unwrap_or_else(|| panic!("{change:?}: {plan:#?}"));
        assert_eq!((found.table.as_str(), &found.keys[..]), (table, &[key.to_owned()][..]), "{change:?}");
        assert_eq!(rows(&desk.from), before, "{change:?}");
    }
    desk.daemon.stop().await;
}

#[tokio::test]
async fn a_row_of_somebody_else_in_an_archive_is_named_and_nothing_is_written() {
    let desk = Desk::new().await;
    let request = changed(&desk, |archive| archive.exchange("notes", "13,1,", "13,2,")).await;
    let mut request = RestoreRequest { into: "empty".to_owned(), mode: RestoreMode::Scratch, ..request };
    desk.empty.psql("INSERT INTO teams VALUES (2, 'Team 2', 'team-2', NULL)");
    let before = rows(&desk.empty);
    request.apply = Some(desk.ask(&request).await.unwrap().plan.id);
    let refused = problem(desk.ask(&request).await);
    assert_eq!(refused.code, "rows_differ", "{refused:?}");
    assert!(refused.detail.contains("public.notes, key 13"), "{refused:?}");
    assert_eq!(rows(&desk.empty), before);
    desk.daemon.stop().await;
}

#[tokio::test]
async fn what_cannot_be_put_back_is_refused_with_its_reason() {
    let desk = Desk::new().await;
    let archive = desk.archive().await;
    let refused = async |request: RestoreRequest| problem(desk.ask(&request).await).code;
    assert_eq!(refused(into("elsewhere", archive, RestoreMode::Scratch)).await, "unknown_target");
    assert_eq!(refused(RestoreRequest { into: "empty".to_owned(), ..RestoreRequest::default() }).await, "bad_request");
    let json = desk.daemon.export("teams/team-1", &[Format::Json]).await[0].gid;
    assert_eq!(refused(into("empty", json, RestoreMode::Scratch)).await, "wrong_format");
    // The organization is there: nothing happens.
    let planned = desk.ask(&into("same", archive, RestoreMode::Scratch)).await.unwrap();
    assert!(!planned.plan.possible);
    let request = RestoreRequest { apply: Some(planned.plan.id), ..into("same", archive, RestoreMode::Scratch) };
    assert_eq!(refused(request).await, "plan_blocked");
    let planned = desk.ask(&into("same", archive, RestoreMode::InsertOnly)).await.unwrap();
    assert!(planned.plan.identical, "{:#?}", planned.plan);
    desk.daemon.stop().await;
}

/// The bytes of an archive.
async fn content(daemon: &Daemon, gid: Gid) -> Vec<u8> {
    fs::read(daemon.client.archive(gid).await.unwrap().path).unwrap()
}

#[tokio::test]
async fn an_archive_of_rytask_goes_back_into_its_tables() {
    const TABLES: &str = "organizations, users, workspaces, memberships, projects, statuses, labels, work_items, \
                          work_item_labels, comments, time_logs, project_counters";
    let (from, back) = (Database::rytask(), Database::rytask());
    for database in [&from, &back] {
        database.psql(
            "CREATE TABLE project_counters (project_id uuid PRIMARY KEY, organization_id uuid NOT NULL, last_number integer)",
        );
        database.psql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", database.role()));
    }
    back.psql(&format!("TRUNCATE {TABLES}"));
    let daemon = Daemon::start_with(|config| {
        let source =
            |name: &str, url: String| SourceConfig::new(name.to_owned(), "rytask".to_owned(), SecretUrl::new(url));
        config.sources = vec![source("tracker", from.url()), source("restored", back.url())];
        config.targets = vec![target("empty", &back)];
    })
    .await;
    let gid = daemon.export("tracker/acme", &[Format::Json]).await[0].gid;
    let before = content(&daemon, gid).await;
    let request = into("empty", gid, RestoreMode::Scratch);
    let plan = daemon.client.restore(&request).await.unwrap().plan;
    let told: Vec<&str> = plan.findings.iter().map(|found| found.code.as_str()).collect();
    for code in ["membership_ids", "passwords", "counters", "not_in_the_format"] {
        assert!(told.contains(&code), "{code}: {told:?}");
    }
    let apply = RestoreRequest { apply: Some(plan.id), ..request };
    let restored = daemon.client.restore(&apply).await.unwrap().restored.unwrap();
    assert!(restored.inserted > 0 && !restored.identical, "{restored:?}");
    let again = daemon.export("restored/acme", &[Format::Json]).await[0].gid;
    let of = |text: &[u8]| {
        let archive: serde_json::Value = serde_json::from_slice(text).unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        // The one value that says when it was made.
        text.replacen(archive["exportedAt"].as_str().unwrap(), "", 1)
    };
    assert_eq!(of(&content(&daemon, again).await), of(&before));

    // As the app itself hands it out, and somebody kept it: a file without a manifest, in gzip.
    let file = daemon.directory.path().join("acme.json.gz");
    let mut gzip = GzEncoder::new(fs::File::create(&file).unwrap(), Compression::fast());
    gzip.write_all(&before).unwrap();
    gzip.finish().unwrap();
    let request = RestoreRequest {
        file: Some(file.to_string_lossy().into_owned()),
        into: "empty".to_owned(),
        mode: RestoreMode::InsertOnly,
        ..RestoreRequest::default()
    };
    let answer = daemon.client.restore(&request).await.unwrap();
    assert_eq!((answer.organization.slug.as_str(), answer.plan.identical), ("acme", true), "{:#?}", answer.plan);

    fs::write(&file, "{\"format\":\"another\",\"version\":1}").unwrap();
    assert_eq!(problem(daemon.client.restore(&request).await).code, "archive_unreadable");
    daemon.stop().await;
}
