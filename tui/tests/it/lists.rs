//! What the commands that only ask print: for people, and as `--json`.

use orgvault_api::{
    Actor, Archive, Archives, AuditEntry, AuditTrail, CheckLine, CheckResult, Comparison, Consistency, Counts,
    Coverage, ExportError, Format, LastArchive, NewToken, Organization, OrganizationKey, Organizations, Rebuilt,
    Received, Role, RowsPage, SectionCount, SectionCoverage, SectionDifference, Source, SourceCheck, SourceFailure,
    Sources, State, Status, Token, Tokens, VerifiedAgainst,
};

use crate::{
    fixtures::{archive, at, counts, exports, failed, finished, gid, key, pending, started, verification, warning},
    orgvault::run,
    stub::{Reply, Stub},
};

/// Runs the command twice and gives both outputs, with the exit code.
pub(crate) fn both(stub: &Stub, args: &[&str]) -> String {
    let json: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let (lines, json) = (run(stub, args), run(stub, &json));
    let parsed = serde_json::from_str::<serde_json::Value>(&json.out);
    assert!(parsed.is_ok(), "{}", json.all());
    assert_eq!(json.code, lines.code);
    for text in [&lines.out, &json.out] {
        assert!(!text.chars().any(|character| character.is_control() && character != '\n'), "{text:?}");
    }
    format!("{}--- with --json\n{}", lines.all(), json.out)
}

fn a_status() -> Status {
    Status {
        version: "0.1.0".to_owned(),
        pid: 77,
        started_at: at(0),
        role: Role::Admin,
        sources: 2,
        archives: 1_204,
        archive_bytes: 12_897_485,
        archive_dir: "/var/lib/orgvault/archives".to_owned(),
        pending: 3,
        running: 2,
        failed: 1,
        configured_at: at(0),
        warnings: vec![warning()],
    }
}

#[test]
fn status() {
    let status = a_status();
    insta::assert_snapshot!(both(&Stub::start([("GET /v1/status", Reply::json(&status))]), &["status"]));
}

fn source(name: &str, reachable: bool) -> Source {
    Source {
        name: name.to_owned(),
        product: "rytask".to_owned(),
        formats: vec![Format::Json, Format::Csv],
        location: format!("postgres://db.example/{name}"),
        reachable,
        version: reachable.then(|| "PostgreSQL 15.18".to_owned()),
        error: (!reachable).then(|| "cannot connect to db.example:5432: connection refused\u{7}".to_owned()),
        organizations: reachable.then_some(2_000),
    }
}

#[test]
fn sources() {
    let sources = Sources { sources: vec![source("tracker", true), source("old", false)] };
    insta::assert_snapshot!(both(&Stub::start([("GET /v1/sources", Reply::json(&sources))]), &["sources"]));
}

#[test]
fn sources_that_do_not_answer_show_in_the_exit_code() {
    for (answering, code) in [(&[true, true][..], 0), (&[true, false], 3), (&[false, false], 1), (&[], 0)] {
        let sources = Sources { sources: answering.iter().map(|reachable| source("one", *reachable)).collect() };
        let ran = run(&Stub::start([("GET /v1/sources", Reply::json(&sources))]), &["sources"]);
        assert_eq!(ran.code, Some(code), "{}", ran.all());
    }
}

/// What is wrong with a configuration is told in several lines.
const SEVERAL: &str = "2 problems:\nconfig.toml:3: a\u{1b}[2J\nconfig.toml:9: b";

