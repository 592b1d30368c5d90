//! What solidtime's importer refuses or drops, and what it takes instead: no value that was not there before.

use serde_json::Value;

use super::preflight::{LONGEST_DESCRIPTION, is_color, is_filled, is_uuid};

/// Whether the importer takes it as a name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    is_filled(text.as_bytes())
}

/// The same color as the importer takes it; none where it is taken as it is, or is no color.
#[must_use]
pub fn color(text: &str) -> Option<String> {
    if is_color(text.as_bytes()) && !text.ends_with('\n') {
        return None;
    }
    let digits = text.trim().trim_start_matches('#').to_ascii_lowercase();
    let long = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        _ => digits,
    };
    Some(format!("#{long}")).filter(|color| is_color(color.as_bytes()))
}

/// As much of a description as the importer takes; none where it takes all.
#[must_use]
pub fn description(text: &str) -> Option<&str> {
    if text.len() <= LONGEST_DESCRIPTION {
        return None;
    }
    let end = (0..=LONGEST_DESCRIPTION).rev().find(|end| text.is_char_boundary(*end))?;
    text.get(..end)
}

/// The tags of a time entry without those that the importer drops, or makes a null of; none where it takes all. What
/// is no list is no tag.
#[must_use]
pub fn tags(json: &str, is_known: impl Fn(&str) -> bool) -> Option<String> {
    let items = match serde_json::from_str(json) {
        Ok(Value::Null) => return None,
        Ok(Value::Array(items)) => items,
        _ => return Some("null".to_owned()),
    };
    let all = items.len();
    let kept = |item: &Value| item.as_str().is_some_and(|id| is_uuid(id) && is_known(id));
    let kept: Vec<Value> = items.into_iter().filter(kept).collect();
    (kept.len() < all).then(|| Value::Array(kept).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_the_same_in_the_importers_words() {
        for (text, made) in [
            ("#EF5350", Some("#ef5350")),
            ("#Fa0", Some("#ffaa00")),
            ("ef5350", Some("#ef5350")),
            ("#ef5350\n", Some("#ef5350")),
            ("#ef5350", None),
            ("red", None),
            ("", None),
        ] {
            assert_eq!(color(text).as_deref(), made, "{text:?}");
        }
    }

    #[test]
    fn a_description_is_cut_between_characters() {
        assert_eq!(description(&"x".repeat(5000)), None);
        assert_eq!(description(&"x".repeat(5001)).unwrap().len(), 5000);
        assert_eq!(description(&format!("x{}", "ü".repeat(2500))).unwrap().len(), 4999);
    }

    #[test]
    fn tags_that_are_known_stay_in_their_order() {
        let [one, two] = ["00000006-0000-4000-8000-000000000001", "00000006-0000-4000-8000-000000000002"];
        let known = |id: &str| id == one;
        assert_eq!(tags(&format!("[\"{one}\", \"{one}\"]"), known), None);
        assert_eq!(tags("null", known), None);
        assert_eq!(tags("[]", known), None);
        assert_eq!(tags(&format!("[\"{two}\", 1, \"{one}\", \"u\"]"), known).unwrap(), format!("[\"{one}\"]"));
        assert_eq!(tags("{\"a\": 1}", known).unwrap(), "null");
    }
}
