//! Who asks, and of which organizations: the one filter that every handler looks through.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use axum::http::StatusCode;
use orgvault_api::{Actor, OrganizationKey, Role, Tenant, Token, gid::Gid};

use super::{ApiError, App, archives::blocking};
use crate::{
    audit::Origin,
    catalog::{Repeat, Tenants},
    server::Peer,
    signature::Holder,
};

/// Who makes a request, what it may do, and of which organizations it may know.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who, as the audit trail names it.
    pub(crate) actor: Actor,
    /// From where: none is this machine.
    pub(crate) address: Option<IpAddr>,
    /// What it may do; none is nothing.
    pub(crate) role: Option<Role>,
    /// The id of its token.
    token: Option<String>,
    scope: Visibility,
    /// The key under which it repeats requests.
    repeat: Option<Arc<str>>,
    seen: Arc<RequestFacts>,
}

/// What a request turned out to be.
#[derive(Debug, Default)]
struct RequestFacts {
    acts_for: OnceLock<Actor>,
    about: OnceLock<About>,
    on: OnceLock<String>,
}

/// Of which organizations a caller may know: not by their names, which their tenants can change.
#[derive(Debug, Clone)]
pub(crate) enum Visibility {
    /// Of all.
    All,
    /// Of these.
    Only(Arc<HashSet<Tenant>>),
}

/// What a request turned out to be about, for the audit trail.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) gid: Option<Gid>,
    pub(crate) organization: OrganizationKey,
}

impl Caller {
    /// Somebody of whom all that is known is the connection.
    pub(crate) fn of(peer: &Peer) -> Self {
        match peer {
            Peer::User { uid, pid, user, role } => {
                let actor = Actor::User { uid: *uid, user: user.clone(), pid: *pid };
                Self { actor, role: *role, ..Self::nobody(None) }
            }
            Peer::Remote { address } => Self::nobody(Some(*address)),
        }
    }

    /// The holder of a token.
    pub(crate) fn token(token: &Token, address: Option<IpAddr>) -> Self {
        let scope = match &token.organizations {
            None => Visibility::All,
            Some(organizations) => {
                Visibility::Only(Arc::new(organizations.iter().map(OrganizationKey::tenant).collect()))
            }
        };
        let actor = Actor::Token { name: token.name.clone() };
        Self { actor, role: Some(token.role), token: Some(token.id.clone()), scope, ..Self::nobody(address) }
    }

    /// Somebody who did not say who it is.
    pub(crate) fn nobody(address: Option<IpAddr>) -> Self {
        Self {
            actor: Actor::Nobody,
            address,
            role: None,
            token: None,
            scope: Visibility::All,
            repeat: None,
            seen: Arc::default(),
        }
    }

    /// The same with the key under which it repeats requests.
    pub(crate) fn repeating(self, key: Option<Arc<str>>) -> Self {
        Self { repeat: key, ..self }
    }

    /// The key under which it repeats the request that asks for `asked`, if it has given one.
    pub(crate) fn repeat<E>(&self, asked: impl FnOnce() -> Result<String, E>) -> Result<Option<Repeat>, E> {
        let repeat = |key: &Arc<str>| Ok(Repeat { caller: self.name(), key: Arc::clone(key), asked: asked()? });
        self.repeat.as_ref().map(repeat).transpose()
    }

    /// Whether it has given a key under which it repeats the request.
    pub(crate) fn repeats(&self) -> bool {
        self.repeat.is_some()
    }

    /// The id of its token.
    pub(crate) fn token_id(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Refuses users of this machine.
    pub(crate) fn is_a_service_account(&self) -> Result<(), ApiError> {
        if self.token.is_some() {
            return Ok(());
        }
        let detail = format!("this is for service accounts, and {} is a user of this machine", self.name());
        Err(ApiError::new(StatusCode::FORBIDDEN, "not_a_service_account", detail)
            .hint("send the header `Authorization: Bearer TOKEN`; an owner makes one: `orgvault token add NAME`"))
    }

    /// Whether this caller may know of the organization.
    pub(crate) fn sees(&self, organization: &OrganizationKey) -> bool {
        match &self.scope {
            Visibility::All => true,
            Visibility::Only(tenants) => tenants.contains(&organization.tenant()),
        }
    }

    /// Whether this caller may know of any organization of the source.
    pub(crate) fn sees_source(&self, source: &str) -> bool {
        match &self.scope {
            Visibility::All => true,
            Visibility::Only(tenants) => tenants.iter().any(|tenant| tenant.source == source),
        }
    }

    /// Whether there may be organizations that it must not know of.
    pub(crate) fn is_restricted(&self) -> bool {
        matches!(self.scope, Visibility::Only(_))
    }

    /// The organizations that lists from the catalog are limited to.
    pub(crate) fn tenants(&self) -> Tenants {
        match &self.scope {
            Visibility::All => Tenants::default(),
            Visibility::Only(tenants) => Tenants::only(&**tenants),
        }
    }

    /// Notes what the request is about, where nothing was noted yet.
    pub(crate) fn is_about(&self, gid: Option<Gid>, organization: &OrganizationKey) {
        self.seen.about.get_or_init(|| About { gid, organization: organization.clone() });
    }

    /// What the request turned out to be about.
    pub(crate) fn about(&self) -> Option<&About> {
        self.seen.about.get()
    }

    /// Notes what it does something to, for people.
    pub(crate) fn is_on(&self, name: &str) {
        self.seen.on.get_or_init(|| name.to_owned());
    }

    /// What the request does something to, where that was noted.
    pub(crate) fn on(&self) -> Option<&str> {
        self.seen.on.get().map(String::as_str)
    }

    /// Notes that the request has another one's rights.
    pub(crate) fn acts_for(&self, other: &Self) {
        self.seen.acts_for.get_or_init(|| other.actor.clone());
    }

    /// Who the audit trail says it was.
    pub(crate) fn responsible(&self) -> &Actor {
        self.seen.acts_for.get().unwrap_or(&self.actor)
    }

    /// The same for the audit trail, with what it was asked for by.
    pub(crate) fn origin(&self, on: String) -> Origin {
        Origin { actor: self.responsible().clone(), from: self.from(), on }
    }

    /// For whom a link is that this caller asks for.
    pub(crate) fn holder(&self) -> Option<Holder> {
        match (&self.actor, &self.token) {
            (_, Some(id)) => Some(Holder::Token(id.clone())),
            (Actor::User { uid, .. }, None) => Some(Holder::User(*uid)),
            _ => None,
        }
    }

    /// The user's name, or `token:` and the service account's.
    pub(crate) fn name(&self) -> String {
        match &self.actor {
            Actor::User { user, .. } => user.clone(),
            Actor::Token { name } => format!("token:{name}"),
            Actor::Daemon { part } => part.clone(),
            Actor::Nobody => "nobody".to_owned(),
        }
    }

    /// Where the request came from, as the audit trail says it.
    pub(crate) fn from(&self) -> String {
        self.address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
    }
}

impl App {
    /// Whom a link was made for, with the rights of now.
    pub(crate) async fn holder(&self, holder: &Holder) -> Result<Caller, ApiError> {
        match holder {
            &Holder::User(uid) => {
                let config = self.config();
                blocking(move || Caller::of(&Peer::resolve(uid, None, &config.access))).await
            }
            Holder::Token(id) => Ok(match self.tokens.by_id(id, self.now()) {
                Ok(token) => Caller::token(&token, None),
                Err(_gone) => Caller::nobody(None),
            }),
        }
    }
}
