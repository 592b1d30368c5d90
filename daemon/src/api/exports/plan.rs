//! From a request to exports: pure, so that its rules are tested without a database.

use std::{collections::BTreeMap, sync::Arc};

use axum::http::StatusCode;
use orgvault_api::{Export, ExportRequest, Format, OrganizationKey, State, clock::Timestamp, gid::Gid};

use super::super::ApiError;
use crate::{product::Definition, source::Listed};

/// What every export of a request shares.
pub(super) struct ExportPlanner<'a> {
    pub(super) request: &'a ExportRequest,
    pub(super) requested_by: &'a str,
    pub(super) now: Timestamp,
}

/// Refuses a request that contradicts itself.
pub(super) fn check(request: &ExportRequest) -> Result<(), ApiError> {
    let ExportRequest { organizations, all, source, deleted, formats, entity, .. } = request;
    let fault = if *all && !organizations.is_empty() {
        "`all` and `organizations` exclude each other"
    } else if !*all && organizations.is_empty() {
        "it names no organization: fill `organizations`, or set `all`"
    } else if !*all && (source.is_some() || *deleted) {
        "`source` and `deleted` belong to `all`"
    } else if entity.is_some() && formats.iter().any(|format| *format != Format::Csv) {
        "`entity` belongs to the format csv"
    } else {
        return Ok(());
    };
    Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", format!("the request is refused: {fault}")))
}

impl ExportPlanner<'_> {
    /// The exports, those of one organization one after the other. All or none: what one product
    /// does not offer refuses the whole request.
    pub(super) fn exports(
        &self,
        organizations: &[Listed],
        definitions: &BTreeMap<String, Arc<Definition>>,
        gid: impl Fn(Timestamp) -> Gid,
    ) -> Result<Vec<Export>, ApiError> {
        let request = gid(self.now);
        let mut exports = Vec::new();
        for listed in organizations {
            let Some(definition) = definitions.get(&listed.key.source) else { continue };
            for (format, entity) in self.archives(definition, &listed.key)? {
                exports.push(Export {
                    gid: gid(self.now),
                    request,
                    organization: listed.key.clone(),
                    format,
                    entity,
                    gzip: definition.gzips(&listed.key.kind, format, self.request.gzip),
                    importable: self.request.importable,
                    state: State::Pending,
                    created_at: self.now,
                    started_at: None,
                    finished_at: None,
                    progress: None,
                    error: None,
                    warnings: listed.warnings.clone(),
                    counts: Vec::new(),
                    bytes: None,
                    requested_by: self.requested_by.to_owned(),
                    schedule: None,
                });
            }
        }
        Ok(exports)
    }

    /// The archives of one organization: each format once, `csv` once for each entity.
    fn archives(
        &self,
        definition: &Definition,
        organization: &OrganizationKey,
    ) -> Result<Vec<(Format, Option<String>)>, ApiError> {
        let default = [definition.default_of(&organization.kind)];
        let asked = match (self.request.formats.as_slice(), &self.request.entity) {
            ([], None) => &default,
            ([], Some(_)) => &[Format::Csv],
            (formats, _) => formats,
        };
        let mut archives = Vec::new();
        for (place, &format) in asked.iter().enumerate() {
            if asked[..place].contains(&format) {
                continue;
            }
            if !definition.formats.contains(&format) {
                return Err(not_offered(definition, format));
            }
            if !definition.offers(&organization.kind, format) {
                // Of all, each is exported in what its kind has.
                if self.request.all {
                    continue;
                }
                return Err(not_offered_there(definition, organization, format));
            }
            if self.request.importable && definition.api.is_some() {
                let detail = format!("{} makes its archives itself, and leaves nothing out of them", definition.name);
                return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "not_offered", detail));
            }
            let is_made = matches!(format, Format::Seed | Format::SeedEvents)
                || format == Format::Zip && definition.name == "solidtime";
            if self.request.importable && !is_made {
                let detail =
                    format!("`importable` belongs to seed, seed-events and solidtime's zip, and not to {format}");
                return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "not_offered", detail));
            }
            let entities = self.wanted(definition, definition.archives_of(format))?;
            archives.extend(entities.into_iter().map(|entity| (format, entity.map(str::to_owned))));
        }
        Ok(archives)
    }

    /// Of the archives of a format, all or that of the entity that is asked for.
    fn wanted<'d>(
        &self,
        definition: &Definition,
        mut entities: Vec<Option<&'d str>>,
    ) -> Result<Vec<Option<&'d str>>, ApiError> {
        let Some(wanted) = self.request.entity.as_deref() else { return Ok(entities) };
        if !entities.contains(&Some(wanted)) {
            let has: Vec<&str> = entities.into_iter().flatten().collect();
            let detail = match definition.lacks_for(Format::Csv, Some(wanted)) {
                Some(table) => format!("{}, so there is no entity `{wanted}`", lacking(definition, table)),
                None => format!("product {} has no entity `{wanted}`", definition.name),
            };
            return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_entity", detail)
                .hint(format!("it has: {}", has.join(", "))));
        }
        entities.retain(|entity| *entity == Some(wanted));
        Ok(entities)
    }
}

fn not_offered_there(definition: &Definition, organization: &OrganizationKey, format: Format) -> ApiError {
    let OrganizationKey { source, kind, id, .. } = organization;
    let offered = Format::join(&definition.offered_to(kind), ", ");
    let detail = format!("{kind} {source}/{id} is not offered as {format}, which its product has for other kinds");
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "not_offered", detail)
        .hint(format!("a {kind} is offered as {offered}"))
}

fn not_offered(definition: &Definition, format: Format) -> ApiError {
    let detail = match definition.lacks_for(format, None) {
        Some(table) => format!("{}, so it is not offered as {format}", lacking(definition, table)),
        None => format!("product {} is not offered as {format}", definition.name),
    };
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "not_offered", detail)
        .hint(format!("it is offered as {}", Format::join(&definition.formats, ", ")))
}

/// The beginning of a sentence on what the release of the app does not have.
fn lacking(definition: &Definition, table: &str) -> String {
    format!("the source's release of {} has no table {table}", definition.name)
}
