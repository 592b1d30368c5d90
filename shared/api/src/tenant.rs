//! What an organization is, wherever two of them are told apart.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OrganizationKey;

/// What names an organization for good, and the only key of one: directories, queues, retention,
/// health and rights go by it. Name and slug are for people: a tenant can change its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Tenant {
    /// The source's name.
    pub source: String,
    /// `organization`; in TruePPM `program` or `project`. Two kinds may have the same ids.
    pub kind: String,
    /// Its id in the database, as text.
    pub id: String,
}

/// `source/kind/id`, as commands take it.
impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, kind, id } = self;
        write!(f, "{source}/{kind}/{id}")
    }
}

impl OrganizationKey {
    /// Which organization this is.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        let Self { source, kind, id, .. } = self.clone();
        Tenant { source, kind, id }
    }

    /// Whether this is that organization, whatever it is called.
    #[must_use]
    pub fn is(&self, tenant: &Tenant) -> bool {
        // What differs most comes first: lists of one source and kind are looked through.
        self.id == tenant.id && self.kind == tenant.kind && self.source == tenant.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(source: &str, kind: &str, id: &str, slug: &str) -> OrganizationKey {
        let [source, kind, id, name, slug] = [source, kind, id, slug, slug].map(str::to_owned);
        OrganizationKey { source, kind, id, name, slug }
    }

    #[test]
    fn source_kind_and_id_tell_organizations_apart_and_names_do_not() {
        let acme = key("tracker", "team", "7", "acme");
        assert_eq!(acme.tenant(), key("tracker", "team", "7", "globex").tenant());
        assert!(acme.is(&key("tracker", "team", "7", "globex").tenant()));
        for other in
            [key("ppm", "team", "7", "acme"), key("tracker", "squad", "7", "acme"), key("tracker", "team", "8", "acme")]
        {
            assert_ne!(acme.tenant(), other.tenant());
            assert!(!acme.is(&other.tenant()), "{}", other.tenant());
        }
        assert_eq!(acme.tenant().to_string(), "tracker/team/7");
    }
}
