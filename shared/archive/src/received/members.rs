//! How the members of a container are read: by the first rule that fits their names.

use globset::{GlobBuilder, GlobMatcher};

use super::{Content, Identity, Inner, MemberRule, ReadAs};

/// The rules of one container.
pub(crate) struct Members<'a> {
    content: &'a Content,
    rules: Vec<(GlobMatcher, &'a MemberRule)>,
    identities: Vec<(Option<GlobMatcher>, &'a Identity)>,
}

/// How one file, or one member, is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading<'a> {
    /// What it holds.
    pub(crate) inner: Inner,
    /// The key that names a row's section.
    pub(crate) key: Option<&'a str>,
    /// The section of rows that have no such key.
    pub(crate) section: String,
    /// The key of a row's id, and whether that is one of its section only.
    pub(crate) id: Option<(&'a str, bool)>,
}

/// The section of rows without a key that says one.
const ONLY_SECTION: &str = "rows";
/// The section of rows that lack the key that the others have.
const UNTYPED: &str = "untyped";

impl<'a> Reading<'a> {
    /// Of a file by itself.
    pub(crate) fn of_file(content: &'a Content) -> Self {
        let section = if content.section.is_some() { UNTYPED } else { ONLY_SECTION };
        Self {
            inner: content.inner,
            key: content.section.as_deref(),
            section: section.to_owned(),
            id: content.id.as_deref().map(|id| (id, false)),
        }
    }
}

impl<'a> Members<'a> {
    /// The rules of `content`. A pattern that is none fits no name.
    pub(crate) fn of(content: &'a Content) -> Self {
        Self::with(content, str::to_owned)
    }

    /// The same for a file that must be a tenant's, of whose id members may be named.
    pub(crate) fn of_tenant(read_as: ReadAs<'a>) -> Self {
        let id = globset::escape(&read_as.organization.id);
        Self::with(read_as.content, |pattern| pattern.replace("{organization}", &id))
    }

    fn with(content: &'a Content, filled: impl Fn(&str) -> String) -> Self {
        let rules = content.members.iter().filter_map(|rule| Some((pattern(&rule.member).ok()?, rule))).collect();
        let place = |identity: &'a Identity| {
            let member = identity.member.as_deref();
            Some((member.map(|member| pattern(&filled(member))).transpose().ok()?, identity))
        };
        Self { content, rules, identities: content.identity.iter().filter_map(place).collect() }
    }

    /// The places that say whose the file is, with their numbers, that are in the member of this name, or in a file
    /// that has none.
    pub(crate) fn identities(&self, member: Option<&str>) -> impl Iterator<Item = (usize, &'a Identity)> {
        let fits = move |pattern: &Option<GlobMatcher>| match (pattern, member) {
            (Some(pattern), Some(member)) => pattern.is_match(bare(member)),
            _ => true,
        };
        let numbered = self.identities.iter().enumerate();
        numbered.filter(move |(_, (pattern, _))| fits(pattern)).map(|(number, (_, identity))| (number, *identity))
    }

    /// How the member of this name is read.
    pub(crate) fn reading(&self, member: &str) -> Reading<'a> {
        let member = bare(member);
        let whole = Reading::of_file(self.content);
        match self.rules.iter().find(|(pattern, _)| pattern.is_match(member)) {
            Some((_, rule)) => Reading {
                inner: rule.inner,
                key: None,
                section: rule.section.clone().unwrap_or_else(|| section_of(member).to_owned()),
                id: rule.id.as_deref().map(|id| (id, true)).or(whole.id),
            },
            None if self.content.section.is_some() => whole,
            None => Reading { section: section_of(member).to_owned(), ..whole },
        }
    }
}

/// A pattern of members' names: `*` and `?` stay within one folder, `**` does not.
///
/// # Errors
/// When it is none.
pub(crate) fn pattern(text: &str) -> Result<GlobMatcher, globset::Error> {
    GlobBuilder::new(text).literal_separator(true).build().map(|glob| glob.compile_matcher())
}

/// A member's name without the `./` that some programs write before each.
pub(crate) fn bare(member: &str) -> &str {
    member.strip_prefix("./").unwrap_or(member)
}

/// `data/issues_000001.json` holds `issues`.
fn section_of(member: &str) -> &str {
    let name = member.rsplit('/').next().unwrap_or(member);
    let stem = name.split_once('.').map_or(name, |(stem, _ending)| stem);
    let plain = stem.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['_', '-']);
    if plain.is_empty() { name } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_holds_what_its_name_says() {
        for (member, section) in [
            ("issues_000001.json", "issues"),
            ("tree/projects/7/merge_requests.ndjson", "merge_requests"),
            ("a-2.ndjson.part", "a"),
            ("counts", "counts"),
            ("7.json", "7.json"),
            (".hidden", ".hidden"),
        ] {
            assert_eq!(section_of(member), section, "{member}");
        }
    }

    #[test]
    fn the_first_rule_that_fits_is_taken() {
        let rule = |member: &str, inner| MemberRule { member: member.to_owned(), inner, ..MemberRule::default() };
        let content = Content {
            id: Some("id".to_owned()),
            members: vec![
                MemberRule {
                    section: Some("all".to_owned()),
                    id: Some("iid".to_owned()),
                    ..rule("tree/**/*.ndjson", Inner::Ndjson)
                },
                rule("*.json", Inner::Json),
                rule("[", Inner::Csv),
            ],
            ..Content::default()
        };
        let members = Members::of(&content);
        let read = |member: &str| {
            let Reading { inner, section, id, .. } = members.reading(member);
            (inner, section, id.unwrap())
        };
        assert_eq!(read("tree/a/b/issues.ndjson"), (Inner::Ndjson, "all".to_owned(), ("iid", true)));
        assert_eq!(read("./users_2.json"), (Inner::Json, "users".to_owned(), ("id", false)));
        assert_eq!(read("a/users.json"), (Inner::Opaque, "users".to_owned(), ("id", false)), "`*` stays in its folder");
        assert_eq!(read("[").0, Inner::Opaque);
    }
}
