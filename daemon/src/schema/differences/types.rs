//! Types of columns on both sides, as far down as they are made of others.

use orgvault_archive::full::schema::{QualifiedName, Schema, Type, TypeKind};

use super::{Code, Difference, Sides};

/// What differs in the type of a column, which has the same words on both sides or not.
pub(super) fn differences(column: &str, own: &str, there: &str, sides: &Sides<'_>) -> Vec<Difference> {
    let mut seen = Vec::new();
    let found = compare(own, there, sides, &mut seen);
    found.into_iter().map(|it| it.in_column(column)).collect()
}

fn compare(own: &str, there: &str, sides: &Sides<'_>, seen: &mut Vec<QualifiedName>) -> Vec<Difference> {
    let (Some(own), Some(there)) = (named(own, sides.archive), named(there, sides.target)) else { return Vec::new() };
    if seen.contains(&own.name) {
        return Vec::new();
    }
    seen.push(own.name.clone());
    let found = match (&own.kind, &there.kind) {
        (TypeKind::Enum { labels }, TypeKind::Enum { labels: other }) => {
            let gone = labels.iter().filter(|label| !other.contains(label));
            gone.map(|label| Difference::of(Code::EnumLabelGone).archived(label)).collect()
        }
        (TypeKind::Domain { base, .. }, TypeKind::Domain { base: other, .. }) => {
            let mut found = differs(Code::DomainDiffers, &domain(&own.kind), &domain(&there.kind));
            found.extend(compare(base, other, sides, seen));
            return about(found, there);
        }
        (TypeKind::Composite { attributes }, TypeKind::Composite { attributes: other }) => {
            let mut found = differs(Code::CompositeDiffers, &composite(&own.kind), &composite(&there.kind));
            for (attribute, other) in attributes.iter().zip(other) {
                found.extend(compare(&attribute.kind, &other.kind, sides, seen));
            }
            found
        }
        (TypeKind::Range { subtype, .. }, TypeKind::Range { subtype: other, .. }) => {
            let mut found = differs(Code::RangeDiffers, subtype, other);
            found.extend(compare(subtype, other, sides, seen));
            found
        }
        // Then the column's own type is another one.
        _ => Vec::new(),
    };
    about(found, there)
}

/// Says of each difference of which type it is, where it is not of one further down.
fn about(found: Vec<Difference>, of: &Type) -> Vec<Difference> {
    found.into_iter().map(|it| if it.name.is_none() { it.about(&of.name) } else { it }).collect()
}

fn differs(code: Code, own: &str, there: &str) -> Vec<Difference> {
    if own == there { Vec::new() } else { vec![Difference::of(code).archived(own).there(there)] }
}

/// What a domain demands; its checks by their words, whatever their names are.
fn domain(kind: &TypeKind) -> String {
    let TypeKind::Domain { base, not_null, checks, .. } = kind else { return String::new() };
    let mut words = vec![base.as_str()];
    words.extend(not_null.then_some("NOT NULL"));
    let mut checks: Vec<&str> = checks.iter().map(|check| check.definition.as_str()).collect();
    checks.sort_unstable();
    words.extend(checks);
    words.join(" ")
}

fn composite(kind: &TypeKind) -> String {
    let TypeKind::Composite { attributes } = kind else { return String::new() };
    let words: Vec<String> = attributes.iter().map(|it| format!("{} {}", it.name, it.kind)).collect();
    format!("({})", words.join(", "))
}

/// The type that `format_type`'s words mean, or the one that an array of theirs is of.
fn named<'s>(words: &str, schema: &'s Schema) -> Option<&'s Type> {
    let (own, rest) = part(words)?;
    let (name, _) = part(rest.strip_prefix('.')?)?;
    schema.types.iter().find(|it| it.name.schema == own && it.name.name == name)
}

/// The name at the beginning, with its quotes taken off, and what follows.
fn part(words: &str) -> Option<(String, &str)> {
    let Some(quoted) = words.strip_prefix('"') else {
        let end = words.find(['.', '[', '(', ' ']).unwrap_or(words.len());
        return words.split_at_checked(end).map(|(name, rest)| (name.to_owned(), rest));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => rest = more,
            None => return Some((name, after)),
        }
        name.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_type_name_it() {
        let part = |words| part(words).map(|(name, rest)| (name, rest.to_owned()));
        assert_eq!(part("public.mood[]"), Some(("public".to_owned(), ".mood[]".to_owned())));
        assert_eq!(part("\"a\"\".b\".\"c\"[]"), Some(("a\".b".to_owned(), ".\"c\"[]".to_owned())));
        assert_eq!(part("\"open"), None);
        let schema = Schema {
            types: vec![Type {
                name: QualifiedName { schema: "a.b".to_owned(), name: "C d".to_owned() },
                kind: TypeKind::Enum { labels: Vec::new() },
            }],
            ..Schema::default()
        };
        assert!(named("\"a.b\".\"C d\"[]", &schema).is_some());
        assert!(named("\"a.b\".c", &schema).is_none());
        assert!(named("character varying(80)", &schema).is_none());
    }
}
