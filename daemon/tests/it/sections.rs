//! What an archive of each format holds, by a definition whose sections are not in all of them.

use std::{collections::BTreeMap, fs, io::Read as _, path::Path};

use orgvault_api::{CheckResult, Export, ExportRequest, Format, State, client::ExportFilter};
use orgvault_archive::manifest::Manifest;
use orgvault_config::{ScheduleConfig, SourceConfig, calendar::Calendar};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::{
    api::fixture::{Daemon, problem, until},
    source::fixture,
};

const APP: &str = "
    CREATE TABLE companies (id INTEGER PRIMARY KEY, kind TEXT, name TEXT);
    INSERT INTO companies VALUES (1, 'team', 'Acme'), (2, 'guild', 'Globex');
    CREATE TABLE entries (id INTEGER PRIMARY KEY, company_id INTEGER, note TEXT);
    INSERT INTO entries VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c');";

/// Sections in all formats, and one more for each format that is in that alone.
const DEFINITION: &str = r#"
[product]
name = "parts"
measured_on = "parts 1"
formats = ["json", "csv", "zip"]

[organization]
kind = "team"
formats = { guild = ["zip"] }
list = "SELECT id, name, name AS slug, kind FROM companies ORDER BY id"

[json]
head = [{ key = "format", value = "parts" }]
counts = "counts"

[[section]]
name = "csv_alone"
formats = ["csv"]
entity = "csv-alone"
member = "csv_alone.csv"
table = "entries"
rows = "SELECT id, note FROM entries WHERE company_id = $1 ORDER BY id"
count = "SELECT count(*) FROM entries WHERE company_id = $1"

[[section]]
name = "company"
table = "companies"
single = true
rows = "SELECT id, name FROM companies WHERE id = $1"
count = "SELECT count(*) FROM companies WHERE id = $1"

[[section]]
name = "json_alone"
formats = ["json"]
entity = "json-alone"
member = "json_alone.csv"
table = "entries"
rows = "SELECT id, note FROM entries WHERE company_id = $1 ORDER BY id"
count = "SELECT count(*) FROM entries WHERE company_id = $1"

[[section]]
name = "everywhere"
entity = "everywhere"
member = "everywhere.csv"
table = "entries"
rows = "SELECT id, note FROM entries WHERE company_id = $1 ORDER BY id"
count = "SELECT count(*) FROM entries WHERE company_id = $1"

[[section]]
name = "zip_alone"
formats = ["zip"]
entity = "zip-alone"
member = "zip_alone.csv"
table = "entries"
rows = "SELECT id, note FROM entries WHERE company_id = $1 ORDER BY id"
count = "SELECT count(*) FROM entries WHERE company_id = $1"

[table.companies]
reads = ["id", "kind", "name"]

[table.entries]
reads = ["id", "company_id", "note"]
"#;

const FORMATS: [Format; 3] = [Format::Json, Format::Csv, Format::Zip];

/// A daemon whose one source is the app with this definition.
async fn daemon(definition: &str, schedules: Vec<ScheduleConfig>) -> (TempDir, Daemon) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut app = options.connect().await.unwrap();
    sqlx::raw_sql(APP).execute(&mut app).await.unwrap();
    app.close().await.unwrap();
    let url = format!("sqlite://{}", file.display());
    let source = SourceConfig { product: "parts".to_owned(), ..fixture::config(&url) };
    let daemon = Daemon::start_with(|config| {
        fs::create_dir_all(&config.daemon.products_dir).unwrap();
        fs::write(config.daemon.products_dir.join("parts.toml"), definition).unwrap();
        config.sources = vec![source];
        config.schedules = schedules;
    })
    .await;
    (directory, daemon)
}

fn ask(organization: &str, formats: &[Format]) -> ExportRequest {
    ExportRequest {
        organizations: vec![organization.to_owned()],
        formats: formats.to_vec(),
        ..ExportRequest::default()
    }
}

