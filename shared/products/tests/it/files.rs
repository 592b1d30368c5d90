//! Files that are none, as somebody else may have put them in an archive's place.

use std::{fs, os::unix::fs::symlink};

use orgvault_files::open::not_a_file;
use orgvault_products::preflight::{PreflightError, preflight, recognize};
use rustix::fs::{CWD, FileType, Mode, mknodat};

const PRODUCTS: [&str; 2] = ["solidtime", "trueppm"];

#[test]
fn a_named_pipe_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.json");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    for product in PRODUCTS {
        let look = preflight(product, &path);
        assert!(matches!(look, Err(PreflightError::Read { cause, .. }) if not_a_file(&cause).is_some()), "{product}");
    }
    assert!(recognize(&path).is_err());
}

#[test]
fn no_link_leads_out_of_the_directory() {
    let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (secret, link) = (elsewhere.path().join("secret.json"), directory.path().join("a.json"));
    fs::write(&secret, "{}").unwrap();
    symlink(&secret, &link).unwrap();
    for product in PRODUCTS {
        assert!(preflight(product, &link).is_err(), "{product}");
    }
    assert!(recognize(&link).is_err());
}