#[test]
fn what_is_told_in_several_lines_is_shown_in_several_lines() {
    let problem = Reply::problem(422, "configuration_invalid", SEVERAL, "");
    let ran = run(&Stub::start([("POST /v1/reload", problem)]), &["reload"]);
    assert_eq!(ran.err, "orgvault: 2 problems:\n  config.toml:3: a\\u{1b}[2J\n  config.toml:9: b\n");

    let mut export = failed(6, "acme", "source_lost");
    export.error.as_mut().unwrap().message = SEVERAL.to_owned();
    let shown = "2 problems:\nINDENTconfig.toml:3: a\\u{1b}[2J\nINDENTconfig.toml:9: b\n";
    let stub = Stub::start([
        ("GET /v1/exports/6", Reply::json(&export)),
        ("GET /v1/exports", Reply::json(&exports([export.clone()]))),
    ]);
    for (args, indent) in [(&["show", "6"][..], 11), (&["exports"], 2)] {
        let out = run(&stub, args).ok();
        assert!(out.contains(&shown.replace("INDENT", &" ".repeat(indent))), "{out}");
    }
}

#[test]
fn a_plugin_gets_one_line_whatever_is_told() {
    let status =
        Status { warnings: vec![orgvault_api::Warning { message: SEVERAL.to_owned(), ..warning() }], ..a_status() };
    let stub = Stub::start([
        ("GET /v1/status", Reply::json(&status)),
        ("GET /v1/organizations", Reply::json(&Organizations::default())),
    ]);
    let ran = run(&stub, &["health", "--nagios"]);
    assert!(ran.out.contains("2 problems:; config.toml:3: a\\u{1b}[2J; config.toml:9: b | ok="), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 1);
    let out = run(&stub, &["status"]).ok();
    let indent = " ".repeat(11);
    assert!(
        out.contains(&format!(
            "warning    2 problems:\n{indent}config.toml:3: a\\u{{1b}}[2J\n{indent}config.toml:9: b\n"
        )),
        "{out}"
    );
}

fn check(results: [CheckResult; 3]) -> SourceCheck {
    let line = |(name, result): (&str, CheckResult)| CheckLine {
        name: name.to_owned(),
        result,
        message: format!("what is known of {name}"),
        details: if result == CheckResult::Failed { vec!["time_logs.note".to_owned()] } else { Vec::new() },
        hint: if result == CheckResult::Failed { "grant SELECT".to_owned() } else { String::new() },
    };
    let lines = ["reachable", "readable", "schema"].into_iter().zip(results).map(line).collect();
    let grants = "GRANT USAGE ON SCHEMA public TO orgvault;\nGRANT SELECT (id) ON projects TO orgvault;\n".to_owned();
    SourceCheck { source: "tracker".to_owned(), lines, grants }
}

#[test]
fn a_check_with_a_failed_line_is_1() {
    let answer = Reply::json(&check([CheckResult::Ok, CheckResult::Failed, CheckResult::Skipped]));
    let stub = Stub::start([("GET /v1/sources/tracker/check?deep=true", answer)]);
    insta::assert_snapshot!(both(&stub, &["check", "tracker", "--deep"]));
}

#[test]
fn a_check_without_a_source_takes_all_and_warnings_are_0() {
    let stub = Stub::start([
        ("GET /v1/sources", Reply::json(&Sources { sources: vec![source("tracker", true)] })),
        (
            "GET /v1/sources/tracker/check",
            Reply::json(&check([CheckResult::Ok, CheckResult::Warning, CheckResult::Ok])),
        ),
    ]);
    insta::assert_snapshot!(run(&stub, &["check"]).ok());
}

fn coverage() -> Coverage {
    let section = |section: &str, result, message: &str| SectionCoverage {
        result,
        message: message.to_owned(),
        table_rows: 12,
        rows: 12,
        ..SectionCoverage::new(section, section)
    };
    let orphans = SectionCoverage {
        in_none: 3,
        rows: 9,
        details: vec!["7: in no organization".to_owned(), "8\u{1b}: in no organization".to_owned()],
        hint: "let a section have them".to_owned(),
        ..section("time_logs", CheckResult::Failed, "in no organization: 3 of 12")
    };
    let by_number =
        SectionCoverage { by_number: true, ..section("labels", CheckResult::Ok, "covered, by number only") };
    Coverage {
        source: "tracker".to_owned(),
        at: "2026-01-31T09:30:00Z".parse().unwrap(),
        organizations: 2,
        refused: vec!["organization 7 (Seven) is listed 2 times".to_owned()],
        sections: vec![section("projects", CheckResult::Ok, "covered"), orphans, by_number],
        excluded: 1,
        shared: 2,
    }
}

