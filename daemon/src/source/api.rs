//! Sources that are export APIs: an app makes the archive, behind a job that is created, polled and downloaded.
//!
//! What is asked and what answers mean is here, by the words of a definition. What was asked before, and what becomes of
//! a file, is not: whoever exports remembers that.

mod address;
mod answer;
mod check;
mod client;
mod download;
mod job;
mod limiter;
mod list;
mod near;
mod patience;
mod template;

use std::{sync::Arc, time::Duration};

use orgvault_api::{Format, OrganizationKey, clock::Clock};
use orgvault_config::{ExportApi, SourceConfig};
use tokio::sync::OwnedSemaphorePermit;

use self::template::Filling;
use super::{SourceError, SourceFault};
use crate::product::{
    Definition,
    api::{ApiExport, DownloadFrom, Job},
};

pub(crate) use self::{
    client::{ApiClient, NoAnswer},
    download::{Begun, Body, Ending, Fetched},
    job::{Created, Told},
    patience::before_poll,
};

/// No job is waited for longer, whatever the source says.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// An export API. Connects when it is first asked.
pub(crate) struct ApiSource {
    pub(crate) client: ApiClient,
    own: ExportApi,
    definition: Arc<Definition>,
}

impl ApiSource {
    /// Gets ready to ask; opens nothing but the file with certificates.
    ///
    /// # Errors
    /// When the definition is one of a database, or the address or the certificates cannot be used.
    pub(super) fn new(
        config: &SourceConfig,
        own: &ExportApi,
        definition: &Arc<Definition>,
        clock: Clock,
    ) -> Result<Self, SourceError> {
        let name = config.name.as_str().into();
        let Some(api) = definition.api.clone() else {
            let words = format!("product {} is read from a database, which needs a url of one", definition.name);
            return Err(SourceError::fault(&name, SourceFault::Url, "use its definition", words));
        };
        let client = ApiClient::new(config, own, &Arc::new(api), clock)?;
        Ok(Self { client, own: own.clone(), definition: Arc::clone(definition) })
    }

    /// Where it is.
    pub(super) fn location(&self) -> String {
        self.client.base.as_str().trim_end_matches('/').to_owned()
    }

    /// What the app makes as this format for organizations of a kind.
    pub(crate) fn export(&self, format: Format, kind: &str) -> Option<&ApiExport> {
        self.client.api.export(kind, format)
    }

    /// How long one of its jobs may take.
    pub(crate) fn at_most(&self, job: &Job) -> Duration {
        self.own.at_most.unwrap_or(job.at_most).min(LONGEST)
    }

    /// Waits until its token may have one more job open.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.client.limiter.job().await
    }
}

/// The file of a job whose place is a path of ours.
pub(crate) fn path_of(export: &ApiExport, organization: &OrganizationKey, job: &str) -> Option<String> {
    match &export.download.from {
        DownloadFrom::Path(path) => Some(Filling { organization, job }.path(path)),
        DownloadFrom::Pointer(_) => None,
    }
}
