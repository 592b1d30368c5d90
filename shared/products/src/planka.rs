//! Planka: its definition, and nothing more.

use crate::Product;

pub(crate) const PRODUCT: Product =
    Product { name: "planka", definition: include_str!("planka/definition.toml"), importer: None, import_api: None };
