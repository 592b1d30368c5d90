//! What is written of export APIs: every key, an example that is a definition, and a page for each one that is shipped.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::PathBuf};

use orgvault_config::{Config, Environment};

use super::*;
use crate::product::{Products, api::DownloadFrom};

const PAGE: &str = include_str!("../../../../../docs/export-apis.md");
const LEDGER: &str = include_str!("../../../../tests/it/fixtures/ledger.toml");

/// Keys that are tables too.
const ALSO_TABLES: [&str; 3] = ["api.auth", "api.headers", "api.list.next"];

fn part(heading: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("\n## {heading}")).unwrap();
    rest.split("\n## ").next().unwrap()
}

/// The blocks of TOML in a text.
fn blocks(text: &str) -> Vec<&str> {
    text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_page_has_every_key_that_is_read_and_no_other() {
    let document = Document::parse(LEDGER, Path::new("ledger.toml")).unwrap();
    let (_, _, asked) = document.read_and_list(of_any_kind);
    let is_table = |key: &String| asked.iter().any(|other| other.starts_with(&format!("{key}.")));
    // A condition has the same keys wherever one stands; they are told once, by their names alone.
    let conditions = ["api.errors.refused", "export.job.busy", "export.job.state"];
    let condition = |key: &str| key.rsplit_once('.').is_some_and(|(of, name)| conditions.contains(&of) && name != "is");
    let known: BTreeSet<String> = asked
        .iter()
        .filter(|key| !is_table(key) || ALSO_TABLES.contains(&key.as_str()) || conditions[..2].contains(&key.as_str()))
        .filter(|key| {
            !condition(key) && !key.starts_with("api.headers.") && !key.starts_with("export.job.create.body.")
        })
        .map(|key| key.replace("gather.books.", "gather.NAME."))
        .filter(|key| {
            let next = key.strip_prefix("export.job.gather.NAME.next.");
            next.is_none()
        })
        .chain(["export.job.gather.NAME.next".to_owned()])
        .collect();
    let rows = part("Every key").lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let shown: BTreeSet<String> =
        cells.flat_map(|cell| cell.split(',')).map(|key| key.trim().trim_matches('`').to_owned()).collect();
    assert_eq!(shown, known);
    for name in ["`status`", "`at`", "`values`", "`null`", "`says`"] {
        assert!(part("A definition").contains(name), "{name}");
    }
}

#[test]
fn the_example_is_a_definition() {
    let example = blocks(part("A definition of one's own"))[0];
    let definition = parse(example, Path::new("ledger.toml")).unwrap();
    let api = definition.api.unwrap();
    let export = api.export("company", Format::Json).unwrap();
    assert!(export.gzip && export.job.is_some() && !export.content.identity.is_empty());
    assert_eq!(export.download.from, DownloadFrom::Pointer("/link".to_owned()));
}

#[test]
fn each_definition_that_is_shipped_has_a_page_that_its_table_leads_to() {
    let products = Products::embedded().unwrap();
    let table = part("Definitions that come with orgvault");
    let mut pages = BTreeSet::new();
    for (name, product) in products.iter() {
        let Some(api) = &product.definition.api else { continue };
        assert!(table.contains(&format!("| [`{name}`](apis/{name}.md) |")), "{name}");
        let page = fs::read_to_string(directory().join(format!("{name}.md"))).unwrap();
        for heading in ["holds", "omits", "needs", "Limits and links", "verified"] {
            assert!(page.lines().any(|line| line.starts_with("## ") && line.contains(heading)), "{name}: {heading}");
        }
        let told = api.exports.iter().flat_map(|export| &export.download.hosts);
        for host in told {
            assert!(page.contains(host.as_str()), "{name} does not name {host}");
        }
        let read = sources(&page);
        assert!(read.sources.iter().all(|source| source.product == name && source.api.is_some()), "{name}");
        pages.insert(format!("{name}.md"));
    }
    let there = fs::read_dir(directory()).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap());
    assert_eq!(there.collect::<BTreeSet<_>>(), pages);
}

#[test]
fn the_sources_of_the_page_can_be_read() {
    let (before, _) = PAGE.split_once("\n## A definition").unwrap();
    let read = sources(before);
    assert_eq!((read.sources.len(), read.schedules.len()), (1, 1));
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/apis")
}

/// The configuration in the first block of a page, with a token that is there.
fn sources(page: &str) -> Config {
    let files = tempfile::tempdir().unwrap();
    let token = files.path().join("token");
    fs::write(&token, "s3cret").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let with_token = |line: &str| {
        if line.starts_with("token_file = ") { format!("token_file = {token:?}") } else { line.to_owned() }
    };
    let block: Vec<String> = blocks(page)[0].lines().map(with_token).collect();
    let environment = Environment { file: files.path().join("config.toml"), ..Environment::default() };
    Config::parse(&block.join("\n"), &environment).unwrap_or_else(|problems| panic!("{problems}"))
}
