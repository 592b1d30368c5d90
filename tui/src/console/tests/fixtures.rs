//! Made-up answers of the daemon.

use chrono::TimeDelta;
use orgvault_api::{
    Archive, ArchiveState, AuditEntry, Comparison, Counts, DayResult, Drill, DrillState, Export, ExportError, Format,
    LastArchive, Organization, OrganizationKey, Progress, RetentionDecision, RetentionPlan, Role, Row, Run, Schedule,
    SectionCount, SectionDifference, SectionProgress, Source, SourceFailure, State, Status, Tenant, Verdict,
    Verification, Warning,
    clock::Timestamp,
    gid::Gid,
    health::{Health, Reason},
};

use super::stage::{fault, now};
use crate::console::message::{Ask, Page, Reply, RequestFault, RowsAsk};

pub(crate) fn gid(number: u64) -> Gid {
    number.try_into().unwrap()
}

pub(crate) fn ago(minutes: i64) -> Timestamp {
    now() - TimeDelta::minutes(minutes)
}

pub(crate) fn organization_key(slug: &str) -> OrganizationKey {
    let [source, kind, id, name, slug] =
        ["tracker", "organization", &format!("id-{slug}"), &format!("{slug} Inc."), slug].map(str::to_owned);
    OrganizationKey { source, kind, id, name, slug }
}

pub(crate) fn status(role: Role) -> Status {
    Status {
        version: "0.1.0".to_owned(),
        pid: 4711,
        started_at: ago(600),
        role,
        sources: 2,
        archives: 321,
        archive_bytes: 7 << 30,
        archive_dir: "/var/lib/orgvault/archives".to_owned(),
        pending: 1,
        running: 1,
        failed: 2,
        configured_at: ago(0),
        warnings: Vec::new(),
    }
}

/// What a daemon says of itself that is not well in two ways.
pub(crate) fn warning_status() -> Status {
    let warning =
        |code: &str, message: &str| Warning { code: code.to_owned(), message: message.to_owned(), ids: vec![] };
    let warnings = vec![
        warning(
            "config_refused",
            "the configuration was not read again:\n/etc/orgvault/config.toml:12: no such key\n  remove it",
        ),
        warning(
            "archive_dir",
            "/mnt/nas/some-host/some-share/a-directory-with-a-very-long-name-that-nobody-breaks/archives is not there",
        ),
    ];
    Status { warnings, ..status(Role::Owner) }
}

pub(crate) fn export(number: u64, slug: &str, state: State) -> Export {
    serde_json::from_value(serde_json::json!({
        "gid": number.to_string(),
        "request": "1000",
        "organization": organization_key(slug),
        "format": "json",
        "gzip": false,
        "state": state,
        "created_at": ago(2),
        "warnings": [],
        "counts": [],
        "requested_by": "ada",
    }))
    .unwrap()
}

pub(crate) fn running(number: u64, slug: &str, rows: u64) -> Export {
    let section = |name: &str, rows, rows_expected| SectionProgress { name: name.to_owned(), rows, rows_expected };
    let progress = Progress {
        section: if rows > 30_012 { "timeLogs" } else { "workItems" }.to_owned(),
        rows,
        rows_expected: 41_210,
        bytes: rows * 612,
        sections: vec![
            section("projects", 12, 12),
            section("workItems", rows.saturating_sub(12).min(30_000), 30_000),
            section("timeLogs", rows.saturating_sub(30_012), 11_198),
        ],
        job: None,
    };
    Export { started_at: Some(ago(1)), progress: Some(progress), ..export(number, slug, State::Started) }
}

pub(crate) fn failed(number: u64, slug: &str, code: &str) -> Export {
    let error = ExportError {
        code: code.to_owned(),
        message: "the connection to tracker broke in section workItems: unexpected end of stream".to_owned(),
        hint: "look at the database's log, then export again".to_owned(),
    };
    Export {
        started_at: Some(ago(31)),
        finished_at: Some(ago(30)),
        error: Some(error),
        ..export(number, slug, State::Error)
    }
}

