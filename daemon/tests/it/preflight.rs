//! What the app's own importer would say: asked for, and told at the end of each export.

use std::{fs, io::Read as _};

use chrono_tz::Tz;
use orgvault_api::{
    ArchiveState, Export, ExportRequest, Format, Role, State, Warning,
    health::Health,
    preflight::{Severity, Verdict},
};
use orgvault_archive::manifest::{Manifest, Section};
use orgvault_config::{
    HookAction, HookConfig, HookEvent, HookScope, ScheduleConfig, Variables, calendar::Calendar, patterns::Patterns,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    api::{
        faces::daemon as daemon_of,
        fixture::{Daemon, organization, problem, soon, until},
        tokens::bearer,
    },
    products::{ask, exported, serving},
};
use orgvault_testing::postgres::{Database, SOLIDTIME, TRUEPPM};

const ACME: &str = "0000000a-0000-4000-8000-000000000000";
const LONG: &str = "00000008-0000-4000-8000-000000000004";
/// Nothing in it that the importer refuses but a description of 5,000 emoji.
const EMOJI: &str = "DELETE FROM project_members WHERE id = '00000005-0000-4000-8000-000000000002';
    UPDATE time_entries SET description = repeat(U&'\\+01F600', 5000) WHERE id = '00000008-0000-4000-8000-000000000004';";

async fn solidtime(sql: &str) -> (Database, Daemon) {
    serving("solidtime", &[SOLIDTIME, sql]).await
}

async fn export(daemon: &Daemon) -> Export {
    exported(daemon, &ask(ACME, None)).await
}

