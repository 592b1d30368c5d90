//! The products that we know more of than their definition: one room for each, one row here.
//!
//! Definition and preflight need no daemon, and are in the crate `orgvault-products`. A room here
//! holds what speaks to clients and servers of the product: its *face* (its export API), its
//! *target* (its import API), its *reader* where its archives go back into its tables, and its
//! *encoder* where its format is no table of rows. The rooms use `api`, `send`, `restore` and
//! `format`; those find the rooms through this list alone.

mod asana;
pub mod rytask;
pub(crate) mod solidtime;
pub mod trueppm;

use crate::{api::Face, restore::NativeReader, send::AppTarget};

/// What one product brings along.
pub(crate) struct Product {
    /// As its definition names it.
    pub(crate) name: &'static str,
    /// Its export API, spoken by us.
    pub(crate) face: Option<Face>,
    /// How archives are sent to an instance of it.
    pub(crate) target: Option<AppTarget>,
    /// How the rows of its own archives are read.
    pub(crate) reader: Option<NativeReader>,
}

/// Every product, in no order that matters.
pub(crate) const PRODUCTS: [Product; 4] = [asana::PRODUCT, rytask::PRODUCT, solidtime::PRODUCT, trueppm::PRODUCT];

/// The faces of all products.
pub(crate) fn faces() -> impl Iterator<Item = &'static Face> {
    PRODUCTS.iter().filter_map(|product| product.face.as_ref())
}

/// The products whose own archives can go back into their tables.
pub(crate) fn readers() -> impl Iterator<Item = (&'static str, NativeReader)> {
    PRODUCTS.iter().filter_map(|product| Some((product.name, product.reader?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_can_be_a_target_has_one() {
        for product in orgvault_products::PRODUCTS.iter().filter(|product| product.import_api.is_some()) {
            let row = PRODUCTS.iter().find(|row| row.name == product.name);
            assert!(row.is_some_and(|row| row.target.is_some()), "{}", product.name);
        }
    }

    #[test]
    fn no_path_is_below_two_faces() {
        let prefixes: Vec<&str> = faces().flat_map(|face| face.prefixes.iter().copied()).collect();
        for (at, prefix) in prefixes.iter().enumerate() {
            let others = prefixes.iter().enumerate().filter(|(other, _)| *other != at);
            assert!(
                others.into_iter().all(|(_, other)| !format!("{other}/").starts_with(&format!("{prefix}/"))),
                "{prefix}"
            );
        }
    }
}
