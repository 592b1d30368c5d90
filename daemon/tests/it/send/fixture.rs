//! Archives that importers take, and a daemon with targets.

use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
    time::Duration,
};

use orgvault_api::{Format, SendAnswer, SendRecord, SendRequest, client::ClientError, gid::Gid};
use orgvault_archive::StateFile;
use orgvault_config::{Instance, Server, TargetConfig, TargetKind, Token};
use zip::{CompressionMethod, write::SimpleFileOptions};

use crate::api::fixture::{Content, Daemon, organization, until};

pub(super) const ORGANIZATION: &str = "018f3c1e-0000-7000-8000-00000000000b";
pub(super) const TOKEN: &str = "s3cret.token";
/// solidtime's route.
pub(super) const IMPORT: &str = "POST /api/v1/organizations/018f3c1e-0000-7000-8000-00000000000b/import";
/// What solidtime answers.
pub(super) const REPORT: &str = r#"{"report":{"clients":{"created":0},"time_entries":{"created":1}}}"#;

pub(super) fn server(url: &str) -> Server {
    Server {
        url: url.to_owned(),
        token: Token::new(TOKEN.to_owned()),
        ca_file: None,
        connect_timeout: Duration::from_secs(10),
        max_upload: 100 << 20,
    }
}

/// An instance of an app, which has time for three time entries where it has a limit.
pub(super) fn app(product: &'static str, server: Server, organization: Option<&str>) -> TargetKind {
    let max_entries = Some(3).filter(|_| product == "solidtime");
    TargetKind::App(Instance { product, server, organization: organization.map(str::to_owned), max_entries })
}

/// A target that is waited for as long as any test may take.
pub(super) fn solidtime(url: &str) -> TargetConfig {
    let kind = app("solidtime", server(url), Some(ORGANIZATION));
    TargetConfig { name: "time".to_owned(), kind, timeout: Duration::from_mins(1) }
}

/// The same, which does not wait long.
pub(super) fn impatient(url: &str) -> TargetConfig {
    TargetConfig { timeout: Duration::from_millis(300), ..solidtime(url) }
}

pub(super) async fn daemon(target: TargetConfig) -> Daemon {
    let daemon = Daemon::start_with(|config| config.targets = vec![target]).await;
    // Only then has it swept the archive directory, into which the test publishes.
    until("the daemon answers", async || daemon.client.health().await.is_ok()).await;
    daemon
}

/// A daemon with one archive that solidtime takes.
pub(super) async fn with_zip(target: TargetConfig) -> (Daemon, Gid) {
    let daemon = daemon(target).await;
    let gid = publish(&daemon.config.daemon.archive_dir, 7, Format::Zip, "solidtime", &zip("short", 1000));
    daemon.client.rebuild_catalog().await.unwrap();
    (daemon, gid)
}

/// Puts an archive of solidtime with so many time entries into the archive directory.
pub(super) fn publish_entries(archive_dir: &Path, gid: u64, rows: u64) -> Gid {
    let records = (0..rows).map(|row| record(&format!("t{row}"), "\"two\nlines\""));
    let bytes = zip_of(&records.collect::<String>(), 10);
    let key = &organization("acme");
    Content { key, product: "solidtime", format: Format::Zip, section: "time_entries", rows, bytes: &bytes }
        .publish(archive_dir, gid)
}

/// The time entries of a ZIP, and its other members.
pub(super) fn entries(zip: &[u8]) -> (Vec<String>, Vec<String>) {
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let (mut entries, mut others) = (Vec::new(), Vec::new());
    for index in 0..zip.len() {
        let mut member = zip.by_index(index).unwrap();
        let (name, mut bytes) = (member.name().unwrap().into_owned(), Vec::new());
        std::io::copy(&mut member, &mut bytes).unwrap();
        if name == "time_entries.csv" {
            let mut csv = csv::Reader::from_reader(bytes.as_slice());
            entries.extend(csv.records().map(|record| record.unwrap().iter().collect::<Vec<_>>().join("|")));
        } else {
            others.push(format!("{name}: {bytes:?}"));
        }
    }
    (entries, others)
}

