//! What programs say of a `full` archive that know nothing of orgvault.

use std::path::Path;

use orgvault_api::OrganizationKey;
use orgvault_testing::{
    postgres::{RYTASK, SOLIDTIME, TRUEPPM},
    readers::readers,
    schemas::{RandomSchema, TENANTS, with_seeds},
};
use tempfile::TempDir;

use super::{
    changed::Changed,
    fixture::{Made, TEAMS, full, team, teams},
    ran, run, unpacked,
};
use crate::restore::random;

/// Every one of them takes it.
pub(crate) fn is_taken(folder: &Path) {
    let [bagit, frictionless] = programs();
    for sums in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        run(folder, "sha256sum", &["--check", "--strict", "--quiet", sums]);
    }
    run(folder, &bagit, &["--validate", "--quiet", "."]);
    run(folder, &frictionless, &["validate", "datapackage.json"]);
}

fn programs() -> [String; 2] {
    ["bagit.py", "frictionless"].map(|name| readers().join(name).to_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_is_easily_lost_is_taken() {
    let (_database, source) = teams(TEAMS);
    let made = full(&source, &team(1)).await.unwrap();
    is_taken(unpacked(&made.path).path());
}

#[tokio::test]
async fn the_products_are_taken() {
    for (product, tables) in [("rytask", RYTASK), ("solidtime", SOLIDTIME), ("trueppm", TRUEPPM)] {
        let (_database, source) = super::product(product, tables);
        let organization: OrganizationKey = source.organizations().await.unwrap().remove(0).key;
        is_taken(unpacked(&full(&source, &organization).await.unwrap().path).path());
    }
}

#[test]
fn schemas_by_chance_are_taken() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    with_seeds(1, |seed| {
        let schema = RandomSchema::new(seed);
        let database = random::empty(&schema);
        database.psql(&schema.rows);
        let made = runtime.block_on(random::archived(&database, &random::definition(&schema), TENANTS[0]));
        is_taken(unpacked(&made.path).path());
    });
}

/// The archive of team 1 after somebody has changed it.
async fn changed(change: impl FnOnce(Changed) -> Changed) -> TempDir {
    let (_database, source) = teams(TEAMS);
    let Made { path, .. } = &full(&source, &team(1)).await.unwrap();
    change(Changed::open(path)).write(path);
    unpacked(path)
}

#[tokio::test]
async fn a_key_that_is_there_twice_or_names_nothing_is_refused() {
    let [bagit, frictionless] = programs();
    for (old, new, said) in [
        ("13,1,\\N,\\N", "12,1,\\N,\\N", "primary-key"),
        ("12,1,\\N,11", "12,1,\\N,99", "foreign-key"),
        ("12,1,", "twelve,1,", "type-error"),
    ] {
        let folder = changed(|archive| archive.exchange("notes", old, new)).await;
        run(folder.path(), &bagit, &["--validate", "--quiet", "."]);
        let (taken, words) = ran(folder.path(), &frictionless, &["validate", "datapackage.json"]);
        assert!(!taken && words.contains(said), "{words}");
    }
}
