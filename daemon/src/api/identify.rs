//! Who asks: the token that a request carries, or else the peer of its connection. And how often.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};

use super::{ApiError, App, archives::blocking, caller::Caller};
use crate::server::{
    Peer,
    rates::{Party, network},
};

/// Wrong tokens within a minute, of one address.
const WRONG_PER_MINUTE: u32 = 30;

/// The key under which a client repeats a request (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Longer keys are none.
const MAX_KEY: usize = 255;

/// Who asks, and why they may not, where that is known already.
pub(super) struct Identified {
    pub(super) caller: Caller,
    pub(super) refused: Option<ApiError>,
}

impl App {
    /// A token counts before the connection: who sends one wants its rights, not their own.
    pub(super) fn identify(&self, request: &Request) -> Identified {
        let peer = request.extensions().get::<Peer>();
        let connected = peer.map_or_else(|| Caller::nobody(None), Caller::of);
        let identified = match self.asks_too_often(&connected) {
            Some(refused) => Err(refused),
            None => match request.headers().get(header::AUTHORIZATION) {
                None => Ok(None),
                Some(value) => self.bearer(value.as_bytes(), &connected).map(Some),
            },
        };
        match identified {
            Ok(token) => {
                let caller = token.unwrap_or(connected).repeating(key(request.headers()));
                Identified { caller, refused: None }
            }
            Err(refused) => Identified { caller: Caller::nobody(connected.address), refused: Some(refused) },
        }
    }

    /// Users of this machine may ask as often as they like.
    fn asks_too_often(&self, connected: &Caller) -> Option<ApiError> {
        let party = Party::Address(network(connected.address?));
        self.too_many(party, self.config().http.requests_per_minute)
    }

    fn too_many(&self, party: Party, limit: u32) -> Option<ApiError> {
        let seconds = self.rates.take(party, limit, self.now()).err()?;
        let detail = format!("more than {limit} requests within a minute");
        let refusal = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
        Some(refusal.retry_after(seconds).hint("ask again after Retry-After seconds, and less often"))
    }

    /// The holder of the token in an `Authorization` header (RFC 6750, section 2.1).
    fn bearer(&self, value: &[u8], connected: &Caller) -> Result<Caller, ApiError> {
        let address = connected.address;
        let secret = std::str::from_utf8(value).ok().and_then(|value| value.split_once(' '));
        let secret =
            secret.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, secret)| secret.trim());
        let found = self.tokens.find(secret.unwrap_or_default(), self.now());
        let token = found.map_err(|error| {
            let often = self.too_many(Party::Wrong(address.map(network)), WRONG_PER_MINUTE);
            often.unwrap_or_else(|| {
                ApiError::new(StatusCode::UNAUTHORIZED, error.code(), error.to_string())
                    .hint("`orgvault token list` lists the tokens, `orgvault token add` makes one")
            })
        })?;
        match self.too_many(Party::Token(token.id.clone()), self.config().http.requests_per_minute) {
            Some(refused) => Err(refused),
            None => Ok(Caller::token(&token, address)),
        }
    }

    /// Keeps when a token was last used.
    pub(super) async fn note_use(self: &Arc<Self>, caller: &Caller) {
        let Some(id) = caller.token_id().map(str::to_owned) else { return };
        let (app, now) = (Arc::clone(self), self.now());
        if let Ok(Err(error)) = blocking(move || app.tokens.used(&id, now)).await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the last use of a token is not kept");
        }
    }
}

fn key(headers: &HeaderMap) -> Option<Arc<str>> {
    let key = headers.get(IDEMPOTENCY_KEY)?.to_str().ok()?;
    (1..=MAX_KEY).contains(&key.len()).then(|| key.into())
}