fn record(id: &str, description: &str) -> String {
    format!("{id},{description},2026-01-02T03:04:05Z,,true,m1,u1,,,,[],\n")
}

/// A ZIP that solidtime's importer takes, but perhaps for the description; with `padding` bytes
/// that it does not look at.
pub(super) fn zip(description: &str, padding: usize) -> Vec<u8> {
    zip_of(&record("t1", description), padding)
}

fn zip_of(records: &str, padding: usize) -> Vec<u8> {
    let entries = format!(
        "id,description,start,end,billable,member_id,user_id,client_id,project_id,task_id,tags,still_active_email_sent_at\n\
         {records}"
    );
    let noise: Vec<u8> = (0..padding).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, text) in [
        ("meta.json", b"{\"version\":\"1.0\"}".as_slice()),
        ("clients.csv", b"id,name,archived_at\n"),
        ("members.csv", b"id,user_id,name,email,billable_rate\nm1,u1,User,user@example.org,\n"),
        ("organization_invitations.csv", b"id\n"),
        ("project_members.csv", b"id,billable_rate,project_id,user_id,member_id\n"),
        ("projects.csv", b"id,name,color\n"),
        ("tags.csv", b"id,name\n"),
        ("tasks.csv", b"id,name\n"),
        ("time_entries.csv", entries.as_bytes()),
        ("noise", &noise),
    ] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(text).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A seed that TruePPM's importer takes.
pub(super) const SEED: &str = r#"{
  "program": { "methodology": "AGILE", "name": "Plan X", "slug": "plan-x" },
  "projects": [
    { "code": "A", "methodology": "AGILE", "name": "A", "slug": "a", "start_date": "2026-01-05",
      "tasks": [{ "name": "t", "wbs_path": "1" }] }
  ],
  "schema_version": "1.0"
}
"#;

/// Puts an archive with these bytes into the archive directory; a catalog has to be rebuilt.
pub(super) fn publish(archive_dir: &Path, gid: u64, format: Format, product: &str, bytes: &[u8]) -> Gid {
    let key = &organization("acme");
    Content { key, product, format, section: "tasks", rows: 1, bytes }.publish(archive_dir, gid)
}

/// A request for the target `time`.
pub(super) fn to_time() -> SendRequest {
    SendRequest { to: "time".to_owned(), ..SendRequest::default() }
}

/// Sends to the target `time`.
pub(super) async fn send(daemon: &Daemon, gid: Gid) -> Result<SendAnswer, ClientError> {
    daemon.client.send_archive(gid, &to_time()).await
}

/// Sends it again.
pub(super) async fn again(daemon: &Daemon, gid: Gid) -> Result<SendAnswer, ClientError> {
    daemon.client.send_archive(gid, &SendRequest { again: true, ..to_time() }).await
}

/// Sends, and says what became of it.
pub(super) async fn sent(daemon: &Daemon, gid: Gid) -> SendRecord {
    send(daemon, gid).await.unwrap().sent.unwrap()
}

/// The error's code of a record; empty where it was sent.
pub(super) fn code(record: &SendRecord) -> &str {
    record.error.as_ref().map_or("", |error| &error.code)
}

/// What is on disk beside the archive.
pub(super) async fn on_disk(daemon: &Daemon, gid: Gid) -> Vec<SendRecord> {
    let archive = daemon.client.archive(gid).await.unwrap();
    StateFile::beside(archive.path.as_ref()).unwrap().map(|state| state.sent).unwrap_or_default()
}

/// The archive's bytes.
pub(super) async fn bytes(daemon: &Daemon, gid: Gid) -> Vec<u8> {
    fs::read(daemon.client.archive(gid).await.unwrap().path).unwrap()
}
