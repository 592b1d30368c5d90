//! GitHub.

use crate::Product;

pub(crate) const ORGANIZATION: Product = Product::of_api("github-org", include_str!("github/organization.toml"));
