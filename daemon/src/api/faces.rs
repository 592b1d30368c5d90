//! What the faces are made of: the export APIs of the products, for clients that people already
//! have. Each is in its product's room and says things in its product's words; what they do is what
//! `/v1` does: the same exports, the same roles, the same queue.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use chrono::TimeDelta;
use orgvault_api::{Event, Export, ExportRequest, Format, State, gid::Gid};
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::{ApiError, App, access::Route, caller::Caller, error_style::ErrorStyle, organizations::Listing};
use crate::{signature::Link, source::Listed, store::Stored};

/// The export API of one product, spoken by us.
pub(crate) struct Face {
    /// Below these paths everything is answered in its words.
    pub(crate) prefixes: &'static [&'static str],
    /// Its routes, each with its role and its description.
    pub(crate) routes: fn() -> Vec<Route>,
    /// How it words errors.
    pub(crate) error_style: ErrorStyle,
    /// Where its paths end with a slash: the way to the one that was meant.
    pub(crate) with_slash: Option<fn(&Request) -> Option<Response>>,
}

/// An organization, as a face's paths name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaceTenant<'a> {
    pub(crate) product: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
}

/// What a face makes of an organization.
#[derive(Debug, Clone)]
pub(crate) struct ArchiveChoice {
    pub(crate) format: Format,
    pub(crate) entity: Option<String>,
    pub(crate) gzip: bool,
}

impl ArchiveChoice {
    pub(crate) fn plain(format: Format) -> Self {
        Self { format, entity: None, gzip: false }
    }
}

/// Ids of these products are UUIDs, and their databases do not mind how one is written.
pub(crate) fn is_same_id(left: &str, right: &str) -> bool {
    left == right || matches!((Uuid::parse_str(left), Uuid::parse_str(right)), (Ok(left), Ok(right)) if left == right)
}

impl App {
    /// What the sources of a product list of what the caller may know of.
    pub(crate) async fn listing_of(&self, caller: &Caller, product: &str) -> Result<Listing, ApiError> {
        let sources = self.sources(caller);
        let of_product = sources.iter().filter(|source| source.definition().name == product);
        let names: Vec<String> = of_product.map(|source| format!("{}/", source.name())).collect();
        if names.is_empty() {
            let detail = format!("no source of the product {product} is configured");
            return Err(ApiError::new(StatusCode::NOT_FOUND, "unknown_organization", detail));
        }
        Ok(self.listing_for(caller, &names).await)
    }

    /// The one organization that is named, by its id.
    pub(crate) async fn named(&self, caller: &Caller, named: FaceTenant<'_>) -> Result<Listed, ApiError> {
        let mut listing = self.listing_of(caller, named.product).await?;
        listing.listed.retain(|one| one.key.kind == named.kind && is_same_id(&one.key.id, named.id));
        let id = listing.listed.first().map_or(named.id, |one| &one.key.id);
        let found = listing.find(&format!("id:{id}"))?.clone();
        caller.is_about(None, &found.key);
        Ok(found)
    }

    /// Asks for one export, as `POST /v1/exports` does.
    pub(crate) async fn ordered(
        &self,
        caller: &Caller,
        organization: &Listed,
        choice: ArchiveChoice,
    ) -> Result<Export, ApiError> {
        let ArchiveChoice { format, entity, gzip } = choice;
        let request = ExportRequest { formats: vec![format], entity, gzip, ..ExportRequest::default() };
        let exports = self.submit(caller, &request, std::slice::from_ref(organization)).await?;
        // One organization in one format, and of csv one entity.
        exports.into_iter().next().ok_or_else(|| {
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "no export was made of the request")
        })
    }

    /// Waits until the export has ended; gives its archive. A client that goes away does not take
    /// the export with it.
    pub(crate) async fn finished(&self, caller: &Caller, gid: Gid) -> Result<Stored, ApiError> {
        // First the subscription, then the look, so that no end falls in between.
        let mut changes = self.engine().subscribe();
        let mut export = self.export(caller, gid).await?;
        while !export.state.is_final() {
            export = match changes.recv().await {
                Ok(Event::Export { export: latest }) if latest.gid == gid => *latest,
                Ok(_other) => continue,
                Err(RecvError::Lagged(_)) => self.export(caller, gid).await?,
                Err(RecvError::Closed) => {
                    return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the daemon is stopping"));
                }
            };
        }
        match (export.state, export.error) {
            (State::Finished, _) => self.archive(caller, gid).await,
            (_, Some(error)) => Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, &error.code, error.message)),
            (_, None) => Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "the export failed")),
        }
    }

    /// A link to an archive that has the caller's rights for so long; relative to this server.
    pub(crate) fn link(&self, caller: &Caller, gid: Gid, lifetime: TimeDelta) -> Result<String, ApiError> {
        let holder = caller.holder().ok_or_else(|| {
            ApiError::new(StatusCode::FORBIDDEN, "not_allowed", "nobody knows for whom the link would be")
        })?;
        Ok(self.url_key.sign(&Link { gid, expires: self.now() + lifetime, holder }))
    }

    /// A link as a client can follow it that does not know whom it talks to. On the socket there is
    /// no such thing.
    pub(crate) fn absolute(&self, caller: &Caller, headers: &HeaderMap, link: &str) -> String {
        let config = self.config();
        let http = &config.http;
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        match (&http.public_url, host) {
            (Some(public), _) => format!("{public}{link}"),
            (None, Some(host)) if caller.address.is_some() => {
                format!("{}://{host}{link}", if http.cert.is_some() { "https" } else { "http" })
            }
            _ => link.to_owned(),
        }
    }
}
