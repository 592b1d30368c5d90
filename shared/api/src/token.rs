//! Service accounts: named holders of a bearer token.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{OrganizationKey, Role};
use crate::clock::Timestamp;

/// One token. What it is made of is shown once and kept by nobody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its id, which no other token ever has.
    pub id: String,
    /// The service account's name.
    pub name: String,
    /// What it may do: `viewer` or `admin`.
    pub role: Role,
    /// The organizations it may know of, as they were when it was made; none is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizations: Option<Vec<OrganizationKey>>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Until when it is taken; none is until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

/// `POST /v1/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// The service account's name: 1 to 40 of a-z, 0-9 and -.
    pub name: String,
    /// What it may do: `viewer` or `admin`.
    pub role: Role,
    /// Which organizations: names or globs of them (`tracker/*`), resolved to ids now.
    #[serde(default)]
    pub organizations: Vec<String>,
    /// Every organization, those that are yet to come too, instead of a list.
    #[serde(default)]
    pub all: bool,
    /// How long it is taken: `90d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// The answer to `POST /v1/tokens`: the only time that the secret is shown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewToken {
    /// What is known of it.
    pub token: Token,
    /// What goes into `Authorization: Bearer ..`.
    pub secret: String,
}

/// `GET /v1/tokens`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    /// The tokens, oldest first.
    pub tokens: Vec<Token>,
}
