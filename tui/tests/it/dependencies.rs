//! What the console is built from.

use std::process::Command;

/// The packages of a crate's normal dependencies, one `name version` a line.
fn tree(package: &str) -> String {
    let tree = ["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none", "--package", package];
    let output = Command::new(env!("CARGO")).args(tree).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn it_has_neither_the_daemon_nor_a_database_nor_a_server() {
    let tree = tree("orgvault");
    assert!(tree.lines().any(|line| line.starts_with("ratatui ")), "{tree}");
    for package in ["orgvault-daemon", "sqlx", "libsqlite3-sys", "axum", "reqwest", "rustls"] {
        let found = tree.lines().find(|line| line.split(' ').next().is_some_and(|name| name.starts_with(package)));
        assert_eq!(found, None, "the console links {package}");
    }
}
