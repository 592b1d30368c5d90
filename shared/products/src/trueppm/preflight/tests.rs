//! Documents that TruePPM's importer refuses, each with its reason.

use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use orgvault_api::preflight::{Preflight, Verdict};

fn sound() -> Value {
    json!({
        "accounts": [{ "email": "jo@x", "role": "OWNER", "slug": "jo", "username": "jo" }],
        "calendars": [{
            "exceptions": [{ "exc_end": "2026-02-02", "exc_start": "2026-02-01" }],
            "hours_per_day": 8.0, "name": "C", "slug": "c", "working_days": 31
        }],
        "program": { "color": "#aaBB00", "lead": "jo", "methodology": "AGILE", "name": "P", "slug": "p" },
        "projects": [{
            "baselines": [{ "name": "b", "tasks": [{ "duration": 1, "task": "1" }] }],
            "calendar": "c",
            "code": "A 1",
            "dependencies": [{ "dep_type": "FS", "lag": -1, "predecessor": "a:1", "successor": "2" }],
            "labels": [{ "color": "teal", "name": "l", "slug": "l" }],
            "methodology": "AGILE", "name": "A",
            "risks": [{ "impact": 5, "owner": "jo", "probability": 1, "slug": "r", "status": "OPEN", "tasks": ["1"], "title": "r" }],
            "slug": "a",
            "sprints": [{ "finish_date": "2026-01-12", "name": "s", "slug": "s", "start_date": "2026-01-05", "state": "ACTIVE" }],
            "start_date": "2026-01-05",
            "tasks": [
                { "assignee": "jo", "assignments": [{ "resource": "x", "units": 0.5 }], "name": "t", "percent_complete": 99.5,
                  "estimate": { "most_likely": 2, "optimistic": 1, "pessimistic": 3 }, "labels": ["l"], "sprint": "s", "wbs_path": "1" },
                { "name": "u", "planned_start": "2026-01-06", "wbs_path": "2" }
            ]
        }],
        "resources": [{ "account": "jo", "calendar": "c", "max_units": 1.0, "name": "X", "slug": "x" }],
        "schema_version": "1.0"
    })
}

fn look(text: &str) -> Preflight {
    let mut findings = Findings::default();
    check_bytes(text.as_bytes(), &mut findings).unwrap();
    findings.into_preflight("trueppm")
}

fn with(pointer: &str, key: &str, value: Value) -> Value {
    let mut document = sound();
    document.pointer_mut(pointer).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    document
}

const TASK: &str = "/projects/0/tasks/0";

#[test]
fn a_sound_document_is_taken() {
    let preflight = look(&sound().to_string());
    assert_eq!((preflight.verdict, preflight.findings), (Verdict::Accepted, vec![]));
}

