//! Plane: its definition, and nothing more.

use crate::Product;

pub(crate) const PRODUCT: Product =
    Product { name: "plane", definition: include_str!("plane/definition.toml"), importer: None, import_api: None };
