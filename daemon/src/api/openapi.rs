//! `docs/openapi.json`: made from the table of routes and the types of the wire, and tested against
//! both.

mod operations;

use axum::http::Method;
use orgvault_api as api;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, Content, HttpMethod, Info, OpenApi, PathItem, Paths, Ref, RefOr, Required, Response, Schema,
        path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{ObjectBuilder, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use self::operations::description;
use super::{
    access::{Rule, routes},
    description::{Answer, Body, Description, Kind},
    health::VERSION,
};

const DESCRIPTION: &str = "HTTP/1.1 over the Unix socket of orgvaultd, and over TCP for service accounts. On the \
    socket the peer's uid decides what it may do; over TCP, and wherever one is sent, a bearer token does.";

/// The name of the one way to say who one is.
const TOKEN: &str = "token";

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let mut paths = Paths::new();
    for route in routes() {
        let rule = route.rule;
        // The test beside this notices a route that nothing is said of.
        let Some(said) = rule.description.or_else(|| description(&rule.method, rule.path)) else { continue };
        let path = paths.paths.entry(rule.path.to_owned()).or_default();
        path.merge_operations(PathItem::new(method(&rule.method), operation(&rule, &said)));
    }
    let mut document = OpenApi::new(Info::builder().title("orgvault").version(VERSION).build(), paths);
    document.info.description = Some(DESCRIPTION.to_owned());
    document.components = Some(components());
    document.security = Some(vec![SecurityRequirement::new::<&str, [&str; 0], &str>(TOKEN, [])]);
    document
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(rule: &Rule, said: &Description) -> Operation {
    let needs = rule.role.map_or_else(String::new, |role| format!(" Needs the role {}.", role.name()));
    let mut operation = OperationBuilder::new()
        .operation_id(Some(operation_id(rule)))
        .summary(Some(said.summary))
        .description(Some(format!("{}.{needs}", said.summary)))
        .response(said.answer.status.to_string(), answer(&said.answer))
        .response("default", problem(rule));
    if said.answer.is_file {
        operation = operation.response("206", answer(&said.answer)).response("304", Response::new("Unchanged"));
    }
    for name in parameters_of(rule.path) {
        let is_gid = matches!(name, "gid" | "other");
        let schema: RefOr<Schema> = if is_gid { Ref::from_schema_name("Gid").into() } else { text().into() };
        operation = operation.parameter(parameter(name, ParameterIn::Path, Required::True, schema));
    }
    for (name, kind) in said.query {
        operation = operation.parameter(parameter(name, ParameterIn::Query, Required::False, simple(*kind)));
    }
    if let Some(body) = said.body {
        let content = Content::new(Some(body.schema()));
        let body = RequestBodyBuilder::new().required(Some(Required::True)).content("application/json", content);
        operation = operation.request_body(Some(body.build()));
    }
    operation.build()
}

/// `getArchivesGidDownload`: the method and the words of the path.
fn operation_id(rule: &Rule) -> String {
    let words = rule.path.split(|character: char| !character.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty()).map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    format!("{}{}", rule.method.as_str().to_lowercase(), words.collect::<String>())
}

fn parameters_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn parameter(name: &str, place: ParameterIn, required: Required, schema: impl Into<RefOr<Schema>>) -> Parameter {
    ParameterBuilder::new().name(name).parameter_in(place).required(required).schema(Some(schema)).build()
}

fn simple(kind: Kind) -> RefOr<Schema> {
    match kind {
        Kind::Text => text().into(),
        Kind::Number => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).into(),
        Kind::Flag => ObjectBuilder::new().schema_type(Type::Boolean).into(),
        Kind::Named(name) => Ref::from_schema_name(name).into(),
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn answer(answer: &Answer) -> Response {
    let mut response = Response::new(answer.description);
    if let Some(media_type) = answer.media_type {
        let content = Content::new(answer.schema.map(Body::schema));
        response.content.insert(media_type.to_owned(), content.into());
    }
    response
}

/// A problem document; a face has words of its own.
fn problem(rule: &Rule) -> Response {
    let mut response = Response::new("Refused, or it went wrong");
    let (media_type, schema) = match rule.error_style {
        None => ("application/problem+json", Ref::from_schema_name("Problem").into()),
        Some(_) => ("application/json", RefOr::from(ObjectBuilder::new().schema_type(Type::Object).build())),
    };
    response.content.insert(media_type.to_owned(), Content::new(Some(schema)).into());
    response
}

fn components() -> Components {
    let mut schemas = Vec::new();
    add::<api::Problem>(&mut schemas);
    add::<orgvault_api::gid::Gid>(&mut schemas);
    add::<api::State>(&mut schemas);
    operations::schemas(&mut schemas);
    let mut components = Components::new();
    components.schemas = schemas.into_iter().collect();
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A service account's token"));
    components.add_security_scheme(TOKEN, SecurityScheme::Http(scheme.build()));
    components
}

fn add<T: ToSchema + PartialSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    T::schemas(schemas);
    schemas.push((T::name().into_owned(), T::schema()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_in_the_document_and_no_other() {
        let document = document();
        let mut described: Vec<String> = Vec::new();
        for (path, item) in &document.paths.paths {
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
                let operation = match method {
                    Method::POST => &item.post,
                    Method::PUT => &item.put,
                    Method::DELETE => &item.delete,
                    _ => &item.get,
                };
                described.extend(operation.as_ref().map(|_| format!("{method} {path}")));
            }
        }
        let mut routes: Vec<String> =
            routes().iter().map(|route| format!("{} {}", route.rule.method, route.rule.path)).collect();
        described.sort();
        routes.sort();
        assert_eq!(described, routes, "describe it in openapi/operations.rs");
    }

    #[test]
    fn nothing_is_described_of_a_route_that_is_not_there() {
        let routes: Vec<String> =
            routes().iter().map(|route| format!("{} {}", route.rule.method, route.rule.path)).collect();
        for known in operations::known() {
            assert!(routes.contains(&known), "{known} is no route");
        }
    }

    #[test]
    fn every_schema_that_is_referred_to_is_there() {
        let document = serde_json::to_value(document()).unwrap();
        let text = document.to_string();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_published_document_is_this_one() {
        let published = include_str!("../../../docs/openapi.json");
        let made = format!("{}\n", document().to_pretty_json().unwrap());
        assert!(made == published, "run `orgvaultd openapi > docs/openapi.json` (make openapi)");
    }
}
