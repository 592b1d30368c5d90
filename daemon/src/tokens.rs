//! Tokens of service accounts. A secret is shown once; what is kept is its hash, in
//! `state_dir/secrets/tokens.json`.

mod secret;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use orgvault_api::{OrganizationKey, Role, Token, clock::Timestamp};
use serde::{Deserialize, Serialize};

use self::secret::Digest;
use crate::secrets::{SecretError, Secrets};

const FILE: &str = "tokens.json";
const VERSION: u32 = 1;

/// How exactly the last use is kept: each keeping writes a file.
const USE_KEPT: TimeDelta = TimeDelta::minutes(1);

/// Bytes of a token's id.
const ID_BYTES: usize = 8;

/// Why a secret lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// There is no such token, or not any more.
    #[error("the token is not known, or was revoked")]
    Unknown,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

impl TokenRefused {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_token",
            Self::Expired => "expired_token",
        }
    }
}

/// Why no token was made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The service account has one.
    #[error("there is a token `{name}` already: revoke it first, or use another name")]
    Exists {
        /// The name.
        name: String,
    },
    /// There is no such token.
    #[error("there is no token `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// They could not be kept.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// What a new token is to be.
#[derive(Debug)]
pub struct NewToken {
    /// The service account's name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Of which organizations it may know; none is all.
    pub organizations: Option<Vec<OrganizationKey>>,
    /// Who makes it.
    pub created_by: String,
    /// How long it is taken; none is until it is revoked.
    pub lifetime: Option<Duration>,
}

/// Every token.
pub struct Tokens {
    secrets: Secrets,
    kept: Mutex<Vec<StoredToken>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredToken {
    #[serde(flatten)]
    token: Token,
    sha256: Digest,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    tokens: Vec<StoredToken>,
}

impl Tokens {
    /// Reads the tokens.
    ///
    /// # Errors
    /// When they cannot be read, or a newer version wrote them.
    pub fn open(secrets: Secrets) -> Result<Self, SecretError> {
        let damaged = |reason: String| SecretError::Damaged { path: secrets.path(FILE), reason };
        let kept = match secrets.read(FILE)? {
            None => Vec::new(),
            Some(bytes) => {
                let document: Document = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
                if document.version != VERSION {
                    return Err(damaged(format!("its version is {} instead of {VERSION}", document.version)));
                }
                document.tokens
            }
        };
        Ok(Self { secrets, kept: Mutex::new(kept) })
    }

    /// Every token, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Token> {
        self.lock().iter().map(|kept| kept.token.clone()).collect()
    }

    /// Makes a token; gives it and its secret, which is kept by nobody.
    ///
    /// # Errors
    /// When there is one of this name, or it cannot be kept.
    pub fn add(&self, new: NewToken, now: Timestamp) -> Result<(Token, String), TokenError> {
        let NewToken { name, role, organizations, created_by, lifetime } = new;
        let mut kept = self.lock();
        if kept.iter().any(|one| one.token.name == name) {
            return Err(TokenError::Exists { name });
        }
        let drawn = |error: getrandom::Error| SecretError::System {
            act: "draw a token for",
            path: self.secrets.path(FILE),
            cause: error.into(),
        };
        let id = secret::hex_id::<ID_BYTES>().map_err(drawn)?;
        let secret = secret::draw().map_err(drawn)?;
        // A time that the calendar does not reach is no limit.
        let expires_at = lifetime.and_then(|lifetime| now.checked_add_signed(TimeDelta::from_std(lifetime).ok()?));
        let created_at = now;
        let token = Token { id, name, role, organizations, created_at, created_by, expires_at, last_used_at: None };
        let mut changed = kept.clone();
        changed.push(StoredToken { token: token.clone(), sha256: Digest::of(&secret) });
        self.keep(&changed)?;
        *kept = changed;
        Ok((token, secret))
    }

    /// Forgets a token.
    ///
    /// # Errors
    /// When there is none of this name, or that cannot be kept.
    pub fn revoke(&self, name: &str) -> Result<Token, TokenError> {
        let mut kept = self.lock();
        let mut changed = kept.clone();
        let Some(place) = changed.iter().position(|one| one.token.name == name) else {
            return Err(TokenError::Unknown { name: name.to_owned() });
        };
        let revoked = changed.remove(place);
        self.keep(&changed)?;
        *kept = changed;
        Ok(revoked.token)
    }

    /// The token of a secret. Takes as long whatever the secret is and whichever token it fits.
    ///
    /// # Errors
    /// When it is none's, or not taken any more.
    pub fn find(&self, secret: &str, now: Timestamp) -> Result<Token, TokenRefused> {
        let digest = Digest::of(secret);
        let kept = self.lock();
        let mut found = None;
        for one in kept.iter() {
            if digest.is(&one.sha256) {
                found = Some(&one.token);
            }
        }
        taken(found, now).cloned()
    }

    /// The token of this id.
    ///
    /// # Errors
    /// When there is none, or it is not taken any more.
    pub fn by_id(&self, id: &str, now: Timestamp) -> Result<Token, TokenRefused> {
        taken(self.lock().iter().map(|kept| &kept.token).find(|token| token.id == id), now).cloned()
    }

