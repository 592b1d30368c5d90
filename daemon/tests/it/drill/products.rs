//! Every organization of the products' own fixtures goes back, with each format that the products themselves read.

use orgvault_api::{Format, Verdict};
use orgvault_testing::postgres::{Database, RYTASK, SOLIDTIME, TRUEPPM};

use super::fixture::Stage;

/// Exports every organization in all its formats, and drills it.
async fn all_pass(product: &str, tables: &str, native: &[(&str, &[Format])]) {
    let app = Database::new();
    app.psql(tables);
    let stage = Stage::of(product, app, |_config| {}).await;
    let listed = stage.daemon.client.organizations(None).await.unwrap().organizations;
    assert!(listed.len() > 1);
    for organization in listed.iter().map(|listed| &listed.key) {
        let (_, formats) = native.iter().find(|(kind, _)| *kind == organization.kind).unwrap();
        let all = [&[Format::Full], *formats].concat();
        let archive = stage.archive_of(&organization.tenant().to_string(), &all).await;
        let drill = stage.drill_of(archive).await;
        assert_eq!(drill.verdict, Some(Verdict::Passed), "{product} {}: {drill:#?}", organization.name);
        let compared = drill.proofs.iter().filter(|proof| proof.name == "native_export");
        assert_eq!(compared.filter_map(|proof| proof.format).collect::<Vec<_>>(), *formats);
        assert_eq!(stage.left(&drill), [""; 0]);
    }
}

#[tokio::test]
async fn rytask_goes_back() {
    all_pass("rytask", RYTASK, &[("organization", &[Format::Json])]).await;
}

#[tokio::test]
async fn solidtime_goes_back() {
    all_pass("solidtime", SOLIDTIME, &[("organization", &[Format::Zip])]).await;
}

#[tokio::test]
async fn trueppm_goes_back() {
    all_pass("trueppm", TRUEPPM, &[("program", &[Format::Seed, Format::SeedEvents]), ("project", &[Format::Seed])])
        .await;
}
