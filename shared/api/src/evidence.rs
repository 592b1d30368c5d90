//! Evidence: what is signed of an archive, and by which key.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/evidence/key`: whom to believe. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvidencePublicKey {
    /// The public key as OpenSSH writes it, one line.
    pub public_key: String,
    /// Its fingerprint, as `ssh-keygen -l` prints it: `SHA256:…`.
    pub fingerprint: String,
    /// The line for an `allowed_signers` file of `ssh-keygen -Y verify`.
    pub allowed_signers: String,
    /// Who signs, for `ssh-keygen -Y verify -I`.
    pub identity: String,
    /// For what it signs, for `ssh-keygen -Y verify -n`.
    pub namespace: String,
}
