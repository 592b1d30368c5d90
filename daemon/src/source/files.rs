//! The line `files` of a check: whether what rows name can be fetched.

use std::{sync::Arc, time::Duration};

use orgvault_api::{CheckLine, CheckResult};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    product::Definition,
    uploads::{Uploads, UploadsError},
};

/// A disk or a server that says nothing for so long is none that a check waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// None where neither the definition nor the source speaks of files.
pub(super) async fn check(definition: &Definition, uploads: Option<&Arc<dyn Uploads>>) -> Option<CheckLine> {
    let (result, message, hint) = match (definition.files.is_empty(), uploads) {
        (true, None) => return None,
        (true, Some(_)) => {
            let message = "the definition says of no section that its rows name files, and none are in the archives";
            (
                CheckResult::Warning,
                message.to_owned(),
                "add [[files]] to the definition, or remove `files` of the source",
            )
        }
        (false, None) => {
            let message = "rows name files of the app, and archives do not hold them";
            (CheckResult::Warning, message.to_owned(), "say in `files` of the source where the app keeps them")
        }
        (false, Some(uploads)) => look(uploads).await,
    };
    Some(CheckLine { name: "files".to_owned(), result, message, details: Vec::new(), hint: hint.to_owned() })
}

async fn look(uploads: &Arc<dyn Uploads>) -> (CheckResult, String, &'static str) {
    let (place, opening, stop) = (uploads.shown(), Arc::clone(uploads), CancellationToken::new());
    let _stopped = stop.clone().drop_guard();
    let opened = tokio::task::spawn_blocking(move || opening.open(&stop).map(drop));
    match timeout(PATIENCE, opened).await {
        Ok(Ok(Ok(()))) => (CheckResult::Ok, format!("{place} can be read"), ""),
        Ok(Ok(Err(error))) => (CheckResult::Failed, error.to_string(), error.hint()),
        Ok(Err(panic)) => (CheckResult::Failed, format!("the look at {place} failed: {panic}"), ""),
        Err(_elapsed) => {
            let error = UploadsError::silent(place, PATIENCE);
            (CheckResult::Failed, error.to_string(), error.hint())
        }
    }
}
