//! A product whose archives the app makes itself: `[api]` and `[[export]]` of a definition with `kind = "api"`.

mod condition;
mod content;
mod export;
mod job;
mod values;

use std::{collections::BTreeMap, time::Duration};

use orgvault_api::Format;
use orgvault_config::checked_toml::{Table, Value};

use self::{
    condition::condition,
    values::{base, header_name, headers, path, pointer, pointers, requests, some_duration},
};
use super::names::word;
use crate::product::{
    Definition, Encoding, OrganizationQuery,
    api::{Api, ApiExport, Auth, Errors, Limits, List, Next, WhoAmI},
};

/// What only a product has whose database is read.
const OF_A_DATABASE: [&str; 8] = ["section", "table", "scope", "warning", "files", "encoding", "json", "zip"];

/// Reads every key; what is missing or wrong is noted, and empty in the definition.
pub(super) fn definition(root: &Table<'_>) -> Definition {
    for key in OF_A_DATABASE {
        if root.has(key) {
            root.refuse(
                key,
                "is for a product whose database is read",
                "leave it out: [[export]] says what the app makes",
            );
        }
    }
    let (name, measured_on) = root.table("product", product).unwrap_or_default();
    let exports = export::all(root);
    let api = root.table("api", |table| api(table, exports));
    let mut organization = root.table("organization", organization).unwrap_or_default();
    if let Some(api) = &api {
        organization.formats = formats_of_kinds(&organization, api);
    }
    let mut formats: Vec<Format> = Vec::new();
    for export in api.iter().flat_map(|api| &api.exports) {
        if !formats.contains(&export.format) {
            formats.push(export.format);
        }
    }
    Definition {
        name,
        measured_on,
        organization,
        default_format: formats.first().copied().unwrap_or(Format::Json),
        formats,
        format_tables: BTreeMap::new(),
        encoding: Encoding::USUAL,
        json: crate::product::JsonDocument::default(),
        zip: crate::product::ZipDocument::default(),
        sections: Vec::new(),
        files: Vec::new(),
        left_out: Vec::new(),
        warnings: Vec::new(),
        tables: BTreeMap::new(),
        api,
        full: None,
    }
}

/// Refuses what only an export API has, in the definition of a product whose database is read.
pub(super) fn refuse_in_another(root: &Table<'_>) {
    for key in ["api", "export"] {
        if root.has(key) {
            let reason = "is for a product whose archives the app makes itself";
            root.refuse(key, reason, "write `kind = \"api\"` into [product], or leave it out");
        }
    }
}

/// `[product]`: the name, and when its facts are from.
fn product(table: &Table<'_>) -> (String, String) {
    super::kind(table, true);
    for key in ["formats", "default_format", "format_tables"] {
        if table.has(key) {
            table.refuse(key, "follows from the exports", "leave it out: the first [[export]] is the default");
        }
    }
    let name = table.required("name", word).unwrap_or_default();
    (name, table.required("measured_on", Value::some_text).unwrap_or_default())
}

/// `[organization]`: what they are called.
fn organization(table: &Table<'_>) -> OrganizationQuery {
    if table.has("list") {
        let fix = "write [api.list], or let each source name its organizations";
        table.refuse("list", "is a query, and there is no database", fix);
    }
    if table.has("formats") {
        table.refuse("formats", "follows from the exports", "write `kinds = [..]` into the [[export]]");
    }
    let (kind, default_kinds) = super::kinds(table);
    OrganizationQuery { kind, default_kinds, ..OrganizationQuery::default() }
}

/// The formats of the kinds that do not have all of them.
fn formats_of_kinds(organization: &OrganizationQuery, api: &Api) -> BTreeMap<String, Vec<Format>> {
    let named = api.exports.iter().flat_map(|export| &export.kinds);
    let listed = api.list.iter().filter_map(|list| list.kind.as_ref());
    let kinds = named.chain(listed).map(String::as_str).chain(organization.kinds());
    let formats = |kind: &str| {
        let own = api.exports.iter().filter(|export| export.is_for(kind));
        (kind.to_owned(), own.map(|export| export.format).collect::<Vec<_>>())
    };
    let is_limited = |(_, own): &(String, Vec<Format>)| api.exports.iter().any(|export| !own.contains(&export.format));
    kinds.map(formats).filter(is_limited).collect()
}