#[test]
fn coverage_is_a_line_for_each_section_and_1_where_one_failed() {
    let stub = Stub::start([
        ("GET /v1/sources/tracker/check", Reply::json(&check([CheckResult::Ok; 3]))),
        ("GET /v1/sources/tracker/coverage", Reply::json(&coverage())),
    ]);
    insta::assert_snapshot!(both(&stub, &["check", "tracker", "--coverage"]));
}

#[test]
fn coverage_of_a_source_that_cannot_be_asked_is_a_line() {
    let stub = Stub::start([
        ("GET /v1/sources/tracker/check", Reply::json(&check([CheckResult::Ok; 3]))),
        ("GET /v1/sources/tracker/coverage", Reply::problem(502, "source_lost", "the connection is lost", "try again")),
    ]);
    let shown = run(&stub, &["check", "tracker", "--coverage"]);
    assert_eq!(shown.code, Some(1));
    assert!(
        shown.out.contains("failed  coverage   the connection is lost\n          hint: try again"),
        "{}",
        shown.out
    );
}

#[test]
fn grants_are_statements_and_nothing_else() {
    let answer = Reply::json(&check([CheckResult::Ok, CheckResult::Failed, CheckResult::Ok]));
    let stub = Stub::start([("GET /v1/sources/tracker/check", answer)]);
    let statements = run(&stub, &["check", "tracker", "--grants"]).ok();
    assert_eq!(statements, "GRANT USAGE ON SCHEMA public TO orgvault;\nGRANT SELECT (id) ON projects TO orgvault;\n");
}

fn organizations(failures: Vec<SourceFailure>) -> Organizations {
    let bare = |slug| Organization {
        key: key(slug),
        created_at: None,
        deleted_at: None,
        last_archive: None,
        last_state: None,
        in_all: true,
        covered: true,
        listed_at: None,
        reason: None,
        health: orgvault_api::health::Health::Ok,
        history: Vec::new(),
        next_run: None,
        refusal: None,
    };
    let last = LastArchive {
        gid: gid(7),
        format: orgvault_api::Format::Json,
        exported_at: at(1),
        bytes: 12_897_485,
        rows: 41_210,
    };
    let acme = Organization {
        created_at: Some(at(0)),
        last_archive: Some(last),
        last_state: Some(State::Finished),
        ..bare("acme")
    };
    let odd = Organization { deleted_at: Some(at(2)), last_state: Some(State::Error), ..bare("odd") };
    Organizations { organizations: vec![acme, odd, bare("")], failures }
}

#[test]
fn organizations_are_listed_with_the_deleted_ones_marked() {
    let stub = Stub::start([("GET /v1/organizations", Reply::json(&organizations(Vec::new())))]);
    insta::assert_snapshot!(both(&stub, &["orgs"]));
}

#[test]
fn organizations_of_a_source_that_does_not_answer_make_the_list_incomplete() {
    let error = ExportError {
        code: "source_unreachable".to_owned(),
        message: "connection refused".to_owned(),
        hint: "start it".to_owned(),
    };
    let failures = vec![SourceFailure { source: "old".to_owned(), organization: None, error }];
    let stub = Stub::start([("GET /v1/organizations?source=tracker", Reply::json(&organizations(failures)))]);
    let ran = run(&stub, &["orgs", "--source", "tracker", "--deleted"]);
    insta::assert_snapshot!(ran.all());
}

#[test]
fn a_source_that_refuses_its_list_has_answered() {
    let error = ExportError {
        code: "source_schema".to_owned(),
        message: "the app is older than rytask 1.3: column organizations.slug is missing".to_owned(),
        hint: "update the app".to_owned(),
    };
    let failures = vec![SourceFailure { source: "old".to_owned(), organization: None, error }];
    let stub = Stub::start([("GET /v1/organizations", Reply::json(&organizations(failures)))]);
    let all = run(&stub, &["orgs"]).all();
    assert!(all.contains("source old does not list its organizations: the app is older than rytask"), "{all}");
    assert!(!all.contains("answer"), "{all}");
}

