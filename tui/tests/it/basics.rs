//! What holds for every command: help, version, usage.

use crate::orgvault::{alone, command};
use std::path::Path;

#[test]
fn without_a_command_it_prints_short_help_and_is_usage() {
    let ran = alone(&[]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ran.err);
}

#[test]
fn long_help_lists_the_exit_codes() {
    insta::assert_snapshot!(alone(&["--help"]).ok());
}

#[test]
fn the_help_of_export_has_examples() {
    insta::assert_snapshot!(alone(&["export", "--help"]).ok());
}

#[test]
fn it_tells_its_version() {
    assert_eq!(alone(&["--version"]).ok(), format!("orgvault {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_arguments_are_usage() {
    for args in [
        &["nonsense"][..],
        &["--json"],
        &["export"],
        &["export", "acme", "--all"],
        &["export", "acme", "--source", "tracker"],
        &["export", "acme", "--deleted"],
        &["export", "acme", "--format", "xml"],
        &["export", "acme", "globex", "--out", "x"],
        &["export", "--all", "--out", "x"],
        &["export", "acme", "--format", "json,csv", "--out", "x"],
        &["export", "acme", "--format", "csv", "--out", "x"],
        &["export", "acme", "--out", "/"],
        &["exports", "--state", "done"],
        &["cancel", "0x1"],
        &["verify"],
        &["verify", "1", "--all"],
        &["delete", "1", "--yes", "2"],
        &["catalog"],
    ] {
        let ran = alone(args);
        let usage = ran.code == Some(2) && ran.out.is_empty() && !ran.err.is_empty();
        assert!(usage, "{args:?}: {}", ran.all());
    }
}

#[test]
fn completions_need_no_daemon() {
    for shell in ["bash", "zsh", "fish"] {
        let script = alone(&["completions", shell]).ok();
        assert!(script.contains("orgvault") && script.contains("archives"), "{shell}");
    }
    let json: serde_json::Value = serde_json::from_str(&alone(&["completions", "bash", "--json"]).ok()).unwrap();
    assert_eq!(json["shell"], "bash");
}

#[test]
fn a_full_disk_is_a_failure_and_a_closed_pipe_is_none() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ran = command(Path::new("/x"), &["completions", "bash"]).stdout(full).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8(ran.stderr).unwrap().contains("cannot write the result: No space left on device"));

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = command(Path::new("/x"), &["completions", "bash"]).stdout(writer).output().unwrap();
    assert_eq!((ran.status.code(), ran.stderr), (Some(0), Vec::new()));
}
