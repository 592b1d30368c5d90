//! Bodies that end before their file does: at 64 places, however a client learns of an end.

use std::collections::BTreeMap;

use orgvault_api::{ExportRequest, State, client::ExportFilter};
use serde_json::json;

use super::{
    content::{asana, gzip, gzip_members, zip},
    direct::{JSON, LINES_IN_GZIP, ZIP, definition, route},
    fixture::{Api, code, define, files},
    reply::{Framing, Reply},
};
use crate::api::fixture::until;

const PLACES: usize = 64;

/// The code of each export of a source whose organizations' files are cut at each place, and those of
/// whole files, by the name of the framing and the place.
async fn codes(export: &str, file: &[u8]) -> BTreeMap<String, String> {
    let api = Api::start().await;
    let mut organizations = Vec::new();
    for (name, framing) in [("length", Framing::Length), ("chunked", Framing::Chunked), ("close", Framing::Close)] {
        let whole = Reply::file(file).framed(framing);
        organizations.push(format!("{name}-whole"));
        api.base.on(&route(&format!("{name}-whole")), [whole.clone()]);
        for place in 0..PLACES {
            let cut = whole.clone().cut(file.len() * place / PLACES);
            organizations.push(format!("{name}-{place:02}"));
            // With and without the alert of TLS that the connection ends.
            api.base.on(&route(&format!("{name}-{place:02}")), [if place % 2 == 0 { cut } else { cut.abrupt() }]);
        }
    }
    let named: Vec<&str> = organizations.iter().map(String::as_str).collect();
    let source = api.source("direct", "", &named, "");
    let daemon = api
        .daemon_with(&source, |config| {
            define(config, "direct", &definition("\"bearer\"", export));
            config.daemon.workers = 16;
        })
        .await;
    let request = ExportRequest { all: true, ..ExportRequest::default() };
    daemon.client.start_exports(&request).await.unwrap();
    let open = async |state| {
        let filter = ExportFilter { state: Some(state), ..ExportFilter::default() };
        daemon.client.all_exports(&filter).await.unwrap().exports.len()
    };
    until("all exports end", async || open(State::Pending).await + open(State::Started).await == 0).await;
    let exports = daemon.client.all_exports(&ExportFilter::default()).await.unwrap().exports;
    assert_eq!(exports.len(), 3 * (PLACES + 1));
    let finished = exports.iter().filter(|export| export.state == State::Finished).count();
    let kept = files(&daemon.config.daemon.archive_dir);
    let archives = kept.iter().filter(|path| path.extension().is_some_and(|it| it == "gz" || it == "zip"));
    let of_json = kept.iter().filter(|path| path.to_str().unwrap().ends_with("Z.json"));
    assert!(kept.iter().all(|path| !path.to_string_lossy().contains(".partial")), "{kept:?}");
    assert!(archives.count() + of_json.count() <= finished, "{kept:?}");
    api.assert_no_strays();
    exports.iter().map(|export| (export.organization.id.clone(), code(export).to_owned())).collect()
}

/// Each cut is an error, and the whole file none where `proven` says so of its framing.
async fn assert_cuts_are_found(export: &str, file: &[u8], closed: &str) {
    let codes = codes(export, file).await;
    for (organization, code) in codes {
        let expected = match organization.as_str() {
            "length-whole" | "chunked-whole" => "",
            "close-whole" => closed,
            _ => "truncated",
        };
        assert_eq!(code, expected, "{organization}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_of_one_member() {
    assert_cuts_are_found(LINES_IN_GZIP, &gzip(asana(1331, 40).as_bytes()), "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_of_three_members() {
    assert_cuts_are_found(LINES_IN_GZIP, &gzip_members(asana(1331, 40).as_bytes(), 3), "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zip() {
    let rows = (0..200).map(|id| format!("{id},row {id}\n")).collect::<Vec<_>>().concat();
    let table = format!("id,name\n{rows}");
    let file = zip(&[("rows.csv", table.as_bytes()), ("meta.json", b"{}")]);
    assert_cuts_are_found(ZIP, &file, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_whose_end_nothing_but_its_length_proves() {
    let rows: Vec<_> = (0..200).map(|id| json!({"id": id, "name": format!("row {id}")})).collect();
    assert_cuts_are_found(JSON, json!(rows).to_string().as_bytes(), "truncated").await;
}
