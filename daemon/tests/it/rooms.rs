//! Who may use whom: the rooms of the daemon, and the crates of the workspace.

#[cfg(test)]
mod paths;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The rooms of `daemon/src`, the lowest first: each uses only those before it.
const ROOMS: [&str; 46] = [
    "permissions",
    "sql",
    "schema",
    "row",
    "notices",
    "secrets",
    "program",
    "watcher",
    "gids",
    "logging",
    "lock",
    "audit",
    "signature",
    "tokens",
    "lifecycle",
    "trust",
    "product",
    "uploads",
    "format",
    "source",
    "restore",
    "store",
    "evidence",
    "define",
    "settings",
    "catalog",
    "context",
    "coverage",
    "keep",
    "export",
    "organization_status",
    "send",
    "restorer",
    "hook",
    "schedule",
    "drill",
    "metrics",
    "reload",
    "server",
    "watch",
    "api",
    "products",
    "run",
    "demo",
    "lib",
    "main",
];

/// Against the order, each with its reason.
const AGAINST: [(&str, &str); 4] = [
    // `products.rs` is the registry: its rows name the rooms of the products, which are made of pieces of these.
    ("format", "products"),
    ("send", "products"),
    ("api", "products"),
    ("restorer", "products"),
];

/// The crates that each crate may be built from, without those that its tests need.
const CRATES: [(&str, &[&str]); 8] = [
    ("shared/files", &[]),
    ("shared/api", &[]),
    ("shared/archive", &["api", "files"]),
    ("shared/products", &["api", "archive", "files"]),
    ("shared/config", &["api", "files", "products"]),
    ("shared/testing", &[]),
    ("daemon", &["api", "archive", "config", "files", "products"]),
    ("tui", &["api", "archive", "config", "files", "products"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code that ships: without comments, and without the tests at the end of a file.
fn shipped(text: &str) -> String {
    let tests = text.match_indices("#[cfg(test)]\nmod ").find(|(at, _)| {
        let line = text.split_at(*at).1.lines().nth(1).unwrap();
        line.ends_with('{') || line.ends_with('}')
    });
    let code = tests.map_or(text, |(at, _)| text.split_at(at).0);
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The first names of all paths that begin at the crate's root.
fn used(code: &str) -> BTreeSet<String> {
    let name = |text: &str| text.chars().take_while(|it| it.is_ascii_lowercase() || *it == '_').collect::<String>();
    let mut used = BTreeSet::new();
    for (at, path) in code.match_indices("crate::") {
        let rest = code.split_at(at + path.len()).1;
        if !rest.starts_with('{') {
            used.insert(name(rest));
            continue;
        }
        let mut depth = 0;
        for (at, character) in rest.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            let begins = matches!(character, '{' | ',') && depth == 1;
            if begins {
                used.insert(name(rest.split_at(at + 1).1.trim_start()));
            }
            if depth == 0 {
                break;
            }
        }
    }
    used.remove("");
    used
}

#[test]
fn names_of_the_root_are_found() {
    let code = "use crate::{\n    a::{b, c::{d}},\n    e,\n};\nuse crate::f::g;\ntype H = crate::i::J;";
    assert_eq!(used(code).into_iter().collect::<Vec<_>>(), ["a", "e", "f", "i"]);
    assert!(used(&shipped("// crate::a\n#[cfg(test)]\nmod tests { use crate::b; }")).is_empty());
    assert!(used(&shipped("#[cfg(test)]\nmod fixture;\nuse crate::b;")).contains("b"));
}

#[test]
fn a_room_uses_only_those_below_it() {
    let place = |room: &str| ROOMS.iter().position(|known| *known == room);
    let directory = root().join("daemon/src");
    let mut files = Vec::new();
    sources(&directory, &mut files);
    assert!(files.len() > 150, "{} files", files.len());
    let mut against = BTreeMap::new();
    for file in files {
        let below = file.strip_prefix(&directory).unwrap();
        let room = below.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let place_of_room = place(&room).unwrap_or_else(|| panic!("give {room} its place in ROOMS"));
        if below.iter().any(|part| matches!(part.to_str(), Some("tests" | "tests.rs" | "fixture.rs"))) {
            continue;
        }
        for other in used(&shipped(&fs::read_to_string(&file).unwrap())) {
            // What is no room is an item of `lib.rs`.
            if place(&other).is_some_and(|other| other > place_of_room) {
                against.entry((room.clone(), other)).or_insert(file.clone());
            }
        }
    }
    let found: BTreeSet<(&str, &str)> = against.keys().map(|(room, other)| (room.as_str(), other.as_str())).collect();
    assert_eq!(found, AGAINST.into_iter().collect(), "{against:#?}");
}

#[test]
fn a_crate_is_built_only_from_those_below_it() {
    for (name, allowed) in CRATES {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("\n[").find(|table| table.starts_with("dependencies]")).unwrap_or_default();
        let ours = dependencies.lines().filter_map(|line| line.strip_prefix("orgvault-"));
        let ours: Vec<&str> = ours.filter_map(|line| line.split(['.', ' ']).next()).collect();
        let strange: Vec<&&str> = ours.iter().filter(|crate_name| !allowed.contains(crate_name)).collect();
        assert!(strange.is_empty(), "{name} is built from {strange:?}");
        if name != "daemon" {
            assert!(!dependencies.contains("sqlx"), "{name} needs a database");
        }
    }
    let below = |directory: &str| {
        let entries = fs::read_dir(root().join(directory)).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.join("Cargo.toml").exists()).count()
    };
    assert_eq!(below("shared") + 2, CRATES.len(), "name every crate in CRATES");
}
