//! The files that rows name, in archives: from a real folder, with everything that may be wrong with them.

#[cfg(test)]
mod app;
#[cfg(test)]
mod bucket;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::{FileExt, symlink},
};

use orgvault_api::{Archive, ArchiveFiles, CheckResult, Export, ExportRequest, Format, State, Warning};
use orgvault_archive::manifest::FILE_LIST;
use orgvault_config::SourceConfig;
use zip::{CompressionMethod, ZipArchive};

use self::app::{App, DEFINITION, archive, exports, members, noise, put, sha256, warnings};
use crate::{
    api::fixture::{Daemon, until},
    source::fixture,
};
use orgvault_testing::postgres::Database;

fn names(archive: &Archive) -> Vec<String> {
    members(archive).into_iter().map(|(name, _)| name).collect()
}

fn text(content: &[u8]) -> &str {
    str::from_utf8(content).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_follow_the_rows_and_are_listed_and_verified() {
    let app = App::new().await;
    let (plain, picture) = (b"text that deflate makes smaller\n".repeat(9000), noise(600_000));
    app.upload(1, "a/plain text.txt", &plain).await;
    app.upload(1, "a/ü,\"b\"\n.png", &picture).await;
    app.upload(1, "empty", b"").await;
    app.row(1, "./a//plain text.txt", None, None).await;
    app.row(1, "", None, None).await;
    app.upload(2, "of another company", b"secret").await;
    let daemon = app.daemon(Some(app.folder())).await;
    let (first, manifest) = archive(&daemon, "1").await;
    let files = ArchiveFiles { count: 3, bytes: (plain.len() + picture.len()) as u64, ..ArchiveFiles::default() };
    assert_eq!((first.files, manifest.files), (Some(files), Some(files)));
    assert_eq!(manifest.layout.file_list.as_deref(), Some(FILE_LIST));
    assert_eq!(first.warnings, []);
    let found = members(&first);
    let odd = "files/a/ü,\"b\"\n.png";
    let order =
        ["attachments.csv", "companies.csv", "files/a/plain text.txt", odd, "files/empty", FILE_LIST, "meta.json"];
    assert_eq!(found.iter().map(|(name, _)| name).collect::<Vec<_>>(), order);
    assert!(found[2].1 == plain && found[3].1 == picture && found[4].1.is_empty());
    let list = format!(
        "path,bytes,sha256,status,table,id\n\
         a/plain text.txt,{},{},ok,attachments,1\n\
         \"a/ü,\"\"b\"\"\n.png\",600000,{},ok,attachments,2\n\
         empty,0,{},ok,attachments,3\n",
        plain.len(),
        sha256(&plain),
        sha256(&picture),
        sha256(b"")
    );
    assert_eq!(text(&found[5].1), list);
    let mut zip = ZipArchive::new(File::open(&first.path).unwrap()).unwrap();
    let mut method = |name| zip.by_name(name).unwrap().compression();
    assert_eq!(method("files/a/plain text.txt"), CompressionMethod::Deflated);
    assert_eq!(method(odd), CompressionMethod::Stored, "a picture is compressed already");
    let (second, _) = archive(&daemon, "1").await;
    assert_eq!(first.sha256, second.sha256, "the same rows and files give the same bytes");
    let verified = daemon.client.verify(second.gid).await.unwrap();
    assert_eq!((verified.ok, verified.files), (true, Some(files)));
    let (empty, manifest) = archive(&daemon, "3").await;
    assert_eq!((empty.warnings.len(), manifest.files), (0, Some(ArchiveFiles::default())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_a_warning_with_its_row_and_the_export_finishes() {
    let app = App::new().await;
    let uploads = app.uploads();
    fs::write(app.directory.path().join("secret"), "secret").unwrap();
    symlink("../secret", uploads.join("link")).unwrap();
    symlink("..", uploads.join("up")).unwrap();
    fs::create_dir(uploads.join("folder")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, uploads.join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    app.upload(1, "good", b"good").await;
    app.row(1, "gone", Some(3), None).await;
    app.row(1, "good/gone", None, None).await;
    put(&uploads.join("short"), b"short");
    app.row(1, "short", Some(10), None).await;
    app.row(1, "good", Some(4), Some("ff")).await;
    put(&uploads.join("changed"), b"changed");
    app.row(1, "changed", Some(7), Some(&sha256(b"CHANGED"))).await;
    for path in ["../secret", "a/../../secret", "/etc/passwd", "link", "up/secret", "folder", "pipe", "."] {
        app.row(1, path, None, None).await;
    }
    app.row(1, &"long".repeat(100), None, None).await;
    let daemon = app.daemon(Some(app.folder())).await;
    let (archive, manifest) = archive(&daemon, "1").await;
    assert_eq!(
        manifest.files,
        Some(ArchiveFiles { count: 3, bytes: 16, missing: 2, changed: 3, refused: 9, unreadable: 0 })
    );
    let expected = ["attachments.csv", "companies.csv", "files/good", "files/short", "files/changed", FILE_LIST];
    assert_eq!(names(&archive)[..6], expected);
    let found = warnings(&archive);
    assert_eq!(found["files_missing"], ["attachments 2: gone", "attachments 3: good/gone"]);
    let changed = [
        "attachments 5: good (the row's SHA-256 is none)",
        "attachments 4: short (it has 5 bytes and the row says 10)",
        "attachments 6: changed (its SHA-256 is not the row's)",
    ];
    assert_eq!(found["files_changed"], changed);
    let refused = [
        "attachments 7: ../secret (it leads upwards)",
        "attachments 8: a/../../secret (it leads upwards)",
        "attachments 9: /etc/passwd (it begins with /)",
        "attachments 10: link (it is a way out of the folder)",
        "attachments 11: up/secret (it is a way out of the folder)",
        "attachments 12: folder (it is a directory)",
        "attachments 13: pipe (it is a named pipe)",
        "attachments 14: . (it names no file)",
    ];
    assert_eq!(found["files_refused"][..8], refused);
    let content = members(&archive).into_iter().find(|(name, _)| name == FILE_LIST).unwrap().1;
    let statuses = text(&content).lines().skip(1).map(|line| line.split(',').nth(3).unwrap());
    assert_eq!(statuses.filter(|status| *status == "refused").count(), 9);
    assert!(!members(&archive).iter().any(|(_, content)| content == b"secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_gone_ends_the_export_and_check_says_so() {
    let app = App::new().await;
    app.upload(1, "a", b"a").await;
    let daemon = app.daemon(Some(app.folder())).await;
    let line = async || {
        let check = daemon.client.check("tracker", false).await.unwrap();
        check.lines.into_iter().find(|line| line.name == "files").unwrap()
    };
    assert_eq!(line().await.result, CheckResult::Ok);
    fs::rename(app.uploads(), app.directory.path().join("elsewhere")).unwrap();
    let exports = exports(&daemon, "1", &[Format::Zip]).await;
    let error = exports[0].error.as_ref().unwrap();
    assert_eq!(error.code, "files_unreachable");
    assert!(error.message.contains("uploads: No such file") && error.hint.contains("`files`"), "{error:?}");
    let failed = line().await;
    assert_eq!((failed.result, failed.message), (CheckResult::Failed, error.message.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_without_the_files_say_so_once_for_a_request() {
    let app = App::new().await;
    for name in ["a", "b", "c"] {
        app.upload(1, name, b"x").await;
    }
    app.row(1, "a", None, None).await;
    app.row(1, "", None, None).await;
    let without = app.daemon(None).await;
    let line = without.client.check("tracker", false).await.unwrap().lines.into_iter().find(|it| it.name == "files");
    assert_eq!(line.unwrap().result, CheckResult::Warning);
    let told = |exports: &[Export]| {
        let warnings = exports.iter().flat_map(|export| export.warnings.clone());
        let warnings: Vec<Warning> = warnings.filter(|warning| warning.code == "files_not_included").collect();
        warnings.into_iter().map(|warning| warning.message).collect::<Vec<_>>()
    };
    let not_said = "the source does not say in `files` where they are";
    let zip = told(&exports(&without, "1", &[Format::Zip]).await);
    assert_eq!(zip, [format!("3 files of the app that rows name are not in the archive: {not_said}")]);
    let all = exports(&without, "1", &[Format::Json, Format::Csv, Format::Zip]).await;
    assert_eq!((all.len(), told(&all).len()), (4, 1), "two of the archives are of one section each");
    assert_eq!(told(&exports(&without, "3", &[Format::Zip]).await), [""; 0], "there are none");

    let with = app.daemon(Some(app.folder())).await;
    let json = told(&exports(&with, "1", &[Format::Zip, Format::Json]).await);
    assert_eq!(json, ["3 files of the app that rows name are not in the archive: json holds none; zip and full do"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_postgresql_name_files_too() {
    let database = Database::new();
    database.psql(
        "CREATE TABLE companies (id integer PRIMARY KEY, name text);
         INSERT INTO companies VALUES (1, 'Acme');
         CREATE TABLE attachments (id uuid PRIMARY KEY, company_id integer, path varchar, size numeric(9, 2), hash bytea);
         INSERT INTO attachments VALUES
           ('0000000a-0000-4000-8000-000000000000', 1, 'a', 3, sha256('abc')),
           ('0000000b-0000-4000-8000-000000000000', 1, 'b', 1, NULL),
           ('0000000c-0000-4000-8000-000000000000', 1, 'a', 3.00, sha256('abd'));",
    );
    let app = App::new().await;
    put(&app.uploads().join("a"), b"abc");
    put(&app.uploads().join("b"), b"abc");
    let start = async |files| {
        let source = SourceConfig { product: "parts".to_owned(), files, ..fixture::config(&database.url()) };
        Daemon::start_with(|config| {
            fs::create_dir_all(&config.daemon.products_dir).unwrap();
            fs::write(config.daemon.products_dir.join("parts.toml"), DEFINITION).unwrap();
            config.sources = vec![source];
        })
        .await
    };
    database.psql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", database.role()));
    let (archive, _) = archive(&start(Some(app.folder())).await, "1").await;
    let changed = [
        "attachments 0000000c-0000-4000-8000-000000000000: a (its SHA-256 is not the row's)",
        "attachments 0000000b-0000-4000-8000-000000000000: b (it has 3 bytes and the row says 1)",
    ];
    assert_eq!(warnings(&archive)["files_changed"], changed);
    let without = exports(&start(None).await, "1", &[Format::Csv]).await;
    let told = without.iter().flat_map(|export| &export.warnings).map(|warning| warning.message.as_str());
    let not_said = "2 files of the app that rows name are not in the archive: csv holds none; zip and full do";
    assert_eq!(told.collect::<Vec<_>>(), [not_said]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_archive_holds_the_files_that_rows_name() {
    let database = Database::new();
    database.psql(
        "CREATE TABLE companies (id integer PRIMARY KEY, name text);
         INSERT INTO companies VALUES (1, 'Acme'), (2, 'Globex');
         CREATE TABLE attachments (id integer PRIMARY KEY, company_id integer, path text, size integer, hash text);
         INSERT INTO attachments VALUES
           (1, 1, 'a/one.csv', 9, NULL), (2, 1, E'50%\\\\no\\nte~', 3, NULL), (3, 1, 'gone', NULL, NULL), (4, 2, 'theirs', 3, NULL);",
    );
    database.psql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", database.role()));
    let app = App::new().await;
    put(&app.uploads().join("a/one.csv"), b"id,\"a\nb\"");
    put(&app.uploads().join("50%\\no\nte~"), b"abc");
    put(&app.uploads().join("theirs"), b"abc");
    let definition = DEFINITION
        .replace("reads = [\"id\", \"name\"]", "reads = [\"id\", \"name\"]\ntenant = \"id = $1\"")
        .replace("[product]", "[product]\nformats = [\"zip\", \"full\"]")
        + "tenant = \"company_id = $1\"\n";
    let source =
        SourceConfig { product: "parts".to_owned(), files: Some(app.folder()), ..fixture::config(&database.url()) };
    let daemon = Daemon::start_with(|config| {
        fs::create_dir_all(&config.daemon.products_dir).unwrap();
        fs::write(config.daemon.products_dir.join("parts.toml"), definition).unwrap();
        config.sources = vec![source];
    })
    .await;
    let made = exports(&daemon, "1", &[Format::Full, Format::Zip]).await;
    assert!(made.iter().all(|export| export.state == State::Finished), "{made:?}");
    let full = made.iter().find(|export| export.format == Format::Full).unwrap();
    let archive = daemon.client.archive(full.gid).await.unwrap();
    assert_eq!(warnings(&archive)["files_missing"], ["attachments 3: gone"]);
    assert!(daemon.client.verify(full.gid).await.unwrap().ok);
    assert!(orgvault_archive::verify(archive.path.as_ref(), None).unwrap().ok());
    let held: BTreeMap<String, Vec<u8>> = members(&archive).into_iter().collect();
    let files: Vec<&str> = held.keys().filter_map(|name| name.strip_prefix("data/files/")).collect();
    assert_eq!(files, ["50~25~5cno~0ate~7e", "a/one.csv"]);
    assert!(String::from_utf8_lossy(&held["file_list.csv"]).contains("gone,,,missing,attachments,3\n"));

    // Stock tools check it.
    let folder = app.directory.path().join("bag");
    let run = |program: &str, args: &[&str]| {
        let ran = std::process::Command::new(program).args(args).current_dir(&folder).output().unwrap();
        assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    fs::create_dir(&folder).unwrap();
    run("unzip", &["-q", &archive.path]);
    for manifest in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        run("sha256sum", &["--check", "--strict", "--quiet", manifest]);
    }
    assert_eq!(fs::read(folder.join("data/files/a/one.csv")).unwrap(), b"id,\"a\nb\"");

    // A byte of a file is another one: it is named.
    let mut zip = fs::read(&archive.path).unwrap();
    let name = b"data/files/a/one.csv";
    let at = zip.windows(name.len()).position(|it| it == name).unwrap() + name.len();
    zip[at] ^= 1;
    fs::write(&archive.path, zip).unwrap();
    let faults = daemon.client.verify(full.gid).await.unwrap().faults.join("\n");
    assert!(faults.contains("data/files/a/one.csv"), "{faults}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_release_may_say_less_of_its_files() {
    let columns = "\"path\", \"size\", \"hash\"]";
    let definition = DEFINITION.replace(columns, &format!("{columns}\noptional = [{columns}"));
    for (lacking, files) in [("size", 2), ("hash", 2), ("path", 0)] {
        let app = App::new().await;
        app.upload(1, "a", b"abc").await;
        put(&app.uploads().join("b"), b"abc");
        app.row(1, "b", Some(4), Some(&sha256(b"abd"))).await;
        app.run(&format!("ALTER TABLE attachments DROP COLUMN {lacking}")).await;
        let daemon = app.daemon_of(&definition, Some(app.folder())).await;
        let (archive, manifest) = archive(&daemon, "1").await;
        assert_eq!(manifest.files.map_or(0, |files| files.count), files, "{lacking}");
        let expected = match lacking {
            "size" => Some("attachments 2: b (its SHA-256 is not the row's)"),
            "hash" => Some("attachments 2: b (it has 3 bytes and the row says 4)"),
            _ => None,
        };
        let changed = warnings(&archive).get("files_changed").map(|ids| ids.join(", "));
        assert_eq!(changed.as_deref(), expected, "{lacking}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verification_finds_what_happened_to_a_file_of_an_archive() {
    let app = App::new().await;
    let picture = noise(100_000);
    for name in ["a", "b", "c"] {
        app.upload(1, name, &picture).await;
    }
    let daemon = app.daemon(Some(app.folder())).await;
    let (archive, _) = archive(&daemon, "1").await;
    let bytes = fs::read(&archive.path).unwrap();
    let places: Vec<usize> =
        bytes.windows(64).enumerate().filter(|(_, it)| *it == &picture[..64]).map(|it| it.0).collect();
    let file = File::options().write(true).open(&archive.path).unwrap();
    file.write_all_at(b"?", places[1] as u64 + 500).unwrap();
    let faults = daemon.client.verify(archive.gid).await.unwrap().faults.join("\n");
    assert!(faults.contains("hash differs") && faults.contains("member files/b: "), "{faults}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_files_that_the_query_does_not_give_is_found_by_check() {
    let app = App::new().await;
    let wrong = DEFINITION.replace("path = \"storagePath\"", "path = \"storage_path\"");
    let daemon = app.daemon_of(&wrong, Some(app.folder())).await;
    let check = daemon.client.check("tracker", false).await.unwrap();
    let queries = check.lines.iter().find(|line| line.name == "queries").unwrap();
    assert_eq!(queries.result, CheckResult::Failed);
    let said = "source tracker: section attachments, of which [[files]] reads columns, gives no column `storage_path`";
    assert_eq!(queries.details, [said]);
    let failed = &exports(&daemon, "1", &[Format::Zip]).await[0];
    let message = &failed.error.as_ref().unwrap().message;
    assert!(message.contains("named by column storage_path, which its rows query does not give"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_the_fetching_of_files() {
    let app = App::new().await;
    // Zeros, which take no room and minutes to be compressed.
    File::create(app.uploads().join("large")).unwrap().set_len(64 << 30).unwrap();
    app.row(1, "large", None, None).await;
    let daemon = app.daemon(Some(app.folder())).await;
    let request =
        ExportRequest { organizations: vec!["1".to_owned()], formats: vec![Format::Zip], ..ExportRequest::default() };
    let gid = daemon.client.start_exports(&request).await.unwrap().exports[0].gid;
    let export = async || daemon.client.export(gid).await.unwrap();
    until("files are fetched", async || export().await.progress.is_some_and(|progress| progress.section == "files"))
        .await;
    daemon.client.cancel(gid).await.unwrap();
    until("the export ends", async || export().await.state.is_final()).await;
    assert_eq!(export().await.error.unwrap().code, "canceled");
}
