//! Evidence, checked as an auditor does it: with tar, sha256sum and ssh-keygen alone.

pub(crate) mod auditor;

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use orgvault_api::{Drill, DrillState, Proof, Verdict, clock::Timestamp, gid::Gid};
use orgvault_daemon::catalog::Catalog;

use self::auditor::{Auditor, evidence, silent};
use super::fixture::{Daemon, organization, problem};

/// What `README.txt` says to type, without the lines that say what comes out.
fn commands(readme: &str) -> Vec<&str> {
    let programs = ["tar ", "cd ", "ssh-keygen ", "sha256sum "];
    readme.lines().map(str::trim).filter(|line| programs.iter().any(|program| line.starts_with(program))).collect()
}

async fn with_archive() -> (Daemon, Gid) {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1234, &organization("acme"), 5);
    daemon.publish(1235, &organization("globex"), 2);
    daemon.client.rebuild_catalog().await.unwrap();
    (daemon, gid)
}

fn members(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.iter().map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())).collect()
}

#[tokio::test]
async fn an_auditor_checks_it_with_the_commands_of_its_readme() {
    let (daemon, gid) = with_archive().await;
    daemon.client.download(gid).await.unwrap().copy_to(&mut Vec::new()).await.unwrap();
    daemon.client.download(Gid::try_from(1235).unwrap()).await.unwrap().copy_to(&mut Vec::new()).await.unwrap();
    let key = daemon.client.evidence_key().await.unwrap();
    let tar = evidence(&daemon, gid).await;
    let auditor = Auditor::new(&key.allowed_signers);
    assert!(auditor.takes(&tar));

    let folder = auditor.unpack(&tar).unwrap();
    let said = auditor.signed(&folder);
    let said = String::from_utf8(said.stdout).unwrap();
    let good = format!("Good \"orgvault-evidence\" signature for orgvault with ED25519 key {}\n", key.fingerprint);
    assert_eq!(said, good);

    let found = members(&folder);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "SHA256SUMS",
            "SHA256SUMS.sig",
            "allowed_signers",
            "archive.sha256",
            "audit-chain.json",
            "audit.jsonl",
            "manifest.json",
            "orgvault-evidence.pub",
        ]
    );
    let archive = daemon.client.archive(gid).await.unwrap();
    let member = |name: &str| fs::read(folder.join(name)).unwrap();
    assert_eq!(member("manifest.json"), fs::read(format!("{}.manifest.json", archive.path)).unwrap());
    assert_eq!(member("allowed_signers"), format!("{}\n", key.allowed_signers).into_bytes());

    // The readme's own commands, as they stand there, beside a copy of the archive.
    let readme = String::from_utf8(member("README.txt")).unwrap();
    let place = auditor.folder.path().join("readme");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("evidence.tar"), &tar).unwrap();
    fs::copy(&archive.path, place.join(Path::new(&archive.path).file_name().unwrap())).unwrap();
    let script: Vec<String> = commands(&readme)
        .iter()
        .map(|line| {
            if line.contains("PATH/TO") {
                format!("cd .. && {}", line.replace("PATH/TO/", ""))
            } else {
                (*line).to_owned()
            }
        })
        .collect();
    assert_eq!(script.len(), 6, "{script:?}");
    let ran = Command::new("sh").arg("-ec").arg(script.join("\n")).current_dir(&place).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    for part in [&key.fingerprint, "Good \"orgvault-evidence\" signature", "manifest.json: OK", ".json: OK"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    fs::write(place.join(Path::new(&archive.path).file_name().unwrap()), "another").unwrap();
    let sum = ["--check", "--strict", "orgvault-evidence-1234/archive.sha256"];
    assert!(!silent(Command::new("sha256sum").args(sum).current_dir(&place)));
}

