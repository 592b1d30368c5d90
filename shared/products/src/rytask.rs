//! RyTask: it has an exporter, and no importer.

use crate::Product;

pub(crate) const PRODUCT: Product =
    Product { name: "rytask", definition: include_str!("rytask/definition.toml"), importer: None, import_api: None };

/// Its own export API.
pub(crate) const API: Product = Product::of_api("rytask-api", include_str!("rytask/api.toml"));
