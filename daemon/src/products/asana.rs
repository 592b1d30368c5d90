//! Asana: only its export API, for clients that speak it.

mod face;

use super::Product;

pub(super) const PRODUCT: Product = Product { name: "asana", face: Some(face::FACE), target: None, reader: None };