    /// Notes that a token was used. Blocks, once a minute, until that is on disk.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn used(&self, id: &str, now: Timestamp) -> Result<(), SecretError> {
        let mut kept = self.lock();
        let is_new = |last: Timestamp| now >= last + USE_KEPT || now < last;
        let Some(one) = kept.iter_mut().find(|one| one.token.id == id) else { return Ok(()) };
        if one.token.last_used_at.is_none_or(is_new) {
            one.token.last_used_at = Some(now);
            return self.keep(&kept);
        }
        Ok(())
    }

    fn keep(&self, tokens: &[StoredToken]) -> Result<(), SecretError> {
        let document = Document { version: VERSION, tokens: tokens.to_vec() };
        let text = serde_json::to_vec_pretty(&document).map_err(|error| SecretError::System {
            act: "write",
            path: self.secrets.path(FILE),
            cause: error.into(),
        })?;
        self.secrets.write(FILE, &text)
    }

    /// Each change is one assignment, so a panic leaves nothing torn.
    fn lock(&self) -> MutexGuard<'_, Vec<StoredToken>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn taken(token: Option<&Token>, now: Timestamp) -> Result<&Token, TokenRefused> {
    match token {
        None => Err(TokenRefused::Unknown),
        Some(token) if token.expires_at.is_some_and(|at| at <= now) => Err(TokenRefused::Expired),
        Some(token) => Ok(token),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn new(name: &str, lifetime: Option<Duration>) -> NewToken {
        let (name, created_by) = (name.to_owned(), "ada".to_owned());
        NewToken { name, role: Role::Viewer, organizations: None, created_by, lifetime }
    }

    fn tokens() -> (tempfile::TempDir, Tokens) {
        let directory = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(Secrets::of(directory.path())).unwrap();
        (directory, tokens)
    }

    #[test]
    fn a_token_is_found_by_its_secret_alone_and_outlives_the_daemon() {
        let (directory, tokens) = tokens();
        let (token, secret) = tokens.add(new("backup", None), at(0)).unwrap();
        let (other, _) = tokens.add(new("other", None), at(0)).unwrap();
        assert_ne!(token.id, other.id);
        let again = Tokens::open(Secrets::of(directory.path())).unwrap();
        for tokens in [&tokens, &again] {
            assert_eq!(tokens.find(&secret, at(1)).unwrap().id, token.id);
            assert_eq!(tokens.by_id(&token.id, at(1)).unwrap().name, token.name);
        }
        let kept = String::from_utf8(Secrets::of(directory.path()).read(FILE).unwrap().unwrap()).unwrap();
        assert!(!kept.contains(&secret), "only its hash is kept");
        let shorter: String = secret.chars().take(secret.len() - 1).collect();
        for wrong in [String::new(), shorter, secret.to_uppercase(), format!("{secret} "), "orgvault_".to_owned()] {
            assert_eq!(tokens.find(&wrong, at(1)).err(), Some(TokenRefused::Unknown), "{wrong}");
        }
    }

    #[test]
    fn a_token_ends_with_its_time_or_its_revocation() {
        let (_directory, tokens) = tokens();
        let (token, secret) = tokens.add(new("backup", Some(Duration::from_mins(1))), at(0)).unwrap();
        assert!(tokens.find(&secret, at(59)).is_ok());
        assert_eq!(tokens.find(&secret, at(60)).err(), Some(TokenRefused::Expired));
        assert_eq!(tokens.by_id(&token.id, at(60)).err(), Some(TokenRefused::Expired));
        assert!(matches!(tokens.add(new("backup", None), at(0)), Err(TokenError::Exists { .. })));
        tokens.revoke("backup").unwrap();
        assert_eq!(tokens.find(&secret, at(1)).err(), Some(TokenRefused::Unknown));
        assert!(matches!(tokens.revoke("backup"), Err(TokenError::Unknown { .. })));
        let (again, _) = tokens.add(new("backup", None), at(0)).unwrap();
        assert_ne!(again.id, token.id, "links of the old one stay dead");
    }

    #[test]
    fn the_last_use_is_kept_to_a_minute() {
        let (directory, tokens) = tokens();
        let (token, _) = tokens.add(new("backup", None), at(0)).unwrap();
        for seconds in [1, 30, 60] {
            tokens.used(&token.id, at(seconds)).unwrap();
        }
        assert_eq!(tokens.list()[0].last_used_at, Some(at(1)));
        tokens.used(&token.id, at(61)).unwrap();
        let again = Tokens::open(Secrets::of(directory.path())).unwrap();
        assert_eq!(again.list()[0].last_used_at, Some(at(61)));
        tokens.used("gone", at(1)).unwrap();
    }

    #[test]
    fn what_a_newer_version_wrote_is_refused() {
        let (directory, _tokens) = tokens();
        let secrets = Secrets::of(directory.path());
        secrets.write(FILE, br#"{"version":2,"tokens":[]}"#).unwrap();
        assert!(matches!(Tokens::open(secrets), Err(SecretError::Damaged { .. })));
    }
}
