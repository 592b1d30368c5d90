//! A customer's evidence of an archive that was drilled, and the archive itself, checked with stock programs alone.

use std::{fs, process::Command};

use orgvault_api::{Format, Verdict};
use serde_json::Value;

use super::fixture::Stage;
use crate::{
    api::evidence::auditor::{Auditor, evidence, silent},
    full::{stock::is_taken, unpacked},
};

#[tokio::test]
async fn a_customer_checks_that_an_archive_went_back() {
    let stage = Stage::new().await;
    let archive = stage.archive(&[Format::Full, Format::Json]).await;
    let drill = stage.drill_of(archive).await;
    assert_eq!(drill.verdict, Some(Verdict::Passed), "{drill:#?}");
    let key = stage.daemon.client.evidence_key().await.unwrap();
    let auditor = Auditor::new(&key.allowed_signers);
    let tar = evidence(&stage.daemon, archive).await;
    assert!(auditor.takes(&tar));

    let signed = auditor.unpack(&tar).unwrap();
    let told: Value = serde_json::from_slice(&fs::read(signed.join("drill.json")).unwrap()).unwrap();
    assert_eq!(told, serde_json::to_value(&drill).unwrap());
    let path = stage.path(archive).await;
    let copy = auditor.folder.path().join(path.file_name().unwrap());
    fs::copy(&path, &copy).unwrap();
    let sums = signed.join("archive.sha256");
    let is_that = || {
        silent(Command::new("sha256sum").args(["--check", "--strict"]).arg(&sums).current_dir(auditor.folder.path()))
    };
    assert!(is_that());
    is_taken(unpacked(&copy).path());

    let mut bytes = fs::read(&copy).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&copy, bytes).unwrap();
    assert!(!is_that());
}
