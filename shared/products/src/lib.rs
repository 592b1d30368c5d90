//! What is known of each product beside its definition: whether its own importer would take an archive.

pub mod preflight;