#[test]
fn each_rule_refuses_with_path_and_id() {
    let long = "x".repeat(600);
    let cases = [
        with("", "news", json!(1)),
        with("", "schema_version", json!("1.1")),
        with("", "projects", json!([])),
        with("/program", "slug", json!("PLAT X/1")),
        with("/program", "slug", json!("a".repeat(41))),
        with("/program", "name", json!("")),
        with("/program", "color", json!("red")),
        with("/accounts/0", "email", json!("nobody")),
        with("/accounts/0", "role", json!("BOSS")),
        with("/calendars/0", "hours_per_day", json!(0)),
        with("/calendars/0", "hours_per_day", json!(24.5)),
        with(
            "/calendars/0",
            "exceptions",
            json!(vec![json!({ "exc_end": "2026-02-02", "exc_start": "2026-02-01" }); 501]),
        ),
        with("/resources/0", "max_units", json!(0.0)),
        with("/resources/0", "max_units", json!(100)),
        with("/projects/0", "start_date", json!("2026-13-40")),
        with("/projects/0", "start_date", json!("A+1!")),
        with("/projects/0", "code", json!("x".repeat(13))),
        with("/projects/0/labels/0", "position", json!(-1)),
        with(TASK, "links", json!([{ "link_type": "blocks", "target": "2" }])),
        with(TASK, "type", json!("tech_debt")),
        with(TASK, "name", json!(long)),
        with(TASK, "wbs_path", json!("")),
        with(TASK, "wbs_path", json!("2")),
        with(TASK, "duration", json!(1.5)),
        with(TASK, "duration", json!(true)),
        with(TASK, "estimate", json!({ "most_likely": null, "optimistic": 1, "pessimistic": 3 })),
        with(TASK, "estimate", json!({ "most_likely": 4, "optimistic": 1, "pessimistic": 3 })),
        with(TASK, "assignee", json!("bo")),
        with(TASK, "sprint", json!("none")),
        with(TASK, "labels", json!(["none"])),
        with("/projects/0/dependencies/0", "predecessor", json!("b:1")),
    ];
    let lines: Vec<String> = cases
        .iter()
        .map(|case| {
            let preflight = look(&case.to_string());
            assert_eq!(preflight.verdict, Verdict::Refused, "{case}");
            let line = |f: &orgvault_api::preflight::Finding| {
                format!("{} [{}] {}", f.code, f.id.as_deref().unwrap_or("-"), f.message)
            };
            preflight.findings.iter().map(line).collect::<Vec<_>>().join(" | ")
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn quirks_of_the_importer_are_kept() {
    for taken in [
        with("/program", "slug", json!("p\n")),
        with(TASK, "duration", json!(5.0)),
        with(TASK, "labels", json!([])),
        with("/accounts/0", "email", json!("@")),
    ] {
        assert_eq!(look(&taken.to_string()).verdict, Verdict::Accepted, "{taken}");
    }
    let doubled = sound().to_string().replacen("{\"accounts\"", "{\"accounts\":[{}],\"accounts\"", 1);
    assert_eq!(look(&doubled).verdict, Verdict::Accepted, "the last of equal keys counts");
}

#[test]
fn version_2_has_offsets_links_and_events() {
    let mut document = sound();
    document["schema_version"] = json!("2.0");
    document["anchor"] = json!("2026-01-05");
    document["projects"][0]["start_date"] = json!("A+0!");
    document["projects"][0]["tasks"][0]["links"] = json!([{ "link_type": "blocks", "target": "2" }]);
    let event =
        json!({ "action": "task.comment", "actor": "jo", "at": "A+3T10:00", "body": "x", "target": "task:a:1" });
    document["events"] = json!([event]);
    assert_eq!(look(&document.to_string()).findings, vec![]);
    for (key, value, code) in [
        ("at", json!("2054-01-01T10:00:00"), "pattern"),
        ("actor", json!(""), "pattern"),
        ("actor", json!("bo"), "dangling_reference"),
        ("body", json!("x".repeat(10_001)), "max_length"),
        ("target", json!("task:1"), "unqualified_reference"),
        ("target", json!("sprint:a:s"), "event_target"),
    ] {
        let mut document = document.clone();
        document["events"][0][key] = value;
        assert_eq!(look(&document.to_string()).findings[0].code, code);
    }
}

#[test]
fn other_versions_and_other_texts_are_refused_for_that() {
    for (text, code) in [
        ("", "not_json"),
        ("[1]", "unsupported_version"),
        ("{}", "unsupported_version"),
        ("{\"schema_version\": \"3.0\"}", "unsupported_version"),
        ("{\"schema_version\": 1}", "unsupported_version"),
        ("{\"schema_version\": \"1.0\"", "not_json"),
    ] {
        let preflight = look(text);
        assert_eq!((preflight.verdict, preflight.findings[0].code.as_str()), (Verdict::Refused, code), "{text}");
    }
    let bare = sound().to_string().replace("99.5", "NaN");
    assert_eq!(look(&bare).findings[0].code, "number_not_json");
    let bare = sound().to_string().replace("99.5", "Infinity");
    assert_eq!(look(&bare).totals.len(), 2, "an infinity is also out of range");
}

#[test]
fn too_much_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("seed.json");
    let mut document = sound();
    document["projects"][0]["description"] = json!("x".repeat(LARGEST_UPLOAD));
    fs::write(&path, document.to_string()).unwrap();
    let preflight = crate::preflight::preflight("trueppm", &path).unwrap();
    assert_eq!(preflight.findings[0].code, "upload_too_large");
    assert_eq!(crate::preflight::recognize(&path).unwrap(), "trueppm");

    let mut many: Document = seed::parse(sound().to_string().as_bytes()).unwrap();
    let project = many.projects.0[0].clone();
    many.projects.0 = (0..6).map(|_| project.clone()).collect();
    for (index, project) in many.projects.0.iter_mut().enumerate() {
        project.slug = format!("a{index}");
        project.dependencies.clear();
        project.tasks =
            (0..19_998).map(|n| seed::Task { wbs_path: n.to_string(), ..project.tasks[1].clone() }).collect();
        project.baselines.clear();
    }
    let text = seed::to_string(&many);
    assert_eq!(look(&text).findings[0].code, "too_many_nodes");
    // A file of that size is counted before its schema is looked at.
    fs::write(&path, text.replace("\"methodology\": \"", "\"methodology\": \"no ")).unwrap();
    let codes: Vec<_> =
        crate::preflight::preflight("trueppm", &path).unwrap().totals.into_iter().map(|total| total.code).collect();
    assert_eq!(codes, ["upload_too_large", "too_many_nodes"]);
}

#[test]
fn importable_leaves_out_what_is_refused() {
    let mut document = sound();
    document["program"]["slug"] = json!("PLAT X/1");
    document["accounts"][0]["email"] = json!("nobody");
    let tasks = &mut document["projects"][0]["tasks"];
    tasks[0]["links"] = json!([{ "link_type": "blocks", "target": "2" }]);
    tasks[0]["type"] = json!("tech_debt");
    tasks[0]["estimate"]["most_likely"] = json!(null);
    tasks[1]["wbs_path"] = json!("");
    let text = document.to_string().replace("99.5", "NaN");
    let made = importable(&seed::parse(text.as_bytes()).unwrap()).unwrap();
    assert_eq!(made.refused, vec![]);
    assert_eq!(look(&seed::to_string(&made.document)).verdict, Verdict::Accepted);
    let lines: Vec<String> = made.warnings.iter().map(|w| format!("{}: {:?}", w.code, w.ids)).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let task = &made.document.projects.0[0].tasks[0];
    assert_eq!((made.document.program.slug.as_str(), task.name.as_str(), &task.estimate), ("plat-x-1", "t", &None));
}

#[test]
fn what_cannot_be_left_out_stays_refused() {
    let mut document = sound();
    document["projects"] = json!([]);
    let made = importable(&seed::parse(document.to_string().as_bytes()).unwrap()).unwrap();
    assert_eq!(made.refused[0].code, "min_items");
    let sound = seed::parse(sound().to_string().as_bytes()).unwrap();
    assert_eq!(importable(&sound).unwrap(), Importable { document: sound, warnings: vec![], refused: vec![] });
}

proptest! {
    /// Whatever is removed or replaced somewhere, the preflight says something and does not crash.
    #[test]
    fn any_change_gets_a_verdict(which: prop::sample::Index, kind in 0..4) {
        let text = sound().to_string();
        let at = which.index(text.len());
        let mut bytes = text.into_bytes();
        match kind {
            0 => bytes.truncate(at),
            1 => bytes[at] = b'"',
            2 => bytes[at] = b'9',
            _ => { bytes.remove(at); }
        }
        let mut findings = Findings::default();
        check_bytes(&bytes, &mut findings).unwrap();
    }
}
