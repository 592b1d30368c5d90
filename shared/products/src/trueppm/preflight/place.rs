//! Where in a document a fault is: JSON pointers, paths for people, and ids.

use serde_json::Value;

/// `/projects/0/slug` of `$.projects[0].slug`, whose keys have no special characters.
pub(super) fn pointer(path: &str) -> String {
    path.trim_start_matches('$').replace(['.', '['], "/").replace(']', "")
}

/// `$.projects[0].slug` of `/projects/0/slug`.
pub(super) fn path(pointer: &str) -> String {
    let mut path = String::from("$");
    for part in pointer.split('/').skip(1) {
        let index = part.bytes().all(|byte| byte.is_ascii_digit());
        path.extend(if index { ["[", part, "]"] } else { [".", part, ""] });
    }
    path
}

/// What names the innermost thing around the pointer: its slug, WBS path, user name or name.
pub(super) fn id_of(document: &Value, pointer: &str) -> Option<String> {
    const KEYS: [&str; 4] = ["slug", "wbs_path", "username", "name"];
    let mut found = None;
    let mut at = document;
    for part in pointer.split('/').skip(1) {
        at = match at {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            Value::Object(members) => match members.get(part) {
                Some(value) => value,
                None => return found,
            },
            _ => return found,
        };
        let name = KEYS.iter().find_map(|key| at.get(key)?.as_str().filter(|name| !name.is_empty()));
        found = name.map(str::to_owned).or(found);
    }
    found
}
