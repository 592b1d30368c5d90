//! What the documents for those who carry on say of the repository is true.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn document(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// The states that a diagram names, of each in the order of the document.
fn diagrams() -> Vec<BTreeSet<String>> {
    let document = document("architecture.md");
    let diagrams = document.split("stateDiagram-v2").skip(1).map(|rest| rest.split("```").next().unwrap());
    let states = |diagram: &str| {
        let arrows = diagram.lines().filter_map(|line| line.split(':').next()?.split_once("-->"));
        let ends = arrows.flat_map(|(from, to)| [from.trim().to_owned(), to.trim().to_owned()]);
        ends.filter(|state| state != "[*]").collect()
    };
    diagrams.map(states).collect()
}

#[test]
fn the_diagrams_name_the_states_of_an_export_of_a_job_and_of_a_run() {
    let api: Value = serde_json::from_str(&document("openapi.json")).unwrap();
    let schemas = &api["components"]["schemas"];
    let states = |name: &str| -> BTreeSet<String> {
        let states = schemas[name]["enum"].as_array().unwrap();
        states.iter().map(|state| state.as_str().unwrap().to_owned()).collect()
    };
    // A run tells when it came to each.
    let fields = schemas["Run"]["properties"].as_object().unwrap().keys();
    let of_a_run = fields.filter_map(|field| field.strip_suffix("_at")).map(str::to_owned).collect();
    assert_eq!(diagrams(), [states("State"), states("JobState"), of_a_run]);
}

/// Files and folders of the repository that a text names in backticks, without those that stand for any.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|word| {
        let rooms = ["daemon/", "shared/", "tui/", "docs/", "scripts/", "findings/", "systemd/", "changelog.d/"];
        let room = rooms.iter().any(|room| word.starts_with(room));
        room && !word.contains([' ', '*', '<']) && !word.contains("NAME") && !word.contains("some-words")
    })
}

#[test]
fn every_file_that_is_named_is_there() {
    let mut documents = vec![root().join("CONTRIBUTING.md"), root().join("docs/adding.md")];
    let decisions = fs::read_dir(root().join("docs/decisions")).unwrap();
    documents.extend(decisions.map(|entry| entry.unwrap().path()));
    assert!(documents.len() > 10);
    let mut missing = Vec::new();
    for path in documents {
        let text = fs::read_to_string(&path).unwrap();
        let gone = named(&text).filter(|name| !root().join(name).exists());
        missing.extend(gone.map(|name| format!("{} names {name}", path.display())));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