#[tokio::test]
async fn a_changed_byte_anywhere_is_refused() {
    let (daemon, gid) = with_archive().await;
    daemon.client.download(gid).await.unwrap().copy_to(&mut Vec::new()).await.unwrap();
    let key = daemon.client.evidence_key().await.unwrap();
    let tar = evidence(&daemon, gid).await;
    let auditor = Auditor::new(&key.allowed_signers);
    let whole = members(&auditor.unpack(&tar).unwrap());
    // Every 97th byte of the file, and the ends of every member.
    let ends = whole.iter().flat_map(|(_, bytes)| {
        let start = tar.windows(bytes.len()).position(|window| window == bytes.as_slice()).unwrap();
        [start, start + bytes.len() - 2]
    });
    let mut refused = 0;
    for place in (0..tar.len()).step_by(97).chain(ends) {
        let mut changed = tar.clone();
        changed[place] ^= 0x20;
        if auditor.takes(&changed) {
            // What is between the members, and says nothing.
            let same = members(&auditor.unpack(&changed).unwrap());
            assert!(same == whole, "byte {place} of {} was changed", tar.len());
        } else {
            refused += 1;
        }
    }
    assert!(refused > 60, "{refused}");
}

#[tokio::test]
async fn another_key_is_refused_and_says_so() {
    let (daemon, gid) = with_archive().await;
    let (other, _) = with_archive().await;
    let auditor = Auditor::new(&other.client.evidence_key().await.unwrap().allowed_signers);
    let folder = auditor.unpack(&evidence(&daemon, gid).await).unwrap();
    let said = auditor.signed(&folder);
    assert!(!said.status.success());
    let purpose =
        Auditor::new(&daemon.client.evidence_key().await.unwrap().allowed_signers.replace("-evidence\"", "-else\""));
    assert!(!purpose.signed(&folder).status.success(), "the key is for evidence only");
}

