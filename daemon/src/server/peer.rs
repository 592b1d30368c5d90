//! Who is at the other end of a connection: the uid that the kernel vouches for, resolved to a
//! user and groups, and from them the role.

use std::{ffi::CString, net::IpAddr};

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use orgvault_api::Role;
use orgvault_config::Access;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// A user of this machine, on the Unix socket.
    User {
        /// What the kernel says (`SO_PEERCRED`).
        uid: u32,
        /// The process that connected, where the kernel says it.
        pid: Option<i32>,
        /// The user's name; the uid's digits where the machine knows no such user.
        user: String,
        /// What the peer may do; none is nothing.
        role: Option<Role>,
    },
    /// Somebody on the TCP listener: what they may do is for their token to say.
    Remote {
        /// From where.
        address: IpAddr,
    },
}

/// A user and the groups it is in, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    user: String,
    groups: Vec<String>,
}

impl Peer {
    /// Asks the machine's user database (which may be a slow directory service: call it where
    /// blocking is allowed) and applies `[access]`.
    pub(crate) fn resolve(uid: u32, pid: Option<i32>, access: &Access) -> Self {
        let identity = identity(Uid::from_raw(uid)).unwrap_or_else(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(uid, error, "cannot look up the user of a connection, so only its number counts");
            Identity { user: uid.to_string(), groups: Vec::new() }
        });
        let role = role(access, &identity);
        Self::User { uid, pid, user: identity.user, role }
    }
}

fn identity(uid: Uid) -> nix::Result<Identity> {
    let Some(user) = User::from_uid(uid)? else {
        return Ok(Identity { user: uid.to_string(), groups: Vec::new() });
    };
    let mut groups = Vec::new();
    for gid in group_ids(&user)? {
        groups.extend(Group::from_gid(gid)?.map(|group| group.name));
    }
    Ok(Identity { user: user.name, groups })
}

fn group_ids(user: &User) -> nix::Result<Vec<Gid>> {
    // A name that comes out of the user database holds no NUL.
    CString::new(user.name.as_bytes()).map_or(Ok(vec![user.gid]), |name| getgrouplist(&name, user.gid))
}

/// The highest role that one of the entries gives.
fn role(access: &Access, identity: &Identity) -> Option<Role> {
    let listed = |entries: &[String]| {
        entries.iter().any(|entry| match entry.strip_prefix('@') {
            Some(group) => identity.groups.iter().any(|name| name == group),
            None => *entry == identity.user,
        })
    };
    [(&access.owners, Role::Owner), (&access.admins, Role::Admin), (&access.viewers, Role::Viewer)]
        .into_iter()
        .find_map(|(entries, role)| listed(entries).then_some(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(owners: &[&str], admins: &[&str], viewers: &[&str]) -> Access {
        let list = |entries: &[&str]| entries.iter().map(ToString::to_string).collect();
        Access { owners: list(owners), admins: list(admins), viewers: list(viewers), ..Access::default() }
    }

    fn identity_of(user: &str, groups: &[&str]) -> Identity {
        Identity { user: user.to_owned(), groups: groups.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn the_highest_role_counts_and_a_group_is_not_a_user() {
        let access = access(&["root"], &["@vault-admin", "ada"], &["@staff", "ada"]);
        assert_eq!(role(&access, &identity_of("root", &[])), Some(Role::Owner));
        assert_eq!(role(&access, &identity_of("ada", &["staff"])), Some(Role::Admin));
        assert_eq!(role(&access, &identity_of("bob", &["staff", "vault-admin"])), Some(Role::Admin));
        assert_eq!(role(&access, &identity_of("bob", &["staff"])), Some(Role::Viewer));
        assert_eq!(role(&access, &identity_of("staff", &[])), None);
        assert_eq!(role(&access, &identity_of("@staff", &[])), None);
        assert_eq!(role(&access, &identity_of("bob", &["root", "ada"])), None);
    }

    #[test]
    fn root_is_what_the_configuration_says() {
        let role_of_root = |access: &Access| match Peer::resolve(0, None, access) {
            Peer::User { role, .. } => role,
            other @ Peer::Remote { .. } => panic!("{other:?}"),
        };
        assert_eq!(role_of_root(&access(&["root"], &[], &[])), Some(Role::Owner));
        assert_eq!(role_of_root(&access(&[], &[], &["@root"])), Some(Role::Viewer));
        assert_eq!(role_of_root(&access(&["ada"], &["bob"], &["@nogroup"])), None);
    }

    #[test]
    fn a_uid_without_a_user_is_its_number() {
        let peer = Peer::resolve(4_000_123, None, &access(&[], &["4000123"], &[]));
        assert_eq!(peer, Peer::User { uid: 4_000_123, pid: None, user: "4000123".to_owned(), role: Some(Role::Admin) });
    }
}
