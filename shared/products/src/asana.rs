//! Asana.

use crate::Product;

pub(crate) const PRODUCT: Product =
    Product { name: "asana", definition: include_str!("asana/definition.toml"), importer: None, import_api: None };
