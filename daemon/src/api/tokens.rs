//! `/v1/tokens`: service accounts and their tokens.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Json, extract::State, http::StatusCode};
use globset::GlobBuilder;
use orgvault_api::{
    NewToken as Made, OrganizationKey, Role, Token, TokenRequest, Tokens,
    units::{format_duration, parse_duration},
};

use super::{
    ApiError, App,
    archives::blocking,
    caller::Caller,
    lookup,
    request::{Json as Body, Path},
};
use crate::tokens::{NewToken, TokenError};

const MAX_NAME: usize = 40;

pub(super) async fn list(State(app): State<Arc<App>>) -> Json<Tokens> {
    Json(Tokens { tokens: app.tokens.list() })
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<TokenRequest>,
) -> Result<(StatusCode, Json<Made>), ApiError> {
    let lifetime = check(&request)?;
    caller.is_on(&request.name);
    let organizations = if request.all { None } else { Some(app.matching(&caller, &request.organizations).await?) };
    let TokenRequest { name, role, .. } = request;
    let new = NewToken { name, role, organizations, created_by: caller.name(), lifetime };
    let now = app.now();
    let (token, secret) = blocking(move || app.tokens.add(new, now)).await??;
    tracing::info!(user = caller.name(), token = token.name, "a token was made");
    Ok((StatusCode::CREATED, Json(Made { token, secret })))
}

pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Token>, ApiError> {
    caller.is_on(&name);
    let token = blocking(move || app.tokens.revoke(&name)).await??;
    tracing::info!(user = caller.name(), token = token.name, "a token was revoked");
    Ok(Json(token))
}

/// Refuses a request that contradicts itself; gives how long the token is taken.
fn check(request: &TokenRequest) -> Result<Option<Duration>, ApiError> {
    let TokenRequest { name, role, organizations, all, expires } = request;
    let refused = |fault: String| {
        Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_request",
            format!("the request is refused: {fault}"),
        ))
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > MAX_NAME || name.starts_with('-') || !name.bytes().all(plain) {
        return refused(format!("{name:?} is no name: write 1 to {MAX_NAME} of a-z, 0-9 and -, no - first"));
    }
    if *role == Role::Owner {
        return refused("a token is a viewer or an admin: what owners do needs a person".to_owned());
    }
    if *all != organizations.is_empty() {
        return refused("name `organizations`, or set `all`".to_owned());
    }
    match expires.as_deref().map(parse_duration).transpose() {
        Ok(Some(Duration::ZERO)) => refused("`expires` is zero".to_owned()),
        Ok(lifetime) => Ok(lifetime),
        Err(error) => refused(format!("`expires`: {error}; such as {:?}", format_duration(Duration::from_hours(2160)))),
    }
}

impl App {
    /// The organizations that are called so now; soft-deleted ones too, as they have archives.
    async fn matching(&self, caller: &Caller, globs: &[String]) -> Result<Vec<OrganizationKey>, ApiError> {
        let listing = self.listing(caller, None).await?;
        if let Some(failure) = listing.failures.into_iter().next() {
            // What it would have listed would be left out for good.
            return Err(failure.error.into());
        }
        let mut keys: Vec<OrganizationKey> = Vec::new();
        for glob in globs {
            let before = keys.len();
            let is_called = names(glob)?;
            for one in listing.listed.iter().filter(|one| is_called(&one.key)) {
                if !keys.iter().any(|key| key.is(&one.key.tenant())) {
                    keys.push(one.key.clone());
                }
            }
            if keys.len() == before && !listing.listed.iter().any(|one| is_called(&one.key)) {
                let detail = format!("no organization is called `{glob}`");
                return Err(ApiError::new(StatusCode::NOT_FOUND, "unknown_organization", detail)
                    .hint("`orgvault orgs` lists them; a glob is written in quotes: 'tracker/*'"));
            }
        }
        Ok(keys)
    }
}

/// Whether an organization is called so: by one of its names, or by a glob over them.
fn names(glob: &str) -> Result<impl Fn(&OrganizationKey) -> bool, ApiError> {
    let matcher = GlobBuilder::new(glob).build().map_err(|error| {
        let detail = format!("`{glob}` is no glob: {}", error.kind());
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail)
    })?;
    let (glob, matcher) = (glob.to_owned(), matcher.compile_matcher());
    Ok(move |key: &OrganizationKey| {
        let OrganizationKey { source, kind, id, slug, .. } = key;
        let called = [slug, id].into_iter().filter(|name| !name.is_empty());
        let forms =
            called.flat_map(|name| [name.clone(), format!("{source}/{name}"), format!("{source}/{kind}/{name}")]);
        lookup::is_called(key, &glob) || forms.into_iter().any(|form| matcher.is_match(form))
    })
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match &error {
            TokenError::Exists { .. } => Self::new(StatusCode::CONFLICT, "token_exists", error.to_string()),
            TokenError::Unknown { .. } => Self::new(StatusCode::NOT_FOUND, "unknown_token", error.to_string())
                .hint("`orgvault token list` lists them"),
            TokenError::Secret(cause) => Self::fault("secrets", cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(slug: &str, kind: &str) -> OrganizationKey {
        let [source, kind, id, name, slug] = ["tracker", kind, "7", "Any", slug].map(str::to_owned);
        OrganizationKey { source, kind, id, name, slug }
    }

    #[test]
    fn a_glob_is_over_every_form_of_a_name_and_never_over_the_display_name() {
        let called = |glob: &str, slug: &str| names(glob).unwrap()(&key(slug, "program"));
        for glob in ["acme", "a*", "tracker/*", "tracker/program/ac?e", "7", "tracker/7", "id:7", "{acme,other}", "*"] {
            assert!(called(glob, "acme"), "{glob}");
        }
        for glob in ["", "acm", "b*", "other/*", "Any", "tracker", "tracker/project/*"] {
            assert!(!called(glob, "acme"), "{glob}");
        }
        assert!(names("[").is_err());
    }

    #[test]
    fn a_request_that_contradicts_itself_is_refused() {
        let request = |name: &str, role, all, expires: Option<&str>| TokenRequest {
            name: name.to_owned(),
            role,
            organizations: if all { Vec::new() } else { vec!["acme".to_owned()] },
            all,
            expires: expires.map(str::to_owned),
        };
        assert_eq!(
            check(&request("backup", Role::Viewer, true, Some("90d"))).unwrap(),
            Some(Duration::from_hours(2160))
        );
        assert_eq!(check(&request("backup", Role::Admin, false, None)).unwrap(), None);
        let long = "x".repeat(41);
        for (name, role, expires) in [
            ("", Role::Viewer, None),
            ("a b", Role::Viewer, None),
            ("-a", Role::Viewer, None),
            (long.as_str(), Role::Viewer, None),
            ("a", Role::Owner, None),
            ("a", Role::Viewer, Some("0s")),
            ("a", Role::Viewer, Some("soon")),
        ] {
            assert!(check(&request(name, role, true, expires)).is_err(), "{name} {role:?} {expires:?}");
        }
        assert!(check(&TokenRequest { all: true, ..request("a", Role::Viewer, false, None) }).is_err());
        assert!(check(&TokenRequest { all: false, ..request("a", Role::Viewer, true, None) }).is_err());
    }
}
