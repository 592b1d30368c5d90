//! Zulip.

use crate::Product;

pub(crate) const PRODUCT: Product = Product::of_api("zulip", include_str!("zulip/definition.toml"));
