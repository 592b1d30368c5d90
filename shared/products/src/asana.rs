//! Asana: the export of an organization, of the resources of a workspace, and of what is below one object.

use crate::Product;

pub(crate) const PRODUCT: Product = Product::of_api("asana", include_str!("asana/definition.toml"));
pub(crate) const RESOURCE: Product = Product::of_api("asana-resource", include_str!("asana/resource.toml"));
pub(crate) const GRAPH: Product = Product::of_api("asana-graph", include_str!("asana/graph.toml"));
