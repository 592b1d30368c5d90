//! Apps that people run: their tables, and databases of them with two tenants whose rows are consistent.

mod fill;

use crate::postgres::Database;

pub use fill::{ROWS, Tenant, tenant_of};

/// The tables of an app.
#[derive(Debug, Clone, Copy)]
pub struct App {
    /// The name of its product.
    pub name: &'static str,
    /// The statements that make its tables.
    pub tables: &'static str,
    /// A line for each link that the tables do not declare (`inboxes.channel_id -> channel_api.id when channel_type
    /// = Channel::Api`), for the table of tenants (`tenant accounts`), and for each table whose rows belong to no single
    /// tenant (`shared users`).
    pub links: &'static str,
}

macro_rules! apps {
    ($($name:literal),*) => {
        /// Every app.
        pub const APPS: &[App] = &[$(App {
            name: $name,
            tables: include_str!(concat!("apps/", $name, ".sql")),
            links: include_str!(concat!("apps/", $name, ".links")),
        }),*];
    };
}

apps!("chatwoot", "docmost", "outline", "plane", "planka");

impl App {
    /// The app with this name.
    pub fn named(name: &str) -> Self {
        *APPS.iter().find(|app| app.name == name).unwrap()
    }

    /// A fresh database with its tables, and with rows of two tenants in each of them.
    pub fn database(&self) -> Database {
        let database = Database::new();
        database.psql(self.tables);
        fill::fill(&database, self.links);
        database
    }
}
