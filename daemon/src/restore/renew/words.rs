//! What the names of columns and the conditions of a definition say of ids.

use crate::sql::tokens;

/// Whether a column or key is an id by its name: `id`, `task_id`, `taskId`, `taskIDs`.
pub(super) fn is_id(name: &str) -> bool {
    let name = name.strip_suffix(['s', 'S']).unwrap_or(name);
    let Some(before) = name.strip_suffix("id").or(name.strip_suffix("Id")).or(name.strip_suffix("ID")) else {
        return false;
    };
    let is_word = before.ends_with(['_', '-', ' ']) || before.is_empty();
    is_word
        || (!name.ends_with("id") && before.ends_with(|last: char| last.is_ascii_lowercase() || last.is_ascii_digit()))
}

/// The columns of a table that a condition compares with the organization's id: `organization_id = $1`. What stands in
/// a query within it is of another table.
pub(super) fn tenant_columns(condition: &str, columns: &[String]) -> Vec<String> {
    let words: Vec<&str> = tokens(condition).filter(|token| !token.trim().is_empty()).collect();
    // For each open bracket whether a query stands in it.
    let mut open: Vec<bool> = Vec::new();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match *word {
            "(" => open.push(words.get(at + 1).is_some_and(|next| next.eq_ignore_ascii_case("select"))),
            ")" => drop(open.pop()),
            "=" if !open.contains(&true) => {
                let beside = |place: Option<usize>| place.and_then(|place| words.get(place)).copied();
                let (left, right) = (beside(at.checked_sub(1)), beside(at.checked_add(1)));
                let named = match (left, right) {
                    (Some(name), Some("$1")) | (Some("$1"), Some(name)) => column(name, columns),
                    _ => None,
                };
                found.extend(named);
            }
            _ => {}
        }
    }
    found
}

fn column(word: &str, columns: &[String]) -> Option<String> {
    let quoted = word.strip_prefix('"').and_then(|word| word.strip_suffix('"'));
    let name = quoted.map_or_else(|| word.to_ascii_lowercase(), |name| name.replace("\"\"", "\""));
    columns.contains(&name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_that_it_is_an_id() {
        for name in ["id", "ID", "ids", "task_id", "task_ids", "taskId", "taskIDs", "x-id", "v2Id"] {
            assert!(is_id(name), "{name}");
        }
        for name in ["paid", "grid", "uid2", "identity", "s", "void", "IDENT", "PAID"] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn a_condition_says_which_column_has_the_organizations_id() {
        let columns = ["org_id", "id", "Org"].map(str::to_owned);
        let found = |condition| tenant_columns(condition, &columns);
        assert_eq!(found("org_id = $1"), ["org_id"]);
        assert_eq!(found("(($1 = \"Org\") AND deleted IS NULL)"), ["Org"]);
        assert_eq!(found("ORG_ID = $1 OR id = $1"), ["org_id", "id"]);
        assert_eq!(found("id IN (SELECT x FROM y WHERE org_id = $1)"), Vec::<String>::new());
        assert_eq!(found("id IN (SELECT x FROM y WHERE (org_id = $1)) AND id = $1"), ["id"]);
        assert_eq!(found("other = $1"), Vec::<String>::new());
    }
}
