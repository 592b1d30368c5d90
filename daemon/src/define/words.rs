//! The words of names: `assigneeUserId` is "assignee user id", and `issue` may stand for `issues`.

/// Words that mean one and many, where the usual endings do not tell.
const IRREGULAR: [(&str, &str); 9] = [
    ("people", "person"),
    ("children", "child"),
    ("men", "man"),
    ("women", "woman"),
    ("criteria", "criterion"),
    ("indices", "index"),
    ("matrices", "matrix"),
    ("vertices", "vertex"),
    ("media", "medium"),
];

/// The words of a name, in lower case: at `_`, `-`, blanks and dots, and before a capital that begins
/// one.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let characters: Vec<char> = name.chars().collect();
    for (at, character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| characters.get(at));
        let after = characters.get(at + 1);
        let begins = character.is_uppercase()
            && (before.is_some_and(|it| it.is_lowercase() || it.is_ascii_digit())
                || before.is_some_and(|it| it.is_uppercase()) && after.is_some_and(|it| it.is_lowercase()));
        if begins || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether two words are one but for their number.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one == other || singulars(one).iter().any(|form| singulars(other).contains(form))
}

/// Whether two names are one but for the number of their last words.
pub(super) fn are_same(one: &[String], other: &[String]) -> bool {
    let (Some((one_last, one)), Some((other_last, other))) = (one.split_last(), other.split_last()) else {
        return false;
    };
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        && is_same(one_last, other_last)
}

/// What a word may be one of: itself, and without what makes it many.
pub(super) fn singulars(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    forms.extend(IRREGULAR.iter().filter(|(many, _)| *many == word).map(|(_, one)| (*one).to_owned()));
    if let Some(stem) = word.strip_suffix("ies") {
        forms.push(format!("{stem}y"));
    }
    if let Some(stem) = word.strip_suffix("ves") {
        forms.extend([format!("{stem}f"), format!("{stem}fe")]);
    }
    if let Some(stem) = word.strip_suffix("es").filter(|stem| stem.ends_with(['s', 'x', 'z', 'o', 'h'])) {
        forms.push(stem.to_owned());
    }
    if let Some(stem) = word.strip_suffix('s').filter(|stem| stem.len() > 1 && !stem.ends_with(['s', 'u', 'i'])) {
        forms.push(stem.to_owned());
    }
    forms
}

/// What a column that refers is named for: the words before `id`, `uuid` and the like. None where it
/// does not end so.
pub(super) fn referred(column: &str) -> Option<Vec<String>> {
    let mut words = words(column);
    let last = words.pop()?;
    (matches!(last.as_str(), "id" | "uuid" | "guid" | "identifier" | "pk" | "ref" | "fk") && !words.is_empty())
        .then_some(words)
}

/// Whether a name, by its words, is of a person's choice and no membership: the row may name what
/// belongs to somebody else tomorrow.
pub(super) fn is_preference(words: &[String]) -> bool {
    const PREFERENCES: [&str; 14] = [
        "last",
        "latest",
        "recent",
        "previous",
        "prev",
        "default",
        "current",
        "active",
        "selected",
        "preferred",
        "favorite",
        "favourite",
        "initial",
        "landing",
    ];
    words.first().is_some_and(|first| PREFERENCES.contains(&first.as_str()))
}

/// Whether a name, by its words, says who touched a row.
pub(super) fn is_audit(words: &[String]) -> bool {
    const ACTS: [&str; 14] = [
        "created", "updated", "modified", "changed", "edited", "deleted", "removed", "inserted", "archived", "locked",
        "creator", "updater", "modifier", "deleter",
    ];
    words.iter().any(|word| ACTS.contains(&word.as_str()))
        && words.iter().any(|word| word == "by" || word.ends_with("or") || word.ends_with("er"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words() {
        for (name, expected) in [
            ("assignee_user_id", "assignee user id"),
            ("assigneeUserId", "assignee user id"),
            ("APIKey", "api key"),
            ("userID", "user id"),
            ("App\\Models\\Issue", "app models issue"),
            ("__efMigrationsHistory", "ef migrations history"),
            ("oauth2Token", "oauth2 token"),
        ] {
            assert_eq!(words(name).join(" "), expected);
        }
    }

    #[test]
    fn one_and_many_are_the_same_word() {
        for (one, many) in [
            ("issue", "issues"),
            ("category", "categories"),
            ("status", "statuses"),
            ("address", "addresses"),
            ("house", "houses"),
            ("person", "people"),
            ("box", "boxes"),
            ("branch", "branches"),
            ("shelf", "shelves"),
        ] {
            assert!(is_same(one, many) && is_same(many, one), "{one} {many}");
        }
        for (one, other) in [("status", "stat"), ("user", "us"), ("news", "newes"), ("bus", "bu")] {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_column_says_what_it_refers_to() {
        assert_eq!(referred("cardId").unwrap(), ["card"]);
        assert_eq!(referred("token_identifier").unwrap(), ["token"]);
        assert_eq!((referred("id"), referred("paid"), referred("created_at")), (None, None, None));
        let audit = |name: &str| is_audit(&words(name));
        assert!(audit("created_by_id") && audit("creatorId") && audit("last_updated_by_id"));
        assert!(!audit("owned_by_id") && !audit("actor_id") && !audit("created_issue_id"));
        assert!(is_preference(&words("lastWorkspaceId")) && !is_preference(&words("workspace_default_id")));
    }
}
