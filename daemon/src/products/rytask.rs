//! RyTask.

mod face;
pub mod restore;

use super::Product;

pub(super) const PRODUCT: Product = Product { name: "rytask", face: Some(face::FACE), target: None };
