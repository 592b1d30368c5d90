//! Which organization a name means. Pure: over organizations that were listed before.
//!
//! A name is a slug or an id, and may have its source, or its source and kind, before it:
//! `acme`, `tracker/acme`, `tracker/program/acme`. Where one tenant's slug is another's id,
//! `id:` before the id says which is meant, so that no tenant can take another's name away.

use orgvault_api::OrganizationKey;
use strsim::osa_distance;

/// At most so many close names are told.
const SUGGESTIONS: usize = 3;

/// Why a name means no single organization.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LookupError {
    /// None is called so.
    #[error("no organization is called `{name}`")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Names that differ little, closest first.
        close: Vec<String>,
    },
    /// Only soft-deleted ones are called so, and those are taken by id only.
    #[error("`{name}` was deleted in the app; a deleted organization is named by its id only: {}", .ids.join(", "))]
    Deleted {
        /// What was asked for.
        name: String,
        /// Theirs, with the source.
        ids: Vec<String>,
    },
    /// Several are called so.
    #[error("`{name}` means {} organizations: {}", .ids.len(), .ids.join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Theirs, each as a name that is unique.
        ids: Vec<String>,
    },
}

/// What the lookup has to know of an organization.
pub(crate) trait Candidate {
    /// What names it.
    fn key(&self) -> &OrganizationKey;

    /// Whether the app soft-deleted it.
    fn deleted(&self) -> bool;
}

/// The one organization that `name` means.
///
/// # Errors
/// When none is called so, several are, or only deleted ones.
pub(crate) fn find<'a, C: Candidate>(organizations: &'a [C], name: &str) -> Result<&'a C, LookupError> {
    let named: Vec<(&C, How)> =
        organizations.iter().filter_map(|one| matches(one.key(), name).map(|how| (one, how))).collect();
    let (live, deleted): (Vec<&(&C, How)>, Vec<_>) =
        named.iter().partition(|(one, how)| !one.deleted() || *how == How::Id);
    let name = name.to_owned();
    let ids = |of: &[&(&C, How)]| of.iter().map(|(one, _)| unique_name(one.key(), organizations)).collect();
    match (live.as_slice(), deleted.is_empty()) {
        ([(one, _)], _) => Ok(one),
        ([], true) => Err(LookupError::Unknown { close: close(organizations, &name), name }),
        ([], false) => Err(LookupError::Deleted { ids: ids(&deleted), name }),
        (several, _) => Err(LookupError::Ambiguous { ids: ids(several), name }),
    }
}

/// Whether `name` is one of the organization's names.
pub(crate) fn is_called(key: &OrganizationKey, name: &str) -> bool {
    matches(key, name).is_some()
}

/// What an id or a slug may be that `name` names: all of it, or what follows a source and a kind.
pub(crate) fn parts(name: &str) -> Vec<&str> {
    let forms = std::iter::once(name).chain(name.match_indices('/').filter_map(|(at, _)| name.get(at + 1..)));
    forms.flat_map(|form| [Some(form), form.strip_prefix("id:")]).flatten().collect()
}

/// How a name fits an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Id,
    Slug,
}

/// How `name` names the organization, if it does. Compares with each form as a whole instead
/// of splitting at `/`, because slugs and ids may hold any character.
fn matches(key: &OrganizationKey, name: &str) -> Option<How> {
    let of_source = name.strip_prefix(key.source.as_str()).and_then(|rest| rest.strip_prefix('/'));
    let of_kind = of_source.and_then(|rest| rest.strip_prefix(key.kind.as_str())?.strip_prefix('/'));
    let forms = || [Some(name), of_source, of_kind].into_iter().flatten();
    if forms().any(|form| form == key.id || form.strip_prefix("id:") == Some(&key.id)) {
        return Some(How::Id);
    }
    (!key.slug.is_empty() && forms().any(|form| form == key.slug)).then_some(How::Slug)
}

/// `source/id`, or `source/kind/id`, or with `id:` where only that is unique.
fn unique_name<C: Candidate>(key: &OrganizationKey, organizations: &[C]) -> String {
    let OrganizationKey { source, kind, id, .. } = key;
    let alone = |name: &String| organizations.iter().filter(|one| matches(one.key(), name).is_some()).count() == 1;
    let names = [format!("{source}/{id}"), format!("{source}/{kind}/{id}"), format!("{source}/id:{id}")];
    names.into_iter().find(alone).unwrap_or_else(|| format!("{source}/{kind}/id:{id}"))
}

