//! Nobody but the store takes or builds the path of an archive: all others name it by its `ArchiveRef` and read it
//! as a stream.

use std::{fs, path::Path};

use super::{root, shipped};

/// A source file without its comments and its tests.
struct Source {
    /// Below the folder that was asked for.
    name: String,
    code: String,
}

/// The sources below a folder of the repository, by name; tests are none.
fn sources(folder: &str) -> Vec<Source> {
    let (folder, mut files) = (root().join(folder), Vec::new());
    super::sources(&folder, &mut files);
    files.retain(|path| !is_test(path));
    files.sort();
    let source = |path: &std::path::PathBuf| {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        Source { name, code: shipped(&fs::read_to_string(path).unwrap()) }
    };
    files.iter().map(source).collect()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.file_stem().is_some_and(|stem| stem == "tests")
}

/// Whether a name may hold this.
fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether `code` has `text` where no longer name has it.
fn mentions(code: &str, text: &str) -> bool {
    code.match_indices(text).any(|(at, _)| {
        let (before, rest) = code.split_at(at);
        let (before, after) = (before.chars().next_back(), rest.chars().nth(text.chars().count()));
        let whole =
            |neighbour: Option<char>, own: Option<char>| !(neighbour.is_some_and(is_name) && own.is_some_and(is_name));
        whole(before, text.chars().next()) && whole(after, text.chars().next_back())
    })
}

/// Who names one of these has to do with archives.
const ABOUT_ARCHIVES: [&str; 7] =
    ["Archive", "ArchiveRef", "Stored", "crate::store", "store::", ".locate(", "orgvault_archive"];

/// What opens, looks at or makes a file.
const FILES: [&str; 8] =
    ["std::path", "PathBuf", "Path::new", "std::fs", "fs::", "File::", "OpenOptions", "AsRef<Path>"];

/// Who may say where the archive directory is: who makes the store of it, who compares two configurations, who shows
/// it, and who checks that systemd lets the daemon write there.
const KNOW_THE_DIRECTORY: [&str; 4] = ["api/status.rs", "main.rs", "reload.rs", "run.rs"];

/// What these files do with other files, and with other paths.
const OTHERS: [(&str, &str); 10] = [
    // What a drill exports again, in its own directory.
    ("drill/written.rs", "in_place"),
    ("drill/written.rs", "PathBuf"),
    ("drill/written.rs", "fs::"),
    ("drill/written.rs", "File::"),
    // An archive that somebody carried here, which is in no store.
    ("restorer/archived.rs", "beside"),
    ("restorer/archived.rs", "in_place"),
    ("restorer/archived.rs", "PathBuf"),
    // The file in which metrics are left for a collector.
    ("metrics.rs", "fs::"),
    ("metrics.rs", "OpenOptions"),
    // The path of a route.
    ("products/rytask/face.rs", ".path"),
];

/// Something of the archive crates that takes a path.
struct Taker {
    /// In which module it is, as its file is called.
    module: String,
    /// Of which type it is; empty for a function.
    of: String,
    name: String,
}

impl Taker {
    /// Whether it is used: by its name where that was imported, or below its type or module.
    fn is_used(&self, code: &str) -> bool {
        let Self { module, of, name } = self;
        if !of.is_empty() {
            return mentions(code, &format!("{of}::{name}("));
        }
        // A module may have the name of what is in it.
        let is_it = |path: &str| path.ends_with(&format!("::{name}")) && !path.ends_with(&format!("products::{name}"));
        mentions(code, &format!("{module}::{name}(")) || used(code).iter().any(|path| is_it(path))
    }
}

/// The full names of what is used of the archive crates.
fn used(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for found in ["orgvault_archive::", "orgvault_products::"] {
        for (at, _) in code.match_indices(found) {
            let (_, rest) = code.split_at(at + found.len());
            let mut depth = 0;
            let end = rest.find(|next: char| {
                depth += i32::from(next == '{') - i32::from(next == '}');
                depth == 0 && !is_name(next) && !matches!(next, ':' | '}')
            });
            let (tree, _) = rest.split_at(end.unwrap_or(rest.len()));
            let mut within = vec![found.trim_end_matches(':').to_owned()];
            flatten(tree, &mut within, &mut names);
        }
    }
    names
}

/// The names in a tree like `{a, b::{c, d}}`.
fn flatten(tree: &str, within: &mut Vec<String>, names: &mut Vec<String>) {
    let (mut name, mut depths) = (String::new(), Vec::new());
    for character in tree.chars().chain([',']) {
        match character {
            '{' => {
                depths.push(within.len());
                within.push(name.trim_end_matches(':').to_owned());
                name.clear();
            }
            ',' | '}' => {
                if !name.is_empty() {
                    names.push(format!("{}::{name}", within.join("::")));
                    name.clear();
                }
                if character == '}' {
                    within.truncate(depths.pop().unwrap_or_default());
                }
            }
            character if character.is_whitespace() => {}
            character => name.push(character),
        }
    }
}