fn told<'a>(warnings: &'a [Warning], code: &str) -> Option<&'a Warning> {
    warnings.iter().find(|warning| warning.code == code)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_importer_would_refuse_is_told_when_the_export_ends() {
    let (database, daemon) = solidtime(EMOJI).await;
    let exported = export(&daemon).await;
    assert_eq!((exported.state, exported.error.as_ref()), (State::Finished, None));
    let archive = daemon.client.archive(exported.gid).await.unwrap();
    assert_eq!(archive.state, ArchiveState::Present);
    let manifest = Manifest::beside(archive.path.as_ref()).unwrap().unwrap();
    for warnings in [&exported.warnings, &archive.warnings, &manifest.warnings] {
        let warning = told(warnings, "preflight_description_too_long").unwrap();
        assert_eq!(warning.ids, [LONG]);
        for part in ["solidtime's importer would refuse", "time_entries.csv line ", "20000 bytes"] {
            assert!(warning.message.contains(part), "{part} is not in: {}", warning.message);
        }
        assert!(told(warnings, "preflight_unknown_tag").or(told(warnings, "preflight_tags_dropped")).is_some());
    }
    let health = async || daemon.client.organization(&format!("id:{ACME}")).await.unwrap().health;
    assert_eq!(health().await, Health::Refused);
    database.psql("UPDATE time_entries SET description = ''");
    let mended = export(&daemon).await;
    assert!(told(&mended.warnings, "preflight_description_too_long").is_none(), "{mended:?}");
    assert_eq!(health().await, Health::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_says_what_the_importer_would_refuse() {
    let (_database, daemon) = solidtime(EMOJI).await;
    let gid = export(&daemon).await.gid;
    let found = daemon.client.preflight(gid, None).await.unwrap();
    assert_eq!((found.product.as_str(), found.verdict), ("solidtime", Verdict::Refused));
    let refusals: Vec<_> = found.findings.iter().filter(|it| it.severity == Severity::Refuses).collect();
    assert_eq!((refusals.len(), refusals[0].id.as_deref()), (1, Some(LONG)), "{refusals:?}");
    assert_eq!(daemon.client.preflight(gid, Some("solidtime")).await.unwrap(), found);
    let archive = daemon.client.archive(gid).await.unwrap();
    fs::remove_file(&archive.path).unwrap();
    let gone = problem(daemon.client.preflight(gid, None).await);
    assert_eq!((gone.status, gone.code.as_str()), (410, "archive_missing"));
}

#[tokio::test]
async fn an_unknown_product_names_the_known_ones() {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1, &organization("acme"), 3);
    daemon.client.rebuild_catalog().await.unwrap();
    for product in [None, Some("no/such?")] {
        let refused = problem(daemon.client.preflight(gid, product).await);
        assert_eq!((refused.status, refused.code.as_str()), (422, "unknown_product"));
        assert!(
            refused.detail.contains(product.unwrap_or("test")) && refused.detail.contains("solidtime"),
            "{refused:?}"
        );
    }
    let found = daemon.client.preflight(gid, Some("solidtime")).await.unwrap();
    assert_eq!((found.verdict, found.totals[0].code.as_str()), (Verdict::Refused, "invalid_zip"));
    assert_eq!(problem(daemon.client.preflight(2.try_into().unwrap(), None).await).code, "unknown_archive");
}

#[tokio::test]
async fn a_viewer_may_not_ask() {
    let daemon = Daemon::start_with(|config| config.access.viewers = std::mem::take(&mut config.access.owners)).await;
    assert_eq!(problem(daemon.client.preflight(1.try_into().unwrap(), None).await).status, 403);
}

const ATLAS: &str = "00000001-0000-4000-8000-000000000001";

#[tokio::test(flavor = "multi_thread")]
async fn an_importable_seed_leaves_out_what_the_importer_refuses() {
    let (_database, daemon) = serving("trueppm", &[TRUEPPM]).await;
    for format in [Format::Seed, Format::SeedEvents] {
        let request = ask(ATLAS, Some(format));
        let exact = exported(&daemon, &request).await;
        assert_eq!(daemon.client.preflight(exact.gid, None).await.unwrap().verdict, Verdict::Refused, "{format}");
        assert!(!exact.importable && !exact.warnings.iter().any(|warning| warning.code.starts_with("left_out_")));

        let taken = exported(&daemon, &ExportRequest { importable: true, ..request }).await;
        assert_eq!((taken.state, taken.importable, &taken.error), (State::Finished, true, &None));
        let found = daemon.client.preflight(taken.gid, None).await.unwrap();
        assert_eq!((found.verdict, &found.findings), (Verdict::Accepted, &Vec::new()), "{format}");
        assert!(!taken.warnings.iter().any(|warning| warning.code.starts_with("preflight_")), "{:?}", taken.warnings);
        let left_out: Vec<_> = taken.warnings.iter().filter(|warning| warning.code.starts_with("left_out_")).collect();
        assert!(!left_out.is_empty() && left_out.iter().all(|warning| !warning.ids.is_empty()));

        let archive = daemon.client.archive(taken.gid).await.unwrap();
        let manifest = Manifest::beside(archive.path.as_ref()).unwrap().unwrap();
        assert!(archive.importable && manifest.importable);
        // Version 2.0 has links.
        let links = if format == Format::Seed { 2 } else { 0 };
        let dropped = manifest.sections.iter().flat_map(|section: &Section| &section.dropped);
        let refused: u64 = dropped.filter(|dropped| dropped.rule == "not_importable").map(|dropped| dropped.rows).sum();
        assert_eq!(refused, links, "{:?}", manifest.sections);
        assert!(daemon.client.verify(taken.gid).await.unwrap().ok);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn importable_belongs_to_what_an_importer_takes() {
    let (_database, daemon) = solidtime("").await;
    let request = ExportRequest { importable: true, ..ask(ACME, Some(Format::Json)) };
    let refused = problem(daemon.client.start_exports(&request).await);
    assert_eq!((refused.status, refused.code.as_str()), (422, "not_offered"));
    assert!(refused.detail.contains("seed, seed-events and solidtime's zip, and not to json"), "{refused:?}");
}

/// Everything that is in the importer's way and can be helped, beside what the fixture has: a member of another
/// organization on a project, a rate of 0, tags that are none.
const OBSTACLES: &str = "
    INSERT INTO clients VALUES ('00000003-0000-4000-8000-000000000002', ' ', '0000000a-0000-4000-8000-000000000000');
    INSERT INTO projects (id, name, color, client_id, organization_id, is_billable) VALUES
      ('00000004-0000-4000-8000-000000000002', 'Two', '#EF5350', '00000003-0000-4000-8000-000000000002', '0000000a-0000-4000-8000-000000000000', true),
      ('00000004-0000-4000-8000-000000000003', E'\t', '#ef5350', NULL, '0000000a-0000-4000-8000-000000000000', true);
    INSERT INTO project_members (id, project_id, user_id, member_id, billable_rate) VALUES
      ('00000005-0000-4000-8000-000000000003', '00000004-0000-4000-8000-000000000003', '0000000e-0000-4000-8000-000000000001', '00000001-0000-4000-8000-000000000001', 7),
      ('00000005-0000-4000-8000-000000000004', '00000004-0000-4000-8000-000000000002', '0000000e-0000-4000-8000-000000000001', '00000001-0000-4000-8000-000000000001', 0);
    INSERT INTO tasks (id, name, project_id, organization_id) VALUES
      ('00000007-0000-4000-8000-000000000002', '', '00000004-0000-4000-8000-000000000001', '0000000a-0000-4000-8000-000000000000'),
      ('00000007-0000-4000-8000-000000000003', 'of three', '00000004-0000-4000-8000-000000000003', '0000000a-0000-4000-8000-000000000000');
    INSERT INTO tags VALUES ('00000006-0000-4000-8000-000000000002', '  ', '0000000a-0000-4000-8000-000000000000');
    INSERT INTO time_entries (id, description, start, user_id, organization_id, member_id, project_id, task_id, client_id, tags) VALUES
      ('00000008-0000-4000-8000-000000000006', 'names what is gone', '2024-01-01 00:00:00', '0000000e-0000-4000-8000-000000000001',
       '0000000a-0000-4000-8000-000000000000', '00000001-0000-4000-8000-000000000001', '00000004-0000-4000-8000-000000000003',
       '00000007-0000-4000-8000-000000000003', '00000003-0000-4000-8000-000000000002',
       '[\"00000006-0000-4000-8000-000000000001\", \"00000006-0000-4000-8000-000000000002\", \"00000006-0000-4000-8000-000000000009\"]'),
      ('00000008-0000-4000-8000-000000000007', 'of a stranger', '2024-01-01 00:00:00', '0000000e-0000-4000-8000-000000000002',
       '0000000a-0000-4000-8000-000000000000', '00000001-0000-4000-8000-000000000003', NULL, NULL, NULL, '[]');
    UPDATE time_entries SET description = 'x' || repeat(U&'\\+01F600', 4999) WHERE id = '00000008-0000-4000-8000-000000000004';";

#[tokio::test(flavor = "multi_thread")]
async fn an_importable_zip_is_taken_whole_and_tells_what_is_another() {
    let (_database, daemon) = solidtime(OBSTACLES).await;
    let request = ask(ACME, Some(Format::Zip));
    let exact = exported(&daemon, &request).await;
    assert_eq!(daemon.client.preflight(exact.gid, None).await.unwrap().verdict, Verdict::Refused);

    let taken = exported(&daemon, &ExportRequest { importable: true, ..request }).await;
    assert_eq!((taken.state, taken.importable, &taken.error), (State::Finished, true, &None));
    let found = daemon.client.preflight(taken.gid, None).await.unwrap();
    assert_eq!((found.verdict, &found.findings), (Verdict::Accepted, &Vec::new()));
    let is_told = |warning: &&Warning| warning.code.starts_with("left_out_") || warning.code.starts_with("mended_");
    let short = |id: &String| {
        let (section, id) = id.split_once(' ').unwrap();
        format!("{section} {}", id.trim_start_matches(|digit| digit != '-').rsplit('0').next().unwrap())
    };
    let told: Vec<String> = taken
        .warnings
        .iter()
        .filter(is_told)
        .map(|warning| {
            let ids: Vec<String> = warning.ids.iter().map(short).collect();
            format!("{}: {}", warning.code, ids.join(", "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "left_out_name_empty: clients 2, projects 3, tasks 2, tags 2",
            "left_out_unknown_reference: time_entries 7, project_members 2, project_members 3, tasks 3",
            "mended_reference: time_entries 6, projects 2",
            "mended_description: time_entries 4",
            "mended_color: projects 2",
            "mended_rate: projects 1, project_members 4",
            "mended_tags: time_entries 3, time_entries 4, time_entries 5, time_entries 6",
        ]
    );
    let archive = daemon.client.archive(taken.gid).await.unwrap();
    let manifest = Manifest::beside(archive.path.as_ref()).unwrap().unwrap();
    let dropped: Vec<(&str, u64)> = manifest
        .sections
        .iter()
        .filter(|it| it.dropped_rows() > 0)
        .map(|it| (it.name.as_str(), it.dropped_rows()))
        .collect();
    assert_eq!(
        dropped,
        [("time_entries", 1), ("clients", 1), ("projects", 1), ("project_members", 2), ("tasks", 2), ("tags", 1)]
    );
    assert!(daemon.client.verify(taken.gid).await.unwrap().ok);
    let entries = member(&archive.path, "time_entries.csv");
    assert!(entries.contains(&format!(",x{},", "😀".repeat(1249))), "cut between characters");
    let gone = entries.lines().find(|line| line.contains("names what is gone")).unwrap();
    assert!(gone.contains(",,,,\"[\"\"00000006-0000-4000-8000-000000000001\"\"]\","), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_importable_zip_is_the_exact_one_where_nothing_is_in_the_way() {
    let sql = "DELETE FROM project_members WHERE id = '00000005-0000-4000-8000-000000000002';
        UPDATE projects SET billable_rate = 1; UPDATE time_entries SET tags = '[\"00000006-0000-4000-8000-000000000001\"]'";
    let (_database, daemon) = solidtime(sql).await;
    let request = ask(ACME, Some(Format::Zip));
    let both =
        [exported(&daemon, &request).await, exported(&daemon, &ExportRequest { importable: true, ..request }).await];
    assert_eq!(both.each_ref().map(|export| export.warnings.len()), [0, 0], "{both:?}");
    let mut texts = Vec::new();
    for export in &both {
        let path = daemon.client.archive(export.gid).await.unwrap().path;
        let names = [
            "organizations",
            "organization_invitations",
            "time_entries",
            "clients",
            "projects",
            "project_members",
            "members",
            "tasks",
            "tags",
        ];
        texts.push(names.map(|name| member(&path, &format!("{name}.csv"))));
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_mended_without_making_something_up_is_told() {
    let sql = "UPDATE projects SET color = 'red'; UPDATE users SET name = ' ' WHERE email LIKE 'bo%'";
    let (_database, daemon) = solidtime(sql).await;
    let taken = exported(&daemon, &ExportRequest { importable: true, ..ask(ACME, Some(Format::Zip)) }).await;
    for code in ["preflight_invalid_color", "preflight_name_empty"] {
        assert!(told(&taken.warnings, code).is_some(), "{code}: {taken:?}");
    }
    assert_eq!(daemon.client.preflight(taken.gid, None).await.unwrap().verdict, Verdict::Refused);
}

fn member(archive: &str, name: &str) -> String {
    let mut text = String::new();
    let mut zip = zip::ZipArchive::new(fs::File::open(archive).unwrap()).unwrap();
    zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Two members with one address, which the importer makes one person.
const PEOPLE: &str = "UPDATE users SET name = 'Ada Private', email = 'ada@private.example'
    WHERE id IN (SELECT user_id FROM members WHERE organization_id = '0000000a-0000-4000-8000-000000000000');";
/// Part of what is about them.
const PRIVATE: [&str; 2] = ["private.example", "Ada"];

/// The first events of the stream, as far as the snapshot.
async fn first_events(daemon: &Daemon, gid: &str, token: &str) -> String {
    let mut stream = daemon.connect().await;
    let request = format!("GET /v1/events?request={gid} HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    while !text.contains("warnings") {
        let mut block = [0; 4096];
        let length = soon("an event", stream.read(&mut block)).await.unwrap();
        assert!(length > 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&block[..length]));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_people_is_for_admins() {
    let (_database, daemon) = solidtime(PEOPLE).await;
    let export = export(&daemon).await;
    let warning = told(&export.warnings, "preflight_merged_member").unwrap();
    assert!(warning.message.contains("ada@private.example") && !warning.ids.is_empty(), "{warning:?}");
    let (gid, request) = (export.gid, export.request);
    let viewer = bearer(&daemon, "viewer", Role::Viewer).await;
    let admin = bearer(&daemon, "admin", Role::Admin).await;
    for path in ["/v1/exports", &format!("/v1/exports/{gid}"), "/v1/archives", &format!("/v1/archives/{gid}")] {
        let seen = async |token: &str| daemon.request(&format!("GET {path}"), &[token]).await.text();
        assert!(seen(&admin).await.contains("private.example"), "{path}");
        let seen = seen(&viewer).await;
        assert!(seen.contains("solidtime's importer would change what it imports\""), "{path}: {seen}");
        assert!(!PRIVATE.iter().any(|word| seen.contains(word)) && !seen.contains("\"ids\""), "{path}: {seen}");
    }
    let events = first_events(&daemon, &request.to_string(), &viewer).await;
    assert!(
        events.contains("preflight_merged_member") && !PRIVATE.iter().any(|word| events.contains(word)),
        "{events}"
    );
    let events = first_events(&daemon, &request.to_string(), &admin).await;
    assert!(events.contains("private.example"), "{events}");
    let preflight = daemon.request(&format!("POST /v1/archives/{gid}/preflight"), &[&viewer]).await;
    assert_eq!(preflight.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_people_goes_to_no_hook() {
    let files = tempfile::tempdir().unwrap();
    let told = files.path().join("told");
    // Of several warnings, a hook is told the first.
    let sql = format!("{SOLIDTIME}{PEOPLE}DELETE FROM project_members; UPDATE time_entries SET tags = NULL;");
    let line = format!("echo \"$ORGVAULT_CODE $ORGVAULT_MESSAGE\" >> {}", told.display());
    let daemon = daemon_of("solidtime", &sql, |config| {
        let calendar = Calendar::new("0 0 29 2 *", Tz::UTC).unwrap();
        config.schedules = vec![ScheduleConfig::new("nightly".to_owned(), calendar)];
        config.hooks = vec![HookConfig {
            name: "told".to_owned(),
            on: vec![HookEvent::Warning],
            scope: HookScope::Organization,
            schedules: Patterns::all(),
            action: HookAction::Command { argv: vec![line], shell: true, environment: Variables::default() },
            timeout: std::time::Duration::from_secs(20),
        }];
    })
    .await;
    daemon.client.run_schedule("nightly").await.unwrap();
    let read = || fs::read_to_string(&told).unwrap_or_default();
    until("the hook is told", async || read().contains("preflight_merged_member")).await;
    assert!(read().contains("solidtime's importer would"), "{}", read());
    assert!(!PRIVATE.iter().any(|word| read().contains(word)), "{}", read());
}
