//! What keeps a drill from an answer is told, says nothing of the archive, and leaves nothing behind.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use orgvault_api::{DrillRequest, Format};
use serde_json::json;

use super::fixture::{Stage, limited, of_acme, places, segment, segments};
use crate::{api::fixture::until, full::changed::Changed};

#[tokio::test]
async fn without_a_server_nothing_is_learned() {
    let empty = tempfile::tempdir().unwrap();
    let stage = Stage::with(|config| config.scratch.bin_dir = Some(empty.path().to_owned())).await;
    stage.archive(&[Format::Full]).await;
    stage.is_inconclusive(&stage.drill(&of_acme()).await, "scratch_no_server");
}

#[tokio::test]
async fn an_extension_that_the_server_does_not_have_is_told() {
    let stage = Stage::new().await;
    let archive = stage.archive(&[Format::Full]).await;
    let path = stage.path(archive).await;
    let needs = json!({ "name": "of_another_machine", "version": "1.0", "schema": "public" });
    let changed = Changed::open(&path).schema(|schema| schema["extensions"] = json!([needs]));
    changed.write(&path);
    stage.daemon.client.rebuild_catalog().await.unwrap();
    let drill = stage.drill_of(archive).await;
    stage.is_inconclusive(&drill, "extension_missing");
    assert!(drill.error.unwrap().message.contains("of_another_machine"));
}

#[tokio::test]
async fn a_disk_that_is_full_in_mid_load_is_told() {
    // Enough for the server itself, and less than one of the texts.
    let (_directory, programs) = limited(4096);
    let stage = Stage::with(|config| config.scratch.bin_dir = Some(programs)).await;
    stage.archive(&[Format::Full]).await;
    let small = stage.drill(&of_acme()).await;
    assert_eq!(small.error, None, "{small:#?}");
    let much = "(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 150000) n)";
    stage.app.psql(&format!("UPDATE comments SET body = {much} WHERE id::text LIKE '%2001'"));
    stage.archive(&[Format::Full]).await;
    stage.is_inconclusive(&stage.drill(&of_acme()).await, "scratch_full");
}

/// Who ends while the rows go in.
#[derive(Debug, Clone, Copy)]
enum Ends {
    Backend,
    Server,
}

/// The process that serves the drill, once it is at work.
fn backend(server: &str) -> Option<String> {
    let output = Command::new("ps").args(["--no-headers", "-o", "pid,args", "--ppid", server]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let own = text.lines().find(|line| line.contains("orgvault_drill drill") && line.contains("SELECT"))?;
    Some(own.split_whitespace().next().unwrap().to_owned())
}

#[tokio::test]
async fn a_server_that_is_killed_in_mid_load_is_told() {
    // Rows that are there were not checked; those that go in are, for as long as the test needs.
    let slow =
        "CREATE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(50); RETURN true; END';
                ALTER TABLE labels ADD CHECK (slow()) NOT VALID";
    let stage = Stage::new().await;
    stage.app.psql(slow);
    let archive = stage.archive(&[Format::Full]).await;
    for ends in [Ends::Backend, Ends::Server] {
        let request = DrillRequest { archives: vec![archive], ..DrillRequest::default() };
        let drill = stage.daemon.client.start_drills(&request).await.unwrap().drills.remove(0);
        let name = format!("orgvault-scratch-{}", drill.gid);
        let (mut data, mut own) = (PathBuf::new(), None);
        until("rows go in", async || {
            let places = places(&stage.daemon.config.daemon.state_dir).map(|place| place.join(&name).join("data"));
            data = places.into_iter().find(|data| data.exists()).unwrap_or_default();
            own = server(&data).and_then(|server| Some((backend(&server)?, server)));
            own.is_some()
        })
        .await;
        let (memory, (backend, server)) = (segment(&data), own.unwrap());
        assert!(segments().contains(&memory));
        let killed = match ends {
            Ends::Backend => backend,
            Ends::Server => server,
        };
        assert!(Command::new("kill").args(["-9", &killed]).status().unwrap().success());
        stage.is_inconclusive(&stage.ended(drill.gid).await, "scratch_lost");
        assert!(!segments().contains(&memory), "{ends:?}");
    }
}

/// The server of a data directory.
fn server(data: &Path) -> Option<String> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    text.lines().next().map(str::to_owned)
}