fn take_a_path() -> Vec<Taker> {
    let folders = ["shared/archive/src", "shared/products/src"];
    folders.into_iter().flat_map(sources).flat_map(|source| takers(&source)).collect()
}

fn takers(source: &Source) -> Vec<Taker> {
    let module = source.name.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
    let (mut of, mut takers) = (String::new(), Vec::new());
    for (at, _) in source.code.match_indices('\n') {
        let (_, line) = source.code.split_at(at + 1);
        if let Some(rest) = line.strip_prefix("impl ") {
            of = rest.split([' ', '<']).next().unwrap_or_default().to_owned();
        } else if line.starts_with('}') {
            of.clear();
        } else if let Some(rest) = line.trim_start_matches(' ').strip_prefix("pub fn ") {
            let signature = rest.split('{').next().unwrap_or_default();
            let name = signature.split(['(', '<']).next().unwrap_or_default().to_owned();
            if mentions(signature, "Path") {
                takers.push(Taker { module: module.clone(), of: of.clone(), name });
            }
        }
    }
    takers
}

/// What a file does with paths of archives.
fn faults(source: &Source, takers: &[Taker]) -> Vec<String> {
    let code = source.code.as_str();
    let mut faults: Vec<String> = Vec::new();
    if mentions(code, ".archive_dir") && !KNOW_THE_DIRECTORY.contains(&source.name.as_str()) {
        faults.push(".archive_dir".to_owned());
    }
    faults.extend(takers.iter().filter(|taker| taker.is_used(code)).map(|taker| taker.name.clone()));
    if ABOUT_ARCHIVES.iter().any(|name| mentions(code, name)) {
        faults.extend(FILES.iter().filter(|name| mentions(code, name)).map(|name| (*name).to_owned()));
    }
    let knows_facts = ABOUT_ARCHIVES[..6].iter().any(|name| mentions(code, name));
    // A request's path is asked for by a call.
    if knows_facts && code.split(".path").skip(1).any(|after| !after.starts_with(['(', '_'])) {
        faults.push(".path".to_owned());
    }
    faults
}

fn is_outside(source: &Source) -> bool {
    source.name != "store.rs" && !source.name.starts_with("store/")
}

#[test]
fn no_file_outside_the_store_takes_a_path_of_an_archive() {
    let takers = take_a_path();
    for known in ["beside", "manifest_path", "in_place", "verify", "rows", "preflight"] {
        assert!(takers.iter().any(|taker| taker.name == known), "{known} is not found");
    }
    let sources = sources("daemon/src");
    let mut found: Vec<(&str, String)> = Vec::new();
    for source in sources.iter().filter(|source| is_outside(source)) {
        found.extend(faults(source, &takers).into_iter().map(|fault| (source.name.as_str(), fault)));
    }
    let is_other = |(name, fault): &(&str, String)| OTHERS.contains(&(name, fault));
    let (others, found): (Vec<_>, Vec<_>) = found.into_iter().partition(is_other);
    assert!(found.is_empty(), "ask the store for it: {found:#?}");
    assert_eq!(others.len(), OTHERS.len(), "what is named as another file or path is none any more");
    for name in KNOW_THE_DIRECTORY {
        let source = sources.iter().find(|source| source.name == name).unwrap();
        assert!(mentions(&source.code, ".archive_dir"), "{name} does not have to be named any more");
    }
}

#[test]
fn whoever_does_it_is_found() {
    let takers = take_a_path();
    let of = |code: &str| faults(&Source { name: "keep/new.rs".to_owned(), code: code.to_owned() }, &takers);
    for code in [
        "fn open(archive: &Archive) { std::fs::read(&archive.path) }",
        "fn open(archive: &Stored) { let path = &archive.path; }",
        "use crate::store::Key; use std::path::Path;",
        "use orgvault_archive::{Manifest, manifest::manifest_path}; fn a() { manifest_path(path) }",
        "use orgvault_archive::{Report, verify};",
        "fn a() { orgvault_archive::rows(name.as_ref(), None) }",
        "fn a() { Manifest::beside(name.as_ref()) }",
        "fn a() { tokio::fs::read(store.locate(&key)) }",
        "let place = config.daemon.archive_dir.join(\"tracker\");",
        "use orgvault_products::preflight::preflight;",
        "use orgvault_products::preflight::{self, Preflight}; fn a() { preflight::preflight(product, name.as_ref()) }",
    ] {
        assert!(!of(code).is_empty(), "{code}");
    }
    for code in [
        "fn a(request: &Request, archive: &Archive) { request.uri().path() }",
        "use std::path::Path; fn a(config: &Config) { Path::new(\"/etc\") }",
        "use orgvault_products::preflight::preflight_of;",
        "use orgvault_archive::verify::{Report, verify_opened};",
        "use orgvault_products::preflight::{self, Preflight}; fn a() { preflight::preflight_of(product, &reader) }",
    ] {
        assert_eq!(of(code), [""; 0], "{code}");
    }
}
