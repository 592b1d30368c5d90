//! What somebody who helps has to know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Export, Status};

/// `GET /v1/diagnosis`; holds no secrets.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Diagnosis {
    /// Programs and their versions.
    pub versions: BTreeMap<String, String>,
    /// The configuration in force, for people.
    pub configuration: String,
    /// The daemon as a whole.
    pub status: Status,
    /// The last exports that have no archive, newest last.
    pub errors: Vec<Export>,
    /// How many archives there are of each source, format and state: `tracker json present`.
    pub archives: BTreeMap<String, u64>,
}