pub(crate) fn finished(number: u64, slug: &str) -> Export {
    Export {
        started_at: Some(ago(61)),
        finished_at: Some(ago(60)),
        counts: counts(0),
        bytes: Some(25_000_000),
        ..export(number, slug, State::Finished)
    }
}

pub(crate) fn open_exports() -> Vec<Export> {
    vec![running(90, "globex", 12_400), export(91, "initech", State::Pending)]
}

fn counts(more: u64) -> Vec<SectionCount> {
    let counts =
        [("projects", 12), ("workItems", 29_000 + more), ("timeLogs", 11_198), ("comments", 431 - more.min(31))];
    counts.map(|(name, rows)| SectionCount { name: name.to_owned(), rows }).into()
}

fn organization(slug: &str, health: Health, hours: i64) -> Organization {
    let bad = matches!(health, Health::Failed | Health::Damaged);
    let last = LastArchive {
        gid: gid(80),
        format: Format::Json,
        exported_at: ago(hours * 60),
        bytes: 25_000_000,
        rows: 40_641,
    };
    let night = |night: usize| match night {
        13 if bad => DayResult::Error,
        4 => DayResult::Warnings,
        0 => DayResult::None,
        _ => DayResult::Finished,
    };
    Organization {
        key: organization_key(slug),
        created_at: None,
        deleted_at: None,
        last_archive: (health != Health::Never).then_some(last),
        last_state: Some(if bad { State::Error } else { State::Finished }),
        in_all: true,
        covered: true,
        listed_at: None,
        reason: reason(health),
        health,
        history: (0..14).map(night).collect(),
        next_run: (slug != "hooli").then(|| now() + TimeDelta::hours(17)),
        refusal: None,
    }
}

fn reason(health: Health) -> Option<Reason> {
    let (message, hint) = match health {
        Health::Failed => (
            "the connection to tracker broke in section workItems: unexpected end of stream",
            "look at the database's log, then export again",
        ),
        Health::Gone => ("it has archives, and its source does not list it any more", ""),
        Health::Refused => {
            ("the app's own importer would refuse the newest archive", "`orgvault preflight 80` says more")
        }
        Health::Never => ("it was never exported", ""),
        Health::Damaged => ("an archive of its newest export is missing", "`orgvault verify 80` says more"),
        Health::Stale => {
            ("its newest archive is 9d old, and max_age is 1d2h", "is the schedule on, and does the source answer?")
        }
        Health::Shrinking => {
            ("comments has 12 rows, and had 431 in the archive before", "`orgvault show 80` says more")
        }
        Health::Unproven => (
            "no drill has proven that an archive of it goes back, and max_unproven is 30d",
            "prove it: `orgvault drill` of a `full` archive",
        ),
        Health::Ok | Health::Running => return None,
    };
    Some(Reason { message: message.to_owned(), hint: hint.to_owned(), gid: Some(gid(85)) })
}

pub(crate) fn organizations() -> Vec<Organization> {
    let named = |slug: &str, name: &str| {
        let mut one = organization(slug, Health::Ok, 7);
        one.key.name = name.to_owned();
        one
    };
    let mut deleted = organization("closed", Health::Never, 7);
    deleted.deleted_at = Some(ago(100_000));
    (deleted.in_all, deleted.covered) = (false, false);
    let mut excluded = organization("sandbox", Health::Never, 0);
    excluded.covered = false;
    let mut gone = organization("vandelay", Health::Gone, 24 * 30);
    (gone.listed_at, gone.next_run) = (Some(ago(24 * 60 * 30)), None);
    vec![
        organization("acme", Health::Ok, 7),
        organization("globex", Health::Running, 31),
        organization("hooli", Health::Never, 0),
        organization("initech", Health::Failed, 55),
        organization("umbrella", Health::Damaged, 8),
        organization("stark", Health::Stale, 24 * 9),
        organization("wayne", Health::Shrinking, 7),
        organization("pied", Health::Refused, 7),
        gone,
        excluded,
        named("kana", "日本語の会社 🚀"),
        named("ansi", "a\u{1b}[31mred\u{7}\r\n\u{9b}2J"),
        named("rtl", "شركة \u{202e}txt.exe"),
        named("zalgo", &format!("Z{}algo", "\u{301}\u{302}".repeat(40))),
        named("long", &"x".repeat(10_000)),
        deleted,
    ]
}

