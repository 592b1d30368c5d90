//! `/v1/diagnosis`: what somebody who helps has to know, without secrets.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Extension, Json, extract::State};
use orgvault_api::Diagnosis;

use super::{ApiError, App, caller::Caller, health::VERSION, status};

/// So many of the last failed exports are told.
const ERRORS: u32 = 50;

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Diagnosis>, ApiError> {
    let versions = BTreeMap::from([("orgvaultd".to_owned(), VERSION.to_owned()), ("system".to_owned(), system())]);
    let counts = app.catalog().archive_counts().await?;
    let named = |(source, format, state, number)| (format!("{source} {format} {state}"), number);
    let archives: BTreeMap<String, u64> = counts.into_iter().map(named).collect();
    Ok(Json(Diagnosis {
        versions,
        // Secrets do not show in it: their types see to that.
        configuration: format!("{:#?}", app.config()),
        status: status::status(&app, &caller).await?,
        errors: app.catalog().last_errors(ERRORS).await?,
        archives,
    }))
}

/// `Debian GNU/Linux 12 (bookworm), x86_64`, as os-release(5) says it.
fn system() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or(std::env::consts::OS);
    format!("{}, {}", name.trim_matches('"'), std::env::consts::ARCH)
}
