//! Which server a database is on, however it is reached.

/// Whether this role may ask for [`SYSTEM`].
pub(crate) const MAY_ASK: &str =
    "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS may";
/// What a server and its copies have in common, and no other.
pub(crate) const SYSTEM: &str = "SELECT system_identifier::text AS system FROM pg_catalog.pg_control_system()";
/// To the microsecond: no two servers have it in common.
pub(crate) const STARTED: &str =
    "SELECT pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time())::numeric::text AS started";

/// A PostgreSQL server with all of its databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Its system identifier, where the role may know it.
    pub system: Option<String>,
    /// When it was started.
    pub started: String,
}

impl Cluster {
    /// Whether both are one server, or one is a copy of the other.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let same_system = self.system.is_some() && self.system == other.system;
        same_system || self.started == other.started
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_the_same() {
        let cluster = |system: Option<&str>, started: &str| Cluster {
            system: system.map(str::to_owned),
            started: started.to_owned(),
        };
        assert!(cluster(Some("7"), "1.5").is(&cluster(Some("7"), "2.5")), "a standby");
        assert!(cluster(None, "1.5").is(&cluster(Some("7"), "1.5")));
        assert!(!cluster(None, "1.5").is(&cluster(None, "2.5")));
        assert!(!cluster(Some("7"), "1.5").is(&cluster(Some("8"), "2.5")));
    }
}