/// `[api]`.
fn api(table: &Table<'_>, exports: Vec<ApiExport>) -> Api {
    Api {
        base: table.optional("base", base),
        auth: table.required("auth", auth).unwrap_or(Auth::Bearer),
        headers: table.table("headers", headers).unwrap_or_default(),
        errors: table.table("errors", errors).unwrap_or_default(),
        limits: table.table("limits", limits).unwrap_or(Limits::USUAL),
        list: table.has("list").then(|| table.table("list", list)).flatten().flatten(),
        whoami: table.has("whoami").then(|| table.table("whoami", whoami)).flatten().flatten(),
        exports,
    }
}

/// `"bearer"`, `"basic"` or `{ header = ".." }`.
fn auth(value: &Value<'_>) -> Option<Auth> {
    if !value.raw().is_table() {
        let words = [("bearer", false), ("basic", true)];
        return value.one_of(&words).map(|is_basic| if is_basic { Auth::Basic } else { Auth::Bearer });
    }
    value.table(|header| {
        let name = header.required("header", header_name);
        let prefix = header.or("prefix", String::new(), |value| value.text().map(str::to_owned));
        Some(Auth::Header { name: name?, prefix })
    })?
}

/// `[api.errors]`.
fn errors(table: &Table<'_>) -> Errors {
    let usual = || ["/message", "/error", "/detail"].map(str::to_owned).to_vec();
    Errors {
        sentence: table.optional("sentence", pointers).unwrap_or_else(usual),
        refused: table.optional("refused", condition),
    }
}

impl Limits {
    /// Where a definition does not say.
    const USUAL: Self = Self {
        requests: 60,
        per: Duration::from_mins(1),
        jobs: 4,
        between_jobs: Duration::ZERO,
        between_downloads: Duration::ZERO,
    };
}

/// `[api.limits]`.
fn limits(table: &Table<'_>) -> Limits {
    let usual = Limits::USUAL;
    Limits {
        requests: table.or("requests", usual.requests, requests),
        per: table.or("per", usual.per, some_duration),
        jobs: table.or("jobs", usual.jobs, |value| value.integer(1..=1000)),
        between_jobs: table.or("between_jobs", usual.between_jobs, some_duration),
        between_downloads: table.or("between_downloads", usual.between_downloads, some_duration),
    }
}

/// `[api.list]`.
fn list(table: &Table<'_>) -> Option<List> {
    let path = table.required("path", |value| path(value, &[]));
    let items = table.or("items", String::new(), pointer);
    let id = table.required("id", pointer);
    let name = table.required("name", pointer);
    let slug = table.optional("slug", pointer);
    let kind = table.optional("kind", word);
    let next = table.or("next", Next::Nowhere, next);
    Some(List { path: path?, items, id: id?, name: name?, slug, kind, next })
}

/// `"link"`, `{ pointer = ".." }`, `{ pointer = "..", parameter = ".." }` or `{ page = ".." }`.
fn next(value: &Value<'_>) -> Option<Next> {
    if !value.raw().is_table() {
        return value.one_of(&[("link", ())]).map(|()| Next::LinkHeader);
    }
    value.table(|next| {
        let pointer = next.optional("pointer", pointer);
        let parameter = next.optional("parameter", values::parameter);
        let page = next.optional("page", values::parameter);
        if next.has("page") && (next.has("pointer") || next.has("parameter")) {
            next.refuse("page", "stands beside `pointer` or `parameter`", "keep one way to the next page");
            return None;
        }
        if !next.has("page") && !next.has("pointer") {
            next.refuse_missing("pointer");
        }
        match (pointer, parameter, page) {
            (None, _, page) => page.map(|parameter| Next::Page { parameter }),
            (Some(pointer), Some(parameter), _) => Some(Next::Token { pointer, parameter }),
            (Some(pointer), None, _) => Some(Next::Pointer(pointer)),
        }
    })?
}

/// `[api.whoami]`.
fn whoami(table: &Table<'_>) -> Option<WhoAmI> {
    let path = table.required("path", |value| path(value, &[]));
    let name = table.required("name", pointers);
    Some(WhoAmI { path: path?, name: name? })
}
