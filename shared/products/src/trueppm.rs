//! TruePPM.

pub(crate) mod preflight;

use orgvault_api::Format;

use crate::{ImportApi, Product, preflight::Importer};

pub(crate) const PRODUCT: Product = Product {
    name: "trueppm",
    definition: include_str!("trueppm/definition.toml"),
    importer: Some(Importer {
        formats: &[Format::Seed, Format::SeedEvents],
        check: preflight::check,
        recognize: preflight::recognize,
    }),
    // `SEED_MAX_UPLOAD_MB` of TruePPM.
    import_api: Some(ImportApi { into_organization: false, usual_upload: 5 << 20, usual_entries: None }),
};

/// Its own export API.
pub(crate) const API: Product = Product::of_api("trueppm-api", include_str!("trueppm/api.toml"));
