//! Archives that were changed by somebody who made every sum in them anew.

use std::fs;

use orgvault_api::{Drill, Format, Verdict};

use super::fixture::Stage;
use crate::full::changed::Changed;

/// Drills an archive of RyTask after it was changed.
async fn drilled(change: impl FnOnce(Changed) -> Changed) -> Drill {
    let stage = Stage::new().await;
    let archive = stage.archive(&[Format::Full, Format::Json]).await;
    let path = stage.path(archive).await;
    change(Changed::open(&path)).write(&path);
    let rebuilt = stage.daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!((rebuilt.archives, rebuilt.skipped.len()), (2, 0), "{rebuilt:?}");
    let whole = stage.daemon.client.verify(archive).await.unwrap();
    assert!(whole.faults.is_empty(), "{whole:?}");
    let drill = stage.drill_of(archive).await;
    assert_eq!(stage.left(&drill), [""; 0]);
    drill
}

/// What a drill says of the native archive of the same export.
#[track_caller]
fn differs(drill: &Drill, row: &str) {
    assert_eq!(drill.verdict, Some(Verdict::Failed), "{drill:#?}");
    assert_eq!(drill.error.as_ref().unwrap().code, "native_export_differs", "{drill:#?}");
    let native = drill.proofs.iter().find(|proof| proof.name == "native_export").unwrap();
    assert!(native.differences.iter().any(|difference| difference == row), "{:#?}", native.differences);
}

#[tokio::test]
async fn a_byte_that_is_another_one_is_named_with_its_row() {
    let drill = drilled(|archive| archive.exchange("labels", ",bug,", ",bag,")).await;
    differs(&drill, "labels id=00000000-0000-7000-8000-0000000000a8: its values differ");
}

#[tokio::test]
async fn a_row_that_is_not_there_is_named() {
    let drill = drilled(|archive| archive.without("comments", "00000000-0000-7000-8000-000000002002")).await;
    differs(&drill, "comments id=00000000-0000-7000-8000-000000002002: it is in the archive alone");
}

#[tokio::test]
async fn a_row_that_is_somebody_elses_is_named() {
    let (row, of) = ("00000000-0000-7000-8000-0000000000a8", ",00000000-0000-7000-8000-00000000000");
    let drill = drilled(|archive| archive.exchange("labels", &format!("{row}{of}a"), &format!("{row}{of}b"))).await;
    assert_eq!(drill.verdict, Some(Verdict::Failed), "{drill:#?}");
    let error = drill.error.unwrap();
    assert_eq!(error.code, "rows_differ", "{error:#?}");
    assert!(error.message.contains(&format!("public.labels, key {row}")), "{}", error.message);
}

#[tokio::test]
async fn a_file_that_is_not_the_one_that_was_published_is_not_put_back() {
    let stage = Stage::new().await;
    let archive = stage.archive(&[Format::Full]).await;
    let path = stage.path(archive).await;
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = directory.path().join("changed.full");
    Changed::open(&path).exchange("labels", ",bug,", ",bag,").write(&elsewhere);
    fs::copy(&elsewhere, &path).unwrap();
    let drill = stage.drill_of(archive).await;
    assert_eq!(drill.verdict, Some(Verdict::Failed), "{drill:#?}");
    let error = drill.error.as_ref().unwrap();
    assert_eq!(error.code, "archive_damaged", "{error:#?}");
    assert_eq!(stage.left(&drill), [""; 0]);
}
