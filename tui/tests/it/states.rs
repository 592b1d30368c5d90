//! The diagrams of `docs/architecture.md` name the states that there are.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

fn document(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
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
fn of_an_export_and_of_a_run() {
    let api: Value = serde_json::from_str(&document("openapi.json")).unwrap();
    let schemas = &api["components"]["schemas"];
    let of_an_export = schemas["State"]["enum"].as_array().unwrap();
    let of_an_export = of_an_export.iter().map(|state| state.as_str().unwrap().to_owned()).collect();
    // A run tells when it came to each.
    let fields = schemas["Run"]["properties"].as_object().unwrap().keys();
    let of_a_run = fields.filter_map(|field| field.strip_suffix("_at")).map(str::to_owned).collect();
    assert_eq!(diagrams(), [of_an_export, of_a_run]);
}
