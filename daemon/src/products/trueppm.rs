//! TruePPM. Its seed is a graph and not a table, so that its encoder is code.

pub mod encoder;
mod face;
mod import_answers;
mod target;

use super::Product;

pub(super) const PRODUCT: Product =
    Product { name: "trueppm", face: Some(face::FACE), target: Some(target::connect), reader: None };
