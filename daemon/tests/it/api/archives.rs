//! Archives: listed, read, verified, compared, deleted, and found again.

use std::fs;

use orgvault_api::{
    ArchiveState::{Damaged, Missing, Present},
    ExportRequest, Format,
    client::{ArchiveFilter, RowsQuery},
};

use super::fixture::{Daemon, organization, problem};
use crate::keep::fixture::{App, ended};

#[tokio::test]
async fn a_rebuild_lists_what_lies_there_and_what_cannot_be_taken_in() {
    let daemon = Daemon::start().await;
    let acme = daemon.publish(1, &organization("acme"), 3);
    let other = daemon.publish(2, &organization("other"), 4);
    let broken = daemon.config.daemon.archive_dir.join("tracker/acme--id-acme");
    fs::write(broken.join("20260131T093000Z-9.json.manifest.json"), "{").unwrap();
    let rebuilt = daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!((rebuilt.archives, rebuilt.skipped.len()), (2, 1), "{rebuilt:?}");
    let all = daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives;
    assert_eq!(all.iter().map(|archive| archive.gid).collect::<Vec<_>>(), [acme, other]);
    let status = daemon.client.status().await.unwrap();
    assert_eq!((status.archives, status.archive_bytes), (2, all.iter().map(|archive| archive.bytes).sum()));
    for name in ["acme", "id-acme", "tracker/acme", "tracker/organization/acme"] {
        let filter = ArchiveFilter { source: None, organization: Some(name.to_owned()) };
        let found = daemon.client.archives(&filter).await.unwrap().archives;
        assert_eq!(found.iter().map(|archive| archive.gid).collect::<Vec<_>>(), [acme], "{name}");
    }
    let elsewhere = ArchiveFilter { source: Some("elsewhere".to_owned()), organization: None };
    assert!(daemon.client.archives(&elsewhere).await.unwrap().archives.is_empty());
}

#[tokio::test]
async fn a_download_is_the_file_with_its_size_and_name() {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1, &organization("acme"), 50_000);
    daemon.client.rebuild_catalog().await.unwrap();
    let path = daemon.client.archive(gid).await.unwrap().path;
    let mut download = daemon.client.download(gid).await.unwrap();
    let name = path.rsplit('/').next().unwrap();
    assert_eq!(download.file_name(), Some(name));
    let mut bytes = Vec::new();
    assert_eq!(download.copy_to(&mut bytes).await.unwrap(), download.bytes().unwrap());
    assert!(bytes == fs::read(&path).unwrap(), "the bytes differ");
}

#[tokio::test]
async fn an_archive_that_is_gone_or_changed_is_seen_and_said() {
    let daemon = Daemon::start().await;
    let gone = daemon.publish(1, &organization("gone"), 3);
    let longer = daemon.publish(2, &organization("longer"), 3);
    let flipped = daemon.publish(3, &organization("flipped"), 3);
    let whole = daemon.publish(4, &organization("whole"), 3);
    daemon.client.rebuild_catalog().await.unwrap();
    let path = async |gid| daemon.client.archive(gid).await.unwrap().path;
    fs::remove_file(path(gone).await).unwrap();
    fs::write(path(longer).await, "{\"items\":[{\"id\":1},{\"id\":2},{\"id\":3},{}]}").unwrap();
    let text = fs::read_to_string(path(flipped).await).unwrap();
    fs::write(path(flipped).await, text.replace('3', "4")).unwrap();

    let states = async || {
        let all = daemon.client.archives(&ArchiveFilter::default()).await.unwrap().archives;
        all.iter().map(|archive| archive.state).collect::<Vec<_>>()
    };
    assert_eq!(states().await, [Missing, Damaged, Present, Present], "a glance sees no flipped bit");
    let refused = problem(daemon.client.download(gone).await);
    assert_eq!((refused.status, refused.code.as_str()), (410, "archive_missing"));
    for (gid, ok) in [(gone, false), (longer, false), (flipped, false), (whole, true)] {
        let found = daemon.client.verify(gid).await.unwrap();
        assert_eq!((found.ok, found.faults.is_empty()), (ok, ok), "{found:?}");
    }
    assert_eq!(states().await, [Missing, Damaged, Damaged, Present]);
    // What was found outlives the catalog.
    daemon.client.rebuild_catalog().await.unwrap();
    assert_eq!(states().await, [Missing, Damaged, Damaged, Present]);
    assert!(daemon.client.archive(whole).await.unwrap().verified.unwrap().ok);
}

#[tokio::test]
async fn rows_come_in_pages_and_are_searched() {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1, &organization("acme"), 25);
    daemon.client.rebuild_catalog().await.unwrap();
    let page = async |after, search: Option<&str>| {
        let query = RowsQuery { after, limit: Some(10), search: search.map(str::to_owned) };
        daemon.client.rows(gid, "items", &query).await.unwrap()
    };
    let first = page(None, None).await;
    assert_eq!((first.rows.len(), first.rows[9].text()), (10, "{\"id\":10}"));
    let third = page(page(first.next, None).await.next, None).await;
    assert_eq!((third.rows.len(), third.next), (5, None));
    assert_eq!(page(None, Some("25")).await.rows.len(), 1);
    let refused = problem(daemon.client.rows(gid, "nothing/at all", &RowsQuery::default()).await);
    assert_eq!((refused.status, refused.code.as_str()), (404, "unknown_section"));
    assert!(refused.detail.contains("nothing/at all") && refused.detail.contains("items"), "{refused:?}");
}

