//! `orgvaultd`: reads the database of a self-hosted multi-tenant app, strictly read-only, and
//! exports each organization as a portable, verified archive.
//!
//! Data flows one way, and the folders show it: [`source`] -> [`format`](mod@format) ->
//! [`archive`], wired by [`export`]; [`product`] says which queries make which sections.

pub mod archive;
pub mod catalog;

pub mod format;
pub mod product;
pub mod row;
pub mod source;
