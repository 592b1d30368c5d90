//! What `docs/openapi.json` says of a route.

use utoipa::openapi::{Ref, RefOr, Schema, schema::ObjectBuilder, schema::Type};

/// What the document says of a route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Description {
    pub(crate) summary: &'static str,
    pub(crate) query: &'static [(&'static str, Kind)],
    pub(crate) body: Option<Body>,
    pub(crate) answer: Answer,
}

/// The kind of a query's value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Number,
    Flag,
    /// One of the schemas.
    Named(&'static str),
}

/// A JSON document.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    /// One of the schemas.
    Named(&'static str),
    /// An object of another API's.
    Theirs,
}

impl Body {
    pub(crate) fn schema(self) -> RefOr<Schema> {
        match self {
            Self::Named(name) => Ref::from_schema_name(name).into(),
            Self::Theirs => ObjectBuilder::new().schema_type(Type::Object).into(),
        }
    }
}

/// The answer when it went well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) description: &'static str,
    pub(crate) media_type: Option<&'static str>,
    pub(crate) schema: Option<Body>,
    /// Whether it can be asked for in parts.
    pub(crate) is_file: bool,
}

pub(crate) const fn json(status: u16, schema: Body) -> Answer {
    Answer { status, description: "Done", media_type: Some("application/json"), schema: Some(schema), is_file: false }
}

pub(crate) const fn named(name: &'static str) -> Answer {
    json(200, Body::Named(name))
}

pub(crate) const fn file(media_type: &'static str) -> Answer {
    Answer { status: 200, description: "The file", media_type: Some(media_type), schema: None, is_file: true }
}

pub(crate) const ANY_FILE: &str = "*/*";

pub(crate) type Query = &'static [(&'static str, Kind)];

pub(crate) const NONE: Query = &[];
pub(crate) const fn get(summary: &'static str, query: Query, answer: Answer) -> Description {
    Description { summary, query, body: None, answer }
}

pub(crate) const fn with(summary: &'static str, body: Body, answer: Answer) -> Description {
    Description { summary, query: NONE, body: Some(body), answer }
}
