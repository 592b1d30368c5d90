//! What the last nights brought, a day at a time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the exports of one organization ended on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DayResult {
    /// No export ended.
    None,
    /// The last one finished.
    Finished,
    /// The last one finished, with warnings.
    Warnings,
    /// The last one has no archive.
    Error,
}
