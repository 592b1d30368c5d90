//! RyTask. It has no importer: its archives go back as rows.

mod face;
pub mod restore;

use super::Product;

pub(super) const PRODUCT: Product =
    Product { name: "rytask", face: Some(face::FACE), target: None, reader: Some(restore::READER) };