fn close<C: Candidate>(organizations: &[C], name: &str) -> Vec<String> {
    let wanted = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let length = wanted.chars().count();
    let limit = 1 + length / 4;
    // One whose length alone differs too much is not compared: what is asked for may be of any length.
    let near = |text: &String| {
        let text = text.to_lowercase();
        let comparable = text.chars().count().abs_diff(length) <= limit;
        comparable.then(|| osa_distance(&wanted, &text)).filter(|distance| *distance <= limit)
    };
    let mut found: Vec<(usize, String)> = organizations
        .iter()
        .filter(|one| !one.deleted())
        .filter_map(|one| {
            let OrganizationKey { source, slug, id, name, .. } = one.key();
            let called = if slug.is_empty() { id } else { slug };
            Some(([slug, id, name].into_iter().filter_map(near).min()?, format!("{source}/{called}")))
        })
        .collect();
    found.sort();
    found.dedup_by(|left, right| left.1 == right.1);
    found.into_iter().take(SUGGESTIONS).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One(OrganizationKey, bool);

    impl Candidate for One {
        fn key(&self) -> &OrganizationKey {
            &self.0
        }

        fn deleted(&self) -> bool {
            self.1
        }
    }

    fn one(source: &str, kind: &str, id: &str, slug: &str) -> One {
        let [source, kind, id, slug] = [source, kind, id, slug].map(str::to_owned);
        One(OrganizationKey { source, kind, id, name: format!("The {slug}"), slug }, false)
    }

    fn gone(id: &str, slug: &str) -> One {
        One(one("tracker", "organization", id, slug).0, true)
    }

    fn id_of(organizations: &[One], name: &str) -> Result<String, LookupError> {
        find(organizations, name).map(|one| one.0.id.clone())
    }

    #[test]
    fn every_form_of_a_name_finds_it() {
        let all = [one("tracker", "organization", "7", "acme"), one("ppm", "program", "a/b", "x/y")];
        for name in ["acme", "7", "tracker/acme", "tracker/7", "tracker/organization/acme", "tracker/id:7", "id:7"] {
            assert_eq!(id_of(&all, name), Ok("7".to_owned()), "{name}");
        }
        for name in ["a/b", "x/y", "ppm/x/y", "ppm/program/x/y", "ppm/a/b"] {
            assert_eq!(id_of(&all, name), Ok("a/b".to_owned()), "{name}");
        }
        for name in ["", "/", "tracker", "tracker/", "Acme", "ppm/acme", "tracker/program/acme", " acme"] {
            assert!(matches!(id_of(&all, name), Err(LookupError::Unknown { .. })), "{name}");
        }
    }

    #[test]
    fn whatever_a_name_fits_is_among_its_parts() {
        let all = [one("tracker", "organization", "7", "acme"), one("ppm", "program", "a/b", "x/y")];
        for name in ["acme", "tracker/7", "tracker/organization/acme", "id:7", "ppm/id:a/b", "ppm/program/x/y", "a/b"] {
            let One(key, _) = all.iter().find(|one| is_called(&one.0, name)).unwrap();
            assert!(parts(name).iter().any(|part| *part == key.id || *part == key.slug), "{name}");
        }
    }

    #[test]
    fn one_that_is_not_unique_is_refused_with_names_that_are() {
        let all = [
            one("a", "program", "1", "acme"),
            one("a", "project", "1", "acme"),
            one("b", "program", "2", "acme"),
            one("b", "program", "3", "2"),
        ];
        let ambiguous = |name: &str| match id_of(&all, name) {
            Err(LookupError::Ambiguous { ids, .. }) => ids,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(ambiguous("acme"), ["a/program/1", "a/project/1", "b/id:2"]);
        assert_eq!(ambiguous("a/acme"), ["a/program/1", "a/project/1"]);
        assert_eq!(ambiguous("2"), ["b/id:2", "b/3"]);
        for named in ["a/program/1", "a/project/1", "b/id:2", "b/3", "a/program/acme"] {
            assert!(id_of(&all, named).is_ok(), "{named}");
        }
    }

    #[test]
    fn deleted_ones_are_found_by_id_only() {
        let all = [gone("1", "acme"), gone("2", "old"), one("tracker", "organization", "3", "acme")];
        assert_eq!(id_of(&all, "acme"), Ok("3".to_owned()));
        assert_eq!(id_of(&all, "tracker/1"), Ok("1".to_owned()));
        let refused = LookupError::Deleted { name: "old".to_owned(), ids: vec!["tracker/2".to_owned()] };
        assert_eq!(id_of(&all, "old"), Err(refused));
    }

    #[test]
    fn an_empty_slug_is_no_name() {
        let all = [one("tracker", "organization", "1", "")];
        assert!(matches!(id_of(&all, "tracker/"), Err(LookupError::Unknown { .. })));
    }

    #[test]
    fn an_unknown_one_names_close_ones_closest_first() {
        let all = [
            one("t", "organization", "1", "acme-corp"),
            one("t", "organization", "2", "acme-crop"),
            one("t", "organization", "3", "umbrella"),
            gone("4", "acme-cor"),
        ];
        let close = |name: &str| match id_of(&all, name) {
            Err(LookupError::Unknown { close, .. }) => close,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(close("t/acme-crp"), ["t/acme-corp", "t/acme-crop"]);
        assert_eq!(close("ubmrella"), ["t/umbrella"]);
        assert_eq!(close("zzz"), Vec::<String>::new());
    }
}
