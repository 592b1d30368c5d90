//! What the last nights brought, a day at a time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the exports of one organization ended on one day, from best to worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DayResult {
    /// No export ended.
    #[default]
    None,
    /// The last one finished.
    Finished,
    /// The last one finished, with warnings.
    Warnings,
    /// The last one has no archive.
    Error,
}