#[tokio::test]
async fn the_time_of_an_export_is_no_difference_and_two_organizations_are_told() {
    let app = App::new().await;
    let daemon = Daemon::start_with(|config| config.sources = vec![app.source()]).await;
    let export = async |slug: &str, format, gzip| {
        let organizations = vec![format!("tracker/{slug}")];
        let request = ExportRequest { organizations, formats: vec![format], gzip, ..ExportRequest::default() };
        let gid = daemon.client.start_exports(&request).await.unwrap().exports[0].gid;
        ended(&daemon.client, gid).await.gid
    };
    let compared = async |left, right| {
        let comparison = daemon.client.compare(left, right).await.unwrap();
        (comparison.identical, comparison.same_data)
    };
    for format in [Format::Json, Format::Zip] {
        let (first, again) = (export("acme", format, false).await, export("acme", format, false).await);
        assert_eq!(compared(first, again).await, (false, Some(true)), "{format}: only the time differs");
        assert_eq!(compared(first, first).await, (true, Some(true)));
        if format == Format::Json {
            assert_eq!(compared(first, export("acme", format, true).await).await, (false, Some(true)), "gzip");
        }
        let other = export("globex", format, false).await;
        assert_eq!(compared(first, other).await, (false, Some(false)));
        app.run("UPDATE work_items SET title = title || '!' WHERE id IN (SELECT min(id) FROM work_items)").await;
        assert_eq!(compared(first, export("acme", format, false).await).await, (false, Some(false)), "as many rows");
    }
    let (json, zip) = (export("acme", Format::Json, false).await, export("globex", Format::Zip, false).await);
    let comparison = daemon.client.compare(json, zip).await.unwrap();
    assert_eq!(comparison.same_data, None, "nobody can tell");
    let slugs = [comparison.left_organization, comparison.right_organization].map(|key| key.unwrap().slug);
    assert_eq!(slugs, ["acme", "globex"]);
    fs::remove_file(daemon.client.archive(json).await.unwrap().path).unwrap();
    let again = export("acme", Format::Json, false).await;
    assert_eq!(compared(json, again).await, (false, None), "its file is gone");
}

#[tokio::test]
async fn two_archives_are_compared_by_section() {
    let daemon = Daemon::start().await;
    let left = daemon.publish(1, &organization("acme"), 25);
    let right = daemon.publish(2, &organization("acme"), 26);
    let same = daemon.publish(3, &organization("acme"), 25);
    daemon.client.rebuild_catalog().await.unwrap();
    let differs = daemon.client.compare(left, right).await.unwrap();
    assert!(!differs.identical);
    let section = &differs.sections[0];
    assert_eq!((section.name.as_str(), section.left, section.right), ("items", Some(25), Some(26)));
    assert!(daemon.client.compare(left, same).await.unwrap().identical);
}

#[tokio::test]
async fn a_deleted_archive_is_gone_from_disk_and_catalog() {
    let daemon = Daemon::start().await;
    let gid = daemon.publish(1, &organization("acme"), 3);
    let kept = daemon.publish(2, &organization("acme"), 3);
    daemon.client.rebuild_catalog().await.unwrap();
    let deleted = daemon.client.delete_archive(gid).await.unwrap();
    assert_eq!(deleted.gid, gid);
    assert!(!fs::exists(&deleted.path).unwrap());
    assert_eq!(problem(daemon.client.archive(gid).await).code, "unknown_archive");
    assert_eq!(daemon.client.rebuild_catalog().await.unwrap().archives, 1);
    assert!(daemon.client.verify(kept).await.unwrap().ok);
}

#[tokio::test]
async fn what_was_put_in_the_place_of_an_archive_is_neither_waited_for_nor_followed() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let daemon = Daemon::start().await;
    let [pipe, link, place] =
        [(1, "acme"), (2, "beta"), (3, "gamma")].map(|(gid, name)| daemon.publish(gid, &organization(name), 3));
    daemon.client.rebuild_catalog().await.unwrap();
    let path = async |gid| std::path::PathBuf::from(daemon.client.archive(gid).await.unwrap().path);
    let (piped, linked, placed) = (path(pipe).await, path(link).await, path(place).await);
    fs::remove_file(&piped).unwrap();
    mknodat(CWD, &piped, FileType::Fifo, Mode::RUSR, 0).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let away = elsewhere.path().join("away");
    fs::rename(&linked, &away).unwrap();
    std::os::unix::fs::symlink(&away, &linked).unwrap();
    let directory = placed.parent().unwrap();
    fs::rename(directory, elsewhere.path().join("place")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("place"), directory).unwrap();
    for (gid, what) in [(pipe, "a named pipe"), (link, "a link"), (place, "behind a link")] {
        let query = RowsQuery { after: None, limit: Some(1), search: None };
        let said = daemon.client.rows(gid, "items", &query).await.unwrap_err().to_string();
        assert!(said.contains(&format!("it is {what} and not a file")), "{said}");
        let verified = daemon.client.verify(gid).await.unwrap();
        assert!(!verified.ok && verified.faults[0].contains(&format!("it is {what} and not a file")), "{verified:?}");
        assert!(daemon.client.preflight(gid, Some("trueppm")).await.is_err());
        assert!(daemon.client.download(gid).await.is_err());
    }
}
