//! `/v1/sources`: the connected application databases.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use futures_util::future::join_all;
use orgvault_api::{Coverage, ExportError, Source as Shown, SourceCheck, Sources};
use serde::Deserialize;

use super::{
    ApiError, App,
    caller::Caller,
    request::{Path, Query},
};
use crate::{
    coverage,
    export::representable,
    source::{Source, SourceError},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckQuery {
    #[serde(default)]
    deep: bool,
}

/// Asks every source at the same time, so that one that is down delays no other.
pub(crate) async fn list(State(app): State<Arc<App>>, Extension(caller): Extension<Caller>) -> Json<Sources> {
    Json(Sources { sources: join_all(app.sources(&caller).iter().map(|source| show(&app, source, &caller))).await })
}

async fn show(app: &App, source: &Source, caller: &Caller) -> Shown {
    // A server that refuses the list has answered all the same.
    let (version, listed) = match source.version().await {
        Ok(version) => (Some(version), app.context.list(source).await),
        Err(error) => (None, Err(error)),
    };
    let seen = listed.as_ref().map(|listed| listed.iter().filter(|one| caller.sees(&one.key)).count());
    let definition = source.definition();
    Shown {
        name: source.name().to_owned(),
        product: definition.name.clone(),
        formats: definition.offered(),
        location: source.location(),
        reachable: version.is_some(),
        version,
        organizations: seen.ok().map(|number| number as u64),
        error: listed.err().map(|error| error.to_string()),
    }
}

pub(crate) async fn check(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(query): Query<CheckQuery>,
) -> Result<Json<SourceCheck>, ApiError> {
    let source = app.source(&caller, &name)?;
    let mut check = source.check().await;
    if query.deep {
        check.lines.push(representable(&source).await);
    }
    Ok(Json(check))
}

pub(crate) async fn coverage(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Coverage>, ApiError> {
    let source = app.source(&caller, &name)?;
    Ok(Json(coverage::look(&app.context, &source).await.map_err(|error| wire(&error))?))
}

impl App {
    /// The sources that the caller may know of, in the configuration's order.
    pub(crate) fn sources(&self, caller: &Caller) -> Vec<Arc<Source>> {
        let (config, sources) = (self.config(), self.context.sources.load());
        let configured = config.sources.iter().filter(|source| caller.sees_source(&source.name));
        configured.filter_map(|source| sources.get(&source.name).cloned()).collect()
    }

    /// The source of this name, if the caller may know of it.
    pub(crate) fn source(&self, caller: &Caller, name: &str) -> Result<Arc<Source>, ApiError> {
        let sources = self.sources(caller);
        sources.iter().find(|source| source.name() == name).cloned().ok_or_else(|| {
            let known: Vec<&str> = sources.iter().map(|source| source.name()).collect();
            ApiError::new(StatusCode::NOT_FOUND, "unknown_source", format!("there is no source `{name}`"))
                .hint(format!("the configuration has: {}", known.join(", ")))
        })
    }
}

/// The error of a source, as the API shows it.
pub(crate) fn wire(error: &SourceError) -> ExportError {
    ExportError { code: error.code().to_owned(), message: error.to_string(), hint: error.hint().to_owned() }
}

impl From<ExportError> for ApiError {
    /// A source that could not be asked: the daemon is well, the one behind it is not.
    fn from(error: ExportError) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, &error.code, error.message).hint(error.hint)
    }
}