pub(crate) fn archive(number: u64, hours: i64, more: u64) -> Archive {
    serde_json::from_value(serde_json::json!({
        "gid": number.to_string(),
        "request": "1000",
        "organization": organization_key("acme"),
        "format": "json",
        "gzip": false,
        "path": format!("/var/lib/orgvault/archives/tracker/acme--id-acme/20260131T023000Z-{number}.json"),
        "bytes": 25_000_000 + more * 1000,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "counts": counts(more),
        "snapshot": "00000003-0000001B-1",
        "exported_at": ago(hours * 60),
        "state": ArchiveState::Present,
        "warnings": [],
    }))
    .unwrap()
}

pub(crate) fn verification(ok: bool) -> Verification {
    Verification {
        gid: Some(gid(80)),
        path: archive(80, 7, 0).path,
        at: ago(90),
        ok,
        faults: if ok { Vec::new() } else { vec!["the file's SHA-256 is not that of the manifest".to_owned()] },
        counts: counts(0),
        files: None,
        bytes: 25_000_000,
    }
}

fn archives() -> Vec<Archive> {
    let mut archives: Vec<Archive> = (0_i64..9)
        .map(|night| {
            archive(80 - u64::try_from(night).unwrap(), 7 + 24 * night, 40 - u64::try_from(4 * night).unwrap())
        })
        .collect();
    archives[0].verified = Some(verification(true));
    archives[2].pinned = true;
    archives[3].state = ArchiveState::Missing;
    archives[4].warnings = vec![warning()];
    archives[5].format = Format::Csv;
    archives[5].entity = Some("time-logs".to_owned());
    archives
}

fn warning() -> Warning {
    Warning {
        code: "schema_newer".to_owned(),
        message: "table work_items has columns that this version does not know".to_owned(),
        ids: vec!["work_items.colour".to_owned()],
    }
}

pub(crate) fn schedules() -> Vec<Schedule> {
    let run = |failed: u64| -> Run {
        serde_json::from_value(serde_json::json!({
            "gid": "70",
            "schedule": "nightly",
            "due_at": ago(420),
            "started_at": ago(420),
            "finished_at": ago(415),
            "trigger": "due",
            "organizations": 12,
            "open": 0,
            "finished": 12 - failed,
            "failed": failed,
        }))
        .unwrap()
    };
    let schedule = |name: &str, cron: &str, zone: &str, failed| Schedule {
        name: name.to_owned(),
        cron: cron.to_owned(),
        timezone: zone.to_owned(),
        formats: vec![Format::Json],
        enabled: true,
        paused: false,
        next: (0..5).map(|day| now() + TimeDelta::hours(17 + 24 * day)).collect(),
        last_run: Some(run(failed)),
    };
    let mut weekly = schedule("weekly", "0 4 * * SUN", "America/New_York", 0);
    weekly.paused = true;
    weekly.next.clear();
    weekly.last_run = None;
    vec![schedule("nightly", "30 2 * * *", "Europe/Berlin", 2), weekly]
}

