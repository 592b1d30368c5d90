//! solidtime.

mod face;
pub(crate) mod importable;
mod parts;
mod target;

use super::Product;

pub(super) const PRODUCT: Product =
    Product { name: "solidtime", face: Some(face::FACE), target: Some(target::connect), reader: None };
