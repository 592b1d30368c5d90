//! `docs/commands.md` tells every command, every option and every field of `--json`.

use std::{collections::BTreeSet, fs, path::Path};

use crate::orgvault::alone;

fn document() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands.md")).unwrap()
}

/// The document's part about one command.
fn part(document: &str, command: &str) -> Option<String> {
    let mut parts = document.split("\n## `orgvault ");
    parts.find(|part| part.split(['`', ' ']).next() == Some(command)).map(str::to_owned)
}

fn commands() -> Vec<String> {
    let help = alone(&["--help"]).ok();
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    listed.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_and_option_is_documented() {
    let document = document();
    let commands = commands();
    assert!(commands.len() > 15, "{commands:?}");
    for command in commands {
        let Some(part) = part(&document, &command) else { panic!("`orgvault {command}` is not documented") };
        assert!(part.contains("\nJSON: "), "`orgvault {command}` has no JSON");
        let help = alone(&[&command, "--help"]).ok();
        for option in help.lines().filter_map(|line| line.trim().strip_prefix("--")) {
            let name = option.split([' ', '=']).next().unwrap();
            let everywhere = ["socket", "json", "no-color", "host", "help"].contains(&name);
            assert!(
                everywhere || part.contains(&format!("--{name}")),
                "`orgvault {command} --{name}` is not documented"
            );
        }
    }
}

#[test]
fn the_role_of_every_command_is_documented() {
    let document = document();
    let roles = document.split("\n## ").find(|part| part.starts_with("Roles\n")).unwrap();
    let cells = roles.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let named: BTreeSet<&str> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter_map(|command| command.split(' ').next())
        .collect();
    for command in commands() {
        assert!(named.contains(command.as_str()), "the role of `orgvault {command}` is not documented");
    }
}

#[test]
fn every_line_of_a_check_is_documented() {
    let part = part(&document(), "check").unwrap();
    let source = include_str!("../../../daemon/src/source/sql/check.rs");
    let names = source.split_once("NAMES: [&str;").unwrap().1.split_once("];").unwrap().0;
    let names: Vec<&str> = names.split('"').skip(1).step_by(2).collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        assert!(part.contains(&format!("\n| `{name}` |")), "the line `{name}` is not documented");
    }
}

#[test]
fn every_field_is_documented() {
    let document = document();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    let mut fields = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        // The columns of a row are the archive's own.
        if !path.ends_with("it__lists__rows.snap") {
            fields.extend(
                text.lines().filter_map(|line| Some(line.trim().strip_prefix('"')?.split_once("\":")?.0.to_owned())),
            );
        }
    }
    assert!(fields.len() > 40, "{fields:?}");
    for field in fields {
        let forms = [format!("`{field}`"), format!("\"{field}\"")];
        assert!(forms.iter().any(|form| document.contains(form)), "the field `{field}` is not documented");
    }
}

#[test]
fn every_exit_code_is_documented() {
    let help = alone(&["--help"]).ok();
    let codes: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Exit codes:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(codes, ["0", "1", "2", "3", "4", "5", "129", "130", "143"]);
    for code in codes {
        assert!(document().contains(&format!("\n| {code} | ")), "exit code {code} is not documented");
    }
}
