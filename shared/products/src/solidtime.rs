//! solidtime.

pub mod mend;
mod preflight;

use orgvault_api::Format;

use crate::{ImportApi, Product, preflight::Importer};

pub(crate) const PRODUCT: Product = Product {
    name: "solidtime",
    definition: include_str!("solidtime/definition.toml"),
    importer: Some(Importer { formats: &[Format::Zip], check: preflight::check, recognize: preflight::recognize }),
    // `post_max_size` of solidtime's image.
    // It does 1,600 to 1,850 entries a second, and has two minutes.
    import_api: Some(ImportApi { into_organization: true, usual_upload: 100 << 20, usual_entries: Some(150_000) }),
};

/// Its own export API.
pub(crate) const API: Product = Product::of_api("solidtime-api", include_str!("solidtime/api.toml"));