/// The exports of a request, when all have ended.
async fn ended(daemon: &Daemon, request: &ExportRequest) -> Vec<Export> {
    let exports = daemon.client.start_exports(request).await.unwrap().exports;
    let filter = ExportFilter { request: exports.first().map(|first| first.request), ..ExportFilter::default() };
    let all = async || daemon.client.exports(&filter).await.unwrap().exports;
    until("the exports end", async || all().await.iter().all(|export| export.state.is_final())).await;
    all().await
}

/// What an export's archive is, and the sections of its manifest.
async fn sections(daemon: &Daemon, export: &Export) -> (String, Vec<String>) {
    assert_eq!((export.state, &export.error), (State::Finished, &None), "{export:?}");
    let archive = daemon.client.archive(export.gid).await.unwrap();
    let manifest = Manifest::beside(archive.path.as_ref()).unwrap().unwrap();
    let names: Vec<String> = manifest.sections.into_iter().map(|section| section.name).collect();
    let counted: Vec<String> = export.counts.iter().map(|count| count.name.clone()).collect();
    assert_eq!(counted, names);
    let verified = daemon.client.verify(export.gid).await.unwrap();
    assert!(verified.ok && verified.counts == export.counts, "{verified:?}");
    assert_eq!(in_file(archive.path.as_ref(), export), names);
    let entity = export.entity.as_ref().map(|entity| format!(" {entity}")).unwrap_or_default();
    (format!("{}{entity}", export.format), names)
}

/// The sections that are in the file itself, by the format's own structure.
fn in_file(path: &Path, export: &Export) -> Vec<String> {
    match export.format {
        Format::Json => {
            let document: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            let lists = document["counts"].as_object().unwrap().keys().cloned();
            let rows = document.as_object().unwrap().iter().filter(|(_, value)| value.is_array()).map(|(key, _)| key);
            assert!(lists.eq(rows.cloned()), "{document}");
            document
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| !["format", "counts"].contains(&key.as_str()))
                .cloned()
                .collect()
        }
        Format::Zip => {
            let zip = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
            zip.file_names().map(|name| name.unwrap().strip_suffix(".csv").unwrap().to_owned()).collect()
        }
        _ => {
            let mut text = String::new();
            fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
            assert!(text.starts_with("id,note\n"), "{text}");
            vec![export.entity.clone().unwrap().replace('-', "_")]
        }
    }
}

async fn by_archive(daemon: &Daemon, exports: &[Export]) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for export in exports {
        found.extend([sections(daemon, export).await]);
    }
    found
}

