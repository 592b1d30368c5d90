//! `preflight GID` and `preflight FILE`.

use std::{fs, path::Path};

use orgvault_api::preflight::{Finding, Preflight, Severity, Total, Verdict};

use crate::{
    orgvault::{Ran, alone, run},
    stub::{Reply, Stub},
};

fn finding(severity: Severity, code: &str, file: &str, line: Option<u64>, id: Option<&str>) -> Finding {
    let [code, file, message] = [code, file, "what is \u{1b} wrong"].map(str::to_owned);
    Finding { severity, code, file, line, id: id.map(str::to_owned), message }
}

fn refused() -> Preflight {
    let total = |severity, code: &str, count| Total { severity, code: code.to_owned(), count };
    Preflight {
        product: "solidtime".to_owned(),
        verdict: Verdict::Refused,
        findings: vec![
            finding(Severity::Changes, "rate_cast", "projects.csv", Some(3), Some("evil\u{1b}]0;title")),
            finding(Severity::Refuses, "zip_too_large", "", None, None),
            finding(Severity::Refuses, "file_missing", "tasks.csv", None, None),
            finding(Severity::Refuses, "name_empty", "tags.csv", Some(2), Some("0a4c")),
        ],
        totals: vec![
            total(Severity::Changes, "rate_cast", 12_345),
            total(Severity::Refuses, "zip_too_large", 1),
            total(Severity::Refuses, "file_missing", 1),
            total(Severity::Refuses, "name_empty", 1),
        ],
    }
}

#[test]
fn an_archive_that_the_importer_refuses_is_3() {
    let stub = Stub::start([("POST /v1/archives/7/preflight", Reply::json(&refused()))]);
    insta::assert_snapshot!(run(&stub, &["preflight", "7"]).all());
    insta::assert_snapshot!(
        "an_archive_that_the_importer_refuses_is_3_json",
        run(&stub, &["preflight", "7", "--json"]).out
    );
}

#[test]
fn an_archive_that_the_importer_changes_is_0() {
    let mut changed = refused();
    changed.verdict = Verdict::Accepted;
    changed.findings.truncate(1);
    changed.totals.truncate(1);
    let none = Preflight { findings: Vec::new(), totals: Vec::new(), ..changed.clone() };
    let stub = Stub::start([
        ("POST /v1/archives/7/preflight?product=solidtime", Reply::json(&changed)),
        ("POST /v1/archives/8/preflight", Reply::json(&none)),
    ]);
    insta::assert_snapshot!(run(&stub, &["preflight", "7", "--product", "solidtime"]).ok());
    assert_eq!(run(&stub, &["preflight", "8"]).ok(), "accepted  solidtime would take 8 as it is\n");
}

#[test]
fn the_daemons_refusals_have_their_exit_codes() {
    let stub = Stub::start([
        ("POST /v1/archives/6/preflight", Reply::problem(422, "unknown_product", "known are: solidtime", "")),
        ("POST /v1/archives/7/preflight", Reply::problem(410, "archive_missing", "it is gone", "")),
        ("POST /v1/archives/8/preflight", Reply::problem(403, "not_allowed", "viewers may not", "")),
    ]);
    let codes = ["6", "7", "8"].map(|gid| run(&stub, &["preflight", gid]).code);
    assert_eq!(codes, [Some(2), Some(1), Some(5)]);
    assert_eq!(alone(&["preflight", "7"]).code, Some(4));
}

/// A ZIP that the importer takes, but perhaps for the description.
fn zip(path: &Path, description: &str) {
    let entries = format!(
        "id,description,start,end,billable,member_id,user_id,client_id,project_id,task_id,tags,still_active_email_sent_at\n\
         t1,{description},2026-01-02T03:04:05Z,,true,m1,u1,,,,[],\n"
    );
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, text) in [
        ("meta.json", "{\"version\":\"1.0\"}"),
        ("clients.csv", "id,name,archived_at\n"),
        ("members.csv", "id,user_id,name,email,billable_rate\nm1,u1,User,user@example.org,\n"),
        ("organization_invitations.csv", "id\n"),
        ("project_members.csv", "id,billable_rate,project_id,user_id,member_id\n"),
        ("projects.csv", "id,name,color\n"),
        ("tags.csv", "id,name\n"),
        ("tasks.csv", "id,name\n"),
        ("time_entries.csv", &entries),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

fn file(description: &str, args: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.zip");
    zip(&path, description);
    let mut ran = alone(&[&["preflight", path.to_str().unwrap()], args].concat());
    let folder = folder.path().to_str().unwrap();
    (ran.out, ran.err) = (ran.out.replace(folder, "<folder>"), ran.err.replace(folder, "<folder>"));
    ran
}

#[test]
fn a_file_needs_no_daemon_and_shows_its_product() {
    assert_eq!(file("short", &[]).ok(), "accepted  solidtime would take <folder>/x.zip as it is\n");
    insta::assert_snapshot!(file(&"😀".repeat(5000), &["--product", "solidtime"]).all());
}

#[test]
fn a_product_that_nobody_knows_is_2_and_names_the_known_ones() {
    let ran = file("short", &["--product", "solidtme"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("no importer of `solidtme` is known; known are: solidtime"), "{}", ran.err);
}

#[test]
fn the_manifest_beside_a_file_says_the_product() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("20260131T093001Z-7.json");
    fs::write(&path, "{}").unwrap();
    let undecided = alone(&["preflight", path.to_str().unwrap()]);
    assert_eq!(undecided.code, Some(2));
    assert!(undecided.err.contains("--product (solidtime"), "{}", undecided.err);
    let mut manifest = crate::files::manifest();
    let beside = orgvault_archive::manifest::manifest_path(&path);
    fs::write(&beside, manifest.to_text().unwrap()).unwrap();
    let unknown = alone(&["preflight", path.to_str().unwrap()]);
    assert!(unknown.code == Some(2) && unknown.err.contains("`rytask`"), "{}", unknown.all());
    manifest.product.name = "solidtime".to_owned();
    fs::write(&beside, manifest.to_text().unwrap()).unwrap();
    let known = alone(&["preflight", path.to_str().unwrap()]);
    assert!(known.code == Some(3) && known.out.contains("invalid_zip"), "{}", known.all());
    fs::write(&beside, "{").unwrap();
    assert_eq!(alone(&["preflight", path.to_str().unwrap()]).code, Some(1));
    assert_eq!(alone(&["preflight", path.to_str().unwrap(), "--product", "solidtime"]).code, Some(3));
}

#[test]
fn a_file_that_cannot_be_read_is_1() {
    for args in
        [&["preflight", "/nonexistent/x.zip"][..], &["preflight", "/nonexistent/x.zip", "--product", "solidtime"]]
    {
        let ran = alone(args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
        assert!(ran.err.contains("cannot read /nonexistent/x.zip: No such file"), "{}", ran.err);
    }
}
