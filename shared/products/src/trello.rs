//! Trello.

use crate::Product;

pub(crate) const PRODUCT: Product = Product::of_api("trello", include_str!("trello/definition.toml"));
