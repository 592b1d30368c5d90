//! What is known of each product and needs no daemon: its definition, whether its own importer would
//! take an archive, and whether archives can be sent to an instance of it.
//!
//! One room for each product, one row of [`PRODUCTS`] for each room: nothing else knows of it here.
//!
//! ```
//! use orgvault_products::product;
//!
//! let solidtime = product("solidtime").unwrap();
//! assert!(solidtime.definition.contains("[organization]"));
//! assert!(solidtime.import_api.is_some_and(|api| api.into_organization));
//! ```

pub mod preflight;

mod asana;
mod chatwoot;
mod docmost;
mod outline;
mod plane;
mod planka;
mod rytask;
mod solidtime;
mod trueppm;

pub use trueppm::preflight::{Importable, importable};

/// What is known of one product.
pub struct Product {
    /// As its definition names it.
    pub name: &'static str,
    /// Its definition, as TOML.
    pub definition: &'static str,
    /// Its own importer of archives.
    importer: Option<preflight::Importer>,
    /// Its API that takes archives.
    pub import_api: Option<ImportApi>,
}

/// How an instance of a product takes archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportApi {
    /// Whether an organization that is there takes the data, and has to be named.
    pub into_organization: bool,
    /// The most bytes that it takes in one upload, where nobody changed that.
    pub usual_upload: u64,
}

/// Every product that we ship a definition of.
pub const PRODUCTS: [Product; 9] = [
    asana::PRODUCT,
    chatwoot::PRODUCT,
    docmost::PRODUCT,
    outline::PRODUCT,
    plane::PRODUCT,
    planka::PRODUCT,
    rytask::PRODUCT,
    solidtime::PRODUCT,
    trueppm::PRODUCT,
];

/// The product of that name.
#[must_use]
pub fn product(name: &str) -> Option<&'static Product> {
    const { &PRODUCTS }.iter().find(|product| product.name == name)
}
