//! Pins, retention, reloading and the diagnosis.

use std::{collections::BTreeMap, io::Read, os::unix::fs::PermissionsExt};

use orgvault_api::{
    Archive, Diagnosis, Organizations, Pruned, Reloaded, RetentionDecision, RetentionPlan, Role, Status, Warning,
};

use crate::{
    fixtures::{archive, at, failed, gid},
    orgvault::{command, run},
    stub::{Reply, Stub},
};

#[test]
fn a_pin_is_set_and_removed() {
    let pinned = Archive { pinned: true, ..archive(7, "acme") };
    let stub = Stub::start([
        ("PUT /v1/archives/7/pin", Reply::json(&pinned)),
        ("DELETE /v1/archives/7/pin", Reply::json(&archive(7, "acme"))),
    ]);
    assert_eq!(run(&stub, &["pin", "7"]).ok(), "archive 7 of tracker/acme is pinned\n");
    assert_eq!(run(&stub, &["unpin", "7"]).ok(), "archive 7 of tracker/acme is not pinned any more\n");
    assert!(run(&stub, &["pin", "7", "--json"]).ok().contains("\"pinned\": true"));
}

#[test]
fn the_plan_is_shown_and_nothing_is_deleted_without_confirmation() {
    let decision = |number, keep, reason: &str| RetentionDecision {
        archive: archive(number, "acme"),
        keep,
        reasons: vec![reason.to_owned()],
    };
    let message = "what the rules keep of tracker/acme (json) has 9 bytes, and max_bytes is 1".to_owned();
    let plan = RetentionPlan {
        decisions: vec![decision(8, true, "last good archive"), decision(7, false, "no rule keeps it")],
        warnings: vec![Warning { code: "max_bytes".to_owned(), message, ids: Vec::new() }],
    };
    let pruned = Pruned { deleted: vec![gid(7)], bytes: 4096, failures: vec!["cannot delete /x".to_owned()] };
    let stub = Stub::start([
        ("GET /v1/retention/plan", Reply::json(&plan)),
        ("POST /v1/retention/apply", Reply::json(&pruned)),
    ]);
    insta::assert_snapshot!(run(&stub, &["prune"]).ok());
    assert!(run(&stub, &["prune", "--json"]).ok().contains("\"keep\": false"));
    assert!(stub.asked().iter().all(|asked| asked.starts_with("GET ")));
    let ran = run(&stub, &["prune", "--confirm"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), "deleted 1 archive, 4.0 KiB\nnot deleted: cannot delete /x\n"));
}

#[test]
fn a_reload_says_what_needs_a_restart_and_a_refusal_is_2() {
    let reloaded = Reloaded { configured_at: at(1), needs_restart: vec!["daemon.workers".to_owned()] };
    let stub = Stub::start([("POST /v1/reload", Reply::json(&reloaded))]);
    let said = run(&stub, &["reload"]).ok();
    let expected = "configured 2026-01-31 09:30:01Z\n\
        daemon.workers counts from the next start on: `systemctl restart orgvaultd`\n";
    assert_eq!(said, expected);
    let refusal = Reply::problem(422, "configuration_refused", "config.toml:3: daemon.workers: is 0", "mend it");
    let ran = run(&Stub::start([("POST /v1/reload", refusal)]), &["reload"]);
    assert!(ran.code == Some(2) && ran.err.contains("config.toml:3"), "{}", ran.all());
}

#[test]
fn a_diagnosis_is_one_tar_file() {
    let status = Status {
        version: "0.1.0".to_owned(),
        pid: 77,
        started_at: at(0),
        role: Role::Admin,
        sources: 1,
        archives: 1,
        archive_bytes: 1,
        archive_dir: "/archives".to_owned(),
        pending: 0,
        running: 0,
        failed: 1,
        configured_at: at(0),
        warnings: Vec::new(),
    };
    let diagnosis = Diagnosis {
        versions: BTreeMap::from([("orgvaultd".to_owned(), "0.1.0".to_owned())]),
        configuration: "Config { .. }".to_owned(),
        status,
        errors: vec![failed(7, "acme", "source_lost")],
        archives: BTreeMap::from([("tracker json present".to_owned(), 3)]),
    };
    let stub = Stub::start([
        ("GET /v1/diagnosis", Reply::json(&diagnosis)),
        ("GET /v1/organizations", Reply::json(&Organizations::default())),
    ]);
    let file = stub.folder().join("x.tar");
    assert_eq!(run(&stub, &["diagnose", "--out", file.to_str().unwrap()]).ok(), format!("wrote {}\n", file.display()));
    let mut tar = tar::Archive::new(std::fs::File::open(&file).unwrap());
    let mut held = BTreeMap::new();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        held.insert(name, text);
    }
    assert_eq!(held.len(), 6, "{held:?}");
    assert_eq!(held["orgvault-diagnose/configuration.txt"], "Config { .. }");
    assert!(held["orgvault-diagnose/versions.json"].contains("\"orgvault\""));
    assert!(held["orgvault-diagnose/errors.json"].contains("source_lost"));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let again = run(&stub, &["diagnose", "--out", file.to_str().unwrap()]);
    assert!(again.code == Some(1) && again.err.contains("exists"), "{}", again.all());

    let [first, second] = ["first", "second"].map(|name| {
        let folder = stub.folder().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    });
    // What is there already under a name by the time stays as it is.
    for _ in 0..3 {
        let ran = command(&stub.socket(), &["diagnose"]).current_dir(&first).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }
    assert_eq!(std::fs::read_dir(&first).unwrap().count(), 3);
    std::os::unix::fs::symlink(&file, second.join("link.tar")).unwrap();
    let ran = command(&stub.socket(), &["diagnose", "--out", "link.tar"]).current_dir(&second).output().unwrap();
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
}