fn drills() -> Vec<Drill> {
    let drill = |number: u64, slug: &str, state, verdict| Drill {
        gid: gid(number),
        state,
        archive: gid(80),
        sha256: "ab".repeat(32),
        organization: organization(slug, Health::Ok, 7).key,
        by: "drill proof".to_owned(),
        started_at: ago(number.cast_signed()),
        ended_at: None,
        verdict,
        error: None,
        server: "PostgreSQL 15.18".to_owned(),
        rows: 40_641,
        recovery_ms: None,
        proofs: Vec::new(),
        against: None,
    };
    let [code, message] = ["native_export_differs", "json is not what archive 79 holds"].map(str::to_owned);
    let error = Some(ExportError { code, message, hint: String::new() });
    let no_server = ExportError {
        code: "scratch_no_server".to_owned(),
        message: "there is no PostgreSQL server on this machine".to_owned(),
        hint: "install it".to_owned(),
    };
    let ended = |number, slug, verdict| drill(number, slug, DrillState::Ended, Some(verdict));
    vec![
        drill(5, "hooli", DrillState::Pending, None),
        drill(9, "wayne", DrillState::Started, None),
        Drill { recovery_ms: Some(4_200), ..ended(20, "acme", Verdict::Passed) },
        Drill { recovery_ms: Some(9_100), error, ..ended(40, "globex", Verdict::Failed) },
        Drill { error: Some(no_server), rows: 0, ..ended(60, "initech", Verdict::Inconclusive) },
    ]
}

fn plan() -> RetentionPlan {
    let keep = ["last good archive", "pinned", "daily 2026-01-29"];
    let decision = |(place, archive): (usize, Archive)| RetentionDecision {
        keep: place < keep.len(),
        reasons: vec![keep.get(place).map_or("older than 3 daily", |reason| reason).to_owned()],
        archive,
    };
    RetentionPlan {
        decisions: archives().into_iter().take(6).enumerate().map(decision).collect(),
        warnings: Vec::new(),
    }
}

fn audit() -> Vec<AuditEntry> {
    let entry = |minutes, user: &str, act: &str, on: &str, result: &str| -> AuditEntry {
        serde_json::from_value(serde_json::json!({
            "at": ago(minutes),
            "actor": {"kind": "user", "uid": 1000, "user": user},
            "from": "unix",
            "act": act,
            "on": on,
            "gid": "80",
            "organization": organization_key("acme"),
            "result": result,
        }))
        .unwrap()
    };
    vec![
        entry(200, "ada", "archive.download", "", "ok"),
        entry(120, "mallory", "refused", "DELETE /v1/archives/80", "not_allowed"),
        entry(60, "ada", "archive.rows", "workItems", "ok"),
    ]
}

pub(crate) fn page(ask: &RowsAsk) -> Page {
    let row = |number: u64| {
        let text = serde_json::json!({
            "id": number,
            "title": format!("Item {number} \u{1b}[31m日本語"),
            "description": "long ".repeat(60),
            "note": null,
        });
        Row::from(serde_json::value::RawValue::from_string(text.to_string()).unwrap())
    };
    let rows: Vec<Row> = (ask.after + 1..=(ask.after + 100).min(250)).map(row).collect();
    let columns: Vec<String> = ["id", "title", "description", "note"].map(str::to_owned).into();
    let cells = rows
        .iter()
        .map(|row| {
            let cell =
                |column: &String| row.get(column).map(|value| crate::console::words::fit(&Row::shown(&value), 60));
            columns.iter().map(|column| cell(column).unwrap_or_default()).collect()
        })
        .collect();
    let next = (ask.after + 100 < 250).then_some(ask.after + 100);
    Page { columns, cells, rows, next }
}

fn sources() -> Vec<Source> {
    let source = |name: &str, formats: &[Format]| Source {
        name: name.to_owned(),
        product: name.to_owned(),
        formats: formats.to_vec(),
        location: format!("postgres://db.example/{name}"),
        reachable: true,
        version: None,
        error: None,
        organizations: Some(12),
    };
    vec![source("tracker", &[Format::Json, Format::Csv]), source("time", &[Format::Zip, Format::Json])]
}

fn comparison() -> Comparison {
    let section = |name: &str, left, right| SectionDifference { name: name.to_owned(), left, right };
    Comparison {
        left: gid(79),
        right: gid(80),
        left_organization: None,
        right_organization: None,
        same_data: None,
        identical: false,
        sections: vec![
            section("projects", Some(12), Some(12)),
            section("workItems", Some(29_036), Some(29_040)),
            section("comments", Some(395), Some(400)),
            section("labels", Some(7), None),
        ],
    }
}

