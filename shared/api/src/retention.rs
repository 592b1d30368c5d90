//! What retention keeps and drops.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Archive, Warning};
use crate::gid::Gid;

/// The decision on one archive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RetentionDecision {
    /// The archive.
    pub archive: Archive,
    /// Whether it stays.
    pub keep: bool,
    /// Why, for people: `last good archive`, `pinned`, `daily 2026-11-20`, `max_bytes`, …
    pub reasons: Vec<String>,
}

/// `GET /v1/retention/plan`: every archive, grouped by organization, format and entity.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct RetentionPlan {
    /// The decisions, by group, newest first.
    pub decisions: Vec<RetentionDecision>,
    /// Rules that cannot be met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// `POST /v1/retention/apply`: what was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pruned {
    /// The archives that are gone.
    pub deleted: Vec<Gid>,
    /// Their size together, in bytes.
    pub bytes: u64,
    /// What could not be deleted, one sentence each.
    pub failures: Vec<String>,
}
