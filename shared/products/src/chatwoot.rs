//! Chatwoot: its definition, and nothing more.

use crate::Product;

pub(crate) const PRODUCT: Product = Product {
    name: "chatwoot",
    definition: include_str!("chatwoot/definition.toml"),
    importer: None,
    import_api: None,
};