/// What a daemon answers that offers everything.
#[expect(clippy::unnecessary_wraps, reason = "other daemons refuse")]
pub(crate) fn answer(ask: &Ask) -> Result<Reply, RequestFault> {
    Ok(match ask {
        Ask::Status => Reply::Status(Box::new(status(Role::Owner))),
        Ask::Organizations => Reply::Organizations(organizations(), Vec::new()),
        Ask::Sources => Reply::Sources(sources()),
        Ask::Exports => {
            let mut exports = vec![finished(80, "acme"), failed(85, "initech", "source_lost")];
            exports.extend(open_exports());
            Reply::Exports(exports, Vec::new())
        }
        Ask::Ended(gids) => Reply::Exports(gids.iter().map(|gid| finished(gid.get(), "acme")).collect(), Vec::new()),
        Ask::Archives(_) => Reply::Archives(archives()),
        Ask::Archive(number) => {
            let mut archive = archive(number.get(), 7, 40);
            archive.verified = Some(verification(true));
            archive.warnings = vec![warning()];
            Reply::Archive(Box::new(archive))
        }
        Ask::Pin(number, pinned) => {
            Reply::Archive(Box::new(Archive { pinned: *pinned, ..archive(number.get(), 7, 40) }))
        }
        Ask::Delete(number) => Reply::Archive(Box::new(archive(number.get(), 7, 40))),
        Ask::Rows(rows) => Reply::Rows(page(rows)),
        Ask::Counts(Tenant { source, kind, id }) => {
            let [source, kind, id] = [source, kind, id].map(String::clone);
            let organization = OrganizationKey { source, kind, id, ..organization_key("acme") };
            Reply::Counts(Counts { organization, counts: counts(45) })
        }
        Ask::Compare(..) => Reply::Comparison(Box::new(comparison())),
        Ask::Log(_) => Reply::Log(vec![
            "09:00:01.000 info started".to_owned(),
            "09:00:01.200 info writing workItems after 12 rows".to_owned(),
            "09:00:58.000 error source_lost: the connection broke".to_owned(),
        ]),
        Ask::Schedules => Reply::Schedules(schedules()),
        Ask::Retention => Reply::Retention(plan()),
        Ask::Drills => Reply::Drills(drills()),
        Ask::Audit => Reply::Audit(audit()),
        Ask::Export(_) => Reply::Exports(vec![export(95, "acme", State::Pending)], Vec::new()),
        Ask::Cancel(number) => Reply::Exports(vec![export(number.get(), "globex", State::Started)], Vec::new()),
        Ask::Verify(_) => Reply::Verified(Box::new(verification(true))),
        Ask::Preflight(_) => Reply::Preflight(Box::new(
            serde_json::from_value(serde_json::json!({
                "product": "solidtime",
                "verdict": "accepted",
                "findings": [],
                "totals": [{"code": "email_lowered", "severity": "changes", "count": 3}],
            }))
            .unwrap(),
        )),
        Ask::Download(_, path) => Reply::Written(path.clone()),
        Ask::Run(_) | Ask::Pause(..) => Reply::Done,
    })
}

/// What a daemon answers that is older than schedules, retention and the audit trail.
pub(crate) fn older(ask: &Ask) -> Result<Reply, RequestFault> {
    match ask {
        Ask::Schedules | Ask::Retention | Ask::Drills | Ask::Audit | Ask::Log(_) | Ask::Pin(..) => {
            Err(fault("unknown_route", "there is nothing at this path", ""))
        }
        _ => answer(ask),
    }
}

/// A source that did not answer.
pub(crate) fn source_failure() -> SourceFailure {
    let error = ExportError {
        code: "source_unreachable".to_owned(),
        message: "source time: cannot connect to postgres://db.example/time: connection refused".to_owned(),
        hint: "is the server running?".to_owned(),
    };
    SourceFailure { source: "time".to_owned(), organization: None, error }
}