#[test]
fn an_organization_that_is_refused_says_why() {
    let error = ExportError {
        code: "duplicate_id".to_owned(),
        message: "organization 1 (Acme) is listed 2 times".to_owned(),
        hint: "let it give each once".to_owned(),
    };
    let mut list = organizations(Vec::new());
    list.organizations[0].refusal = Some(error);
    let text = run(&Stub::start([("GET /v1/organizations", Reply::json(&list))]), &["orgs"]).ok();
    let expected =
        "tracker/acme is not exported: organization 1 (Acme) is listed 2 times\n  hint: let it give each once\n";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn exports_of_every_state() {
    let list = exports([finished(5, "acme"), failed(6, "odd", "source_lost"), started(7, "acme"), pending(8, "acme")]);
    insta::assert_snapshot!(both(&Stub::start([("GET /v1/exports", Reply::json(&list))]), &["exports"]));
}

#[test]
fn exports_of_one_state() {
    let stub = Stub::start([("GET /v1/exports?state=error", Reply::json(&exports([])))]);
    assert_eq!(run(&stub, &["exports", "--state", "error"]).ok(), "no exports\n");
}

#[test]
fn archives() {
    let mut faulty = archive(8, "odd");
    faulty.state = orgvault_api::ArchiveState::Damaged;
    faulty.verified = Some(verification(8, &["SHA-256 differs"]));
    faulty.warnings = vec![warning()];
    let mut good = archive(7, "acme");
    good.verified = Some(verification(7, &[]));
    let list = Archives { archives: vec![archive(6, "acme"), good, faulty], next: None };
    let stub = Stub::start([("GET /v1/archives?organization=tracker%2Facme", Reply::json(&list))]);
    insta::assert_snapshot!(both(&stub, &["archives", "tracker/acme"]));
}

const ARCHIVES_OF_IT: &str = "GET /v1/archives?source=tracker&organization=0a4cf7a1-5a0f-4f7e-9a57-6d2b5d9a0001";

#[test]
fn show_of_an_archive() {
    let mut shown = archive(7, "odd");
    shown.warnings = vec![warning()];
    shown.verified = Some(verification(7, &["a \u{1b} fault"]));
    let stub = Stub::start([
        ("GET /v1/archives/7", Reply::json(&shown)),
        ("GET /v1/exports/7", Reply::json(&finished(7, "odd"))),
        (ARCHIVES_OF_IT, Reply::json(&Archives { archives: vec![shown], next: None })),
    ]);
    insta::assert_snapshot!(both(&stub, &["show", "7"]));
}

#[test]
fn of_an_archive_that_an_app_made_it_is_said_that_nobody_knows_its_instant() {
    let (verified_against, consistency) = (VerifiedAgainst::Itself, Consistency::Unknown);
    let received = Received { verified_against, consistency, job: Some("7\u{1b}7".to_owned()), requested_at: at(0) };
    let shown = Archive { gzip: true, received: Some(received), ..archive(7, "acme") };
    let list = Archives { archives: vec![shown.clone()], next: None };
    let stub = Stub::start([
        ("GET /v1/archives/7", Reply::json(&shown)),
        ("GET /v1/exports/7", Reply::json(&finished(7, "acme"))),
        (ARCHIVES_OF_IT, Reply::json(&list)),
        ("GET /v1/archives", Reply::json(&list)),
    ]);
    let (show, listed) = (run(&stub, &["show", "7"]).ok(), run(&stub, &["archives"]).ok());
    assert!(listed.contains("json.gz as received"), "{listed}");
    let told = "received   asked for at 2026-01-31 09:30:00Z as job 7\\u{1b}7; verified against itself; whether it shows one \
                instant is not known\n";
    assert!(show.contains(told), "{show}");
    let json: serde_json::Value = serde_json::from_str(&run(&stub, &["archives", "--json"]).ok()).unwrap();
    assert_eq!(json["archives"][0]["received"]["consistency"], "unknown");
}

#[test]
fn show_beside_the_previous_archive() {
    let count = |name: &str, rows| SectionCount { name: name.to_owned(), rows };
    let counted = |number, second, counts: &[SectionCount]| Archive {
        exported_at: at(second),
        counts: counts.to_vec(),
        ..archive(number, "acme")
    };
    let shown = counted(7, 30, &[count("workItems", 41_203), count("comments", 7), count("labels", 2)]);
    let previous = counted(6, 20, &[count("workItems", 41_300), count("comments", 7), count("timeLogs", 1)]);
    let csv = Archive { format: Format::Csv, entity: Some("tasks".to_owned()), ..counted(5, 25, &[]) };
    let mut other = counted(4, 26, &[]);
    other.organization.id.push('1');
    let archives = vec![counted(9, 10, &[]), previous, csv, other, shown.clone(), counted(2, 40, &[])];
    let stub = Stub::start([
        ("GET /v1/archives/7", Reply::json(&shown)),
        (ARCHIVES_OF_IT, Reply::json(&Archives { archives, next: None })),
    ]);
    let lines = run(&stub, &["show", "7"]).ok();
    insta::assert_snapshot!(lines);
    let json: serde_json::Value = serde_json::from_str(&run(&stub, &["show", "7", "--json"]).ok()).unwrap();
    assert_eq!(json["previous"]["gid"], "6");
}

#[test]
fn show_of_an_export_without_an_archive() {
    let stub = Stub::start([("GET /v1/exports/6", Reply::json(&failed(6, "acme", "source_lost")))]);
    insta::assert_snapshot!(both(&stub, &["show", "6"]));
    assert_eq!(run(&stub, &["show", "9"]).code, Some(1));
}

#[test]
fn comparison() {
    let section = |name: &str, left, right| SectionDifference { name: name.to_owned(), left, right };
    let sections = vec![
        section("workItems", Some(41_203), Some(41_300)),
        section("comments", Some(7), Some(7)),
        section("timeLogs", Some(2_000), Some(1)),
        section("labels", None, Some(1)),
    ];
    let comparison = Comparison {
        left: gid(7),
        right: gid(8),
        left_organization: None,
        right_organization: None,
        same_data: None,
        identical: false,
        sections,
    };
    let stub = Stub::start([("GET /v1/archives/7/compare/8", Reply::json(&comparison))]);
    insta::assert_snapshot!(both(&stub, &["compare", "7", "8"]));
}

#[test]
fn a_comparison_says_what_is_not_alike() {
    let compared = |right: &str, identical, same_data| {
        let (left_organization, right_organization) = (
            Some(OrganizationKey { id: "id of acme".to_owned(), ..key("acme") }),
            Some(OrganizationKey { id: format!("id of {right}"), ..key(right) }),
        );
        let sections = Vec::new();
        let comparison = Comparison {
            left: gid(7),
            right: gid(8),
            left_organization,
            right_organization,
            same_data,
            identical,
            sections,
        };
        run(&Stub::start([("GET /v1/archives/7/compare/8", Reply::json(&comparison))]), &["compare", "7", "8"]).ok()
    };
    let (same, other) = (compared("acme", false, Some(true)), compared("odd", false, Some(false)));
    assert!(same.contains("the data is the same") && !same.contains("two organizations"), "{same}");
    assert!(
        other.contains("these are two organizations: tracker/acme (") && other.ends_with("the data differs\n"),
        "{other}"
    );
    assert!(compared("acme", true, Some(true)).ends_with("the files hold the same bytes\n"));
    assert!(compared("acme", false, None).ends_with("the files differ\n"));
}

#[test]
fn live_counts() {
    let counts = Counts { organization: key("acme"), counts: counts() };
    let stub = Stub::start([("GET /v1/organizations/*/tracker%2Facme/counts", Reply::json(&counts))]);
    insta::assert_snapshot!(both(&stub, &["counts", "tracker/acme"]));
}

#[test]
fn rows() {
    let row = r#"{"id":12345678901234567890.10,"title":"a\u001b[31m\n\u202eb","done":null,"labels":["x",2]}"#;
    let row = serde_json::from_str(row).unwrap();
    let columns = ["id", "title", "done", "labels", "größe"].map(str::to_owned).into();
    let page = RowsPage { columns, rows: vec![row], next: Some(1) };
    let route = "GET /v1/archives/7/sections/workItems/rows?after=0&limit=1&search=a%20b";
    let stub = Stub::start([(route, Reply::json(&page))]);
    let args = ["rows", "7", "workItems", "--after", "0", "--limit", "1", "--search", "a b"];
    insta::assert_snapshot!(both(&stub, &args));
}

#[test]
fn a_rebuild_that_skipped_files_is_3() {
    let rebuilt = Rebuilt { archives: 12, skipped: vec!["a.json: its manifest is no JSON".to_owned()] };
    let stub = Stub::start([("POST /v1/catalog/rebuild", Reply::json(&rebuilt))]);
    insta::assert_snapshot!(both(&stub, &["catalog", "rebuild"]));
}

fn token(name: &str, organizations: Option<Vec<OrganizationKey>>) -> Token {
    Token {
        id: "0af3".to_owned(),
        name: name.to_owned(),
        role: Role::Admin,
        organizations,
        created_at: at(0),
        created_by: "root".to_owned(),
        expires_at: Some(at(30)),
        last_used_at: None,
    }
}

#[test]
fn tokens() {
    let tokens = Tokens { tokens: vec![token("backup", Some(vec![key("acme")])), token("monitoring", None)] };
    insta::assert_snapshot!(both(&Stub::start([("GET /v1/tokens", Reply::json(&tokens))]), &["token", "list"]));
}

#[test]
fn a_token_is_made_and_revoked() {
    let made = NewToken { token: token("backup", Some(vec![key("acme")])), secret: "orgvault_secret".to_owned() };
    let stub =
        Stub::start([("POST /v1/tokens", Reply::json(&made)), ("DELETE /v1/tokens/backup", Reply::json(&made.token))]);
    insta::assert_snapshot!(both(&stub, &["token", "add", "backup", "tracker/*", "--role", "admin"]));
    insta::assert_snapshot!(both(&stub, &["token", "revoke", "backup"]));
    for wrong in
        [&["token", "add", "backup", "--role", "admin"][..], &["token", "add", "x", "--all", "--role", "owner"]]
    {
        assert_eq!(run(&stub, wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn audit() {
    let entry = |actor, act: &str, result: &str| AuditEntry {
        on: "GET /v1/archives/7/download".to_owned(),
        result: result.to_owned(),
        ..AuditEntry::new(at(0), actor, act)
    };
    let user = Actor::User { uid: 7, user: "ada\u{1b}".to_owned(), pid: Some(77) };
    let whose =
        AuditEntry { gid: Some(gid(7)), organization: Some(key("acme")), ..entry(user, "archive.download", "ok") };
    let flood =
        AuditEntry { times: 9_990, from: "10.0.0.1".to_owned(), ..entry(Actor::Nobody, "refused", "unknown_token") };
    let token = entry(Actor::Token { name: "backup".to_owned() }, "face.download", "ok");
    let daemon = entry(Actor::Daemon { part: "retention".to_owned() }, "archive.delete", "ok");
    let trail = AuditTrail {
        entries: vec![whose, token, daemon, flood],
        next: "20260131T093000.000000Z:9".to_owned(),
        unreadable: 0,
    };
    insta::assert_snapshot!(both(&Stub::start([("GET /v1/audit?limit=100", Reply::json(&trail))]), &["audit"]));
}
