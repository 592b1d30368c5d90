//! What is known of each product and needs no daemon: its definition, whether its own importer would
//! take an archive, and whether archives can be sent to an instance of it.
//!
//! One room for each app, one row of [`PRODUCTS`] for each product: nothing else knows of it here.
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
mod github;
mod gitlab;
mod outline;
mod plane;
mod planka;
mod rytask;
pub mod solidtime;
mod trello;
mod trueppm;
mod zulip;

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

impl Product {
    /// One whose archives its app makes itself.
    const fn of_api(name: &'static str, definition: &'static str) -> Self {
        Self { name, definition, importer: None, import_api: None }
    }
}

/// How an instance of a product takes archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportApi {
    /// Whether an organization that is there takes the data, and has to be named.
    pub into_organization: bool,
    /// The most bytes that it takes in one upload, where nobody changed that.
    pub usual_upload: u64,
    /// The most time entries that it has time for in one upload, where it imports while one waits.
    pub usual_entries: Option<u64>,
}

/// Every product that we ship a definition of.
pub const PRODUCTS: [Product; 19] = [
    asana::PRODUCT,
    asana::GRAPH,
    asana::RESOURCE,
    chatwoot::PRODUCT,
    docmost::PRODUCT,
    github::ORGANIZATION,
    gitlab::GROUP,
    gitlab::PROJECT,
    outline::PRODUCT,
    plane::PRODUCT,
    planka::PRODUCT,
    rytask::PRODUCT,
    rytask::API,
    solidtime::PRODUCT,
    solidtime::API,
    trello::PRODUCT,
    trueppm::PRODUCT,
    trueppm::API,
    zulip::PRODUCT,
];

/// The product of that name.
#[must_use]
pub fn product(name: &str) -> Option<&'static Product> {
    const { &PRODUCTS }.iter().find(|product| product.name == name)
}