#[tokio::test]
async fn only_the_lines_of_the_archive_are_in_it_and_the_same_facts_give_the_same_bytes() {
    let (daemon, gid) = with_archive().await;
    daemon.client.download(gid).await.unwrap().copy_to(&mut Vec::new()).await.unwrap();
    daemon.client.download(Gid::try_from(1235).unwrap()).await.unwrap().copy_to(&mut Vec::new()).await.unwrap();
    daemon.client.pin(gid, true).await.unwrap();
    problem(daemon.client.delete_archive(gid).await);
    let auditor = Auditor::new(&daemon.client.evidence_key().await.unwrap().allowed_signers);
    let tar = evidence(&daemon, gid).await;
    let folder = auditor.unpack(&tar).unwrap();
    let lines = fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    let acts: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["act"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(acts, ["archive.download", "archive.pin", "archive.delete"]);
    assert!(!lines.contains("globex") && !lines.contains("1235"), "{lines}");
    let chain: orgvault_api::AuditChain =
        serde_json::from_slice(&fs::read(folder.join("audit-chain.json")).unwrap()).unwrap();
    let whole = daemon.client.verify_audit(Some(&chain.head)).await.unwrap();
    assert!(chain.whole && whole.whole);
    assert_eq!(whole.noted, Some(chain.number), "the head of an evidence is in the trail for good");
    assert_eq!(whole.number, chain.number + 1, "that it was handed out is in the trail");

    // The trail tells of the first one now; but for that nothing is of the moment.
    let again = auditor.unpack(&evidence(&daemon, gid).await).map(|folder| members(&folder)).unwrap();
    let first = auditor.unpack(&tar).map(|folder| members(&folder)).unwrap();
    let differ: Vec<&str> = first.iter().zip(&again).filter(|(a, b)| a != b).map(|(a, _)| a.0.as_str()).collect();
    assert_eq!(differ, ["README.txt", "SHA256SUMS", "SHA256SUMS.sig", "audit-chain.json", "audit.jsonl"]);
}

#[tokio::test]
async fn the_key_is_made_once_and_is_the_owners_alone() {
    let (daemon, _gid) = with_archive().await;
    let key = daemon.client.evidence_key().await.unwrap();
    let file = daemon.config.daemon.state_dir.join("secrets/evidence-key");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let public = Command::new("ssh-keygen").arg("-y").arg("-f").arg(&file).output().unwrap();
    assert_eq!(String::from_utf8(public.stdout).unwrap().trim(), key.public_key, "it is OpenSSH's own form");
    let daemon = daemon.restart().await;
    assert_eq!(daemon.client.evidence_key().await.unwrap(), key);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_handed_out_and_what_is_not_there_is_told() {
    let (daemon, gid) = with_archive().await;
    assert_eq!(problem(daemon.client.evidence(Gid::try_from(9).unwrap()).await.map(|_| ())).code, "unknown_archive");
    let archive = daemon.client.archive(gid).await.unwrap();
    let manifest = format!("{}.manifest.json", archive.path);
    let kept = fs::read(&manifest).unwrap();
    fs::remove_file(&manifest).unwrap();
    let refused = problem(daemon.client.evidence(gid).await.map(|_| ()));
    assert_eq!((refused.status, refused.code.as_str()), (409, "manifest_unusable"));
    fs::write(&manifest, kept).unwrap();
    let audit = daemon.config.daemon.state_dir.join("audit");
    fs::remove_dir_all(&audit).unwrap();
    fs::write(&audit, "in the way").unwrap();
    let refused = problem(daemon.client.evidence(gid).await.map(|_| ()));
    assert_eq!((refused.status, refused.code.as_str()), (503, "audit_unavailable"));
}

/// A drill of the archive, begun at this second.
fn drill(daemon: &Daemon, archive: Gid, second: i64, verdict: Option<Verdict>) -> Drill {
    let at = |second| Timestamp::from_timestamp(1_800_000_000 + second, 0).unwrap();
    let proof = Proof {
        name: "counts".to_owned(),
        format: None,
        same: true,
        message: "each table has as many rows".to_owned(),
        differences: Vec::new(),
    };
    Drill {
        gid: u64::try_from(5000 + second).unwrap().try_into().unwrap(),
        state: DrillState::Ended,
        archive,
        sha256: "ab".repeat(32),
        organization: organization("acme"),
        by: super::fixture::user(),
        started_at: at(second),
        ended_at: verdict.map(|_| at(second + 1)),
        verdict,
        error: None,
        server: daemon.config.daemon.state_dir.display().to_string(),
        rows: 5,
        recovery_ms: Some(1200),
        proofs: vec![proof],
        against: None,
    }
}

#[tokio::test]
async fn the_last_drill_that_has_ended_is_in_it() {
    let (mut daemon, gid) = with_archive().await;
    daemon.stop.soft.cancel();
    daemon.ended().await;
    let other = Gid::try_from(1235).unwrap();
    let catalog = Catalog::open(&daemon.config.daemon.state_dir.join("catalog.sqlite")).await.unwrap();
    let wanted = drill(&daemon, gid, 20, Some(Verdict::Passed));
    for drill in [
        drill(&daemon, gid, 10, Some(Verdict::Failed)),
        wanted.clone(),
        drill(&daemon, other, 30, Some(Verdict::Failed)),
    ] {
        catalog.put_drill(&drill).await.unwrap();
    }
    catalog.close().await;
    let daemon = daemon.start_again().await;
    let auditor = Auditor::new(&daemon.client.evidence_key().await.unwrap().allowed_signers);
    let tar = evidence(&daemon, gid).await;
    assert!(auditor.takes(&tar));
    let folder = auditor.unpack(&tar).unwrap();
    let said: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("drill.json")).unwrap()).unwrap();
    assert_eq!(said, serde_json::to_value(&wanted).unwrap());
    let readme = fs::read_to_string(folder.join("README.txt")).unwrap();
    assert!(
        readme.contains("last drill    passed, begun 2027-01-15T08:00:20Z, everything back within 1s200ms\n"),
        "{readme}"
    );
}