fn expected(archives: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    archives.iter().map(|(archive, sections)| ((*archive).to_owned(), names(sections))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_holds_the_sections_of_its_format_and_no_other() {
    let (_app, daemon) = daemon(DEFINITION, Vec::new()).await;
    let found = by_archive(&daemon, &ended(&daemon, &ask("1", &FORMATS)).await).await;
    let all = expected(&[
        ("json", &["company", "json_alone", "everywhere"]),
        ("csv csv-alone", &["csv_alone"]),
        ("csv everywhere", &["everywhere"]),
        ("zip", &["everywhere", "zip_alone"]),
    ]);
    assert_eq!(found, all);
    let refused = ExportRequest { entity: Some("json-alone".to_owned()), ..ask("1", &[Format::Csv]) };
    let refused = problem(daemon.client.start_exports(&refused).await);
    assert_eq!((refused.code.as_str(), refused.hint.as_str()), ("unknown_entity", "it has: csv-alone, everywhere"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_makes_the_archives_that_a_request_makes() {
    let schedule = ScheduleConfig::new("nightly".to_owned(), Calendar::new("0 0 29 2 *", chrono_tz::Tz::UTC).unwrap());
    let (_app, daemon) = daemon(DEFINITION, vec![ScheduleConfig { formats: FORMATS.to_vec(), ..schedule }]).await;
    let run = daemon.client.run_schedule("nightly").await.unwrap();
    until("the run ends", async || daemon.client.run(run.gid).await.unwrap().finished_at.is_some()).await;
    let filter = ExportFilter { request: Some(run.gid), ..ExportFilter::default() };
    let exports = daemon.client.exports(&filter).await.unwrap().exports;
    let mut archives = Vec::new();
    for export in &exports {
        archives.push(format!("{} {}", export.organization.id, sections(&daemon, export).await.0));
    }
    archives.sort_unstable();
    assert_eq!(archives, ["1 csv csv-alone", "1 csv everywhere", "1 json", "1 zip", "2 zip"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_check_reads_what_an_export_of_each_organization_writes() {
    let (_app, daemon) = daemon(DEFINITION, Vec::new()).await;
    let deep = async || daemon.client.check("tracker", true).await.unwrap().lines.pop().unwrap();
    let line = deep().await;
    assert_eq!((line.name.as_str(), line.result), ("representable", CheckResult::Ok), "{line:?}");
    // Of the team a company and two rows twice, as JSON; of the guild, which has none, a row twice in a ZIP.
    assert_eq!(line.message, "all 7 rows of 2 organizations can be written as json and zip");
    let all = ExportRequest { all: true, ..ExportRequest::default() };
    let exports = ended(&daemon, &all).await;
    let rows: u64 = exports.iter().flat_map(|export| &export.counts).map(|count| count.rows).sum();
    assert_eq!((rows, exports.iter().all(|export| export.state == State::Finished)), (7, true), "{exports:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_those_of_the_default_kinds() {
    let (_app, daemon) =
        daemon(&DEFINITION.replace("kind = \"team\"", "kind = \"team\"\ndefault_kinds = [\"guild\"]"), Vec::new())
            .await;
    let listed = daemon.client.organizations(None).await.unwrap().organizations;
    assert_eq!(
        listed.iter().map(|one| (one.key.kind.as_str(), one.in_all)).collect::<Vec<_>>(),
        [("team", false), ("guild", true)]
    );
    let all = ended(&daemon, &ExportRequest { all: true, ..ExportRequest::default() }).await;
    assert_eq!(all.iter().map(|export| export.organization.kind.as_str()).collect::<Vec<_>>(), ["guild"]);
    let named = ended(&daemon, &ask("1", &[])).await;
    assert_eq!((named.len(), named[0].state), (1, State::Finished));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_nobody_names_is_told_by_one_archive_of_each_snapshot() {
    let (app, daemon) = daemon(DEFINITION, Vec::new()).await;
    let told = async |request: &ExportRequest| -> Vec<usize> {
        let mut told = Vec::new();
        for export in ended(&daemon, request).await {
            assert_eq!((export.state, &export.error), (State::Finished, &None), "{export:?}");
            let manifest = daemon.client.archive(export.gid).await.unwrap().path;
            let manifest = Manifest::beside(manifest.as_ref()).unwrap().unwrap();
            assert_eq!(manifest.warnings, export.warnings);
            let unknown = export.warnings.iter().filter(|warning| warning.code == "tables_unknown");
            told.push(unknown.inspect(|warning| assert_eq!(warning.ids, ["attachments", "tags"])).count());
        }
        told.sort_unstable();
        told
    };
    assert_eq!(told(&ask("1", &FORMATS)).await, [0, 0, 0, 0]);
    let options = SqliteConnectOptions::new().filename(app.path().join("app.db"));
    let mut writer = options.connect().await.unwrap();
    sqlx::raw_sql("CREATE TABLE tags (id INTEGER); CREATE TABLE attachments (id INTEGER)")
        .execute(&mut writer)
        .await
        .unwrap();
    writer.close().await.unwrap();
    assert_eq!(told(&ask("1", &FORMATS)).await, [0, 0, 0, 1]);
    assert_eq!(told(&ask("1", &[Format::Csv])).await, [0, 1]);
    let all = ExportRequest { all: true, formats: vec![Format::Zip], ..ExportRequest::default() };
    assert_eq!(told(&all).await, [1, 1], "each organization has a snapshot of its own");
}
