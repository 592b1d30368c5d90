//! `docs/readers.md` and the commands of `docs/archive-format.md`: run as they stand, with the real
//! tools, on texts that are easily misread.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::{ZipWriter, write::SimpleFileOptions};

use orgvault_testing::{
    postgres::{Server, program},
    readers::readers,
};

const DOCUMENT: &str = include_str!("../../../docs/readers.md");
const ARCHIVES: &str = include_str!("../../../docs/archive-format.md");
const DEADLINE: Duration = Duration::from_mins(1);
const HEADER: [&str; 7] = ["id", "amount", "day", "code", "note", "billable", "big"];
/// More records than any tool looks at before it decides.
const PLAIN: usize = 21_000;

/// What is easily misread: fractions and times behind whole numbers and days, words for nothing,
/// quotes, line breaks, a line that ends data, backslashes, numbers with very many digits.
fn easily_misread() -> [[String; 7]; 3] {
    let text = "a\r\n\\.\nb, \"q\" \\";
    [
        ["21001", "12.50", "2026-01-31T23:59:59.000Z", "007", "N/A", "false", "9007199254740993"],
        ["21002", "", "", "", "None", "", ""],
        ["21003", "1.5", "2026-02-01", "0x1F", text, "true", "2"],
    ]
    .map(|row| row.map(str::to_owned))
}

fn table() -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    writer.write_record(HEADER).unwrap();
    for id in 1..=PLAIN {
        writer.write_record([&id.to_string(), "12", "2026-01-31", "7", "", "true", "1"]).unwrap();
    }
    for row in easily_misread() {
        writer.write_record(&row).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// A folder in which one tool reads the archives.
struct Desk {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new() };
        fs::write(desk.path("time-logs.csv"), table()).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, script: &str) -> Output {
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{}", readers().display(), std::env::var("PATH").unwrap()))
            .env("HOME", self.folder.path())
            .envs(self.environment.iter().cloned())
            .output()
            .unwrap()
    }

    #[track_caller]
    fn follow(&self, script: &str) -> String {
        let ran = self.run(script);
        let (out, errors) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{script}\n{out}{errors}");
        out.into_owned()
    }

    /// Runs the blocks of one part of the page.
    #[track_caller]
    fn follow_part(&self, name: &str) {
        self.follow(&blocks(DOCUMENT, name).concat());
    }

    /// The last three of the JSON values in a file: one a line, or one array.
    fn last_rows(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        let mut rows: Vec<Value> = values.map(Result::unwrap).collect();
        if let [Value::Array(all)] = rows.as_slice() {
            rows = all.clone();
        }
        assert_eq!(rows.len(), PLAIN + 3);
        rows.split_off(PLAIN)
    }
}

fn blocks(document: &str, part: &str) -> Vec<String> {
    let part = document.split_once(&format!("\n## {part}\n")).unwrap().1;
    let part = part.split("\n## ").next().unwrap();
    let blocks: Vec<String> =
        part.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect();
    assert!(!blocks.is_empty(), "{part}");
    blocks
}

/// The rows as texts, `empty` where there is none.
fn texts(empty: &Value, change: impl Fn(&str) -> String) -> Vec<Value> {
    let cell = |text: &String| if text.is_empty() { empty.clone() } else { json!(change(text)) };
    let row = |row: [String; 7]| {
        Value::Object(HEADER.iter().zip(&row).map(|(name, text)| ((*name).to_owned(), cell(text))).collect())
    };
    easily_misread().map(row).to_vec()
}

fn exact(empty: &Value) -> Vec<Value> {
    texts(empty, str::to_owned)
}

/// As a tool that turns CR LF within a text into LF.
fn with_line_feeds() -> Vec<Value> {
    texts(&json!(""), |text| text.replace("\r\n", "\n"))
}

#[test]
fn python_php_csvkit_and_miller_read_every_text() {
    let desk = Desk::new();
    for (part, file) in [("Python", "python.json"), ("PHP", "php.json")] {
        desk.follow_part(part);
        assert_eq!(desk.last_rows(file), exact(&json!("")), "{part}");
    }
    for (part, file) in [("csvkit", "csvkit.json"), ("Miller", "miller.json")] {
        desk.follow_part(part);
        assert_eq!(desk.last_rows(file), with_line_feeds(), "{part}");
    }
}

#[test]
fn sqlite_and_duckdb_read_every_text() {
    let desk = Desk::new();
    desk.follow_part("SQLite");
    desk.follow("sqlite3 -json time-logs.db 'SELECT * FROM time_logs' > sqlite.json");
    assert_eq!(desk.last_rows("sqlite.json"), exact(&json!("")));
    desk.follow_part("DuckDB");
    desk.follow("duckdb time-logs.duckdb -json -c 'FROM time_logs ORDER BY id::bigint' > duckdb.json");
    assert_eq!(desk.last_rows("duckdb.json"), exact(&Value::Null));
}

/// The rows as a database with types holds them.
fn typed(amounts: [&str; 2]) -> Vec<Vec<Option<String>>> {
    let mut rows = easily_misread().map(|row| row.map(|text| (!text.is_empty()).then_some(text)).to_vec()).to_vec();
    for (row, amount) in [0, 2].into_iter().zip(amounts) {
        rows[row][1] = Some(amount.to_owned());
    }
    rows
}

