//! Outline: its definition, and nothing more.

use crate::Product;

pub(crate) const PRODUCT: Product =
    Product { name: "outline", definition: include_str!("outline/definition.toml"), importer: None, import_api: None };
