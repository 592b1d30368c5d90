//! Docmost: its definition, and nothing more.

use crate::Product;

pub(crate) const PRODUCT: Product =
    Product { name: "docmost", definition: include_str!("docmost/definition.toml"), importer: None, import_api: None };