fn typed_rows(desk: &Desk, name: &str) -> Vec<Vec<Option<String>>> {
    let text = fs::read_to_string(desk.path(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn postgresql_reads_every_text() {
    let mut desk = Desk::new();
    let database = Server::shared().database();
    let url = database.admin_url();
    let host = url.split_once("host=").unwrap().1.split('&').next().unwrap().to_owned();
    let path = std::env::var("PATH").unwrap();
    let psql = program("psql");
    desk.environment = vec![
        ("PGHOST", host),
        ("PGPORT", Server::shared().port().to_string()),
        ("PGUSER", "postgres".to_owned()),
        ("PGDATABASE", database.name().to_owned()),
        ("PATH", format!("{}:{path}", psql.parent().unwrap().display())),
    ];
    desk.follow_part("PostgreSQL");
    let query = "SELECT json_build_array(id::text, amount::text, day, code, note, billable::text, big::text) \
                 FROM time_logs WHERE id > 21000 ORDER BY id";
    desk.follow(&format!("psql -AtXc \"{query}\" > postgres.json"));
    assert_eq!(typed_rows(&desk, "postgres.json"), typed(["12.50", "1.5"]));
    assert_eq!(desk.follow("psql -AtXc 'SELECT count(*) FROM time_logs'").trim(), "21003");
    assert_eq!(desk.follow(r"grep -cx '\\\.' time-logs.csv").trim(), "1", "the page says how to find such lines");
}

/// A server of this test alone, without a network.
struct MariaDb(Child);

impl MariaDb {
    fn start(folder: &Path, socket: &str) -> Self {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
        let common = [format!("--datadir={}/maria", folder.display()), format!("--user={user}")];
        let made = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--basedir=/usr"])
            .args(&common)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let server = if Path::new("/usr/sbin/mariadbd").exists() { "/usr/sbin/mariadbd" } else { "mariadbd" };
        let server = Command::new(server)
            .args(["--no-defaults", "--skip-networking", &format!("--socket={socket}")])
            .args(&common)
            .args(["--pid-file", &format!("{}/maria.pid", folder.display())])
            .stderr(Stdio::null())
            .spawn();
        let server = Self(server.unwrap());
        let since = Instant::now();
        while std::os::unix::net::UnixStream::connect(socket).is_err() {
            assert!(since.elapsed() < DEADLINE, "MariaDB does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn mariadb_reads_every_text() {
    let desk = Desk::new();
    let socket = desk.path("maria.sock").to_str().unwrap().to_owned();
    let _server = MariaDb::start(desk.folder.path(), &socket);
    fs::write(desk.path(".my.cnf"), format!("[client]\nsocket = {socket}\nuser = root\n")).unwrap();
    desk.follow("mariadb -e 'CREATE DATABASE app'");
    desk.follow_part("MariaDB and MySQL");
    let query = "SELECT json_array(concat(id), concat(amount), day, code, note, \
                 if(billable, 'true', if(billable IS NULL, NULL, 'false')), concat(big)) FROM time_logs WHERE id > 21000 ORDER BY id";
    desk.follow(&format!("mariadb -Nr app -e \"{query}\" > maria.json"));
    assert_eq!(typed_rows(&desk, "maria.json"), typed(["12.5000", "1.5000"]));
}

fn zipped(name: &str, text: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn json_zip_and_gzip_are_read_by_what_every_system_has() {
    let desk = Desk::new();
    fs::write(desk.path("workspace.json"), r#"{"timeLogs":[{"id":"1","n":12.5,"t":"a\r\n\\"}],"counts":{}}"#).unwrap();
    desk.follow_part("jq");
    assert_eq!(fs::read_to_string(desk.path("jq.json")).unwrap(), "{\"id\":\"1\",\"n\":12.5,\"t\":\"a\\r\\n\\\\\"}\n");
    let table = table();
    fs::write(desk.path("organization.zip"), zipped("time_entries.csv", &table)).unwrap();
    fs::write(desk.path("time-logs.csv.gz"), gzipped(&table)).unwrap();
    desk.follow_part("ZIP and gzip");
    for name in ["unzip.csv", "bsdtar.csv", "gzip.csv"] {
        assert!(fs::read_to_string(desk.path(name)).unwrap() == table, "{name}");
    }
}

#[test]
fn a_timer_of_systemd_skips_the_night_that_the_page_names() {
    let desk = Desk::new();
    desk.follow_part("Timers of systemd beside orgvault");
    let said = fs::read_to_string(desk.path("timer.txt")).unwrap();
    assert!(said.contains("2026-03-30 00:30:00 UTC") || said.contains("2026-03-30 02:30:00"), "{said}");
}

#[test]
fn archives_are_checked_by_hand_with_several_of_them_in_a_folder() {
    let desk = Desk::new();
    for (gid, rows) in [(7, 1), (8, 2)] {
        let name = |ending: &str| desk.path(&format!("20260131T093000Z-{gid}.{ending}"));
        fs::write(name("json"), format!(r#"{{"counts":{{"timeLogs":{rows}}}}}"#)).unwrap();
        fs::write(name("json.manifest.json"), r#"{"manifest_version":1}"#).unwrap();
        fs::write(name("json.state.json"), r#"{"state_version":1}"#).unwrap();
        fs::write(name("zip"), zipped("a.csv", "id\n")).unwrap();
        fs::write(name("csv.gz"), gzipped("id\n")).unwrap();
    }
    desk.follow("sha256sum 2026* > SHA256SUMS");
    let script = blocks(ARCHIVES, "Checking by hand").concat();
    let (cd, script) = script.split_once('\n').unwrap();
    assert!(cd.starts_with("cd /var/lib/orgvault/archives/"));
    let said = desk.follow(script);
    assert_eq!(said.matches("timeLogs").count(), 2, "{said}");
    assert_eq!(said.matches("No errors detected").count(), 2, "{said}");
    assert!(!said.contains("null"), "{said}");
}
